"""The record of rounds: one preallocated row of numbers a round."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from markets.quote import FloatArray


class Record:
    """A table that grows by one row a round and never allocates on the way.

    Parameters
    ----------
    columns : sequence of str
        Names of the columns; ``date`` and ``round`` come first and are whole numbers.
    """

    def __init__(self, columns: Sequence[str]) -> None:
        self.columns = ("date", "round", *columns)
        self._rows: FloatArray = np.empty((256, len(self.columns)))
        self._count = 0

    def __len__(self) -> int:
        return self._count

    def write(self, date: int, number: int, values: Sequence[float]) -> None:
        """Add a row."""
        if self._count == len(self._rows):
            self._rows = np.concatenate([self._rows, np.empty_like(self._rows)])
        row = self._rows[self._count]
        row[0], row[1] = date, number
        row[2:] = values
        self._count += 1

    def column(self, name: str, last: int | None = None) -> FloatArray:
        """Copy of one column, of its last rows if a number is given."""
        start = 0 if last is None else max(self._count - last, 0)
        return self._rows[start : self._count, self.columns.index(name)].copy()

    def frame(self) -> pd.DataFrame:
        """The rounds as a tidy table."""
        table = pd.DataFrame(self._rows[: self._count].copy(), columns=list(self.columns))
        return table.astype({"date": np.int64, "round": np.int64})
