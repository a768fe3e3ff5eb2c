"""Tables that a user brings: a CSV or Parquet file, or a DataFrame, with one row per member."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.names import repeated, unknown
from simulator.table_file import read_file, spoken, to_numbers

NAME = "name"
"""Column with the names of members."""


@dataclass(frozen=True, slots=True)
class Column:
    """What a column of numbers holds, and what is allowed in it.

    Attributes
    ----------
    name, unit, meaning : str
        For help pages and refusals.
    low, high : float
        Ends of what is allowed; infinite ends are none.
    open_low, open_high : bool
        Whether the ends themselves are not allowed.
    choices : tuple of str
        Words that the column holds instead of numbers, if any; they are read as their places.
    """

    name: str
    unit: str
    meaning: str
    low: float = -math.inf
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    choices: tuple[str, ...] = ()

    @property
    def allowed(self) -> str:
        """What is allowed, in words."""
        if self.choices:
            return " or ".join(self.choices)
        if math.isinf(self.low) and math.isinf(self.high):
            return "a finite number"
        low = f"{'(' if self.open_low or math.isinf(self.low) else '['}{self.low:g}"
        high = f"{self.high:g}{')' if self.open_high or math.isinf(self.high) else ']'}"
        return f"a number in {low}, {high}"

    def wrong(self, values: FloatArray) -> np.ndarray:
        """Which values are not allowed."""
        below = values <= self.low if self.open_low else values < self.low
        above = values >= self.high if self.open_high else values > self.high
        return np.asarray(below | above | ~np.isfinite(values))


def read(source: Path | pd.DataFrame, columns: Sequence[Column], what: str) -> pd.DataFrame:
    """Read and check a table of members; rows keep their order.

    Parameters
    ----------
    source : Path or DataFrame
        A CSV file (UTF-8, with or without a byte-order mark; fields separated by commas,
        semicolons or tabs, decimal commas where these do not separate), a Parquet file, or a
        table.
    columns : sequence of Column
        Columns that may be there. A column ``name`` may be, too; names must differ.
    what : str
        What to call a table that is no file.

    Returns
    -------
    DataFrame
        ``name`` (numbers from 1 if there is none), then the columns that are there.

    Raises
    ------
    Refused
        With one sentence that names the row (from 1, below the header) and the column.
    """
    table = read_file(source) if isinstance(source, Path) else source
    called = str(source) if isinstance(source, Path) else what
    names = [str(name).strip() for name in table.columns]
    twice = repeated(names)
    if twice is not None:
        raise Refused(f"{called} has two columns named {twice}")
    known = {column.name: column for column in columns}
    for name in names:
        if name not in known and name != NAME:
            raise Refused(f"{called}: {unknown(name, [NAME, *known], 'column')}")
    if not len(table):
        raise Refused(f"{called} has no rows; it must have one per member")
    table = table.set_axis(names, axis=1)
    checked = {name: _numbers(table[name], known[name], called) for name in names if name != NAME}
    return pd.DataFrame({NAME: _names(table, called), **checked})


def numbers_of(path: Path, column: str) -> FloatArray:
    """The numbers in one column of a file, whatever else it holds.

    Raises
    ------
    Refused
        If the file can't be read, or the column is not there or not of finite numbers.
    """
    table = read_file(path)
    names = [str(name).strip() for name in table.columns]
    if column not in names:
        raise Refused(f"{path}: {unknown(column, names, 'column')}")
    if not len(table):
        raise Refused(f"{path} has no rows")
    return _numbers(table.iloc[:, names.index(column)], Column(column, "", ""), str(path))


def _names(table: pd.DataFrame, called: str) -> list[str]:
    """Names of the members."""
    if NAME not in table:
        return [str(number) for number in range(1, len(table) + 1)]
    column = table[NAME]
    names: list[str] = column.astype(str).str.strip().tolist()
    empty = column.isna().to_numpy()
    if empty.any() or "" in names:
        row = int(np.argmax(empty)) if empty.any() else names.index("")
        raise Refused(f"{called}, row {row + 1}: name is empty")
    if len(set(names)) < len(names):
        row = int(np.argmax(pd.Series(names).duplicated()))
        raise Refused(f"{called}, row {row + 1}: name {names[row]} is there twice")
    return names


def _numbers(values: pd.Series, column: Column, called: str) -> FloatArray:
    """The numbers of a column, or the places of its words, checked."""
    if column.choices:
        places = {word: float(place) for place, word in enumerate(column.choices)}
        values = values.astype(str).str.strip()
        numbers = np.array([places.get(word, np.nan) for word in values], dtype=np.float64)
    else:
        numbers = to_numbers(values)
    wrong = column.wrong(numbers)
    if wrong.any():
        row = int(np.argmax(wrong))
        shown = spoken(values.iloc[row])
        raise Refused(
            f"{called}, row {row + 1}: {column.name} is {shown}; it must be {column.allowed}"
        )
    return numbers
