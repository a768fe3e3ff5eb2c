"""Customers: best response, totals, bad input."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import mesa
import numpy as np
import pytest

from agents.funding.customers import Customers
from markets.funding.quotes import FundedQuotes
from markets.quote import FloatArray
from markets.refused import Refused

VALUE = np.array([10.0, 8.0])
VOLATILITY = np.array([0.7, 0.5])
EXPOSURES = np.array([[3.0, -1.0], [0.5, 0.25], [-1.0, 0.0]])


def quotes(price: FloatArray, date: int = 0) -> FundedQuotes:
    nothing, both = np.zeros_like(price), np.ones((2, price.size))
    return FundedQuotes(
        date=date, price=price, premium=0.1, fundamental=VALUE[: price.size], side=nothing,
        margin=nothing, margin_slope=nothing, margins=both, rung=both, rung_margin=both,
        rung_margin_slope=both, rung_by_premium=both, room=1.0,
        price_by_premium=nothing,
        price_by_place=nothing,
    )  # fmt: skip


def customers(**changed: Any) -> Customers:
    given: dict[str, Any] = {
        "exposures": EXPOSURES, "risk_aversion": 2.0, "volatility": VOLATILITY,
    }  # fmt: skip
    return Customers(mesa.Model(rng=0), **{**given, **changed})


def utility(positions: FloatArray, exposure: FloatArray, price: FloatArray) -> float:
    gain = (VALUE - price) @ positions
    return float(gain - 0.5 * 2.0 * VOLATILITY**2 @ (positions + exposure) ** 2)


def test_positions_maximise_mean_variance_utility() -> None:
    price = np.array([9.3, 8.4])
    rng = np.random.default_rng(0)
    for position, exposure in zip(customers().positions(quotes(price)), EXPOSURES, strict=True):
        best = utility(position, exposure, price)
        others = position + rng.normal(0.0, 0.3, (50, 2))
        assert all(utility(other, exposure, price) < best for other in others)


def test_orders_add_up_positions_and_are_paid_in_cash() -> None:
    cohort, posted = customers(), quotes(np.array([9.3, 8.4]))
    book = cohort.respond(posted)
    assert book.sold == pytest.approx(-cohort.positions(posted).sum(axis=0))
    assert book.cash == pytest.approx(posted.price @ book.sold)
    assert book.gross.tolist() == [4.5, 1.25]
    assert book.funds == 0.0
    step = 1e-6
    for j in range(2):
        ends = [
            cohort.respond(replace(posted, price=posted.price + sign * step * np.eye(2)[j])).sold
            for sign in (1.0, -1.0)
        ]
        measured = (ends[0] - ends[1]) / (2.0 * step)
        assert measured == pytest.approx(book.sold_by_price * np.eye(2)[j], abs=1e-7)


def test_many_groups_with_as_much_appetite_in_all_sell_what_one_does() -> None:
    posted = quotes(np.array([9.3, 8.4]))
    one = customers(exposures=EXPOSURES.sum(axis=0)[None, :], risk_aversion=2.0 / 3.0)
    assert one.respond(posted).sold == pytest.approx(customers().respond(posted).sold)


def test_groups_alone_trade_at_the_concession() -> None:
    cohort = customers()
    above, below = cohort.concession()
    assert cohort.respond(quotes(VALUE + above - below)).sold == pytest.approx(np.zeros(2))
    assert np.all((above == 0.0) | (below == 0.0))


def test_exposures_follow_the_calendar_and_the_last_stays() -> None:
    cohort = customers(exposures=np.stack([EXPOSURES, 2.0 * EXPOSURES]))
    sold = [cohort.respond(quotes(VALUE, date)).sold for date in range(3)]
    assert sold[0] == pytest.approx(EXPOSURES.sum(axis=0))
    assert sold[1] == pytest.approx(2.0 * sold[0])
    assert np.array_equal(sold[1], sold[2])


def test_table_has_one_row_per_group_and_asset() -> None:
    cohort, posted = customers(), quotes(np.array([9.3, 8.4]))
    with pytest.raises(RuntimeError, match="run a round first"):
        cohort.table()
    cohort.hold(posted, np.zeros(2))
    table = cohort.table()
    assert len(table) == 6
    assert table["exposure"].tolist() == EXPOSURES.ravel().tolist()
    assert table["position"].tolist() == cohort.positions(posted).ravel().tolist()


@pytest.mark.parametrize("given", [{"risk_aversion": 0.0}, {"volatility": np.array([0.7, 0.0])}])
def test_customers_without_aversion_or_risk_are_refused(given: dict[str, Any]) -> None:
    with pytest.raises(Refused, match="customers need positive ones"):
        customers(**given)
