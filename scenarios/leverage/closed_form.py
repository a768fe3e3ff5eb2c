r"""The leverage cycle of a continuum, by the source's equations, for any number of dates.

A mass of one of traders with beliefs h distributed by F, who own cash e and s of the asset each.
The asset pays H unless news is bad at all T dates, then R. After k pieces of bad news and no good
one the price is :math:`p_k` and the marginal buyer :math:`a_k`, with :math:`p_T = R` and
:math:`F(a_{-1}) = 1`.

* *Leverage chosen*: who bought with the largest safe loan has nothing left after bad news, so that
  all belongs to those below :math:`a_{k-1}`, in equal parts. Those above :math:`a_k` buy
  everything and pay down :math:`p_k - p_{k+1}`:

  .. math:: s\,(p_k - p_{k+1}) = (e + s\,p_k)\,\frac{F(a_{k-1}) - F(a_k)}{F(a_{k-1})} .

  The marginal buyer would buy after bad news, too. Indifferent to waiting, with
  :math:`V_k(a) = a (H - p_{k+1}) / (p_k - p_{k+1})` and :math:`V_T = 1`,

  .. math:: p_k = p_{k+1} + \frac{a_k (H - p_{k+1})}{a_k + (1 - a_k) V_{k+1}(a_k)} .

  Given :math:`a_{T-1}` these equations give all others; one unknown is left, which
  :math:`F(a_{-1}) = 1` determines.
* *No loans*: the marginal buyer a is the same at all nodes, since nothing is lost but value:
  :math:`p_k = H - (1 - a)^{T - k} (H - R)`, :math:`s\,p_0 = (e + s\,p_0) (1 - F(a))`.

Source: Geanakoplos (2010), the equations for dates 0, 1, 2 with e = s = H = 1 and uniform beliefs;
the others are ours.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

from agents.beliefs import Beliefs
from markets.quote import FloatArray

PRECISION = 1e-15
"""Width of the bracket of a marginal belief."""

NEVER = 2.0
"""Stands for a share of traders above one, which no equilibrium has."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """Prices and marginal buyers after 0, 1, ... pieces of bad news, arrays of shape (T,)."""

    price: FloatArray
    buyer: FloatArray


@dataclass(frozen=True, slots=True)
class Continuum:
    """A continuum of traders and the asset that they own.

    Attributes
    ----------
    beliefs : Beliefs
        Distribution of beliefs.
    cash, asset : float
        Endowment of each.
    high, low : float
        H and R, cash.
    dates : int
        T.
    """

    beliefs: Beliefs
    cash: float
    asset: float
    high: float
    low: float
    dates: int

    def chosen(self) -> Cycle | None:
        """The equilibrium where the market chooses leverage; None too close to 0 or 1 to tell."""

        def missed(last: float) -> float:
            """Share of traders that there would be, less one, by the last marginal buyer."""
            return self._from(last)[1] - 1.0

        if missed(PRECISION) * missed(1.0 - PRECISION) > 0.0:
            return None
        return self._from(brentq(missed, PRECISION, 1.0 - PRECISION, xtol=PRECISION))[0]

    def unlevered(self) -> Cycle:
        """The equilibrium without loans."""

        def prices(buyer: float) -> FloatArray:
            ahead = np.arange(self.dates, 0, -1)
            return np.asarray(self.high - (1.0 - buyer) ** ahead * (self.high - self.low))

        def missed(buyer: float) -> float:
            value = self.asset * float(prices(buyer)[0])
            return value - (self.cash + value) * (1.0 - self.beliefs.below(buyer))

        buyer = float(brentq(missed, 0.0, 1.0, xtol=PRECISION))
        return Cycle(prices(buyer), np.full(self.dates, buyer))

    def _from(self, last: float) -> tuple[Cycle, float]:
        """All prices and marginal buyers from the last one, and the share of traders there are."""
        short = np.full(self.dates + 1, self.high - self.low)  # of the high payoff
        buyer = np.full(self.dates, last)
        share = self.beliefs.below(last)
        down = np.nan  # payment of the date after
        for k in reversed(range(self.dates)):
            a, waiting = last, 1.0
            if k < self.dates - 1:
                a = min(float(self.beliefs.quantile(np.array([share]))[0]), 1.0 - PRECISION)
                waiting = a * float(short[k + 2]) / down
            weight = a / (a + (1.0 - a) * waiting)
            down, buyer[k] = weight * float(short[k + 1]), a
            short[k] = (1.0 - weight) * short[k + 1]
            share /= 1.0 - self.asset * down / (
                self.cash + self.asset * float(self.high - short[k])
            )
            if share >= NEVER or (k > 0 and share >= 1.0):
                return Cycle(self.high - short[:-1], buyer), NEVER
        return Cycle(self.high - short[:-1], buyer), share
