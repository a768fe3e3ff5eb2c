r"""How much an investor with power utility forgoes by its portfolio; for certificates.

An investor who keeps a share :math:`\alpha` in a security with :math:`\ln R \sim N(m, V)` and the
rest in cash has :math:`C = 1 - \alpha + \alpha R` and a certainty equivalent
:math:`\{E[C^{1-\gamma}]\}^{1/(1-\gamma)}`.

1. From the given share take a few Newton steps up the concave :math:`E[C^{1-\gamma}]/(1-\gamma)`,
   within bounds.
2. The difference of the logs of both certainty equivalents is forgone for certain.
3. A concave function lies below its tangents: beyond the best share found no more can be gained
   than its slope there times the distance to the bound that it points to. Both add up to an upper
   bound of what is forgone, however wrong the given share or the steps.

Expectations are taken by Gauss-Legendre quadrature on panels of the normal error.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

STEPS = 4
"""Newton steps; from an order that is right to 1e-7 one is enough."""

PANEL, POINTS = 1.0, 12
"""Length of a panel in units of the pole's distance, and points on each: exact to rounding."""

REACH = 9.0
"""Standard deviations of the normal error beyond which nothing is left, 1e-19."""

BLOCK = 4096
"""Investors worked out at once."""


def forgone_by_power_utility(
    kept: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    risk_aversion: float,
    lowest: FloatArray | float,
    highest: FloatArray | float,
) -> FloatArray:
    """Upper bound of the log of certainty-equivalent wealth forgone, one entry per investor.

    Parameters
    ----------
    kept : array of shape (investors,)
        Share of wealth kept in the security.
    mean, variance : arrays of shape (investors,)
        Of the log return.
    risk_aversion : float
        Above 1.
    lowest, highest : float or arrays of shape (investors,)
        Bounds of the share, within [0, 1].
    """
    bounds = np.broadcast_arrays(kept, mean, variance, lowest, highest)
    parts = [
        _forgone(*(part[low : low + BLOCK] for part in bounds), gamma=risk_aversion)
        for low in range(0, len(kept), BLOCK)
    ]
    return np.concatenate(parts)


def _forgone(
    kept: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    lowest: FloatArray,
    highest: FloatArray,
    *,
    gamma: float,
) -> FloatArray:
    outside = np.maximum(np.maximum(lowest - kept, kept - highest), 0.0)
    start = np.clip(kept, lowest, highest)
    nodes, weights = _nodes(float(np.sqrt(np.max(variance))), gamma)
    excess = np.expm1(mean[:, None] + np.sqrt(variance)[:, None] * nodes)

    def moments(share: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """E[C^(1-gamma)], and first and second derivative of it over 1 - gamma."""
        wealth = np.maximum(1.0 + share[:, None] * excess, np.finfo(float).tiny)
        tilted = weights * wealth ** (-1.0 - gamma)
        return (
            np.sum(tilted * wealth**2, axis=1),
            np.sum(tilted * wealth * excess, axis=1),
            -gamma * np.sum(tilted * excess**2, axis=1),
        )

    best = start
    for _ in range(STEPS):
        _, slope, bend = moments(best)
        best = np.clip(best - slope / bend, lowest, highest)
    at_start, _, _ = moments(start)
    at_best, slope, _ = moments(best)
    gained = np.maximum(np.log(at_start / at_best), 0.0) / (gamma - 1.0)
    room = np.where(slope > 0.0, highest - best, best - lowest)
    more = np.minimum((gamma - 1.0) * np.abs(slope) * room / at_best, 1.0)
    with np.errstate(divide="ignore"):
        bound = -np.log1p(-more) / (gamma - 1.0)
    return np.asarray(gained + bound + outside)


@lru_cache(maxsize=64)
def _nodes(sigma: float, gamma: float) -> tuple[FloatArray, FloatArray]:
    """Places and weights of the normal error; C has poles at a distance of pi / sigma from it."""
    low, high = -REACH - gamma * sigma, REACH + sigma
    panels = int(np.ceil((high - low) / (PANEL * min(2.0, np.pi / sigma))))
    edges = np.linspace(low, high, panels + 1)
    place, weight = np.polynomial.legendre.leggauss(POINTS)
    half = 0.5 * (edges[1:] - edges[:-1])[:, None]
    nodes = (half * place + 0.5 * (edges[1:] + edges[:-1])[:, None]).ravel()
    density = np.exp(-0.5 * nodes**2) / np.sqrt(2.0 * np.pi)
    return nodes, (half * weight).ravel() * density
