"""Measures of how procyclical a margin rule is, those of risk teams at clearing houses.

Source: Murphy, Vasios and Vause, "An investigation into the procyclicality of risk-based initial
margin models", Bank of England Financial Stability Paper 29 (2014), for the peak-to-trough and the
n-day measure.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from markets.quote import FloatArray


def peak_to_trough(margins: Sequence[float] | FloatArray) -> float:
    """Largest margin over the smallest."""
    return float(np.max(margins) / np.min(margins))


def largest_increase(margins: Sequence[float] | FloatArray, days: int) -> float:
    """Largest increase of the margin on one asset over some days, cash; 0 if it never rose.

    NaN if there are not so many days.
    """
    path = np.asarray(margins, dtype=np.float64)
    if path.size <= days:
        return math.nan
    return max(float(np.max(path[days:] - path[:-days])), 0.0)


def excess_volatility(
    prices: Sequence[float] | FloatArray, values: Sequence[float] | FloatArray
) -> float:
    """Standard deviation of price changes over that of changes of the fundamental value."""
    moved = float(np.std(np.diff(values))) if len(values) > 2 else 0.0
    return float(np.std(np.diff(prices))) / moved if moved > 0.0 else math.nan
