"""The clearing house that funds experts: settlement, terms, the redundant market."""

from __future__ import annotations

import mesa
import numpy as np
import pytest

from agents.funding.clearing_house import MarginClearingHouse
from markets.funding.book import FundedBook
from markets.funding.quotes import FundedQuotes
from markets.margin import FlatMargin, SidedMargin, VolatilityMargin
from markets.quote import FloatArray

PRICE = np.array([9.0, 8.4, 11.0])
MARGIN = np.array([1.5, 0.5, 1.0])


def posted(*side: float) -> FundedQuotes:
    nothing, both = np.zeros(3), np.zeros((2, 3))
    return FundedQuotes(
        date=0, price=PRICE, premium=0.1, fundamental=PRICE, side=np.array(side), margin=MARGIN,
        margin_slope=nothing, margins=np.stack([MARGIN, MARGIN]), rung=both, rung_margin=both,
        rung_margin_slope=both, rung_by_premium=both, room=1.0,
        price_by_premium=nothing,
        price_by_place=nothing,
    )  # fmt: skip


def book(sold: FloatArray, funds: float) -> FundedBook:
    nothing = np.zeros(3)
    return FundedBook(sold, nothing, np.abs(sold), float(PRICE @ sold), funds, nothing, funds)


SOLD = np.array([3.0, -2.0, 1.0])


def house() -> MarginClearingHouse:
    return MarginClearingHouse(mesa.Model(rng=0), {"a": FlatMargin(0.1)})


def test_orders_are_filled_only_on_the_rung_of_their_side() -> None:
    found = house().settle(posted(1.0, -1.0, -1.0), book(SOLD, funds=100.0))
    assert found.margin_held == pytest.approx(3.0 * 1.5 + 2.0 * 0.5)
    assert found.financed == pytest.approx(3.0 * 9.0 + 2.0 * 8.4 - found.margin_held)
    assert found.funding_left == pytest.approx(100.0 - found.margin_held)
    between = posted(0.9, -0.9, 0.0)
    assert house().settle(between, book(SOLD, funds=100.0)).margin_held == 0.0
    assert house().place(between, book(SOLD, funds=100.0)).tolist() == [0.0, 0.0, 0.0]


def test_positions_beyond_the_funds_are_scaled_down() -> None:
    asked, orders = posted(1.0, -1.0, 1.0), book(SOLD, funds=2.0)
    found = house().settle(asked, orders)
    assert found.margin_held == pytest.approx(2.0)
    assert found.funding_left == pytest.approx(0.0, abs=1e-15)
    per_unit = house().place(asked, orders)
    assert per_unit / SOLD == pytest.approx([per_unit[0] / SOLD[0]] * 3)
    assert MARGIN @ np.abs(per_unit) == pytest.approx(1.0)  # a unit of wealth is all margin
    assert house().place(asked, book(SOLD, funds=0.0)).tolist() == [0.0, 0.0, 0.0]


def test_balances_are_zero_for_any_book() -> None:
    rng = np.random.default_rng(0)
    for _ in range(100):
        side = rng.choice([-1.0, 0.3, 1.0], 3)
        orders = book(rng.normal(size=3), float(rng.uniform(0.0, 3.0)))
        found = house().settle(posted(*side), orders)
        assert found.balance_cash == pytest.approx(0.0, abs=1e-14)
        assert found.walras == pytest.approx(0.0, abs=1e-15)
        assert found.funding_left >= 0.0


def test_cash_is_a_share_of_the_value_of_what_is_brought() -> None:
    asked = posted(0.0, -1.0, 1.0)  # the first of three orders finds no counterpart
    value = PRICE @ (np.abs(SOLD) + np.array([0.0, 2.0, 1.0]))
    unfilled = pytest.approx(PRICE[0] * SOLD[0] / value)
    assert house().redundant(asked, book(SOLD, 9.0)) == {"cash": unfilled}
    assert house().redundant(posted(1.0, -1.0, 1.0), book(SOLD, 9.0)) == {"cash": 0.0}
    assert house().redundant(asked, book(0.0 * SOLD, 9.0)) == {"cash": 0.0}


def test_rules_learn_once_per_date_and_not_before_the_first() -> None:
    house = MarginClearingHouse(mesa.Model(rng=0), {"a": VolatilityMargin(0.4)})
    house.wake(1)
    (first,) = house.charge({"a": 10.0}).rules
    assert first.long.margin(5.0) == first.short.margin(5.0)
    house.wake(2)
    second = house.charge({"a": 9.0})
    assert second.rules[0].long.margin(5.0) == first.closed_at(9.0).long.margin(5.0)
    assert second.rules[0].long.margin(5.0) > first.long.margin(5.0)
    assert second.date == 1
    house.wake(2)  # announced again before the first round of the date
    again = house.charge({"a": 9.0}).rules[0]
    assert again.long.closes.tolist() == second.rules[0].long.closes.tolist() == [10.0, 9.0]


def test_rules_of_both_sides_learn() -> None:
    rule = SidedMargin(VolatilityMargin(0.4), VolatilityMargin(0.8))
    house = MarginClearingHouse(mesa.Model(rng=0), {"a": rule})
    house.wake(1)
    house.charge({"a": 9.0})
    house.wake(2)
    (charged,) = house.charge({"a": 9.0}).rules
    assert charged.short.margin(9.0) == pytest.approx(2.0 * charged.long.margin(9.0))
    assert charged.long.margin(9.0) < 2.3263478740408408 * 0.4


def test_another_rule_can_be_announced_and_knows_the_past() -> None:
    house = MarginClearingHouse(
        mesa.Model(rng=0),
        {"a": FlatMargin(0.1)},
        every_round=True,
        history={"a": np.array([8.0, 4.0])},
    )
    house.wake(1)
    house.charge({"a": 9.0})
    house.margins = {"a": FlatMargin(0.3)}
    house.wake(2)
    (charged,) = house.charge({"a": 6.0}).rules
    assert charged.long.margin(10.0) == pytest.approx(3.0)
    assert charged.long.closes.tolist() == [18.0, 9.0, 6.0]


def test_deposits_are_announced_once() -> None:
    house = MarginClearingHouse(mesa.Model(rng=0), {"a": FlatMargin(0.1)})
    house.wake(1)
    house.deposits = 2.0
    deposits = house.charge({"a": 9.0}).deposits
    assert deposits == 2.0
    house.wake(2)
    assert house.charge({"a": 9.0}).deposits is None
