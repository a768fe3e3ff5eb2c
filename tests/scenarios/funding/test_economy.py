"""What the scenarios of funding share."""

from __future__ import annotations

import numpy as np
import pytest

from markets.funding.rungs import LEAST_ROOM, ROOM
from markets.margin import LinearMargin
from markets.refused import Refused
from scenarios.funding.economy import price_range, refuse_no_margin, refuse_no_wealth
from scenarios.funding.margin_spiral import MarginSpiral, build


def test_price_range_is_what_the_market_may_post() -> None:
    parameters = MarginSpiral()
    low, high = price_range(np.array([3.0]), np.array([2.0]), np.array([10.0]))
    assert low == pytest.approx([10.0 - ROOM * 1.5])
    assert high == pytest.approx([10.0 + ROOM * LEAST_ROOM * 10.0])
    economy = build(parameters)
    economy.open()
    terms = economy.house.charge(economy.quotes)
    lowest, highest = (
        economy.market.named(economy.market.post(np.array([1.0, place]), terms, np.zeros(2)))
        for place in (1.0, 0.0)
    )
    economy.close()
    assert lowest["security_price"] == pytest.approx(low[0], rel=1e-15)
    assert highest["security_price"] == pytest.approx(high[0], rel=1e-15)


def test_price_range_covers_every_date() -> None:
    supply, value = np.array([[3.0], [-1.0]]), np.array([[10.0], [12.0]])
    low, high = price_range(supply, np.array([2.0]), value)
    assert low == pytest.approx([10.0 - ROOM * 1.5])
    assert high == pytest.approx([12.0 + ROOM * 0.5])


def test_margin_and_wealth_that_vanish_are_refused() -> None:
    rule = LinearMargin(1.0, 0.5, 10.0)
    refuse_no_margin("margin_slope", 0.5, rule, 5.0, 11.9)
    with pytest.raises(Refused, match=r"margin_slope is 0\.5; the margin would be -0\.05 at"):
        refuse_no_margin("margin_slope", 0.5, rule, 5.0, 12.1)
    refuse_no_wealth(-5.0, np.array([0.5]), np.array([10.0]))
    with pytest.raises(Refused, match="must start with at least 0"):
        refuse_no_wealth(-5.1, np.array([0.5]), np.array([10.0]))
