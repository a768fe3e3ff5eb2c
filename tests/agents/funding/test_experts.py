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
from markets.margin import FlatMargin
from markets.quote import FloatArray
from markets.refused import Refused

VALUE = np.array([10.0, 8.0])
MARGIN = np.array([1.5, 0.5])
TERMS = MarginTerms(0, (FlatMargin(0.1), FlatMargin(0.1)))


def quotes(price: FloatArray, filled: FloatArray) -> FundedQuotes:
    nothing = np.zeros(2)
    return FundedQuotes(
        0, price, 0.1, VALUE, MARGIN, nothing, filled, filled, nothing, nothing, nothing, nothing
    )


def experts(**changed: Any) -> Experts:
    given: dict[str, Any] = {
        "cash": np.array([-4.0, 1.0, -9.0]),
        "endowment": np.array([[0.6, 0.0], [0.0, -0.1], [0.5, 0.5]]),
    }
    return Experts(mesa.Model(rng=0), **{**given, **changed})


@pytest.mark.parametrize(
    ("price", "filled"),
    [
        ([9.0, 8.0 + 1.0 / 3.0], [0.3, -0.7]),  # a tie: 2/3 per unit of margin long and short
        ([9.0, 8.2], [1.0, 0.0]),
        ([9.7, 8.4], [0.0, -1.0]),
    ],
)
def test_positions_solve_the_linear_program(price: list[float], filled: list[float]) -> None:
    posted = quotes(np.array(price), np.array(filled))
    cohort = experts()
    gain = VALUE - posted.price
    for held, wealth in zip(cohort.positions(posted), cohort.wealth(posted), strict=True):
        funds = max(wealth, 0.0)
        best = linprog(
            np.concatenate([-gain, gain]), A_ub=[np.tile(MARGIN, 2)], b_ub=[funds], method="highs"
        )
        assert MARGIN @ np.abs(held) <= funds + 1e-12
        assert best.fun is not None
        assert gain @ held == pytest.approx(-best.fun, abs=1e-12)


def test_experts_without_wealth_hold_nothing_and_count_for_nothing() -> None:
    posted = quotes(np.array([9.0, 8.4]), np.array([1.0, 0.0]))
    cohort = experts()
    assert cohort.wealth(posted)[2] < 0.0
    assert cohort.positions(posted)[2].tolist() == [0.0, 0.0]
    solvent = experts(cash=cohort.cash[:2], endowment=cohort.endowment[:2])
    assert cohort.respond(posted).funds == solvent.respond(posted).funds
    assert np.array_equal(cohort.respond(posted).bought, solvent.respond(posted).bought)


def test_orders_add_up_positions_and_are_paid_in_cash() -> None:
    posted = quotes(np.array([9.0, 8.4]), np.array([0.3, -0.7]))
    cohort, step = experts(), 1e-6
    book = cohort.respond(posted)
    assert book.bought == pytest.approx(cohort.positions(posted).sum(axis=0))
    assert book.cash == pytest.approx(-posted.price @ book.bought)
    for j in range(2):
        ends = [
            cohort.respond(quotes(posted.price + sign * step * np.eye(2)[j], posted.filled)).funds
            for sign in (1.0, -1.0)
        ]
        assert book.funds_by_price[j] == pytest.approx((ends[0] - ends[1]) / (2.0 * step))


def test_wealth_is_carried_over_and_taking_positions_twice_changes_nothing() -> None:
    cohort = experts(cash=np.array([2.0, 1.0, 3.0]), carries=True, recapitalised=0.25)
    cohort.wake(1, TERMS)
    first = quotes(np.array([9.0, 8.4]), np.array([0.3, -0.7]))
    before = cohort.wealth(first)
    for _ in range(2):
        cohort.hold(first, None)
    assert np.array_equal(cohort.wealth(first), before)
    held = cohort.held
    assert held is not None
    cohort.wake(2, TERMS)
    assert cohort.endowment is held
    assert cohort.wealth(first) == pytest.approx(before)  # at the first date owners put in nothing
    second = quotes(np.array([8.5, 8.6]), np.array([1.0, 0.0]))
    lost = held @ (first.price - second.price)
    assert cohort.wealth(second) == pytest.approx(before - lost)
    cohort.hold(second, None)
    cohort.wake(3, TERMS)
    assert cohort.wealth(second) == pytest.approx(before - 0.75 * lost)


def test_without_carrying_every_date_starts_from_the_endowment() -> None:
    cohort = experts()
    posted = quotes(np.array([9.0, 8.4]), np.array([1.0, 0.0]))
    before = cohort.wealth(posted)
    cohort.hold(posted, None)
    cohort.wake(2, TERMS)
    assert np.array_equal(cohort.wealth(posted), before)


def test_announced_deposits_replace_cash() -> None:
    cohort = experts()
    deposits = np.array([1.0, 2.0, 3.0])
    cohort.wake(2, MarginTerms(1, TERMS.rules, deposits))
    assert np.array_equal(cohort.cash, deposits)
    with pytest.raises(Refused, match="there are 3 experts"):
        cohort.wake(3, MarginTerms(2, TERMS.rules, np.ones(2)))


def test_table_shows_what_experts_started_with_and_hold() -> None:
    cohort = experts()
    posted = quotes(np.array([9.0, 8.4]), np.array([1.0, 0.0]))
    with pytest.raises(RuntimeError, match="run a round first"):
        cohort.table()
    cohort.hold(posted, None)
    table = cohort.table()
    assert table["endowed_cash"].tolist() == [-4.0, -4.0, 1.0, 1.0, -9.0, -9.0]
    assert table["endowed_assets"].tolist() == cohort.endowment.ravel().tolist()
    assert table["position"].tolist() == cohort.positions(posted).ravel().tolist()


@pytest.mark.parametrize(
    ("given", "words"),
    [({"cash": np.ones(2)}, "there are 3 experts"), ({"recapitalised": 1.5}, "recapitalised is")],
)
def test_bad_input_is_refused(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        experts(**given)
