"""Derivatives of best trades against finite differences, and singular systems."""

import numpy as np
import pytest

from agents.bankruptcy.best_response import best_trades
from agents.bankruptcy.trade_slopes import newton_matrix, solve_each, trade_slopes
from agents.bankruptcy.trades import Trades, consumption
from benchmarks.random_bankruptcies import problem
from markets.bankruptcy.quotes import BondQuotes


@pytest.mark.parametrize("exponential", [False, True], ids=["quadratic", "exponential"])
@pytest.mark.parametrize("seed", range(4))
def test_slopes_are_derivatives(seed: int, exponential: bool) -> None:
    endowment, instruments, quotes = problem(seed, 100, exponential=exponential)
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


def test_the_matrix_is_positive_definite_on_free_trades_and_symmetric() -> None:
    endowment, instruments, quotes = problem(2, 100, exponential=False)
    trades = best_trades(endowment, instruments, quotes)
    consumed = consumption(endowment, trades, instruments, quotes)
    matrix = newton_matrix(endowment.utility, consumed, trades, instruments, quotes)
    np.testing.assert_array_equal(matrix, np.swapaxes(matrix, 1, 2))
    assert np.linalg.eigvalsh(matrix[~trades.spent]).min() > 0.0
    bordered = np.linalg.eigvalsh(matrix[trades.spent])
    assert np.all(np.sum(bordered < 0.0, axis=1) <= 1)


def test_trades_held_at_a_bound_do_not_move() -> None:
    endowment, instruments, quotes = problem(4, 200, exponential=False)
    trades = best_trades(endowment, instruments, quotes)
    assert trades.held.any()
    slopes = trade_slopes(endowment, trades, instruments, quotes)
    assert not slopes[trades.held].any()


def test_who_spends_everything_keeps_the_budget() -> None:
    """p dz = -z dp, so that consumption at date 0 stays zero."""
    endowment, instruments, quotes = problem(4, 200, exponential=False)
    trades = best_trades(endowment, instruments, quotes)
    spent = trades.spent & (~trades.held).any(axis=1)
    assert spent.any()
    slopes = trade_slopes(endowment, trades, instruments, quotes)[spent]
    prices = np.append(quotes.bond_price, quotes.equity_prices)
    cost = np.einsum("k,ikq->iq", prices, slopes)
    np.testing.assert_allclose(cost[:, : prices.size], -trades.trade[spent], atol=1e-12)
    np.testing.assert_allclose(cost[:, prices.size :], 0.0, atol=1e-12)


def test_regular_systems_are_solved_exactly_and_singular_ones_in_least_squares() -> None:
    regular, singular = np.diag([2.0, 4.0]), np.array([[1.0, 1.0], [1.0, 1.0]])
    right = np.array([[[2.0], [4.0]], [[2.0], [2.0]]])
    solution = solve_each(np.array([regular, singular]), right)
    np.testing.assert_allclose(solution[..., 0], [[1.0, 1.0], [1.0, 1.0]], rtol=1e-14)


def test_a_matrix_that_is_not_finite_has_no_solution_and_spares_the_others() -> None:
    matrix = np.array([np.eye(2), np.zeros((2, 2)), np.full((2, 2), np.nan)])
    solution = solve_each(matrix, np.ones((3, 2, 1)))
    np.testing.assert_array_equal(solution[..., 0], [[1.0, 1.0], [0.0, 0.0], [np.nan, np.nan]])
