"""Experts: their linear program, wealth from date to date, bad input."""

from __future__ import annotations

from typing import Any

import mesa
import numpy as np
import pytest
from scipy.optimize import linprog

from agents.funding.experts import Experts
from markets.funding.quotes import FundedQuotes
from markets.funding.terms import MarginTerms
from markets.margin import FlatMargin, PostedSides
from markets.quote import FloatArray
from markets.refused import Refused

VALUE = np.array([10.0, 8.0])
MARGINS = np.array([[1.2, 0.5], [1.5, 0.6]])
"""On short, then on long positions."""

TERMS = MarginTerms(0, (PostedSides.opened(FlatMargin(0.1), 10.0),) * 2)


def quotes(price: FloatArray, side: FloatArray) -> FundedQuotes:
    nothing, both = np.zeros(2), np.zeros((2, 2))
    return FundedQuotes(
        date=0, price=price, premium=0.1, fundamental=VALUE, side=side,
        margin=np.where(side < 0.0, *MARGINS), margin_slope=nothing, margins=MARGINS, rung=both,
        rung_margin=both, rung_margin_slope=both, rung_by_premium=both, room=1.0,
        price_by_premium=nothing,
        price_by_place=nothing,
    )  # fmt: skip


def margin_on(held: FloatArray) -> float:
    return float(np.maximum(-held, 0.0) @ MARGINS[0] + np.maximum(held, 0.0) @ MARGINS[1])


def experts(**changed: Any) -> Experts:
    given: dict[str, Any] = {
        "cash": np.array([-4.0, 1.0, -9.0]),
        "endowment": np.array([[0.6, 0.0], [0.0, -0.1], [0.5, 0.5]]),
    }
    return Experts(mesa.Model(rng=0), **{**given, **changed})


@pytest.mark.parametrize(
    ("price", "side", "placed"),
    [
        ([9.0, 8.0 + 1.0 / 3.0], [1.0, -1.0], [0.4, -0.8]),  # a tie: 2/3 per unit of margin
        ([9.0, 8.2], [1.0, 0.0], [1.0 / 1.5, 0.0]),
        ([9.7, 8.4], [0.0, -1.0], [0.0, -2.0]),
    ],
)
def test_positions_solve_the_linear_program(
    price: list[float], side: list[float], placed: list[float]
) -> None:
    posted = quotes(np.array(price), np.array(side))
    cohort = experts()
    cohort.hold(posted, np.array(placed))
    assert cohort.held is not None
    gain = VALUE - posted.price
    for held, wealth in zip(cohort.held, cohort.wealth(posted), strict=True):
        funds = max(wealth, 0.0)
        best = linprog(
            np.concatenate([gain, -gain]), A_ub=[MARGINS.ravel()], b_ub=[funds], method="highs"
        )
        assert margin_on(held) <= funds + 1e-12
        assert best.fun is not None
        assert gain @ held == pytest.approx(-best.fun, abs=1e-12)


def test_capacity_is_wealth_over_the_margin_of_the_side_and_nothing_in_the_gap() -> None:
    posted, cohort = quotes(np.array([9.0, 8.4]), np.array([1.0, -1.0])), experts()
    funds = np.maximum(cohort.wealth(posted), 0.0)
    assert cohort.capacity(posted) == pytest.approx(np.outer(funds, [1.0 / 1.5, -1.0 / 0.5]))
    between = quotes(np.array([9.9, 8.1]), np.array([0.9, -0.9]))
    assert not cohort.capacity(between).any()


def test_experts_without_wealth_hold_nothing_and_count_for_nothing() -> None:
    posted = quotes(np.array([9.0, 8.4]), np.array([1.0, 0.0]))
    cohort = experts()
    assert cohort.wealth(posted)[2] < 0.0
    cohort.hold(posted, np.array([1.0 / 1.5, 0.0]))
    assert cohort.held is not None
    assert cohort.held[2].tolist() == [0.0, 0.0]
    solvent = experts(cash=cohort.cash[:2], endowment=cohort.endowment[:2])
    mine, theirs = cohort.respond(posted), solvent.respond(posted)
    assert (mine.funds, mine.stake) == (theirs.funds, theirs.stake)
    assert np.array_equal(mine.funds_by_price, theirs.funds_by_price)


