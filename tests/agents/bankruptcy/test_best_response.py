"""The batched best response against a bound by weak duality, a solver, and finite differences."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from agents.bankruptcy.best_response import best_trades
from agents.bankruptcy.trade_slopes import trade_slopes
from agents.bankruptcy.trades import Endowment, Trades, consumption
from agents.bankruptcy.utility import ConstantRiskAversion, LinearQuadratic, Utility
from markets.bankruptcy.market import BondAndEquities, BondQuotes
from scenarios.bankruptcy.certificate import possible_gains, solver_gains
from scenarios.bankruptcy.member_program import plan_by_slsqp, plans_by_highs
from scenarios.bankruptcy.state import State

FloatArray = NDArray[np.float64]
KINDS = ("lends", "borrows", "neither", "limit", "sold", "spent", "negative")

HIGHS_ERROR = 1e-12
"""Between HiGHS' plan and the best response, as a share of goods at date 0; measured: 4e-15."""

SLSQP_ERROR = 1e-10
"""Between SLSQP's plan and that of HiGHS; measured: 5e-12."""


def random_problem(
    seed: int, members: int, exponential: bool, states: int = 4, equities: int = 2
) -> tuple[Endowment, BondAndEquities, BondQuotes]:
    rng = np.random.default_rng(seed)
    instruments = BondAndEquities(
        rng.dirichlet(np.full(states, 5.0)), rng.uniform(0.1, 1.6, (states, equities))
    )
    owned = rng.uniform(0.05, 1.2, (members, equities))
    later = rng.uniform(0.05, 1.2, (members, states)) + owned @ instruments.payoffs.T
    utility: Utility = LinearQuadratic(
        rng.uniform(4.0, 9.0, members), rng.uniform(4.0, 9.0, members)
    )
    if exponential:
        utility = ConstantRiskAversion(rng.uniform(0.3, 2.0, members), rng.uniform(0.5, 2, members))
    pays = np.column_stack([np.ones(states), instruments.payoffs])
    prices = (instruments.probabilities @ pays) * rng.uniform(0.3, 1.3)
    prices *= rng.uniform(0.75, 1.25, prices.size)
    quotes = BondQuotes(
        float(prices[0]), prices[1:], rng.uniform(0.8, 1.0, states), float(rng.uniform(0.3, 5.0))
    )
    return Endowment(utility, rng.uniform(0.2, 4.0, members), later, owned), instruments, quotes


def as_state(
    endowment: Endowment, instruments: BondAndEquities, quotes: BondQuotes, trades: Trades
) -> State:
    columns: dict[str, Any] = endowment.utility.columns()
    quadratic = columns["utility"] == "quadratic"
    members = endowment.now.size
    eaten = consumption(endowment, trades, instruments, quotes)
    return State(
        probabilities=instruments.probabilities,
        payoffs=instruments.payoffs,
        short_limit=quotes.short_limit,
        bond_price=quotes.bond_price,
        equity_prices=quotes.equity_prices,
        rates=quotes.repayment_rates,
        cohort=np.full(members, "x", dtype=object),
        quadratic=np.full(members, quadratic),
        first=columns["weight" if quadratic else "risk_aversion"],
        second=columns["satiation" if quadratic else "patience"],
        endowed_now=endowment.now,
        endowed_later=endowment.later - endowment.equities @ instruments.payoffs.T,
        endowed_equities=endowment.equities,
        bond=trades.trade[:, 0],
        equities=trades.trade[:, 1:],
        now=eaten.now,
        later=eaten.later,
    )


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
@pytest.mark.parametrize("seed", range(12))
def test_nobody_can_gain(seed: int, exponential: bool) -> None:
    problem = random_problem(seed, 200, exponential)
    trades = best_trades(*problem)
    state = as_state(*problem, trades)
    assert np.max(np.abs(possible_gains(state))) < 1e-11
    assert np.all(state.now >= 0.0)
    assert np.all(state.equities >= -state.endowed_equities)
    assert np.all(state.bond >= -state.short_limit)


