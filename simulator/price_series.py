r"""Series of prices that a user brings: a column of dates, and one or more securities.

Returns are log returns :math:`\ln(p_t / p_{t-1})` from each row to the next, however many days lie
between: weekends and holidays are no rows. Prices are closing prices in any currency, adjusted for
dividends and splits by whoever made the file; horizons and windows count rows. Each row has a price
of every security: cells are never filled in.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.table_file import read_file, spoken, to_numbers

DATE = "date"
"""Column of the dates."""


@dataclass(frozen=True, slots=True)
class PriceSeries:
    """Closing prices by date.

    Attributes
    ----------
    dates : pandas.DatetimeIndex
        Dates in ascending order; in UTC where the file gave a time zone.
    names : tuple of str
        The securities.
    prices : array of shape (dates, securities)
        Positive, in any currency: everything is worked out from ratios.
    """

    dates: pd.DatetimeIndex
    names: tuple[str, ...]
    prices: FloatArray

    @property
    def returns(self) -> FloatArray:
        """Log returns from each row to the next, shape (dates - 1, securities)."""
        return np.asarray(np.diff(np.log(self.prices), axis=0))


def read_prices(
    source: Path | pd.DataFrame, least: int = 2, longest_gap: int | None = None
) -> PriceSeries:
    """Read and check a series of prices.

    Parameters
    ----------
    source : Path or DataFrame
        A CSV or Parquet file, or a table, with a column ``date`` (ISO 8601) and a column of prices
        per security.
    least : int
        Rows that it must have.
    longest_gap : int, optional
        Days that may lie between two rows; any number unless given.

    Raises
    ------
    Refused
        If a price is missing or not above zero, dates are not in ascending order, repeated, too
        far apart or unreadable, or mix times with and without a time zone: with the row and the
        column.
    """
    called = str(source) if isinstance(source, Path) else "prices"
    table = read_file(source) if isinstance(source, Path) else source
    names = [str(name).strip() for name in table.columns]
    if names.count(DATE) != 1:
        raise Refused(f"{called} must have one column named date; it has {', '.join(names)}")
    securities = [name for name in names if name != DATE]
    if not securities or len(set(securities)) < len(securities):
        raise Refused(f"{called} must have columns of prices with different names beside date")
    if len(table) < least:
        raise Refused(f"{called} has {len(table)} rows; it needs at least {least}")
    table = table.set_axis(names, axis=1)
    dates = _dates(table[DATE], called)
    if longest_gap is not None:
        _refuse_gaps(dates, called, longest_gap)
    columns = [_prices(table[name], name, called) for name in securities]
    return PriceSeries(dates, tuple(securities), np.column_stack(columns))


def _dates(column: pd.Series, called: str) -> pd.DatetimeIndex:
    """The dates, in ascending order."""
    if pd.api.types.is_datetime64_any_dtype(column):
        read = pd.DatetimeIndex(column)
    else:
        words = column.astype(str).str.strip()
        zoned = words.str.contains(r"[Tt ].*(?:[Zz]|[+-]\d\d:?\d\d)$", regex=True)
        if zoned.any() and not zoned.all():
            row = int(np.argmin(zoned)) + 1
            raise Refused(
                f"{called}, row {row}: date is {words.iloc[row - 1]}, without the time zone that"
                " other rows have"
            )
        parsed = pd.to_datetime(words, format="ISO8601", utc=bool(zoned.any()), errors="coerce")
        bad = parsed.isna().to_numpy()
        if bad.any():
            row = int(np.argmax(bad)) + 1
            shown = spoken(column.iloc[row - 1])
            raise Refused(
                f"{called}, row {row}: date is {shown}; it must be written like 2020-03-31"
            )
        read = pd.DatetimeIndex(parsed)
    steps = np.diff(read.asi8)
    if (steps <= 0).any():
        row = int(np.argmax(steps <= 0)) + 2
        what = "is there twice" if steps[row - 2] == 0 else "comes before the one above it"
        raise Refused(
            f"{called}, row {row}: date {read[row - 1].date()} {what}; rows must be in ascending"
            " order of their dates"
        )
    return read


def _refuse_gaps(dates: pd.DatetimeIndex, called: str, longest: int) -> None:
    """Refuse dates that are further apart than a number of days."""
    days = (dates[1:] - dates[:-1]).days
    if days.max() > longest:
        row = int(np.argmax(days > longest)) + 2
        raise Refused(
            f"{called}, row {row}: date {dates[row - 1].date()} is {days[row - 2]} days after the"
            f" one above it; longest_gap allows {longest}"
        )


def _prices(column: pd.Series, name: str, called: str) -> FloatArray:
    """The prices of a security."""
    prices = to_numbers(column)
    wrong = ~(np.isfinite(prices) & (prices > 0.0))
    if wrong.any():
        row = int(np.argmax(wrong)) + 1
        shown = spoken(column.iloc[row - 1])
        raise Refused(f"{called}, row {row}: {name} is {shown}; a price must be a number above 0")
    return prices
