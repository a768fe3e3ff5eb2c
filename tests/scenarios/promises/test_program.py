"""The linear program of a trader: known values, convexity, chords, arbitrage."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.promises.program import Program, Promise

PAYOFF = np.array([1.0, 0.2])
LOAN = Promise("loan", (0.2, 0.2), 1.0, 0.0)
TRANCHE = Promise("tranche", (0.0, 0.2), 1.0, 0.0)
SWAP = Promise("swap", (0.0, 0.8), 0.0, 0.8)


def program(price: float, **prices: float) -> Program:
    promises = {"loan": LOAN, "tranche": TRANCHE, "swap": SWAP}
    chosen = [promises[name] for name in prices]
    return Program.of(price, np.array([*prices.values()]), PAYOFF, chosen)


def test_without_promises_a_trader_holds_cash_or_the_asset() -> None:
    bare = program(0.6)
    assert bare.value(0.3) == pytest.approx(1.0)
    assert bare.value(0.9) == pytest.approx((0.9 + 0.1 * 0.2) / 0.6)


def test_a_safe_loan_levers_the_asset() -> None:
    levered = program(0.6, loan=0.2)
    assert levered.value(0.9) == pytest.approx(0.9 * 0.8 / 0.4)
    assert levered.value(0.3) == pytest.approx(1.0)


def test_pessimists_buy_the_tranche_and_the_swap() -> None:
    assert program(0.6, tranche=0.1).value(0.1) == pytest.approx(0.9 * 0.2 / 0.1)
    assert program(0.6, swap=0.4).value(0.1) == pytest.approx(0.9 * 0.8 / 0.4)
    # writing the swap: .8 of cash, .4 of it received, keeps .8 after good news
    assert program(0.6, swap=0.4).value(0.95) == pytest.approx(0.95 * 0.8 / 0.4)


def test_deliveries_are_limited_by_the_collateral() -> None:
    risky = Program.of(0.6, np.array([0.3]), PAYOFF, [Promise("p", (0.5, 0.5), 1.0, 0.0)])
    assert risky.delivery.tolist() == [[0.5, 0.2]]
    assert risky.pledged.tolist() == [[0.0, 1.0]]


def test_an_arbitrage_makes_the_program_unbounded() -> None:
    assert program(0.6, tranche=0.7).value(0.5) == np.inf
    assert not np.isfinite(program(0.6, tranche=0.7).chords(0.1, 0.9)[1]).all()


def test_chords_bound_the_value_closely_from_above() -> None:
    rich = program(0.6, loan=0.2, swap=0.4)
    knots, values = rich.chords(0.05, 0.95)
    assert knots[0] == 0.05
    assert knots[-1] == 0.95
    beliefs = np.random.default_rng(1).uniform(0.05, 0.95, 60)
    exact = np.array([rich.value(belief) for belief in beliefs.tolist()])
    bound = np.interp(beliefs, knots, values)
    assert np.all(bound >= exact - 1e-12)
    assert np.max(bound / exact - 1.0) <= 1e-10
    slopes = np.diff(values) / np.diff(knots)
    assert np.all(np.diff(slopes) >= -1e-2)


def test_one_belief_is_its_own_chord() -> None:
    knots, values = program(0.6).chords(0.9, 0.9)
    assert knots.tolist() == [0.9]
    assert values == pytest.approx([(0.9 + 0.1 * 0.2) / 0.6])


def test_values_are_precise_where_payoffs_hardly_differ() -> None:
    """Against enumeration of portfolios; at its own tolerances HiGHS errs here by 3e-8."""
    payoff = np.array([1.4669397941010114, 1.465360382951926])
    amounts = (0.497595, 0.751523, 0.754598)
    loans = [Promise(f"loan_{x}", (x, x), 1.0, 0.0) for x in amounts]
    price, prices = 1.466798351885969, np.array(amounts)
    program = Program.of(price, prices, payoff, loans)
    for belief in np.linspace(0.01, 0.99, 25).tolist():
        worth = float(payoff @ [belief, 1.0 - belief])
        returns = [1.0, worth / price, *((worth - x) / (price - x) for x in amounts)]
        assert program.value(belief) == pytest.approx(max(returns), rel=1e-10)
