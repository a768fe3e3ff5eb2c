"""How a trembling trader spreads its wealth."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize

from agents.promises.trembling import StateVentures, answers, spread
from markets.promises.state_menu import Pledge, StateMenu

MENU = StateMenu.of(
    [1.0, 0.6, 0.2],
    [Pledge("loan", (0.5, 0.5, 0.5), asset=1.0), Pledge("swap", (0.0, 0.4, 0.8), cash=0.8)],
)
RNG = np.random.default_rng(3)


def test_ventures_are_elementary_portfolios() -> None:
    ventures = StateVentures.of(MENU, now=True)
    assert ventures.units[0].tolist() == [1.0, 0.0, 0.0, 0.0]
    assert ventures.payoff[0].tolist() == [1.0, 0.0, 0.0, 0.0]  # consumed now
    assert ventures.payoff[1].tolist() == [0.0, 1.0, 1.0, 1.0]  # stored
    assert ventures.units[ventures.sold].tolist() == [[0.0, 1.0, -1.0, 0.0], [0.8, 0.0, 0.0, -1.0]]
    assert ventures.payoff[ventures.sold][0] == pytest.approx([0.0, 0.5, 0.1, 0.0])
    assert len(StateVentures.of(MENU, now=False).units) == len(ventures.units) - 1


def test_shares_are_the_best_of_the_problem_stated() -> None:
    returns, tremble = RNG.uniform(0.2, 2.0, (4, 6)), 0.03
    shares, multiplier = spread(returns, tremble)
    assert shares.sum(axis=1) == pytest.approx(np.ones(4), abs=1e-13)
    assert shares == pytest.approx(tremble / (1.0 - multiplier[:, None] * returns))
    for own, mine in zip(returns, shares, strict=True):

        def loss(s: np.ndarray, gains: np.ndarray = own) -> float:
            whole = (1.0 - 6 * tremble) * np.log(gains @ s) + tremble * np.sum(np.log(s))
            return -float(whole)

        best = minimize(
            loss, np.full(6, 1.0 / 6.0), bounds=[(1e-9, 1.0)] * 6, tol=1e-14,
            constraints=LinearConstraint(np.ones(6), 1.0, 1.0),
        )  # fmt: skip
        assert mine == pytest.approx(best.x, abs=1e-4)
        assert loss(mine) <= best.fun + 1e-9


def test_as_the_tremble_vanishes_all_goes_into_the_best_venture() -> None:
    returns = RNG.uniform(0.2, 2.0, (50, 9))
    shares, _ = spread(returns, 1e-9)
    best = returns.max(axis=1)
    assert np.all(best - np.sum(shares * returns, axis=1) <= 9e-9 * best)


def test_answers_agree_with_differences() -> None:
    value, cost = RNG.uniform(0.2, 2.0, (7, 5)), RNG.uniform(0.5, 1.5, 5)
    wealth, tremble, small = RNG.uniform(0.1, 2.0, 7), 0.02, 1e-6
    returns = value / cost
    by_cost, by_tremble = answers(*_in_order(returns, tremble), wealth, tremble)
    for k in range(5):
        up, down = (
            wealth @ spread(value / (cost * np.exp(sign * small * (np.arange(5) == k))), tremble)[0]
            for sign in (1.0, -1.0)
        )
        assert by_cost[:, k] == pytest.approx((up - down) / (2 * small), abs=1e-7)
    up, down = (wealth @ spread(returns, tremble * np.exp(s))[0] for s in (small, -small))
    assert by_tremble == pytest.approx((up - down) / (2 * small), abs=1e-7)


def _in_order(returns: np.ndarray, tremble: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    shares, multiplier = spread(returns, tremble)
    return shares, returns, multiplier
