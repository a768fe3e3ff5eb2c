r"""How best trades in a bond and in equities move with the quotes.

Newton's step towards the best trades and their derivatives with respect to the quotes rest on one
matrix, that of the second derivatives of utility in the trades that are free of bounds.
"""

from __future__ import annotations

import numpy as np

from agents.bankruptcy.trades import Consumption, Endowment, Trades, consumption
from agents.bankruptcy.utility import Utility
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray


def newton_matrix(
    utility: Utility,
    consumed: Consumption,
    at: Trades,
    instruments: BondAndEquities,
    quotes: BondQuotes,
) -> FloatArray:
    r"""Matrix of the Newton step on the free trades, shape (members, n + 1, n + 1).

    It is :math:`-H` in the free trades and the identity in those held at a bound, bordered by the
    prices where nothing is left for date 0: the last row then keeps spending unchanged.
    """
    members, size = at.trade.shape
    prices = np.append(quotes.bond_price, quotes.equity_prices)
    later = -utility.curvature_later(consumed.later) * instruments.probabilities
    now = -utility.curvature_now(consumed.now)
    pays = np.where((at.side >= 0)[:, None], quotes.repayment_rates, 1.0)
    payoffs = instruments.payoffs
    matrix = np.zeros((members, size + 1, size + 1))
    weighted = later * pays
    matrix[:, 0, 0] = np.einsum("is,is->i", weighted, pays)
    matrix[:, 0, 1:size] = weighted @ payoffs
    matrix[:, 1:size, 0] = matrix[:, 0, 1:size]
    pairs = (payoffs[:, :, None] * payoffs[:, None, :]).reshape(payoffs.shape[0], -1)
    matrix[:, 1:size, 1:size] = (later @ pairs).reshape(members, size - 1, size - 1)
    if np.any(now):
        matrix[:, :size, :size] += now[:, None, None] * np.outer(prices, prices)
    held = at.held
    matrix[:, :size, :size] *= (~held)[:, :, None] & (~held)[:, None, :]
    diagonal = np.arange(size)
    matrix[:, diagonal, diagonal] += held
    border = np.where(~held & at.spent[:, None], prices, 0.0)
    matrix[:, size, :size] = matrix[:, :size, size] = border
    matrix[:, size, size] = ~np.any(border > 0.0, axis=1)
    return matrix


def trade_slopes(
    endowment: Endowment,
    trades: Trades,
    instruments: BondAndEquities,
    quotes: BondQuotes,
) -> FloatArray:
    r"""Derivatives of every trade with respect to every quote, shape (members, n, n + states).

    The bounds that hold keep holding (a generalised derivative where one is about to change).
    Differentiating the conditions of the best trade, with :math:`\lambda` the value of a good at
    date 0, gives the Newton matrix on the left and on the right

    * for a price :math:`q_k`: :math:`-\lambda 1_k + v_0'' z_k q`, and :math:`-z_k` where date 0 is
      spent,
    * for a rate :math:`r_s`, of lenders: :math:`\rho_s v_1'(x_s) 1_b + \rho_s v_1''(x_s) b A_s`.
    """
    utility, rho = endowment.utility, instruments.probabilities
    consumed = consumption(endowment, trades, instruments, quotes)
    matrix = newton_matrix(utility, consumed, trades, instruments, quotes)
    members, size = trades.trade.shape
    prices = np.append(quotes.bond_price, quotes.equity_prices)
    later = utility.marginal_later(consumed.later) * rho
    curvature_later = utility.curvature_later(consumed.later) * rho
    lends = (trades.side > 0)[:, None]
    pays = np.where(trades.side[:, None] >= 0, quotes.repayment_rates, 1.0)
    free = ~trades.held
    worth = utility.marginal_now(consumed.now)
    buys = np.argmax(free & (trades.trade > 0.0), axis=1)
    own = np.where(buys == 0, np.sum(later * pays, axis=1), 0.0)
    if size > 1:
        by_equity = later @ instruments.payoffs
        own = np.where(buys == 0, own, by_equity[np.arange(members), np.maximum(buys - 1, 0)])
    worth = np.divide(own, prices[buys], out=worth.copy(), where=trades.spent)
    right = np.zeros((members, size + 1, size + rho.size))
    diagonal = np.arange(size)
    right[:, diagonal, diagonal] = -worth[:, None]
    curvature_now = utility.curvature_now(consumed.now)
    if np.any(curvature_now):
        right[:, :size, :size] += (curvature_now[:, None] * trades.trade)[:, None, :] * prices[
            :, None
        ]
    bond = np.maximum(trades.trade[:, :1], 0.0)
    right[:, 0, size:] = np.where(lends, later + curvature_later * bond * pays, 0.0)
    right[:, 1:size, size:] = np.where(
        lends[:, :, None], (curvature_later * bond)[:, None, :] * instruments.payoffs.T, 0.0
    )
    right[:, :size] *= free[:, :, None]
    right[:, size, :size] = np.where(trades.spent[:, None], -trades.trade, 0.0)
    return solve_each(matrix, right)[:, :size]


def solve_each(matrix: FloatArray, right: FloatArray) -> FloatArray:
    """Solve every member's system, shapes (members, k, k) and (members, k, columns).

    If one of the matrices is singular (a lender's bond pays what an equity does, or utility is
    flat), these are the shortest least-squares solutions; NaN where a matrix is not finite.
    """
    try:
        return np.asarray(np.linalg.solve(matrix, right))
    except np.linalg.LinAlgError:
        solution = np.full_like(right, np.nan)
        finite = np.isfinite(matrix).all(axis=(1, 2))
        solution[finite] = np.linalg.pinv(matrix[finite], hermitian=True) @ right[finite]
        return solution
