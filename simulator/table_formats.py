"""Tables in the formats of other programs: the same table gives the same bytes every time.

Every writer takes a table and its rows of the codebook; unit and meaning of each column go into the
file where the format has a place for them.
"""

from __future__ import annotations

import datetime as dt
import io
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final, Literal

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.io.stata import StataWriterUTF8  # type: ignore[attr-defined]

from markets.refused import Refused

Kind = Literal["csv", "parquet", "arrow", "stata", "xlsx", "netcdf"]
"""Formats of tables."""

LABEL: Final = 80
"""Characters of a label in Stata."""

TEXT: Final = 2045
"""Bytes of the longest text in Stata that has a width of its own."""

ROWS: Final = 1_048_575
"""Rows of a sheet of a workbook, beside that of the names."""

WRITTEN: Final = dt.datetime(2000, 1, 1)
"""Time of writing in formats that must name one, so that the same run has the same bytes."""

Writer = Callable[[pd.DataFrame, pd.DataFrame, Path], None]
"""Writes a table, with its rows of the codebook, to a file."""


def write_parquet(table: pd.DataFrame, book: pd.DataFrame, path: Path) -> None:
    """Write Parquet; each field has its unit and meaning as metadata."""
    pq.write_table(_described(table, book), path, compression="zstd")


def write_arrow(table: pd.DataFrame, book: pd.DataFrame, path: Path) -> None:
    """Write an Arrow (Feather) file; each field has its unit and meaning as metadata."""
    described = _described(table, book)
    with pa.OSFile(str(path), "wb") as file, pa.ipc.new_file(file, described.schema) as writer:
        writer.write_table(described)


class _Stata(StataWriterUTF8):  # type: ignore[misc]
    """Takes names that are reserved in Mata but not in Stata, ``case`` among them."""

    def _check_column_names(self, data: pd.DataFrame) -> pd.DataFrame:
        self.RESERVED_WORDS: frozenset[str] = frozenset()
        checked: pd.DataFrame = super()._check_column_names(data)
        return checked


def write_csv(table: pd.DataFrame, book: pd.DataFrame, path: Path) -> None:
    """Write CSV; truth values are ``True`` and ``False``, infinite numbers ``inf``."""
    table.to_csv(path, index=False)


def write_stata(table: pd.DataFrame, book: pd.DataFrame, path: Path) -> None:
    """Write Stata 14 or later; unit and meaning are the labels of the variables.

    Truth values are bytes labelled ``false`` and ``true``. Stata has no infinite numbers: they are
    missing.
    """
    prepared, labels = {}, {}
    for (name, values), kind in zip(table.items(), book["type"], strict=True):
        if kind == "text":
            prepared[name] = values.astype(object).where(values.notna(), "").astype(str)
        elif kind == "truth value":
            prepared[name] = _zero_one(values)
            labels[name] = {0: "false", 1: "true"}
        else:
            prepared[name] = values.replace([np.inf, -np.inf], np.nan)
    frame = pd.DataFrame(prepared, index=table.index)
    texts = [n for n, kind in zip(table, book["type"], strict=True) if kind == "text"]
    long = [n for n in texts if frame[n].map(lambda text: len(text.encode())).max() > TEXT]
    _Stata(
        path,
        frame,
        write_index=False,
        time_stamp=WRITTEN,
        variable_labels={n: _labelled(row)[:LABEL] for n, row in _rows(book)},
        value_labels=labels,
        convert_strl=long,
    ).write_file()


