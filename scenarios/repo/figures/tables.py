"""Reading the tables of a run, for figures."""

from __future__ import annotations

import numpy as np
import pandas as pd

from markets.quote import FloatArray


def column(table: pd.DataFrame, name: str) -> FloatArray:
    """A column as an array of floats."""
    return table[name].to_numpy(dtype=np.float64)


def value_at(table: pd.DataFrame, date: int, name: str) -> float:
    """Number of a date, NaN if the table has no such column, date or number."""
    if name not in table:
        return float("nan")
    found = column(table[table["date"] == date], name)
    return float(found[0]) if found.size else float("nan")
