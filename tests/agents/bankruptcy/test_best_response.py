"""The batched best response against a bound by weak duality, and from different starts."""

import numpy as np
import pytest

from agents.bankruptcy import best_response
from agents.bankruptcy.best_response import best_trades
from agents.bankruptcy.trade_slopes import trade_slopes
from agents.bankruptcy.trades import Endowment, consumption
from agents.bankruptcy.utility import ConstantRiskAversion, LinearQuadratic
from benchmarks.random_bankruptcies import as_state, problem
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.refused import Infeasible
from scenarios.bankruptcy.certificate import possible_gains

KINDS = ("lends", "borrows", "neither", "limit", "sold", "spent", "negative")


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
@pytest.mark.parametrize("seed", range(12))
def test_nobody_can_gain(seed: int, exponential: bool) -> None:
    drawn = problem(seed, 200, exponential=exponential)
    trades = best_trades(*drawn)
    state = as_state(*drawn, trades)
    assert np.max(np.abs(possible_gains(state))) < 1e-11
    assert np.all(state.now >= 0.0)
    assert np.all(state.equities >= -state.endowed_equities)
    assert np.all(state.bond >= -state.short_limit)


def test_every_kind_of_bound_occurs_in_these_problems() -> None:
    kinds: dict[str, int] = dict.fromkeys(KINDS, 0)
    for seed in range(12):
        endowment, instruments, quotes = problem(seed, 200, exponential=False)
        trades = best_trades(endowment, instruments, quotes)
        consumed = consumption(endowment, trades, instruments, quotes)
        found = (
            trades.side > 0,
            trades.side < 0,
            trades.side == 0,
            trades.trade[:, 0] == -quotes.short_limit,
            trades.held[:, 1:],
            trades.spent,
            consumed.later < 0.0,
        )
        for kind, which in zip(KINDS, found, strict=True):
            kinds[kind] += int(np.count_nonzero(which))
    assert min(kinds.values()) > 10, kinds


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
def test_a_worse_choice_is_noticed(exponential: bool) -> None:
    endowment, instruments, quotes = problem(3, 50, exponential=exponential)
    trades = best_trades(endowment, instruments, quotes)
    trades.trade[:, 0] += 1e-3
    state = as_state(endowment, instruments, quotes, trades)
    assert np.min(np.abs(possible_gains(state))) > 1e-9


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
def test_where_the_search_begins_does_not_matter(exponential: bool) -> None:
    endowment, instruments, quotes = problem(5, 300, exponential=exponential)
    elsewhere = best_trades(*problem(6, 300, exponential=exponential))
    elsewhere.trade[...] = np.maximum(elsewhere.trade, -np.c_[np.ones(300), endowment.equities])
    cold = best_trades(endowment, instruments, quotes)
    warm = best_trades(endowment, instruments, quotes, elsewhere)
    np.testing.assert_allclose(warm.trade, cold.trade, atol=1e-9)
    np.testing.assert_array_equal(warm.side, cold.side)


def test_members_are_solved_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    endowment, instruments, quotes = problem(3, 7, exponential=True)
    whole = best_trades(endowment, instruments, quotes)
    monkeypatch.setattr(best_response, "BLOCK", 3)
    parts = best_trades(endowment, instruments, quotes)
    assert parts.trade == pytest.approx(whole.trade, rel=1e-12, abs=1e-12)
    assert (parts.side == whole.side).all()


def test_a_search_that_cannot_end_names_the_member() -> None:
    endowment, instruments, quotes = problem(1, 3, exponential=False)
    broken = BondQuotes(np.nan, quotes.equity_prices, quotes.repayment_rates, 1.0)
    with pytest.raises(Infeasible, match="member 0 has no best trade within reach"):
        best_trades(endowment, instruments, broken)


def alone(
    prices: tuple[float, float], rates: list[float], short_limit: float = np.inf
) -> tuple[Endowment, BondAndEquities, BondQuotes]:
    """One quadratic investor, two states, an equity that pays (1, 1/2)."""
    instruments = BondAndEquities(np.array([0.5, 0.5]), np.array([[1.0], [0.5]]))
    utility = LinearQuadratic(np.array([2.0]), np.array([4.0]))
    endowment = Endowment(utility, np.array([3.0]), np.array([[1.0, 1.0]]), np.array([[0.5]]))
    quotes = BondQuotes(prices[0], np.array([prices[1]]), np.array(rates), short_limit)
    return endowment, instruments, quotes


def test_first_order_conditions_in_closed_form() -> None:
    """Full repayment, no bound: a_0 q = E[(1, Y) (a_1 - x)] for both prices."""
    endowment, instruments, quotes = alone((1.4, 1.0), [1.0, 1.0])
    trades = best_trades(endowment, instruments, quotes)
    later = consumption(endowment, trades, instruments, quotes).later[0]
    assert np.mean(4.0 - later) == pytest.approx(2.0 * 1.4, rel=1e-13)
    assert np.mean((4.0 - later) * [1.0, 0.5]) == pytest.approx(2.0 * 1.0, rel=1e-13)


@pytest.mark.parametrize(("bond_price", "side"), [(0.5, 1), (1.47, 0), (2.5, -1)])
def test_the_side_follows_the_bond_price(bond_price: float, side: int) -> None:
    """Between what lending brings and what borrowing costs nobody wants the bond."""
    trades = best_trades(*alone((bond_price, 1.1), [0.9, 0.9]))
    assert trades.side[0] == side
    assert np.sign(trades.trade[0, 0]) == side


