"""Prices at which experts are indifferent."""

import numpy as np
import pytest

from markets.funding.rungs import LEAST_ROOM, ROOM, Rungs, reach
from markets.margin import (
    FlatMargin,
    Known,
    LinearMargin,
    PostedSides,
    SidedMargin,
    VolatilityMargin,
)

RUNGS = Rungs(
    rules=(
        PostedSides.opened(
            SidedMargin(LinearMargin(0.5, 0.6, 10.0), LinearMargin(0.7, 0.1, 10.0)), 10.0
        ),
        PostedSides.opened(FlatMargin(0.2), 8.0),
        PostedSides.opened(SidedMargin(VolatilityMargin(0.3), FlatMargin(0.1)), 12.0),
    ),
    fundamental=np.array([10.0, 8.0, 12.0]),
    widest=np.array([[0.5, 1.0, 2.0], [1.8, 1.0, 0.4]]),
)


@pytest.mark.parametrize("premium", [0.0, 0.1, 0.5, 0.9])
def test_gain_per_unit_of_margin_is_the_premium_on_both_rungs(premium: float) -> None:
    prices = RUNGS.prices(premium)
    distance = np.abs(prices - RUNGS.fundamental)
    inside = distance < RUNGS.widest
    gain = distance / RUNGS.margins(prices)[0]
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
    prices = RUNGS.prices(float(np.max(RUNGS.premia())))
    assert np.abs(prices - RUNGS.fundamental) == pytest.approx(RUNGS.widest, abs=1e-13)


def test_reach_leaves_room_beyond_the_concession_on_both_sides() -> None:
    found = reach(np.array([[0.0, 2.0], [1.5, 0.0]]), np.array([10.0, 4.0]))
    expected = [[LEAST_ROOM * 10.0, 2.0], [1.5, LEAST_ROOM * 4.0]]
    assert found == pytest.approx(ROOM * np.array(expected))


def test_margins_are_those_of_each_side() -> None:
    margin, slope = RUNGS.margins(np.array([[10.2, 8.0, 12.5], [9.0, 7.0, 11.5]]))
    on_risk = VolatilityMargin(0.3).margin(Known(12.0))
    assert margin == pytest.approx(np.array([[0.68, 1.6, 1.25], [1.1, 1.4, on_risk]]))
    assert slope == pytest.approx(np.array([[-0.1, 0.2, 0.1], [-0.6, 0.2, 0.0]]))
