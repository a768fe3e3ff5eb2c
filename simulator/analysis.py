"""Tables of exported runs for other programs: pandas, R, Stata, a spreadsheet."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

import pandas as pd

from markets.refused import Refused
from simulator.codebook import COLUMNS, KEY
from simulator.export import CODEBOOK, check_writable
from simulator.long_table import long_table
from simulator.new_folder import new_folder
from simulator.short_names import short_names
from simulator.table_formats import WRITERS, Kind, write_xlsx
from simulator.verify import altered_files, read_manifest, read_table, runs_in

RUN = ("run", "text", "", "name of the run", KEY, "run", "", "", "")
"""What the codebook says of the first column of every table."""

ROW_OF_LONG = {
    "case": ("text", "economy of the scenario"),
    "date": ("whole number", "date of the case, from 1"),
    "round": ("whole number", "round of the date, from 1"),
    "node": ("text", "node or state that the value is of"),
    "instrument": ("text", "what is quoted or held"),
    "member": ("text", "who the value is of"),
    "variable": ("text", "what is measured"),
    "value": ("number", "the number, in the unit beside it; truth values are 0 and 1"),
    "unit": ("text", "unit of the value"),
}
"""Type and meaning of the columns of long tables."""


def export_tables(source: Path, kind: Kind, target: Path, *, tidy: bool = False) -> list[Path]:
    """Write the tables of exported runs, and their codebook, to a new folder.

    Tables of several runs are stacked, with the name of the run in the first column; runs of
    different scenarios go to a folder each. Columns have names of at most 32 letters, digits and
    underscores; the codebook has the names that they have in the run.

    Parameters
    ----------
    source : pathlib.Path
        An exported run, or a folder of several.
    kind : str
        The format.
    target : pathlib.Path
        The new folder.
    tidy : bool
        Whether to write each table in long form, too, as ``NAME_long``.

    Returns
    -------
    list of pathlib.Path
        The files written.

    Raises
    ------
    Refused
        If there is no run, one was altered or has no codebook, the folder exists or can't be
        written to, or the format needs what is not installed.
    """
    if target.exists():
        raise Refused(f"out is {target}, which exists already; name a new folder")
    check_writable(target.parent)
    runs = runs_in(source)
    manifests = {run: read_manifest(run) for run in runs}
    for run, manifest in manifests.items():
        altered = altered_files(run, manifest)
        if altered:
            raise Refused(f"{run} was altered ({altered[0]}); walras verify says how")
    scenarios = list(dict.fromkeys(str(manifests[run]["scenario"]) for run in runs))
    with new_folder(target, over=False) as fresh:
        for scenario in scenarios:
            place = fresh / scenario if len(scenarios) > 1 else fresh
            place.mkdir(exist_ok=True)
            mine = [run for run in runs if manifests[run]["scenario"] == scenario]
            _write(*_stacked(mine, tidy=tidy), kind, place, scenario)
    return sorted(path for path in target.rglob("*") if path.is_file())


def read_codebook(folder: Path) -> pd.DataFrame:
    """The codebook of an exported run; refused if it has none."""
    path = folder / CODEBOOK
    if not path.is_file():
        raise Refused(f"{folder} has no {CODEBOOK}: an earlier version exported it; run it again")
    return pd.read_csv(path, dtype=str, keep_default_na=False)


def _stacked(runs: Sequence[Path], *, tidy: bool) -> tuple[dict[str, pd.DataFrame], pd.DataFrame]:
    """Tables of runs of one scenario one below the other, and their codebook."""
    parts: dict[str, list[pd.DataFrame]] = {}
    books = []
    for run in runs:
        book = read_codebook(run)
        for name in book["table"].unique():
            table, rows = read_table(run, name), book[book["table"] == name]
            if tidy:
                parts.setdefault(f"{name}_long", []).append(long_table(table, rows, run.name))
            table.insert(0, "run", run.name)
            parts.setdefault(name, []).append(table)
        books.append(book)
    tables = {name: pd.concat(tables, ignore_index=True) for name, tables in sorted(parts.items())}
    return tables, _one_book(tables, pd.concat(books, ignore_index=True))


def _one_book(tables: Mapping[str, pd.DataFrame], book: pd.DataFrame) -> pd.DataFrame:
    """The codebook of stacked tables, with the names that columns have in files."""
    said = {
        (str(key[0]), str(key[1])): ["; ".join(dict.fromkeys(rows[about])) for about in COLUMNS[2:]]
        for key, rows in book.groupby(["table", "column"], sort=False)
    }
    rows = []
    for table, columns in tables.items():
        for column, name in short_names(map(str, columns)).items():
            about = said.get((table, column)) or list(_of_long(table, column, said))
            rows.append([table, name, column, *about])
    return pd.DataFrame(rows, columns=["table", "name", *COLUMNS[1:]])


def _of_long(
    table: str, column: str, said: Mapping[tuple[str, str], Sequence[str]]
) -> Iterator[str]:
    """What to say of a column of long tables, or of the first of every table."""
    if column == "run":
        return iter(RUN[1:])
    wide = said.get((table.removesuffix("_long"), column))
    if wide is not None and wide[3] == KEY:
        return iter(wide)
    kind, meaning = ROW_OF_LONG[column]
    return iter((kind, "", meaning, "" if column == "value" else KEY, column, "", "", ""))


def _write(
    tables: Mapping[str, pd.DataFrame], book: pd.DataFrame, kind: Kind, folder: Path, scenario: str
) -> None:
    """Write tables under their short names, and the codebook."""
    named = {}
    for name, table in tables.items():
        rows = book[book["table"] == name]
        typed = {
            short: _typed(values, of)
            for (_, values), short, of in zip(
                table.items(), rows["name"], rows["type"], strict=True
            )
        }
        named[name] = pd.DataFrame(typed)
    if kind == "xlsx":
        write_xlsx({**named, "codebook": book}, folder / f"{scenario}.xlsx")
    else:
        ending, writer = WRITERS[kind]
        for name, table in named.items():
            if len(table):
                rows = book[book["table"] == name].assign(column=lambda t: t["name"])
                writer(table, rows, folder / f"{name}{ending}")
    book.to_csv(folder / CODEBOOK, index=False)


def _typed(values: pd.Series, kind: str) -> pd.Series:
    """A column as truth values, where these are its kind; whole numbers that miss some."""
    if kind == "truth value":
        return values.astype("boolean" if values.isna().any() else "bool")
    return values
