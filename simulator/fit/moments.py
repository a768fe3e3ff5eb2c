"""Observed moments, and what an economy makes of them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.names import unknown
from simulator.point import DateEnd
from simulator.table_file import read_file, spoken, to_numbers

COLUMNS = ("case", "date", "since", "output", "observed", "error")
NEEDED = ("output", "observed")


@dataclass(frozen=True, slots=True)
class Moment:
    """A number that was observed.

    Attributes
    ----------
    case : str
        Name of the case; empty for the only one.
    date : int
        Date whose level counts; 0 for the last one.
    since : int
        If above 0, what counts is the change in per cent since that date.
    output : str
        A quote, or a number that the scenario tells of a date.
    observed : float
        The level, or the change in per cent.
    error : float
        Standard error of the observation, in its unit; NaN where it is not known.
    """

    case: str
    date: int
    since: int
    output: str
    observed: float
    error: float

    @property
    def name(self) -> str:
        """What it is, in a few words."""
        change = f"date {self.since} to {self.date or 'last'}, %" if self.since else ""
        level = f"date {self.date}" if self.date and not self.since else ""
        return ", ".join(filter(None, (self.case, self.output, change, level)))

    def simulated(self, ends: Sequence[DateEnd]) -> float:
        """The same number in a run.

        Raises
        ------
        Refused
            If the run has no such case, date or output.
        """
        level = self._level(ends, self.date)
        if not self.since:
            return level
        before = self._level(ends, self.since)
        return 100.0 * (level / before - 1.0)

    def _level(self, ends: Sequence[DateEnd], date: int) -> float:
        cases = list(dict.fromkeys(end.point.case for end in ends))
        case = self.case or cases[0]
        if case not in cases:
            raise Refused(unknown(case, cases, "case"))
        dates = {end.point.date: end for end in ends if end.point.case == case}
        if date and date not in dates:
            raise Refused(f"date is {date}; {case} has the dates 1 to {max(dates)}")
        end = dates[date or max(dates)]
        told: Mapping[str, object] = {**end.described, **end.point.quotes}
        if self.output not in told:
            raise Refused(f'"{self.output}" is not one of the outputs; they are {", ".join(told)}')
        value = told[self.output]
        if isinstance(value, bool) or not isinstance(value, (int, float)):
            raise Refused(f"{self.output} is {value!r}; it must be a number")
        return float(value)


def read_moments(table: Path | pd.DataFrame) -> list[Moment]:
    """Observed moments from a file, or a table, with one row each.

    Columns: ``output`` and ``observed``; if wanted ``case``, ``date``, ``since`` and ``error``, see
    :class:`Moment`.

    Raises
    ------
    Refused
        If a column is missing or unknown, or a cell is not what it must be.
    """
    read = read_file(table) if isinstance(table, Path) else table
    for name in read.columns:
        if name not in COLUMNS:
            raise Refused(unknown(str(name), COLUMNS, "column of observed moments"))
    for name in NEEDED:
        if name not in read:
            raise Refused(f"observed moments have no column {name}; it must be there")
    if not len(read):
        raise Refused("observed moments are none; there must be a row at least")
    observed = _numbers(read, "observed", missing=np.nan)
    error = _numbers(read, "error", missing=np.nan)
    date, since = _numbers(read, "date", missing=0.0), _numbers(read, "since", missing=0.0)
    known = np.isfinite(error)
    if known.any() and not (known.all() and (error > 0.0).all()):
        raise Refused("error must be a positive number in every row, or in none")
    for name, column in (("date", date), ("since", since)):
        bad = (column < 0) | (column != np.round(column))
        if bad.any():
            raise Refused(f"{name} is {column[bad][0]:g}; it must be a whole number from 1")
    cases = read["case"] if "case" in read else pd.Series("", index=read.index)
    return [
        Moment(
            case="" if pd.isna(case) else str(case).strip(),
            date=int(date[k]),
            since=int(since[k]),
            output=str(read["output"].iloc[k]).strip(),
            observed=float(observed[k]),
            error=float(error[k]),
        )
        for k, case in enumerate(cases)
    ]


def _numbers(read: pd.DataFrame, name: str, *, missing: float) -> FloatArray:
    """A column of numbers; ``missing`` where there is none."""
    if name not in read:
        return np.full(len(read), missing)
    numbers = to_numbers(read[name])
    for k in np.flatnonzero(~np.isfinite(numbers)).tolist():
        cell = read[name].iloc[k]
        empty = pd.isna(cell) or not str(cell).strip()
        if not empty or name == "observed":
            raise Refused(f"{name} in row {k + 1} is {spoken(cell)}; it must be a number")
    return np.asarray(np.where(np.isfinite(numbers), numbers, missing))
