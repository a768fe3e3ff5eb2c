r"""Investors who know the economy, and work out what their own forecasts would do to the price.

"All investors know the specifications of the model" (section 3.1). If all of them forecast by the
weights :math:`c, a, g, d` with variance :math:`V`, their orders clear the market (12) at

.. math:: \ln p = \frac{1}{1 - g}\Big[c - \frac{a}{2\tau_\varepsilon} - \frac{(\gamma-1) V}{2}
          + a \ln v + \frac{\gamma V}{w A} \ln u + \Big(d + \frac{B}{A}\Big)
          \ln\frac{\chi}{h}\Big],

with :math:`A = (\mu - (1 - h))/h` and :math:`B = (1 - \mu)(1 - h)/h` where repo is open, and
:math:`A = 1, B = 0` where it is shut. Where investors differ, with :math:`S, S'` the sums of
:math:`w_i/\gamma_i` over spot and over repo investors and :math:`W, W'` those of :math:`w_i`, it is
:math:`w A/\gamma = S - S'(1-h)/h`, :math:`w B/\gamma = S'(1-h)/h`, and
:math:`(W - W'(1-h)/h)/(S - S'(1-h)/h)` stands in the place of :math:`\gamma` in the constant (with
plus signs, and 1 for :math:`(1-h)/h`, where repo is shut). So they can tell in the morning, from
the announced haircut, which price function their forecasts would bring about, revise them toward
Bayes' rule under it, and go on until nothing changes. Nobody has to have seen a price at this
haircut before.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from agents.pledge.forecast import Forecast, Information, PriceFunction
from markets.pledge.terms import RepoTerms

REVISIONS = 500
"""Revisions at most; where revising halves the distance to the end, 50 are enough."""

ALIKE = 1e-12
"""Relative difference of two risk aversions that is rounding."""

UNCHANGED = 1e-15
"""Largest relative change of a weight that counts as none: rounding."""

NEXT_TO_ONE = 2.0**-53
"""How far a weight on the price of 1 is from the number below. At 1 orders would not move with the
price; a first belief may come that close, and what follows from it depends on ratios alone."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """What every investor knows about the others.

    Attributes
    ----------
    wealth : pair of float
        Wealth of all spot and of all repo investors, in securities.
    tolerance : pair of float
        Sum of wealth over relative risk aversion, of all spot and of all repo investors.
    """

    wealth: tuple[float, float]
    tolerance: tuple[float, float]

    @property
    def spot_share(self) -> float:
        """Share of spot investors in all that tolerate risk: mu where investors are alike."""
        spot, repo = self.tolerance
        return spot / (spot + repo)

    @property
    def risk_aversion(self) -> float:
        """Relative risk aversion of all together."""
        return math.fsum(self.wealth) / math.fsum(self.tolerance)

    @property
    def alike(self) -> bool:
        """Whether both sides have the same risk aversion."""
        spot, repo = (w / t for w, t in zip(self.wealth, self.tolerance, strict=True))
        return math.isclose(spot, repo, rel_tol=ALIKE)

    def implied(self, forecast: Forecast, terms: RepoTerms, known: Information) -> PriceFunction:
        """The price function that a forecast which all share brings about (pure)."""
        c, a, g, d, variance = (
            np.mean(part, axis=1)
            for part in (
                forecast.constant,
                forecast.on_signal,
                forecast.on_price,
                forecast.on_pledge,
                forecast.variance,
            )
        )
        spot, repo = self.tolerance
        buys = np.where(terms.active, repo * terms.leverage, 0.0)
        sells = np.where(terms.active, spot - buys, spot + repo)
        owners, borrowers = self.wealth
        sold = np.where(terms.active, owners - borrowers * terms.leverage, math.fsum(self.wealth))
        slope = 1.0 / np.where(g == 1.0, NEXT_TO_ONE, 1.0 - g)
        premium = 0.5 * (sold / sells - 1.0) * variance
        return PriceFunction(
            b0=slope * (c - 0.5 * a / known.signal_precision - premium),
            b1=slope * a,
            b2=slope * variance / sells,
            b3=slope * (d + buys / sells),
        )

    def reasoned(self, start: Forecast, terms: RepoTerms, known: Information) -> Forecast:
        """The forecast that justifies itself, found by revising a first one (pure).

        Each revision moves by the shares at which weights stop feeding back on themselves, see
        :meth:`agents.pledge.forecast.Information.moves`.
        """
        forecast = start
        for _ in range(REVISIONS):
            implied = self.implied(forecast, terms, known)
            right = Forecast.bayes(implied, known)
            revised = forecast.toward(right, *known.moves(implied.precision(known.noise.precision)))
            if revised.differs(forecast) <= UNCHANGED:
                break
            forecast = revised
        return forecast
