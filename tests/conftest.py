"""What every test relies on: no display, and the same examples on every run."""

import os

from hypothesis import settings

os.environ.setdefault("MPLBACKEND", "Agg")

# `ci` draws the same examples each time and does not fail on a slow machine.
# HYPOTHESIS_PROFILE=explore looks for new counterexamples.
settings.register_profile("ci", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None, max_examples=1000)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))
