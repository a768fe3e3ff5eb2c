"""A member's own program by HiGHS and SLSQP, against the batched best response."""

import numpy as np
import pytest

from agents.bankruptcy.best_response import best_trades
from benchmarks.random_bankruptcies import as_state, problem
from markets.quote import FloatArray
from scenarios.bankruptcy.certificate import solver_gains
from scenarios.bankruptcy.program import (
    gain,
    most_sold,
    plan_by_slsqp,
    plans_by_highs,
    prices_and_payments,
)
from scenarios.bankruptcy.state import State

HIGHS_ERROR = 1e-12
"""Between HiGHS' plan and the best response, as a share of goods at date 0; measured: 4e-15."""

SLSQP_ERROR = 1e-10
"""Between SLSQP's plan and that of HiGHS; measured: 5e-12."""


def slsqp_gains(state: State) -> FloatArray:
    everyone = np.arange(state.bond.size)
    plans = np.array([plan_by_slsqp(state, int(member)) for member in everyone])
    return solver_gains(state, everyone, plans)


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
def test_slsqp_finds_nothing_better(exponential: bool) -> None:
    drawn = problem(99, 25, exponential=exponential)
    state = as_state(*drawn, best_trades(*drawn))
    found = slsqp_gains(state)
    assert np.max(found) < 1e-8, f"member {int(np.argmax(found))}"
    assert np.min(found) > -1e-3  # the solver did solve


@pytest.mark.parametrize("seed", range(8))
def test_highs_finds_the_same_utility_as_the_best_response_and_as_slsqp(seed: int) -> None:
    drawn = problem(seed, 25, exponential=False)
    state = as_state(*drawn, best_trades(*drawn))
    everyone = np.arange(25)
    by_highs = solver_gains(state, everyone, plans_by_highs(state, everyone))
    by_slsqp = slsqp_gains(state)
    np.testing.assert_allclose(by_highs, 0.0, atol=HIGHS_ERROR)
    np.testing.assert_allclose(by_slsqp, by_highs, atol=SLSQP_ERROR)


def state_of_three() -> State:
    drawn = problem(3, 3, exponential=False)
    return as_state(*drawn, best_trades(*drawn))


def test_no_members_have_no_plans() -> None:
    assert plans_by_highs(state_of_three(), np.array([], dtype=np.int64)).shape == (0, 4)


def test_a_plan_costs_what_it_costs_and_pays_what_it_pays() -> None:
    state = state_of_three()
    price, pays = prices_and_payments(state)
    plan = np.column_stack([state.lent, state.promised, state.equities])
    np.testing.assert_allclose(state.endowed_now - plan @ price, state.now, atol=1e-12)
    owned = state.endowed_later + state.endowed_equities @ state.payoffs.T
    np.testing.assert_allclose(owned + plan @ pays.T, state.later, atol=1e-12)


def test_the_choice_itself_gains_nothing_and_no_trade_loses() -> None:
    state = state_of_three()
    for member in range(3):
        chosen = np.concatenate(
            [[state.lent[member], state.promised[member]], state.equities[member]]
        )
        assert gain(state, member, chosen) == pytest.approx(0.0, abs=1e-12)
        assert gain(state, member, np.zeros(4)) <= 1e-12


def test_a_plan_beyond_the_budget_is_moved_into_it() -> None:
    state = state_of_three()
    greedy = np.array([1e6, 0.0, 0.0, 0.0])
    assert gain(state, 0, greedy) <= 1e-12
    assert gain(state, 0, np.array([0.0, 1e9, 0.0, 0.0])) <= 1e-12


def test_sales_are_bounded_by_the_limit_or_by_many_times_all_goods() -> None:
    drawn = problem(3, 3, exponential=False)
    state = as_state(*drawn, best_trades(*drawn))
    assert most_sold(state) == drawn[2].short_limit