def test_funds_are_the_wealth_of_all_and_move_with_prices() -> None:
    posted = quotes(np.array([9.0, 8.4]), np.array([1.0, -1.0]))
    cohort, step = experts(), 1e-6
    book = cohort.respond(posted)
    assert book.funds == pytest.approx(np.maximum(cohort.wealth(posted), 0.0).sum())
    assert book.stake == pytest.approx(4.0 + 0.6 * 9.0 + 1.0 + 0.1 * 8.4)
    for j in range(2):
        ends = [
            cohort.respond(quotes(posted.price + sign * step * np.eye(2)[j], posted.side)).funds
            for sign in (1.0, -1.0)
        ]
        assert book.funds_by_price[j] == pytest.approx((ends[0] - ends[1]) / (2.0 * step))


def test_wealth_is_carried_over_and_taking_positions_twice_changes_nothing() -> None:
    cohort = experts(cash=np.array([2.0, 1.0, 3.0]), recapitalised=0.25)
    cohort.wake(1, TERMS)
    first, placed = quotes(np.array([9.0, 8.4]), np.array([1.0, -1.0])), np.array([0.2, -1.4])
    before = cohort.wealth(first)
    for _ in range(2):
        cohort.hold(first, placed)
    assert np.array_equal(cohort.wealth(first), before)
    held = cohort.held
    assert held is not None
    cohort.carry()
    cohort.wake(2, TERMS)
    assert cohort.endowment is held
    assert cohort.wealth(first) == pytest.approx(before)  # at the first date owners put in nothing
    second = quotes(np.array([8.5, 8.6]), np.array([1.0, 0.0]))
    lost = held @ (first.price - second.price)
    assert cohort.wealth(second) == pytest.approx(before - lost)
    cohort.hold(second, placed)
    cohort.carry()
    cohort.wake(3, TERMS)
    assert cohort.wealth(second) == pytest.approx(before - 0.75 * lost)


def test_without_carrying_every_date_starts_from_the_endowment() -> None:
    cohort = experts()
    posted = quotes(np.array([9.0, 8.4]), np.array([1.0, 0.0]))
    before = cohort.wealth(posted)
    cohort.hold(posted, np.array([0.5, 0.0]))
    cohort.wake(2, TERMS)
    assert np.array_equal(cohort.wealth(posted), before)


def test_experts_share_the_change_of_announced_deposits_equally() -> None:
    for first, change in ((None, 9.0), (-6.0, 3.0)):
        cohort = experts(deposits=first)
        cohort.wake(2, MarginTerms(1, TERMS.rules, -3.0))
        assert cohort.cash == pytest.approx(np.array([-4.0, 1.0, -9.0]) + change / 3.0)
    alone = experts(cash=np.array([0.1]), endowment=np.zeros((1, 2)))
    alone.wake(2, MarginTerms(1, TERMS.rules, 0.7))
    assert alone.cash.tolist() == [0.7]


def test_cash_of_the_wrong_length_is_refused() -> None:
    with pytest.raises(Refused, match="there are 3 experts"):
        experts(cash=np.ones(2))


def test_table_shows_what_experts_started_with_and_hold() -> None:
    cohort = experts()
    posted = quotes(np.array([9.0, 8.4]), np.array([1.0, 0.0]))
    with pytest.raises(RuntimeError, match="run a round first"):
        cohort.table()
    cohort.hold(posted, np.array([0.5, 0.0]))
    table = cohort.table()
    assert table["endowed_cash"].tolist() == [-4.0, -4.0, 1.0, 1.0, -9.0, -9.0]
    assert table["endowed_assets"].tolist() == cohort.endowment.ravel().tolist()
    assert cohort.held is not None
    assert table["position"].tolist() == cohort.held.ravel().tolist()
    assert table["margin_long"].tolist() == [1.5, 0.6] * 3
    assert table["margin_short"].tolist() == [1.2, 0.5] * 3


@pytest.mark.parametrize(
    ("given", "words"),
    [({"cash": np.ones(2)}, "there are 3 experts"), ({"recapitalised": 1.5}, "recapitalised is")],
)
def test_bad_input_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        experts(**given)
