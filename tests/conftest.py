"""What every test relies on: no display, and the same examples on every run."""

import os
import sys

from hypothesis import Phase, settings

os.environ.setdefault("MPLBACKEND", "Agg")

# `quick` and `ci` draw the same examples each time and do not fail on a slow machine; `ci`, by
# `.ci/run` and `make test-all`, draws more. `first` is content with the first counterexample, as
# runs of changed code are. HYPOTHESIS_PROFILE=explore looks for counterexamples.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=40)
settings.register_profile(
    "first", settings.get_profile("quick"), phases=(Phase.explicit, Phase.generate)
)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))


def pytest_runtest_logstart(nodeid: str) -> None:
    """Under coverage, say for every line which files of tests run it."""
    if "coverage" in sys.modules:
        from coverage import Coverage

        measuring = Coverage.current()
        if measuring is not None:
            measuring.switch_context(nodeid.partition("::")[0])
