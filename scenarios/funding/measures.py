"""Measures of how procyclical a margin rule is, those of risk teams at clearing houses.

Sources: Murphy, Vasios and Vause, "An investigation into the procyclicality of risk-based initial
margin models", Bank of England Financial Stability Paper 29 (2014), for the peak-to-trough ratio
and the largest n-day increase, both of the margin on an unchanged position. Excess volatility is
that of prices over what they are worth, after Shiller, *American Economic Review* 71 (1981).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from markets.quote import FloatArray


def peak_to_trough(margins: Sequence[float] | FloatArray) -> float:
    """Peak-to-trough ratio: the largest margin over the smallest."""
    return float(np.max(margins) / np.min(margins))


def largest_increase(margins: Sequence[float] | FloatArray, days: int) -> float:
    """Largest n-day increase of the margin, in its own unit; 0 if it never rose.

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
