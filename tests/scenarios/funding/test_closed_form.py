"""One asset by the equations: published numbers, fold, branches, paths."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenarios.funding import published
from scenarios.funding.closed_form import Spiral
from scenarios.funding.margin_spiral import MarginSpiral
from scenarios.funding.replication import spiral_of

PRINTED: dict[str, Any] = dict(published.FRAGILE.expected)
FRAGILE = spiral_of(MarginSpiral.model_validate(published.FRAGILE.parameters))
SHORT = spiral_of(
    MarginSpiral(
        customers_supply=-3.0, margin_slope=-0.6, experts_endowment=-0.6, experts_wealth=[9.0]
    )
)
"""The fragile market turned around: customers buy, and experts sell short."""


def test_path_jumps_at_the_edge_and_comes_back_above_the_fold() -> None:
    cash = [-4.49, -4.51, -4.3, -4.1, -4.09]
    prices = [root.price for root in FRAGILE.path(cash)]
    assert prices[0] == prices[-1] == 10.0
    assert prices[1] < PRINTED["price after the jump"] < prices[2] < prices[3]
    assert prices[3] < PRINTED["fold"][0]


@pytest.mark.parametrize("market", [FRAGILE, SHORT], ids=["long", "short"])
def test_rows_of_the_branches_are_equilibria(market: Spiral) -> None:
    low, high = market.edge() - 1.0, market.edge() + 1.0
    branches = market.branches(low, high)
    assert branches["experts_wealth"].min() <= low
    assert branches["experts_wealth"].max() >= high
    columns = branches[["experts_wealth", "security_price", "stable"]].iloc[::7]
    for cash, price, stable in columns.itertuples(index=False, name=None):
        near = [root for root in market.equilibria(cash) if abs(root.price - price) < 1e-6]
        assert near, (cash, price)
        if abs(market.denominator(price)) > 1e-3:
            assert stable in [root.stable for root in near]
    fold = branches[branches["fold"]]
    place = market.fold()
    assert place is not None
    assert (fold["security_price"].item(), fold["experts_wealth"].item()) == place
    assert np.all(np.diff(np.abs(branches["security_price"] - market.fundamental)) >= 0.0)


def test_amplification_is_the_slope_of_the_price_by_cash() -> None:
    step = 1e-6
    for market, cash in ((FRAGILE, -4.6), (SHORT, 7.4)):
        up, down = (market.equilibria(cash + sign * step)[-1 if market is FRAGILE else 0].price
                    for sign in (1.0, -1.0))  # fmt: skip
        (root,) = market.equilibria(cash)
        parts = market.amplification(root.price)
        assert parts.total == pytest.approx((up - down) / (2.0 * step), rel=1e-6)
        assert parts.direct + parts.loss + parts.margin == pytest.approx(parts.total)
