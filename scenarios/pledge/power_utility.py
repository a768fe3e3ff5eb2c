r"""How much an investor with power utility forgoes by its portfolio; for certificates.

An investor who keeps a share :math:`\alpha` in a security with :math:`\ln R \sim N(m, V)` and the
rest in cash has :math:`C = 1 - \alpha + \alpha R` and a certainty equivalent
:math:`\{E[C^{1-\gamma}]\}^{1/(1-\gamma)}`.

1. From the given share take a few Newton steps up the concave :math:`E[C^{1-\gamma}]/(1-\gamma)`,
   within bounds; where the bound of step 3 shows that they went astray, halve the range instead.
2. The difference of the logs of both certainty equivalents is forgone for certain.
3. A concave function lies below its tangents: beyond the best share found no more can be gained
   than its slope there times the distance to the bound that it points to. Both add up to an upper
   bound of what is forgone, however wrong the given share or the steps.

Expectations are taken by Gauss-Legendre quadrature on panels of the normal error, about the peak of
the density times :math:`C^{1-\gamma}`: its logarithm is at least as concave as the normal one's.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

STEPS = 4
"""Newton steps; from an order that is right to 1e-7 one is enough."""

POINTS = 12
"""Points on each panel. A panel is no longer than 2, the distance of the poles of 1/C, and 4 times
the narrowest width of the peak: exact to rounding."""

REACH = 9.0
"""Standard deviations of the normal error beyond which nothing is left, 1e-19."""

TIGHT, BISECTIONS = 1e-12, 60
"""Bound above which Newton's steps are not relied on, and halvings of a range in their place."""

LARGEST = 300.0
"""Largest log of what is gained per unit of wealth: its square is a number. It is larger only where
nothing is kept, or everything, and there it is large enough to show that this is wrong."""

FLATTEST = 1e-300
"""Keeps a curvature that underflows from being divided by."""

BLOCK = 1 << 20
"""Nodes of all investors worked out at once."""


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
    nodes = _nodes(float(np.sqrt(np.max(variance))), risk_aversion)
    rows = max(BLOCK // len(nodes[0]), 1)

    def upper_bound(which: NDArray[np.intp], *, halve: bool) -> FloatArray:
        parts = [
            _forgone(
                *(bound[which[first : first + rows]] for bound in bounds),
                gamma=risk_aversion,
                nodes=nodes,
                halve=halve,
            )
            for first in range(0, len(which), rows)
        ]
        return np.concatenate(parts)

    forgone = upper_bound(np.arange(len(kept)), halve=False)
    loose = np.flatnonzero(~(forgone <= TIGHT))
    if len(loose):
        forgone[loose] = np.fmin(forgone[loose], upper_bound(loose, halve=True))
    return forgone


def _forgone(
    kept: FloatArray,
    mean: FloatArray,
    variance: FloatArray,
    lowest: FloatArray,
    highest: FloatArray,
    *,
    gamma: float,
    nodes: tuple[FloatArray, FloatArray],
    halve: bool,
) -> FloatArray:
    outside = np.maximum(np.maximum(lowest - kept, kept - highest), 0.0)
    start = np.clip(kept, lowest, highest)
    sigma = np.sqrt(variance)
    places, weights = nodes

    def moments(share: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Ln E[C^(1-gamma)]; and the two derivatives of E[C^(1-gamma)]/(1-gamma), over E[...]."""
        with np.errstate(divide="ignore"):
            cash, held = np.log1p(-share), np.log(share)
        error = _peak(cash, held + mean, sigma, gamma)[:, None] + places
        log_return = mean[:, None] + sigma[:, None] * error
        wealth = np.logaddexp(cash[:, None], held[:, None] + log_return)
        exponent = weights - 0.5 * error**2 + (1.0 - gamma) * wealth
        top = np.max(exponent, axis=1, keepdims=True)
        tilted = np.exp(exponent - top)
        total = np.sum(tilted, axis=1)
        # (R - 1)/C, without losing either a small R - 1 or a large R
        per_wealth = np.exp(np.minimum(-wealth, LARGEST))
        large = np.exp(np.minimum(log_return - wealth, LARGEST)) - per_wealth
        gain = np.where(log_return < 1.0, np.expm1(np.minimum(log_return, 1.0)) * per_wealth, large)
        slope = np.sum(tilted * gain, axis=1) / total
        bend = -gamma * np.sum(tilted * gain**2, axis=1) / total
        return np.log(total) + top[:, 0], slope, bend

    at_start, _, _ = moments(start)

    def bounded(best: FloatArray, highest: FloatArray) -> FloatArray:
        at_best, slope, _ = moments(best)
        gained = np.maximum(at_start - at_best, 0.0) / (gamma - 1.0)
        room = np.where(slope > 0.0, highest - best, best - lowest)
        more = np.minimum((gamma - 1.0) * np.abs(slope) * room, 1.0)
        with np.errstate(divide="ignore"):
            return np.asarray(gained - np.log1p(-more) / (gamma - 1.0))

    if not halve:
        best = start
        for _ in range(STEPS):
            _, slope, bend = moments(best)
            best = np.clip(best - slope / np.minimum(bend, -FLATTEST), lowest, highest)
        return bounded(best, highest) + outside
    low, high = lowest.copy(), highest.copy()
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        _, slope, _ = moments(middle)
        low, high = np.where(slope > 0.0, middle, low), np.where(slope > 0.0, high, middle)
    return bounded(low, high) + outside


def _peak(cash: FloatArray, held: FloatArray, sigma: FloatArray, gamma: float) -> FloatArray:
    """Normal error at which the density times C^(1 - gamma) is largest, by halving its range."""
    low, high = (1.0 - gamma) * sigma, np.zeros_like(sigma)
    for _ in range(BISECTIONS):
        middle = 0.5 * (low + high)
        risky = held + sigma * middle
        share = np.exp(risky - np.logaddexp(cash, risky))
        rises = middle + (gamma - 1.0) * sigma * share < 0.0
        low, high = np.where(rises, middle, low), np.where(rises, high, middle)
    return 0.5 * (low + high)


@lru_cache(maxsize=64)
def _nodes(sigma: float, gamma: float) -> tuple[FloatArray, FloatArray]:
    """Places about the peak and their log weights; C has poles at a distance of pi / sigma."""
    reach = REACH + 2.0 * sigma
    panel = min(2.0, np.pi / sigma, 4.0 / np.sqrt(1.0 + 0.25 * gamma * sigma**2))
    panels = int(np.ceil(2.0 * reach / panel))
    edges = np.linspace(-reach, reach, panels + 1)
    place, weight = np.polynomial.legendre.leggauss(POINTS)
    half = 0.5 * (edges[1:] - edges[:-1])[:, None]
    nodes = (half * place + 0.5 * (edges[1:] + edges[:-1])[:, None]).ravel()
    return nodes, np.log((half * weight).ravel()) - 0.5 * np.log(2.0 * np.pi)
