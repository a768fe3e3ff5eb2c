r"""Best responses of believers: how much of its wealth each belief puts into each venture.

A venture (see :mod:`agents.promises.ventures`) pays :math:`(g_k, b_k) \ge 0` after good and bad
news at a cost :math:`c_k`, so a believer who gives good news the probability h puts all its wealth
into the venture with the largest return :math:`(h\, g_k + (1 - h)\, b_k) / c_k`. Where several are
best, the market says how far each is filled.
"""

from __future__ import annotations

import numpy as np

from agents.promises.ventures import Ventures, financings
from markets.ladder import Rung
from markets.promises.quotes import CollateralQuotes
from markets.quote import FloatArray

TIE = 1e-11
"""Returns that differ by less, relatively, are equal: quotes are rounded, their ties are not."""


def wealth_shares(posted: CollateralQuotes, ventures: Ventures, belief: FloatArray) -> FloatArray:
    """Share of wealth that each belief puts into each venture, shape (n, K).

    1. Cash, unless something is better.
    2. Promises in the order of the menu: where the return is at least as good as everything
       so far, all on the buyers' side of the marginal buyer switch to it.
    3. Promises written against cash: whoever finds them better switches to them; whoever is
       indifferent does so with cash that would lie idle.
    4. The asset, with the best financing: as in 2.
    """
    menu = posted.menu
    chances = np.stack([belief, 1.0 - belief], axis=1)
    returns = chances @ (ventures.payoff / ventures.cost[:, None]).T
    shares = np.zeros_like(returns)
    shares[:, 0] = 1.0
    best = returns[:, 0].copy()
    for j, rung in enumerate(posted.promise_buyer):
        above = _filled(rung, belief)
        filled = above if menu.on_good_news[j] else 1.0 - above
        at_least = returns[:, 1 + j] >= best * (1.0 - TIE)
        switched = np.where(at_least, filled, 0.0)
        shares *= (1.0 - switched)[:, None]
        shares[:, 1 + j] += switched
        np.maximum(best, returns[:, 1 + j], out=best)
    first = 1 + len(menu.names)
    outright = first + int(np.count_nonzero(menu.pledged_cash > 0.0))
    for k in range(first, outright):
        better = returns[:, k] > best * (1.0 + TIE)
        idle = np.where(returns[:, k] >= best * (1.0 - TIE), shares[:, 0], 0.0)
        shares[:, 0] -= idle
        shares[better] = 0.0
        shares[:, k] += np.where(better, 1.0, idle)
        np.maximum(best, returns[:, k], out=best)
    financing, financed = _financing(posted, returns[:, outright:])
    filled = np.where(financed >= best * (1.0 - TIE), _filled(posted.asset_buyer, belief), 0.0)
    shares *= (1.0 - filled)[:, None]
    shares[:, outright:] += filled[:, None] * financing
    return shares


def exposure(posted: CollateralQuotes, ventures: Ventures, belief: FloatArray) -> FloatArray:
    """What a unit of wealth pays after good news minus after bad news, for each belief (n,)."""
    gain = (ventures.payoff[:, 0] - ventures.payoff[:, 1]) / ventures.cost
    return np.asarray(wealth_shares(posted, ventures, belief) @ gain)


def _financing(posted: CollateralQuotes, returns: FloatArray) -> tuple[FloatArray, FloatArray]:
    """How those who want the asset finance it, and its return; column 0 is outright.

    Where two ways return the same, the one that leaves less after bad news is taken; of
    promises that all leave nothing, as large a share as the market says.
    """
    rivals = set(posted.menu.rivals)
    chosen = np.zeros_like(returns)
    chosen[:, 0] = 1.0
    best = returns[:, 0].copy()
    for k, j in enumerate(financings(posted).tolist(), start=1):
        better = returns[:, k] > best * (1.0 + TIE)
        same = ~better & (returns[:, k] >= best * (1.0 - TIE))
        share = posted.issued[j] if j in rivals else 1.0
        switched = np.where(better, 1.0, np.where(same, share, 0.0))
        chosen *= (1.0 - switched)[:, None]
        chosen[:, k] += switched
        np.maximum(best, returns[:, k], out=best)
    return chosen, best


def _filled(rung: Rung, belief: FloatArray) -> FloatArray:
    """Share of each belief's order that is filled if all above a rung are."""
    return np.where(belief == rung.price, rung.filled, (belief > rung.price).astype(np.float64))