def test_the_short_limit_binds() -> None:
    for limit in (0.0, 0.25):
        trades = best_trades(*alone((2.5, 1.1), [0.9, 0.9], limit))
        assert trades.trade[0, 0] == -limit
        assert trades.held[0, 0]


def test_a_bond_that_pays_like_an_equity_leaves_lenders_a_best_trade() -> None:
    """The matrix of the lender is singular; what it consumes is still the best there is."""
    for price in (0.6, 0.9):
        drawn = alone((price, price), [1.0, 0.5])
        trades = best_trades(*drawn)
        assert np.max(np.abs(possible_gains(as_state(*drawn, trades)))) < 1e-11


def test_orders_at_an_arbitrage_end_where_marginal_utility_is_next_to_nothing() -> None:
    """Bonds sold at 2 repay one each and finance equities at .1 that pay at least 1/2 each."""
    endowment, instruments, quotes = alone((2.0, 0.1), [1.0, 1.0])
    utility = ConstantRiskAversion(np.array([1.0]), np.array([1.0]))
    endowment = Endowment(utility, endowment.now, endowment.later, endowment.equities)
    trades = best_trades(endowment, instruments, quotes)
    consumed = consumption(endowment, trades, instruments, quotes)
    assert trades.trade[0, 0] < -50.0
    assert np.min(np.append(consumed.now, consumed.later)) > 340.0
    assert np.isfinite(trade_slopes(endowment, trades, instruments, quotes)).all()
    fair = BondQuotes(0.4, np.array([0.4]), quotes.repayment_rates, np.inf)
    again = best_trades(endowment, instruments, fair, trades)
    afresh = best_trades(endowment, instruments, fair)
    np.testing.assert_allclose(again.trade, afresh.trade, rtol=1e-12)


def test_the_search_ends_where_trades_at_high_prices_cancel() -> None:
    """Consumption at date 0 is then a small difference, and no gradient is exact to 1e-13."""
    rng = np.random.default_rng(5)
    instruments = BondAndEquities(np.full(4, 0.25), np.array([[0.9], [1.4], [0.7], [0.7]]))
    for _ in range(40):
        members = 20
        aversion = rng.uniform(1.0, 4.0, members)
        endowment = Endowment(
            ConstantRiskAversion(aversion, rng.uniform(0.5, 2.0, members)),
            now=rng.uniform(1.0, 12.0, members),
            later=rng.uniform(0.8, 6.0, (members, 4)),
            equities=rng.uniform(0.5, 1.0, (members, 1)),
        )
        bond = rng.uniform(1000.0, 3000.0)
        quotes = BondQuotes(bond, bond * rng.uniform(0.72, 1.0, 1), np.ones(4), 0.6)
        before = BondQuotes(bond, quotes.equity_prices * rng.uniform(0.999, 1.001), np.ones(4), 0.6)
        start = best_trades(endowment, instruments, before)
        trades = best_trades(endowment, instruments, quotes, start)
        state = as_state(endowment, instruments, quotes, trades)
        # the gradient's error (curvature times rounding), in three trades, times the room for them
        prices = np.append(bond, quotes.equity_prices)
        turnover = endowment.now + np.abs(trades.trade) @ prices
        error = 4.0 * np.finfo(np.float64).eps * aversion
        cash = endowment.now + 0.6 * bond + endowment.equities @ quotes.equity_prices
        allowed = 1e-11 + 3.0 * error * turnover * cash / endowment.now
        assert np.all(np.abs(possible_gains(state)) < allowed)


def test_a_member_with_next_to_nothing_spends_exactly_that() -> None:
    """Its goods are lost beside its marginal utility in the system that gives the step."""
    rng = np.random.default_rng(26)
    instruments = BondAndEquities(np.full(4, 0.25), rng.uniform(0.1, 1.6, (4, 2)))
    now = np.array([1.9e-5, 1.9e-5])
    endowment = Endowment(
        LinearQuadratic(np.full(2, 690.0), np.full(2, 18_400.0)),
        now,
        np.full((2, 4), 1.9e-5),
        np.zeros((2, 2)),
    )
    quotes = BondQuotes(0.27, np.array([0.3, 0.2]), np.array([0.26, 0.02, 0.6, 1.0]), 10.0)
    best = best_trades(endowment, instruments, quotes)
    cost = best.trade @ np.append(quotes.bond_price, quotes.equity_prices)
    assert best.spent.all()
    np.testing.assert_allclose(cost, now, rtol=1e-14)


def test_who_spends_nothing_at_a_price_of_zero_has_a_trade_all_the_same() -> None:
    """The textbook rule, extrapolated, comes by a bond price of zero on its way."""
    instruments = BondAndEquities(np.array([1.0]), np.zeros((1, 0)))
    endowment = Endowment(
        LinearQuadratic(np.array([1.0]), np.array([2.0])),
        np.array([1.0]),
        np.array([[0.5]]),
        np.zeros((1, 0)),
    )
    quotes = BondQuotes(0.0, np.zeros(0), np.array([1.0]), 10.0)
    best = best_trades(endowment, instruments, quotes)
    # later consumption 0.5 + b is worth most at the satiation of 2 (bonds cost nothing)
    np.testing.assert_allclose(best.trade, [[1.5]], rtol=1e-12)
