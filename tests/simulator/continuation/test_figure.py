"""The figure of a trace: stretches by stability, marks at events."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

import walras


def test_stretches_meet_at_the_folds_and_events_are_marked() -> None:
    trace = walras.trace("margin-spiral", "experts_wealth", -4.0, -4.6)
    price = trace.plot()["branches"].axes[0]
    marks = {
        str(line.get_label()): np.asarray(line.get_xdata())
        for line in price.lines
        if line.get_marker() != "None" and len(np.asarray(line.get_xdata()))
    }
    assert marks["fold"] == pytest.approx([-4.5])  # at the limit; the last of that name
    curves = [line for line in price.lines if line.get_linestyle() != "None"]
    assert [line.get_linestyle() for line in curves] == ["-", "--", "-"]
    for one, other in pairwise(curves):
        assert np.asarray(one.get_ydata())[-1] == np.asarray(other.get_ydata())[0]
