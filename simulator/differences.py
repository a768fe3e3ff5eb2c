"""What differs between an exported run and the same run written again, named cell by cell."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator, Mapping
from itertools import zip_longest
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq

from markets.refused import shown
from simulator.export import MANIFEST
from simulator.exported import MOST_BYTES, read_table, unreadable

CONSEQUENCES: Final = ("files", "seal")
"""What of a manifest follows from the rest of it and from the files."""


def differences(
    folder: Path,
    given: Mapping[str, Any],
    fresh: Path,
    *,
    without: Collection[str] = (),
    every_byte: bool = False,
) -> Iterator[str]:
    """Name what a folder has otherwise than the same run written again.

    Parameters
    ----------
    folder : pathlib.Path
        The run as it was found.
    given : mapping
        Its manifest.
    fresh : pathlib.Path
        The same run, written again.
    without : collection of str
        Fields of the manifest that are not compared, as paths; the folder may have figures then if
        ``told.figures`` is among them.
    every_byte : bool
        Whether tables must have the same bytes, beside the same cells.
    """
    expected = json.loads((fresh / MANIFEST).read_text("utf-8"))
    names = expected["files"].keys() | given["files"].keys()
    for name in sorted(names, key=lambda name: (not name.endswith(".parquet"), name)):
        if name not in expected["files"]:
            if "told.figures" not in without or not _of_figure(name, given):
                yield f"{name}: such a run has no such file"
        elif name not in given["files"]:
            if "finished" not in without:
                yield f"{name}: the manifest does not name it"
        elif not unreadable(folder / name, MOST_BYTES):
            yield from _in_file(name, folder, fresh, every_byte=every_byte)
    left_out = {*without, *CONSEQUENCES}
    for place, was, now in _in_value(given, expected, ""):
        if not any(f"{place}.".startswith((f"{path}.", f"{path}[")) for path in left_out):
            yield f"{MANIFEST}: {place} is {shown(was)}; it is {shown(now)} {AGAIN}"


AGAIN: Final = "worked out again"


def _of_figure(name: str, manifest: Mapping[str, Any]) -> bool:
    """Whether a file is one of the figures that a manifest tells of."""
    asked = manifest["asked"]["figures"]
    stem, _, kind = name.rpartition(".")
    return asked is not None and kind in asked["kinds"] and stem in manifest["told"]["figures"]


def _in_file(name: str, folder: Path, fresh: Path, *, every_byte: bool) -> Iterator[str]:
    """What differs in one file."""
    if _same_bytes(folder / name, fresh / name):
        return
    found = 0
    if name.endswith(".parquet"):
        for text in _in_table(folder, fresh, name.removesuffix(".parquet")):
            found += 1
            yield f"{name}: {text}"
        if found or not every_byte:
            return
    elif name.endswith(".csv"):
        for text in _in_csv(folder / name, fresh / name):
            found += 1
            yield f"{name}: {text}"
        if found:
            return
    yield f"{name}: its bytes are others"


def _same_bytes(one: Path, other: Path) -> bool:
    if one.stat().st_size != other.stat().st_size:
        return False
    with one.open("rb") as first, other.open("rb") as second:
        while part := first.read(2**20):
            if part != second.read(2**20):
                return False
    return True


def _in_table(folder: Path, fresh: Path, name: str) -> Iterator[str]:
    """The first cell of each column of a table that differs, and what its fields say."""
    was, now = read_table(folder, name), read_table(fresh, name)
    if list(was.columns) != list(now.columns) or len(was) != len(now):
        yield f"its shape or columns are others ({was.shape[0]} rows of {was.shape[1]})"
        return
    for column in was.columns:
        other = np.flatnonzero(~_same(was[column], now[column]))
        if other.size:
            row = int(other[0])
            more = f", and {other.size - 1} rows more" if other.size > 1 else ""
            yield (
                f"{shown(column)}, row {row + 1} is {shown(_plain(was[column].iloc[row]))}; it is"
                f" {shown(_plain(now[column].iloc[row]))} {AGAIN}{more}"
            )
    fields = [pq.read_schema(place / f"{name}.parquet") for place in (folder, fresh)]
    for one, same in zip(*fields, strict=True):
        if one.metadata != same.metadata or one.type != same.type:
            yield f"{shown(one.name)}: its type, unit or meaning is another"


def _plain(value: object) -> object:
    return value.item() if isinstance(value, np.generic) else value


def _same(one: pd.Series, other: pd.Series) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Which cells are the same, to the last bit and the sign of a zero."""
    missing = one.isna().to_numpy() & other.isna().to_numpy()
    if one.dtype != other.dtype:
        return missing
    first, second = one.to_numpy(), other.to_numpy()
    same = np.asarray(first == second, dtype=bool)
    if first.dtype == np.float64:
        same &= np.signbit(first) == np.signbit(second)
    return same | missing


def _in_csv(one: Path, other: Path) -> Iterator[str]:
    """The first cell that differs."""
    with one.open(encoding="utf-8", newline="") as was, other.open(encoding="utf-8") as now:
        heads: list[str] = []
        rows = zip_longest(csv.reader(was), csv.reader(now), fillvalue=["no row"])
        try:
            for number, (row, again) in enumerate(rows):
                if number == 0:
                    heads = again
                if row != again:
                    pairs = enumerate(zip_longest(row, again, fillvalue="no cell"))
                    place, (cell, right) = next(p for p in pairs if p[1][0] != p[1][1])
                    column = shown(heads[place]) if place < len(heads) else f"column {place + 1}"
                    where = f"row {number}" if number else "the names of columns"
                    yield f"{column}, {where} is {shown(cell)}; it is {shown(right)} {AGAIN}"
                    return
        except (csv.Error, UnicodeDecodeError, MemoryError):
            yield "it is not readable as CSV"


def _in_value(was: Any, now: Any, place: str) -> Iterator[tuple[str, Any, Any]]:
    """Places at which two JSON documents differ, and what they have there."""
    if isinstance(was, dict) and isinstance(now, dict):
        for name in [*now, *(name for name in was if name not in now)]:
            inside = f"{place}.{name}" if place else name
            if name not in was or name not in now:
                yield inside, was.get(name, "missing"), now.get(name, "missing")
            else:
                yield from _in_value(was[name], now[name], inside)
    elif isinstance(was, list) and isinstance(now, list) and len(was) == len(now):
        for number, (one, other) in enumerate(zip(was, now, strict=True)):
            yield from _in_value(one, other, f"{place}[{number}]")
    elif type(was) is not type(now) or was != now or repr(was) != repr(now):
        yield place, was, now
