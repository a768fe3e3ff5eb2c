"""Prices at which experts are indifferent."""

import numpy as np
import pytest

from markets.funding.rungs import LEAST_ROOM, ROOM, Rungs, margins, reach
from markets.margin import FlatMargin, LinearMargin, VolatilityMargin

RUNGS = Rungs(
    rules=(LinearMargin(0.5, 0.6, 10.0), FlatMargin(0.2), VolatilityMargin(0.3, 12.0)),
    fundamental=np.array([10.0, 8.0, 12.0]),
    widest=np.array([[0.5, 1.0, 2.0], [1.8, 1.0, 0.4]]),
)


@pytest.mark.parametrize("premium", [0.0, 0.1, 0.5, 0.9])
def test_gain_per_unit_of_margin_is_the_premium_on_both_rungs(premium: float) -> None:
    prices = RUNGS.prices(premium)
    distance = np.abs(prices - RUNGS.fundamental)
    inside = distance < RUNGS.widest
    gain = distance / [margins(RUNGS.rules, rung)[0] for rung in prices]
    assert np.allclose(gain[inside], premium, rtol=0.0, atol=1e-13)
    assert np.all(gain[~inside] <= premium + 1e-13)
    assert np.all(prices[0] >= RUNGS.fundamental)
    assert np.all(prices[1] <= RUNGS.fundamental)


@pytest.mark.parametrize("premium", [0.05, 0.3, 0.9])
def test_slopes_are_finite_differences(premium: float) -> None:
    step = 1e-6
    measured = (RUNGS.prices(premium + step) - RUNGS.prices(premium - step)) / (2.0 * step)
    slopes = RUNGS.slopes(premium, RUNGS.prices(premium))
    assert slopes == pytest.approx(measured, abs=1e-7)


def test_at_the_highest_premium_every_rung_is_as_far_as_it_may_be() -> None:
    prices = RUNGS.prices(RUNGS.highest_premium())
    assert np.abs(prices - RUNGS.fundamental) == pytest.approx(RUNGS.widest, abs=1e-13)


def test_reach_leaves_room_beyond_the_concession_on_both_sides() -> None:
    found = reach(np.array([[0.0, 2.0], [1.5, 0.0]]), np.array([10.0, 4.0]))
    expected = [[LEAST_ROOM * 10.0, 2.0], [1.5, LEAST_ROOM * 4.0]]
    assert found == pytest.approx(ROOM * np.array(expected))
