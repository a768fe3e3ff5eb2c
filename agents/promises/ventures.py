r"""Ventures: the elementary portfolios that a believer can put its wealth into.

Hold cash; buy a promise; write one against cash; own the asset outright; own it and finance it by
a promise. At posted quotes each costs :math:`c_k` and pays :math:`(g_k, b_k) \ge 0` after good and
bad news; every portfolio that :mod:`agents.promises.believers` may hold is a mixture of them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from markets.promises.quotes import CollateralQuotes
from markets.quote import FloatArray

ROUNDING = float(np.finfo(np.float64).eps)
"""Least cost of a financing as a share of its collateral: what it leaves is worth something, so the
collateral costs more than is lent on it; only rounding can make them equal."""


@dataclass(frozen=True, slots=True)
class Ventures:
    """What a unit of wealth can be put into at some quotes; K ventures, J promises.

    Attributes
    ----------
    cost : array (K,)
        Cash for one unit.
    payoff : array (K, 2)
        After good and after bad news.
    cash, asset : array (K,)
        Held with one unit.
    bought, sold : array (K, J)
        Promises.
    """

    cost: FloatArray
    payoff: FloatArray
    cash: FloatArray
    asset: FloatArray
    bought: FloatArray
    sold: FloatArray

    @classmethod
    def at(cls, posted: CollateralQuotes) -> Ventures:
        """Cash; each promise bought; each written against cash; the asset outright; each financing.

        Financings are ordered from those that leave most after bad news to those that leave least.
        """
        menu, prices = posted.menu, posted.promise_price
        collateral = posted.asset_price * menu.pledged_asset
        count = len(menu.names)
        written = np.flatnonzero(menu.pledged_cash > 0.0)
        financed = financings(posted)
        one, none = np.eye(count), np.zeros(count)
        blank = np.zeros((1, count))
        return cls(
            cost=np.concatenate(
                [
                    [1.0],
                    prices,
                    (menu.pledged_cash - prices)[written],
                    [posted.asset_price],
                    np.maximum(collateral - prices, ROUNDING * collateral)[financed],
                ]
            ),
            payoff=np.vstack(
                [np.ones(2), menu.delivery, menu.kept[written], menu.payoff, menu.kept[financed]]
            ),
            cash=np.concatenate(
                [[1.0], none, menu.pledged_cash[written], [0.0], none[: financed.size]]
            ),
            asset=np.concatenate(
                [[0.0], none, none[: written.size], [1.0], menu.pledged_asset[financed]]
            ),
            bought=np.vstack([blank, one, np.zeros((1 + written.size + financed.size, count))]),
            sold=np.vstack([blank, 0.0 * one, one[written], blank, one[financed]]),
        )


def financings(posted: CollateralQuotes) -> NDArray[np.int64]:
    """Promises against the asset, from those that leave issuers most after bad news."""
    menu = posted.menu
    pledged = np.flatnonzero(menu.pledged_asset > 0.0)
    kept = menu.kept[pledged]
    left = kept[:, 1] / np.sum(kept, axis=1)
    return np.asarray(pledged[np.argsort(-left, kind="stable")])
