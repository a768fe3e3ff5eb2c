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
    best, against = 1.0, 1.0 - belief
    for (good, bad), price in zip(rows, prices[:j], strict=False):
        other = (belief * good + against * bad) / price
        if other > best:
            best = other
    good, bad = rows[j]
    return (belief * good + against * bad) / best


def promise_buyer(menu: Menu, j: int, prices: Sequence[float], price: float) -> float:
    r"""Belief to which a unit of promise j is worth a price; an end of the line if to none.

    The value is a minimum of ratios of lines: it is at least the price where
    :math:`E_h[R_j] - q E_h[R_i] / q_i \ge 0` for every i. One half if all are indifferent.
    """
    good, bad = menu.rows[j]
    on_good_news = bool(menu.on_good_news[j])
    rounding = SAME * price
    indifferent, never_worse, crossing = False, True, 0.0
    # a plain loop, with no list or call for each pair: long menus spend their rounds here
    for (g, b), q in zip([(1.0, 1.0), *menu.rows[:j]], [1.0, *prices[:j]], strict=True):
        rise, fall = good - price * (g / q), bad - price * (b / q)
        if -rounding <= rise <= rounding and -rounding <= fall <= rounding:
            indifferent = True
        elif rise < -rounding or fall < -rounding:
            never_worse = False
        first, last = (fall, rise) if on_good_news else (rise, fall)
        if first < 0.0:  # the line ceases to be negative on its way to the other end, or never
            crossing = max(crossing, -first / (last - first) if last >= 0.0 else 1.0)
    if indifferent and never_worse:
        return 0.5
    return crossing if on_good_news else 1.0 - crossing


def other_return(menu: Menu, prices: FloatArray, belief: float) -> float:
    """Best return of a belief without the asset."""
    chances = np.array([belief, 1.0 - belief])
    written = menu.pledged_cash > 0.0
    returns = [
        menu.delivery @ chances / prices,
        menu.kept[written] @ chances / (menu.pledged_cash - prices)[written],
    ]
    return float(np.max(np.concatenate(returns), initial=1.0))


def asset_value(menu: Menu, prices: FloatArray, belief: float) -> float:
    """Value of a unit of the asset to a belief, with the best financing."""
    chances = np.array([belief, 1.0 - belief])
    other = other_return(menu, prices, belief)
    pledged = menu.pledged_asset > 0.0
    financed = (prices + menu.kept @ chances / other)[pledged] / menu.pledged_asset[pledged]
    return max(float(menu.payoff @ chances) / other, float(np.max(financed, initial=0.0)))


def worth_kept(menu: Menu, belief: float, other: float) -> list[float]:
    """What issuers of belief ``belief`` pay today for what each promise leaves them.

    ``other`` is their best return without the asset.
    """
    kept: list[float] = (menu.kept @ np.array([belief, 1.0 - belief]) / other).tolist()
    return kept


def issuing_tie(menu: Menu, j: int, prices: Sequence[float], kept: Sequence[float]) -> float:
    """Price at which issuers are indifferent between promise j and the rivals before it.

    ``kept`` is :func:`worth_kept` of the asset's marginal buyer.
    """
    pledged = menu.pledged_assets
    best = max((prices[i] + kept[i]) / pledged[i] for i in menu.issuers_indifferent if i < j)
    return pledged[j] * best - kept[j]
