"""The clearing house that funds experts: settlement, terms, the redundant market."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

from agents.funding.clearing_house import FundedSettlement, MarginClearingHouse
from markets.funding.book import FundedBook
from markets.funding.quotes import FundedQuotes
from markets.margin import FlatMargin, VolatilityMargin
from markets.quote import FloatArray

PRICE = np.array([9.0, 8.4, 11.0])
MARGIN = np.array([1.5, 0.5, 1.0])


def posted() -> FundedQuotes:
    nothing = np.zeros(3)
    return FundedQuotes(
        0, PRICE, 0.1, PRICE, MARGIN, nothing, nothing, nothing, nothing, nothing, nothing, nothing
    )


def book(sold: FloatArray, bought: FloatArray, funds: float) -> FundedBook:
    nothing = np.zeros(3)
    cash = float(PRICE @ (sold - bought))
    return FundedBook(sold, nothing, np.abs(sold), bought, funds, nothing, cash)


def settled(sold: FloatArray, bought: FloatArray, funds: float) -> FundedSettlement:
    house = MarginClearingHouse(mesa.Model(rng=0), {"a": FlatMargin(0.1)})
    return house.settle(posted(), book(sold, bought, funds))


def test_the_shorter_side_is_accepted_and_only_where_both_point_the_same_way() -> None:
    found = settled(np.array([3.0, -2.0, 1.0]), np.array([2.0, -4.0, -1.0]), funds=100.0)
    assert found.margin_held == pytest.approx(2.0 * 1.5 + 2.0 * 0.5)
    assert found.financed == pytest.approx(2.0 * 9.0 + 2.0 * 8.4 - found.margin_held)
    assert found.funding_left == pytest.approx(100.0 - found.margin_held)


def test_positions_beyond_the_funds_are_scaled_down() -> None:
    found = settled(np.array([3.0, -2.0, 1.0]), np.array([3.0, -2.0, 1.0]), funds=2.0)
    assert found.margin_held == pytest.approx(2.0)
    assert found.funding_left == pytest.approx(0.0, abs=1e-15)


def test_balances_are_zero_for_any_book() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        found = settled(rng.normal(size=3), rng.normal(size=3), float(rng.uniform(0.0, 3.0)))
        assert found.balance_cash == pytest.approx(0.0, abs=1e-14)
        assert found.walras == pytest.approx(0.0, abs=1e-15)
        assert found.funding_left >= 0.0


def test_cash_is_a_share_of_the_value_of_what_is_brought() -> None:
    house = MarginClearingHouse(mesa.Model(rng=0), {"a": FlatMargin(0.1)})
    sold, bought = np.array([3.0, -2.0, 1.0]), np.array([2.0, -2.0, 1.0])
    value = PRICE @ (np.abs(sold) + np.abs(bought))
    assert house.redundant(posted(), book(sold, bought, 1.0)) == {
        "cash": pytest.approx(PRICE[0] / value)
    }
    assert house.redundant(posted(), book(sold, sold, 1.0)) == {"cash": 0.0}
    assert house.redundant(posted(), book(0.0 * sold, 0.0 * sold, 1.0)) == {"cash": 0.0}


def test_rules_learn_once_per_date_and_not_before_the_first() -> None:
    rule = VolatilityMargin(0.4, 10.0)
    house = MarginClearingHouse(mesa.Model(rng=0), {"a": rule})
    house.wake(1)
    assert house.charge({"a": 9.0}).rules == (rule,)
    house.wake(2)
    second = house.charge({"a": 9.0})
    assert second.rules == (rule.closed_at(9.0),)
    assert second.date == 1
    house.wake(2)  # announced again before the first round of the date
    assert house.charge({"a": 9.0}).rules == second.rules


def test_deposits_are_announced_once() -> None:
    house = MarginClearingHouse(mesa.Model(rng=0), {"a": FlatMargin(0.1)})
    house.wake(1)
    house.deposits = np.array([2.0])
    deposits = house.charge({"a": 9.0}).deposits
    assert deposits is not None
    assert deposits.tolist() == [2.0]
    house.wake(2)
    assert house.charge({"a": 9.0}).deposits is None
