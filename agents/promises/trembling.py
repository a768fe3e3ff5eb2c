r"""Ventures on several states, and how a trembling trader spreads its wealth over them.

A *venture* is an elementary portfolio: consume now, store cash, buy a promise, issue one and hold
its collateral, own the asset outright. At quotes it costs :math:`c_k` and is worth :math:`r_{ik}`
to trader i: its payoffs weighted with what i thinks of the states. With returns
:math:`\rho_{ik} = r_{ik} / c_k` a trader of wealth w chooses shares :math:`\sigma_k` that sum to 1:

.. math:: \max\ (1 - K\mu) \ln \sum_k \rho_{ik} \sigma_k + \mu \sum_k \ln \sigma_k
          \quad\Rightarrow\quad \sigma_k = \frac{\mu}{1 - \theta_i \rho_{ik}},
          \qquad \sum_k \sigma_k = 1 .

:math:`\mu` is the tremble. As it vanishes all wealth goes into the ventures of the largest return,
and where several tie the shares are those that clear the markets. At any tremble expected
consumption falls short of the best by a share of at most :math:`K\mu`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.promises.state_menu import StateMenu
from markets.quote import FloatArray

DIGITS = 1e-15
"""Relative change at which the search for a trader's multiplier ends."""

BLOCK = 2_000
"""Traders whose shares are worked out together: the arrays of so many stay in the cache."""

MOST_STEPS = 100
"""Newton steps of that search: the sum of shares is convex, and they come from one side."""


@dataclass(frozen=True, slots=True)
class StateVentures:
    """The ventures of a menu; K ventures, J promises, S states.

    Attributes
    ----------
    units : array (K, 2 + J)
        Cash, assets, and promises bought less sold, of one unit.
    payoff : array (K, 1 + S)
        Consumption now and in every state.
    bought, sold : slice
        Ventures that buy, and that issue, each promise.
    """

    units: FloatArray
    payoff: FloatArray
    bought: slice
    sold: slice

    @classmethod
    def of(cls, menu: StateMenu, *, now: bool) -> StateVentures:
        """All ventures; ``now`` tells whether consumption now is worth anything."""
        count, states = len(menu.names), menu.payoff.size
        first = int(now) + int(menu.storable)
        units = np.zeros((first + 2 * count + 1, 2 + count))
        payoff = np.zeros((units.shape[0], 1 + states))
        units[:first, 0] = 1.0
        if now:
            payoff[0, 0] = 1.0
        if menu.storable:
            payoff[first - 1, 1:] = 1.0
        bought, sold = slice(first, first + count), slice(first + count, first + 2 * count)
        units[bought, 2:], units[sold, 2:] = np.eye(count), -np.eye(count)
        units[sold, 0], units[sold, 1] = menu.pledged_cash, menu.pledged_asset
        payoff[bought, 1:], payoff[sold, 1:] = menu.delivery, menu.kept
        units[-1, 1], payoff[-1, 1:] = 1.0, menu.payoff
        return cls(units, payoff, bought, sold)


def spread(returns: FloatArray, tremble: float) -> tuple[FloatArray, FloatArray]:
    r"""Shares of wealth, and the multiplier, of every trader.

    Parameters
    ----------
    returns : array (n, K)
        Expected return of every venture to every trader, not negative, not all 0.
    tremble : float
        Below 1 / K.

    Returns
    -------
    shares : array (n, K)
        Positive; they sum to 1.
    multiplier : array (n,)
        :math:`\theta_i`.
    """
    shares, multiplier = np.empty_like(returns), np.empty(len(returns))
    for first in range(0, len(returns), BLOCK):
        rows = slice(first, first + BLOCK)
        shares[rows], multiplier[rows] = _spread(returns[rows], tremble)
    return shares, multiplier


def _spread(returns: FloatArray, tremble: float) -> tuple[FloatArray, FloatArray]:
    """Shares and multipliers of a block of traders."""
    most = np.max(returns, axis=1)
    relative = returns / most[:, None]
    behind = 1.0 - relative
    # the best venture's slack lies between tremble and K tremble; Newton rises to it from below
    slack = np.full(most.size, tremble)
    for _ in range(MOST_STEPS):
        shares = tremble / (behind + slack[:, None] * relative)
        steep = np.einsum("ik,ik,ik->i", shares, shares, relative)
        change = tremble * (shares.sum(axis=1) - 1.0) / steep
        slack = slack + change
        if np.all(np.abs(change) <= DIGITS * slack):
            break
    shares = tremble / (behind + slack[:, None] * relative)
    return shares, (1.0 - slack) / most


def answers(
    shares: FloatArray,
    returns: FloatArray,
    multiplier: FloatArray,
    wealth: FloatArray,
    tremble: float,
) -> tuple[FloatArray, FloatArray]:
    """How spending on ventures answers their costs and the tremble, at given wealth.

    Returns
    -------
    by_cost : array (K, K)
        Derivative of spending on each venture (row) by the logarithm of each cost (column).
    by_tremble : array (K,)
        Derivative of spending by the logarithm of the tremble.
    """
    steep = shares * shares * returns
    whole = np.sum(steep, axis=1)
    scale = wealth * multiplier / tremble
    by_cost = steep.T @ (steep * (scale / whole)[:, None])
    by_cost[np.diag_indices_from(by_cost)] -= scale @ steep
    return by_cost, wealth @ (shares - steep / whole[:, None])
