"""Sizes of violations, as shares of what they are violations of."""

from __future__ import annotations

import numpy as np

from scenarios.repo.program import FloatArray


def share_of(amount: FloatArray, unit: FloatArray) -> FloatArray:
    """An amount as a share of a unit, row by row; nothing of nothing is 0."""
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where((amount == 0.0) & (unit == 0.0), 0.0, amount / unit)


def largest(violation: FloatArray) -> float:
    """Largest violation, 0 if there is none, NaN if one can't be worked out."""
    return float(np.max(np.maximum(violation, 0.0)))


def ratio(gap: float, scale: float) -> float:
    """Size of a gap as a share of what it is a gap in; nothing of nothing is 0."""
    if gap == 0.0 and scale == 0.0:
        return 0.0
    with np.errstate(divide="ignore", invalid="ignore"):
        return float(np.abs(np.divide(gap, scale)))
