"""Small markets with known answers, and a loop that follows a rule on them."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from markets.adjustment.rule import Adjuster, Adjustment
from markets.quote import Excess, FloatArray, Limits

Residual = Callable[[FloatArray], FloatArray]


def box(lower: list[float], upper: list[float], *, attained: bool = True) -> Limits:
    """Limits that are all attained, or none."""
    flags = np.full(len(lower), attained)
    return Limits(np.array(lower), np.array(upper), flags, flags)


def excess(residual: FloatArray) -> Excess:
    """What orders say, with shares between -1 and 1."""
    return Excess(residual, np.tanh(residual), residual)


def settle(
    rule: Adjuster,
    residual: Residual,
    start: FloatArray,
    limits: Limits,
    slope: Callable[[FloatArray], FloatArray] | None = None,
    rounds: int = 200,
) -> tuple[Adjustment, int]:
    """Follow a rule until it settles, or for some rounds; the state, and the rounds it took."""
    state = rule.start(start, limits)
    for count in range(1, rounds + 1):
        posted = state.coordinates
        state = rule.adjust(
            state, excess(residual(posted)), None if slope is None else slope(posted)
        )
        if state.settled:
            return state, count
    return state, rounds


def complementary(state: Adjustment, residual: FloatArray) -> bool:
    """Whether every market clears, or rests at a limit that its excess demand pushes against."""
    held = state.limits.held(state.coordinates, residual)
    return bool(np.abs(np.where(held, 0.0, residual)).max() <= 1e-9)


def linear(seed: int) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Slope (a negative definite matrix), offset and starting point of a market of 1 to 5 goods."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    root = rng.normal(size=(n, n))
    slope = -(root @ root.T + 0.1 * np.eye(n))
    return slope, rng.normal(size=n), rng.uniform(-1, 1, n)