def test_every_kind_of_bound_occurs_in_these_problems() -> None:
    kinds: dict[str, int] = dict.fromkeys(KINDS, 0)
    for seed in range(12):
        endowment, instruments, quotes = random_problem(seed, 200, exponential=False)
        trades = best_trades(endowment, instruments, quotes)
        eaten = consumption(endowment, trades, instruments, quotes)
        found = (
            trades.side > 0,
            trades.side < 0,
            trades.side == 0,
            trades.trade[:, 0] == -quotes.short_limit,
            trades.held[:, 1:],
            trades.spent,
            eaten.later < 0.0,
        )
        for kind, which in zip(KINDS, found, strict=True):
            kinds[kind] += int(np.count_nonzero(which))
    assert min(kinds.values()) > 10, kinds


def slsqp_gains(state: State) -> FloatArray:
    everyone = np.arange(state.bond.size)
    plans = np.array([plan_by_slsqp(state, int(member)) for member in everyone])
    return solver_gains(state, everyone, plans)


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
def test_slsqp_finds_nothing_better(exponential: bool) -> None:
    problem = random_problem(99, 25, exponential)
    state = as_state(*problem, best_trades(*problem))
    found = slsqp_gains(state)
    assert np.max(found) < 1e-8, f"member {int(np.argmax(found))}"
    assert np.min(found) > -1e-3  # the solver did solve


@pytest.mark.parametrize("seed", range(8))
def test_highs_finds_the_same_utility_as_the_best_response_and_as_slsqp(seed: int) -> None:
    problem = random_problem(seed, 25, exponential=False)
    state = as_state(*problem, best_trades(*problem))
    everyone = np.arange(25)
    by_highs = solver_gains(state, everyone, plans_by_highs(state, everyone))
    by_slsqp = slsqp_gains(state)
    np.testing.assert_allclose(by_highs, 0.0, atol=HIGHS_ERROR)
    np.testing.assert_allclose(by_slsqp, by_highs, atol=SLSQP_ERROR)


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
def test_a_worse_choice_is_noticed(exponential: bool) -> None:
    endowment, instruments, quotes = random_problem(3, 50, exponential)
    trades = best_trades(endowment, instruments, quotes)
    trades.trade[:, 0] += 1e-3
    state = as_state(endowment, instruments, quotes, trades)
    assert np.min(np.abs(possible_gains(state))) > 1e-9


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
def test_where_the_search_begins_does_not_matter(exponential: bool) -> None:
    endowment, instruments, quotes = random_problem(5, 300, exponential)
    elsewhere = best_trades(*random_problem(6, 300, exponential))
    elsewhere.trade[...] = np.maximum(elsewhere.trade, -np.c_[np.ones(300), endowment.equities])
    cold = best_trades(endowment, instruments, quotes)
    warm = best_trades(endowment, instruments, quotes, elsewhere)
    np.testing.assert_allclose(warm.trade, cold.trade, atol=1e-9)
    np.testing.assert_array_equal(warm.side, cold.side)


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
@pytest.mark.parametrize("seed", range(4))
def test_slopes_are_derivatives(seed: int, exponential: bool) -> None:
    endowment, instruments, quotes = random_problem(seed, 100, exponential)
    trades = best_trades(endowment, instruments, quotes)
    slopes = trade_slopes(endowment, trades, instruments, quotes)
    step, size = 1e-6, 1 + instruments.equities

    def moved(k: int, by: float) -> Trades:
        values = np.concatenate([[quotes.bond_price], quotes.equity_prices, quotes.repayment_rates])
        values[k] += by
        there = BondQuotes(values[0], values[1:size], values[size:], quotes.short_limit)
        return best_trades(endowment, instruments, there, trades)

    for k in range(size + instruments.states):
        up, down = moved(k, step), moved(k, -step)
        same = np.all(up.held == down.held, axis=1)
        same &= (up.side == down.side) & (up.spent == down.spent)
        assert np.mean(same) > 0.9
        numeric = (up.trade - down.trade) / (2.0 * step)
        np.testing.assert_allclose(slopes[same, :, k], numeric[same], rtol=2e-4, atol=2e-4)


def test_a_search_that_cannot_end_names_the_member() -> None:
    endowment, instruments, quotes = random_problem(1, 3, exponential=False)
    broken = BondQuotes(np.nan, quotes.equity_prices, quotes.repayment_rates, 1.0)
    with pytest.raises(ValueError, match="member 0"):
        best_trades(endowment, instruments, broken)
