"""The rule that follows clearing quotes while the tremble falls."""

from __future__ import annotations

import numpy as np
import pytest

from markets.adjustment.rule import Adjustment
from markets.promises.narrowing import Narrowing
from markets.quote import Excess, FloatArray, Limits

LIMITS = Limits(
    lower=np.array([-60.0, -12.0]), upper=np.array([60.0, 0.0]),
    lower_attained=np.array([False, True]), upper_attained=np.array([False, True]),
)  # fmt: skip


def soft_step(coordinates: FloatArray) -> tuple[Excess, FloatArray]:
    """Demand that falls from 1 to -1 at 3, within a distance of the tremble."""
    place, tremble = coordinates[0] - 3.0, np.exp(coordinates[1])
    root = np.hypot(place, tremble)
    residual = np.array([0.2 - place / root, -12.0 - coordinates[1]])
    by_place, by_log = -(tremble**2) / root**3, place * tremble**2 / root**3
    depth = np.array([[by_place, by_log], [0.0, -1.0]])
    share = np.clip(residual, -1.0, 1.0)
    return Excess(residual, share, residual), depth


def test_it_follows_a_kink_to_the_end_of_the_tremble() -> None:
    rule = Narrowing()
    state: Adjustment = rule.start(np.array([-20.0, 0.0]), LIMITS)
    posted = state.coordinates
    for _ in range(100):
        posted = state.coordinates
        excess, depth = soft_step(posted)
        state = rule.adjust(state, excess, depth)
        if state.settled:
            break
    assert state.settled
    assert posted[1] == -12.0
    # demand is .2 where place / hypot(place, tremble) is
    assert posted[0] - 3.0 == pytest.approx(np.exp(-12.0) * 0.2 / np.sqrt(0.96), rel=1e-6)


def test_numbers_that_are_none_are_not_gone_on_from() -> None:
    rule = Narrowing()
    first = rule.start(np.array([1.0, 0.0]), LIMITS)
    second = rule.adjust(first, *soft_step(first.coordinates))
    lost = Excess(np.array([np.nan, -12.0]), np.array([1.0, 1.0]), np.array([0.0, 0.0]))
    third = rule.adjust(second, lost, np.eye(2))
    assert third.base is second.base
    assert third.damping < second.damping
    assert not third.settled


def test_it_needs_the_depth_of_the_market() -> None:
    rule = Narrowing()
    first = rule.start(np.array([1.0, 0.0]), LIMITS)
    assert rule.asks_depth(first)
    with pytest.raises(TypeError, match="depth"):
        rule.adjust(first, soft_step(first.coordinates)[0])
