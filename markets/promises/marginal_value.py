r"""Marginal values: what promises, and the asset pledged for them, are worth to one belief.

A trader who gives good news the probability h, and whose best alternative (to hold cash, to buy a
promise, or to write one against cash) returns :math:`\lambda(h)`, pays up to
:math:`E_h[R] / \lambda(h)` for a delivery R. All functions take prices of promises in the order of
the menu, as far as they are known; ``belief`` is h.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from markets.promises.menu import Menu
from markets.quote import FloatArray

SAME = 1e-13
"""Relative difference of two returns that counts as none."""


def promise_value(menu: Menu, j: int, prices: Sequence[float], belief: float) -> float:
    """Value of a unit of promise j to a belief that could buy one before it, or hold cash."""
    rows = menu.rows
    best = 1.0
    for (good, bad), price in zip(rows, prices[:j], strict=False):
        best = max(best, (belief * good + (1.0 - belief) * bad) / price)
    good, bad = rows[j]
    return (belief * good + (1.0 - belief) * bad) / best


def promise_buyer(menu: Menu, j: int, prices: Sequence[float], price: float) -> float:
    r"""Belief to which a unit of promise j is worth a price; an end of the line if to none.

    The value is a minimum of ratios of lines: it is at least the price where
    :math:`E_h[R_j] - q E_h[R_i] / q_i \ge 0` for every i. One half if all are indifferent.
    """
    good, bad = menu.rows[j]
    others = [(1.0, 1.0)]
    others += [(g / q, b / q) for (g, b), q in zip(menu.rows, prices[:j], strict=False)]
    gains = [(good - price * g, bad - price * b) for g, b in others]
    rounding = SAME * price
    if any(max(abs(g), abs(b)) <= rounding for g, b in gains) and all(
        min(gain) >= -rounding for gain in gains
    ):
        return 0.5
    if menu.on_good_news[j]:
        return max(_crossing(bad, good) for good, bad in gains)
    return 1.0 - max(_crossing(good, bad) for good, bad in gains)


def _crossing(first: float, last: float) -> float:
    """Where a line from ``first`` at 0 to ``last`` at 1 ceases to be negative, in [0, 1]."""
    if first >= 0.0:
        return 0.0
    return -first / (last - first) if last >= 0.0 else 1.0


def other_return(menu: Menu, prices: FloatArray, belief: float) -> float:
    """Best return of a belief without the asset."""
    chances = np.array([belief, 1.0 - belief])
    written = menu.pledged_cash > 0.0
    returns = [
        menu.delivery @ chances / prices,
        menu.kept[written] @ chances / (menu.pledged_cash - prices)[written],
    ]
    return max(1.0, float(np.max(np.concatenate(returns), initial=1.0)))


def asset_value(menu: Menu, prices: FloatArray, belief: float) -> float:
    """Value of a unit of the asset to a belief, with the best financing."""
    chances = np.array([belief, 1.0 - belief])
    other = other_return(menu, prices, belief)
    pledged = menu.pledged_asset > 0.0
    financed = (prices + menu.kept @ chances / other)[pledged] / menu.pledged_asset[pledged]
    return max(float(menu.payoff @ chances) / other, float(np.max(financed, initial=0.0)))


def issuing_tie(menu: Menu, j: int, prices: Sequence[float], belief: float, other: float) -> float:
    """Price at which issuers are indifferent between promise j and the rivals before it.

    ``belief`` is that of the asset's marginal buyer, ``other`` its best return without the asset.
    """
    kept = menu.kept @ np.array([belief, 1.0 - belief]) / other
    rivals = [i for i in menu.issuers_indifferent if i < j]
    best = max((prices[i] + kept[i]) / menu.pledged_asset[i] for i in rivals)
    return float(menu.pledged_asset[j] * best - kept[j])
