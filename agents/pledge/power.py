r"""Portfolio choice under power utility, exactly, beside its log-linear approximation.

An investor who keeps a share :math:`\alpha` of its wealth in the security and the rest in cash (in
repo: in what the pledge is worth for sure, :math:`\chi p / h`) has, per unit of the latter,
:math:`C = 1 - \alpha + \alpha R` with :math:`\ln R \sim N(m, V)`. It maximises
:math:`E[C^{1-\gamma}]/(1-\gamma)`. Since R comes close to zero and has no upper bound, C can't be
negative only if :math:`0 \le \alpha \le 1`: whoever has power utility neither sells short nor buys
on credit, and the limits (6) and (7) of a spot investor hold of themselves.

The log-linear choice of Campbell and Viceira is :math:`t = (m + V/2)/(\gamma V)`. The exact one
depends on :math:`t` alone, given :math:`\gamma` and :math:`V`, and agrees with it at both ends,
:math:`\alpha = 0` at :math:`t = 0` (where :math:`E[R] = 1`) and :math:`\alpha = 1` at
:math:`t = 1` (where :math:`E[R^{1-\gamma}] = E[R^{-\gamma}]`). In between it rises in :math:`t`,
since a larger :math:`m` raises the likelihood ratio of R; and counting in securities instead of
cash turns :math:`\alpha` and :math:`t` into :math:`1 - \alpha` and :math:`1 - t`, so that
:math:`\alpha(1 - t) = 1 - \alpha(t)`. The function is tabulated up to one half:

1. for a place :math:`t`, find the share :math:`\alpha` at which
   :math:`\ln E[R C^{-\gamma}] - \ln E[C^{-\gamma}] = 0`, the first-order condition, by bisection;
2. expectations are sums over an even grid of the normal error, in logarithms (the trapezoidal rule
   converges geometrically here);
3. in between, the log odds of :math:`\alpha` are a cubic spline in those of :math:`t`; toward
   :math:`t = 0`, where :math:`\alpha` is proportional to :math:`t`, a straight line.

Source: our addition to Ramirez, "Pledgeable securities in a rational expectations equilibrium",
(A.5) and (A.10), which the paper approximates in (A.7) and (A.12).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, log_expit, logit, logsumexp

from markets.quote import FloatArray

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

SHARES = 160
"""Shares tabulated, from one half downward."""

ERRORS = 10.0
"""Standard deviations of the normal error that are summed over; beyond lies a 1e-23rd."""

LOWEST = -20.0
"""Lowest log odds of t that are tabulated: next to 1/2 rounding hides what lies below."""

BISECTIONS = 56
"""Halvings of the range of log odds, down to rounding."""


@dataclass(frozen=True)
class PowerChoice:
    """Exact share of wealth in the security as a function of the log-linear one.

    ``curve`` gives the log odds of the former up to one half, from those of the latter.
    """

    curve: CubicSpline

    @classmethod
    def of(cls, risk_aversion: float, variance: float) -> PowerChoice:
        """The function at a risk aversion above 1 and a variance of ln R above 0."""
        return _tabulated(risk_aversion, variance)

    def share(self, loglinear: FloatArray) -> FloatArray:
        """Exact shares, within [0, 1], for log-linear ones."""
        return self._share_and_slope(loglinear)[0]

    def slope(self, loglinear: FloatArray) -> FloatArray:
        """Derivative of the exact share with respect to the log-linear one; 0 outside (0, 1)."""
        return self._share_and_slope(loglinear)[1]

    def _share_and_slope(self, loglinear: FloatArray) -> tuple[FloatArray, FloatArray]:
        within = np.clip(loglinear, 0.0, 1.0)
        lower = np.minimum(within, 1.0 - within)
        inside = lower > 0.0
        place = logit(np.where(inside, lower, 0.5))
        first = self.curve.x[0]
        odds = self.curve(np.maximum(place, first)) + np.minimum(place - first, 0.0)
        steep = np.where(place > first, self.curve(np.maximum(place, first), 1), 1.0)
        share = np.where(inside, expit(odds), 0.0)
        slope = np.where(inside, share * (1.0 - share) * steep, 0.0)
        slope = np.divide(slope, lower * (1.0 - lower), out=np.zeros_like(slope), where=inside)
        return np.where(within > 0.5, 1.0 - share, share), slope


@lru_cache(maxsize=256)
def _tabulated(risk_aversion: float, variance: float) -> PowerChoice:
    from scipy.interpolate import CubicSpline

    place = np.linspace(LOWEST, 0.0, SHARES)
    low = np.full_like(place, LOWEST - 10.0 - 2.0 * variance)
    high = np.full_like(place, 0.5)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        better = _first_order(middle, place, risk_aversion, variance) > 0.0
        low, high = np.where(better, middle, low), np.where(better, high, middle)
    odds = 0.5 * (low + high)
    odds[-1] = 0.0  # by symmetry
    return PowerChoice(CubicSpline(place, odds))


def _first_order(odds: FloatArray, place: FloatArray, gamma: float, variance: float) -> FloatArray:
    """Ln E[R C^-gamma] - ln E[C^-gamma] at log odds of the share and of t; above 0, buy more."""
    sigma = variance**0.5
    step = min(0.2, 0.6 / sigma)
    error = np.arange(-ERRORS - gamma * sigma, ERRORS + sigma + step, step)
    mean = gamma * variance * expit(place) - 0.5 * variance
    log_return = mean[:, None] + sigma * error
    wealth = np.logaddexp(log_expit(-odds)[:, None], log_expit(odds)[:, None] + log_return)
    weight = -0.5 * error**2 - gamma * wealth
    return np.asarray(logsumexp(weight + log_return, axis=1) - logsumexp(weight, axis=1))
