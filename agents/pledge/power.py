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

1. for a place :math:`t`, find the share :math:`\alpha` at which :math:`E[(R - 1) C^{-\gamma}] = 0`,
   the first-order condition, by Newton's steps within a bracket;
2. expectations are sums over an even grid of the normal error (the trapezoidal rule converges
   geometrically here). :math:`\ln C` is convex in the error, so that the integrand has one peak and
   falls from it at least as fast as a standard normal density: a few standard deviations about the
   peak are enough. It may be narrower by :math:`\sqrt{1 + \gamma V/4}`, and the grid with it;
3. in between, the log odds of :math:`\alpha` are a cubic spline in those of :math:`t`; toward
   :math:`t = 0`, where :math:`\alpha` is proportional to :math:`t`, a straight line. The number of
   places is doubled until the spline misses no new one by more than ``MISSED``.

Source: our addition to Ramirez, "Pledgeable securities in a rational expectations equilibrium",
(A.5) and (A.10), which the paper approximates in (A.7) and (A.12).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from scipy.special import expit, log_expit, logit

from markets.quote import FloatArray

if TYPE_CHECKING:
    from scipy.interpolate import CubicSpline

SHARES, DOUBLINGS = 160, 5
"""Shares tabulated at first, from one half downward, and how often that may be doubled."""

MISSED = 2e-7
"""Error of a tabulated share, times the root of gamma V: it costs 2e-14 of the log of wealth."""

ERRORS = 10.0
"""Standard deviations of the normal error about the peak; beyond lies a 1e-23rd."""

LOWEST = -20.0
"""Lowest log odds of t that are tabulated: next to 1/2 rounding hides what lies below."""

STEPS, HALVINGS = 80, 40
"""Steps at most toward a share, most take eight; and halvings of the range of a peak."""

CLOSE = 1e-10
"""Newton's step in the log odds of a share at which the search ends."""

BLOCK = 1 << 20
"""Terms of sums worked out at once."""


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
    odds = _log_odds(place, risk_aversion, variance)
    for _ in range(DOUBLINGS):
        curve = CubicSpline(place, odds)
        between = 0.5 * (place[1:] + place[:-1])
        added = _log_odds(between, risk_aversion, variance)
        share = expit(added)
        missed = np.max(share * (1.0 - share) * np.abs(curve(between) - added))
        order = np.argsort(np.concatenate([place, between]))
        place = np.concatenate([place, between])[order]
        odds = np.concatenate([odds, added])[order]
        if missed * (risk_aversion * variance) ** 0.5 <= MISSED:
            break
    return PowerChoice(CubicSpline(place, odds))


def _log_odds(place: FloatArray, gamma: float, variance: float) -> FloatArray:
    """Log odds of the exact share, at log odds ``place`` of t that are not above 0."""
    low = np.full_like(place, LOWEST - 10.0 - 2.0 * variance)
    high = np.full_like(place, 0.5)
    odds = np.clip(place, low, high)
    left = np.arange(len(place))
    for _ in range(STEPS):
        here = odds[left]
        gain, newton = _newton(here, place[left], gamma, variance)
        low[left] = np.where(gain > 0.0, here, low[left])
        high[left] = np.where(gain > 0.0, high[left], here)
        tried = here + newton
        inside = (tried > low[left]) & (tried < high[left])
        odds[left] = np.where(inside, tried, 0.5 * (low[left] + high[left]))
        found = (np.abs(newton) <= CLOSE) | (high[left] - low[left] <= CLOSE)
        odds[left[found]] = here[found]
        left = left[~found]
        if len(left) == 0:
            break
    return np.where(place == 0.0, 0.0, odds)  # there by symmetry


def _newton(
    odds: FloatArray, place: FloatArray, gamma: float, variance: float
) -> tuple[FloatArray, FloatArray]:
    """E[(R - 1) C^-gamma], above 0 if one should buy more, up to a factor; and Newton's step."""
    sigma = variance**0.5
    width = 2.0 * ERRORS + 2.0 * sigma
    step = min(0.2, 0.6 / sigma, 1.4 / (gamma * variance + 4.0) ** 0.5)
    grid = np.arange(0.0, width + step, step) - ERRORS - sigma
    rows = max(BLOCK // len(grid), 1)
    found = [
        _sums(odds[first : first + rows], place[first : first + rows], grid, gamma, sigma)
        for first in range(0, len(odds), rows)
    ]
    gain, bend = np.concatenate(found, axis=1)
    share = expit(odds)
    slope = gamma * share * (1.0 - share) * bend
    return gain, np.divide(gain, slope, out=np.zeros_like(gain), where=slope > 0.0)


def _sums(
    odds: FloatArray, place: FloatArray, grid: FloatArray, gamma: float, sigma: float
) -> FloatArray:
    """Sums of (R - 1)/C and of its square, weighted by the density times C^(1 - gamma)."""
    mean = gamma * sigma**2 * expit(place) - 0.5 * sigma**2
    low, high = np.full_like(odds, -gamma * sigma), np.zeros_like(odds)
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        rises = -middle > (gamma - 1.0) * sigma * expit(odds + mean + sigma * middle)
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    error = high[:, None] + grid
    log_return = mean[:, None] + sigma * error
    wealth = np.logaddexp(log_expit(-odds)[:, None], log_expit(odds)[:, None] + log_return)
    exponent = -0.5 * error**2 + (1.0 - gamma) * wealth
    weight = np.exp(exponent - np.max(exponent, axis=1, keepdims=True))
    small = np.expm1(np.minimum(log_return, 1.0)) * np.exp(-wealth)
    gain = np.where(log_return < 1.0, small, np.exp(log_return - wealth) - np.exp(-wealth))
    return np.stack([np.sum(weight * gain, axis=1), np.sum(weight * gain**2, axis=1)])