def write_netcdf(table: pd.DataFrame, book: pd.DataFrame, path: Path) -> None:
    """Write netCDF 3; unit and meaning are the attributes ``units`` and ``long_name``.

    Rows are the dimension ``row``, texts are arrays of characters, and truth values bytes with
    ``flag_meanings``; -1 is a truth value that is missing.
    """
    from scipy.io import netcdf_file

    with netcdf_file(path, "w", mmap=False) as file:
        stored: Any  # its attributes are those of the file
        file.createDimension("row", len(table))
        for (name, row), (_, values) in zip(_rows(book), table.items(), strict=True):
            if row["type"] == "text":
                text = np.array(values.astype(object).where(values.notna(), "").tolist(), dtype=str)
                encoded = np.char.encode(text, "utf-8")
                width = max(encoded.dtype.itemsize, 1)
                if f"text_{width}" not in file.dimensions:
                    file.createDimension(f"text_{width}", width)
                stored = file.createVariable(name, "c", ("row", f"text_{width}"))
                stored[:] = encoded.astype(f"S{width}").view("S1").reshape(len(table), width)
                stored._Encoding = "utf-8"
            elif row["type"] == "truth value":
                stored = file.createVariable(name, "b", ("row",))
                stored[:] = _zero_one(values).fillna(-1).to_numpy(np.int8)
                stored.flag_values = np.array([0, 1], dtype=np.int8)
                stored.flag_meanings = "false true"
            else:
                numbers = values.to_numpy(np.float64, na_value=np.nan)
                whole = row["type"] == "whole number" and np.all(np.abs(numbers) < 2.0**31)
                stored = file.createVariable(name, "i" if whole else "d", ("row",))
                stored[:] = numbers.astype(np.int32) if whole else numbers
            stored.long_name = row["meaning"]
            stored.units = row["unit"] or "1"


def write_xlsx(tables: Mapping[str, pd.DataFrame], path: Path) -> None:
    """Write a workbook with a sheet per table; infinite numbers are empty cells.

    Raises
    ------
    Refused
        If the extra ``xlsx`` is not installed, or a table has too many rows.
    """
    for name, table in tables.items():
        if len(table) > ROWS:
            raise Refused(f"{name} has {len(table)} rows; a sheet of a workbook has {ROWS}")
    try:
        import xlsxwriter  # noqa: F401 - by pandas
    except ImportError:
        raise Refused('format xlsx needs the extra "xlsx": pip install "walras[xlsx]"') from None
    written = io.BytesIO()  # xlsxwriter has an error of its own for a disk that is full
    options = {"options": {"in_memory": True}}
    with pd.ExcelWriter(written, engine="xlsxwriter", engine_kwargs=options) as book:
        book.book.set_properties({"created": WRITTEN})
        for name, table in tables.items():
            finite = table.replace([np.inf, -np.inf], np.nan)
            finite.to_excel(book, sheet_name=name[:31], index=False, freeze_panes=(1, 0))
    path.write_bytes(written.getvalue())


WRITERS: Final[dict[str, tuple[str, Writer]]] = {
    "csv": (".csv", write_csv),
    "parquet": (".parquet", write_parquet),
    "arrow": (".arrow", write_arrow),
    "stata": (".dta", write_stata),
    "netcdf": (".nc", write_netcdf),
}
"""Ending and writer of the formats that have a file per table."""


def _described(table: pd.DataFrame, book: pd.DataFrame) -> pa.Table:
    """An Arrow table with unit and meaning of each column."""
    plain = pa.Table.from_pandas(table, preserve_index=False)
    described = [
        field.with_metadata({"unit": row["unit"], "meaning": row["meaning"]})
        for field, (_, row) in zip(plain.schema, _rows(book), strict=True)
    ]
    return plain.cast(pa.schema(described, plain.schema.metadata))


def _rows(book: pd.DataFrame) -> list[tuple[str, dict[str, str]]]:
    """Rows of a codebook, by the name of the column."""
    records = book.astype(str).to_dict("records")
    return [(row["column"], {str(k): str(v) for k, v in row.items()}) for row in records]


def _labelled(row: Mapping[str, str]) -> str:
    """Meaning and unit in a line."""
    return f"{row['meaning']} ({row['unit']})" if row["unit"] else row["meaning"]


def _zero_one(values: pd.Series) -> pd.Series:
    """Truth values as zeros and ones; some may be missing."""
    known = values.astype("boolean").astype("Int8")
    return known if known.isna().any() else known.astype("int8")
