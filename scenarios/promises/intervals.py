r"""Prices at which nobody trades a promise that nobody trades.

With :math:`R_i` the best return of trader i from all other ventures at the resting quotes, a buyer
pays for promise j at most, and an issuer asks for it at least,

.. math:: \max_i \frac{r_{ij}}{R_i}, \qquad
          p\,C^a_j + C^c_j - \max_i \frac{\bar r_{ij}}{R_i},

:math:`r_{ij}` being what a unit delivers, and :math:`\bar r_{ij}` what it leaves its issuer of the
collateral, in expected consumption of i. Between the two nobody wants to trade it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from markets.quote import FloatArray
from scenarios.promises.program import Promise
from scenarios.promises.refined import ventures
from simulator.point import RestingPoint

UNTRADED = 1e-9
"""Value traded, as a share of all wealth, below which a promise counts as not traded."""


def untraded(
    point: RestingPoint,
    promises: Sequence[Promise],
    payoff: FloatArray,
    weights: FloatArray,
    *,
    storable: bool = True,
) -> Mapping[str, tuple[float, float]]:
    """The interval of every promise that nobody trades, by the name of its quote.

    Parameters
    ----------
    point : RestingPoint
        Quotes and positions.
    promises : sequence of Promise
        What may be traded.
    payoff : array (S,)
        Of the asset.
    weights : array (n, 1 + S)
        Expected utility of consumption now and in every state, of all who have wealth.
    """
    agents, quotes = point.agents, point.quotes
    price, count = quotes["asset_price"], len(promises)
    prices = np.array([quotes[f"price_{p.name}"] for p in promises])
    now = bool((weights[:, 0] > 0.0).any())
    units, worths = ventures(payoff, promises, now=now, storable=storable)
    cost, value = units @ np.concatenate([[1.0, price], prices]), weights @ worths.T
    weight = agents["weight"].to_numpy(float)
    wealth = weight @ (agents["endowed_cash"] + price * agents["endowed_asset"]).to_numpy(float)
    first = len(units) - 1 - 2 * count
    found = {}
    for j, promise in enumerate(promises):
        volume = weight @ agents[f"bought_{promise.name}"].to_numpy(float)
        if prices[j] * volume > UNTRADED * wealth:
            continue
        bought, sold = first + j, first + count + j
        others = np.setdiff1d(np.arange(len(units)), [bought, sold])
        best = np.max(value[:, others] / cost[others], axis=1)
        backing = promise.pledged_cash + price * promise.pledged_asset
        buyer = float(np.max(value[:, bought] / best))
        issuer = backing - float(np.max(value[:, sold] / best))
        # where the two are one number they may cross by rounding
        found[f"price_{promise.name}"] = (min(buyer, issuer), max(buyer, issuer))
    return found


def kinks(point: RestingPoint, promises: Sequence[Promise], payoff: FloatArray) -> FloatArray:
    """Expected utilities (n, 3) of the beliefs in good news that decide a continuum's intervals.

    What a promise is worth over the best return is largest where two ventures return the same, or
    at an end of the line: between such beliefs it is a ratio of two straight lines.
    """
    quotes = point.quotes
    prices = [1.0, quotes["asset_price"], *(quotes[f"price_{p.name}"] for p in promises)]
    units, worths = ventures(payoff, promises, now=False, storable=True)
    good, bad = (worths[:, 1:] / (units @ np.array(prices))[:, None]).T
    rise = (good - bad)[:, None] - (good - bad)[None, :]
    gap = bad[None, :] - bad[:, None]
    crossing = np.divide(gap, rise, out=np.zeros_like(gap), where=rise != 0.0).ravel()
    belief = np.unique([0.0, 1.0, *crossing[(crossing > 0.0) & (crossing < 1.0)]])
    return np.column_stack([np.zeros(belief.size), belief, 1.0 - belief])
