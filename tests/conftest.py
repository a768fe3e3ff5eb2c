"""What every test relies on: no display, and the same examples on every run."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

# `quick` and `ci` draw the same examples each time and do not fail on a slow machine; `ci`, by
# `.ci/run` and `make test-all`, draws more. HYPOTHESIS_PROFILE=explore looks for counterexamples.
settings.register_profile("quick", deadline=None, derandomize=True, max_examples=40)
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "quick"))
