"""Reading the tables that users bring, whatever program wrote them."""

from __future__ import annotations

import codecs
import csv
import re
import warnings
from pathlib import Path

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from markets.refused import Refused, first_line
from simulator.given_file import check_file

SNIFFED = 65_536
"""Bytes of a CSV file from which its separators are told."""

DECIMAL_COMMA = re.compile(r"(?:^|;|\t)\s*[+-]?\d+,\d+\s*(?=;|\t|$)", re.MULTILINE)
"""A field with a decimal comma."""

NUMBER_WITH_COMMA = re.compile(r"\s*([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)\s*")
"""A cell that is a number with a decimal comma, and nothing else."""

WORDS = ("name", "date")
"""Columns that are read as text even where they look like numbers."""


def to_numbers(cells: pd.Series) -> FloatArray:
    """The numbers in some cells; NaN where there is none, truth values included."""
    if cells.dtype == np.bool_:
        cells = cells.astype(str)
    return pd.to_numeric(cells, errors="coerce").to_numpy(dtype=np.float64, na_value=np.nan)


def spoken(cell: object) -> str:
    """A cell as a refusal shows it."""
    text = "" if pd.isna(cell) else str(cell).strip()  # type: ignore[call-overload]
    return text[:80] or "empty"


def read_file(path: Path) -> pd.DataFrame:
    """Read a table.

    Parameters
    ----------
    path : Path
        A Parquet file (``.parquet``), or CSV: UTF-8 with or without a byte-order mark; fields
        separated by commas, semicolons or tabs; decimal commas where these do not separate. Empty
        cells are kept as they are, and so are words such as NA.

    Raises
    ------
    Refused
        If it can't be read, in one sentence.
    """
    check_file(path)
    try:
        if path.suffix == ".parquet":
            return _from_parquet(path)
        head = _head(path)
        first = head.partition("\n")[0]
        separator = next((s for s in ";\t" if s in first), ",")
        decimal = "," if separator != "," and DECIMAL_COMMA.search(head) else "."
        names = next(csv.reader([first], delimiter=separator, skipinitialspace=True), [])
        with warnings.catch_warnings():
            warnings.simplefilter("error", pd.errors.ParserWarning)  # of fields left out
            table = pd.read_csv(
                path,
                sep=separator,
                decimal=decimal,
                encoding="utf-8-sig",
                keep_default_na=False,
                skipinitialspace=True,
                low_memory=False,
                index_col=False,
                dtype=dict.fromkeys(WORDS, str),
            )
        table = table.set_axis(names, axis=1)  # pandas renames the second of two
        return _with_points(table) if decimal == "," else table
    except pd.errors.ParserWarning:
        raise Refused(f"{path} can't be read: a row has more fields than the header") from None
    except UnicodeDecodeError:
        raise Refused(f"{path} can't be read: it is not text in UTF-8") from None
    except OSError as error:
        raise Refused(f"{path} can't be read: {error.strerror or error}") from None
    except (ValueError, csv.Error, pd.errors.ParserError) as error:
        raise Refused(f"{path} can't be read: {first_line(error)}") from None


def _from_parquet(path: Path) -> pd.DataFrame:
    """A table from a Parquet file, in whose place there may be anything."""
    try:
        return pd.read_parquet(path)
    except Exception as error:  # noqa: BLE001 - the library raises anything at a damaged file
        raise Refused(f"{path} can't be read: {first_line(error)}") from None


def _head(path: Path) -> str:
    """The beginning of a file that is text."""
    with path.open("rb") as file:
        head = file.read(SNIFFED)
    if b"\n" not in head and len(head) == SNIFFED:
        raise ValueError(f"its first line has more than {SNIFFED:,} bytes")
    if b"\0" in head:
        raise ValueError("it is not text in UTF-8")
    # a character that the end cuts in two is left out
    return codecs.getincrementaldecoder("utf-8-sig")().decode(head)


def _with_points(table: pd.DataFrame) -> pd.DataFrame:
    """Numbers of columns that were read as text because of some other cell, with decimal points."""

    def pointed(cell: object) -> object:
        number = NUMBER_WITH_COMMA.fullmatch(cell) if isinstance(cell, str) else None
        return cell if number is None else ".".join(number.groups())

    columns = [
        values if name in WORDS or pd.api.types.is_numeric_dtype(values) else values.map(pointed)
        for name, values in table.items()
    ]
    return pd.concat(columns, axis=1)
