"""Tables of a sweep: rows of plain values as columns of one type, and parts that have the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from simulator.sweep.whole_file import write_whole

COMPRESSION = "zstd"

KIND, NAME = b"kind", b"name"
"""Metadata of a column: what it is, and what the scenario calls it."""

KINDS = ("run", "parameter", "head", "quotes", "read_outs")
"""What a column may be, in the order of the table."""

TAKEN = "result_"
"""Put before the name of a quote or read-out that a column before it has."""

HEAD_TYPES = {
    "case": pa.string(),
    "date": pa.int64(),
    "outcome": pa.string(),
    "reason": pa.string(),
    "certified": pa.bool_(),
    "worst_condition": pa.string(),
    "worst_strain": pa.float64(),
    "rounds": pa.int64(),
    "evaluations": pa.int64(),
    "knew": pa.string(),
    "followed": pa.bool_(),
}
"""Columns of every row, with their types."""

LEADING = ("run", "case", "date", "round")
"""First columns of the tables of rounds and members."""

Row = Mapping[str, Mapping[str, Any]]
"""Plain values by kind of column and name."""


def tabulate(rows: Sequence[Row], parameters: Mapping[str, Sequence[object]]) -> pa.Table:
    """Rows as a table: run and parameters first, then what every date has, quotes and read-outs.

    Parameters
    ----------
    rows : sequence of mappings
        By kind of column, then by name.
    parameters : mapping
        All values that each parameter has in the sweep: they decide on its type, so that all parts
        have the same.
    """
    fields: list[pa.Field] = []
    arrays: list[pa.Array] = []
    for kind in KINDS:
        found = dict.fromkeys(name for row in rows for name in row.get(kind, {}))
        listed = [n for n in HEAD_TYPES if n != "followed" or n in found]
        listed = listed if kind == "head" else list(found)
        for name in sorted(listed) if kind in ("quotes", "read_outs") else listed:
            cells = [row.get(kind, {}).get(name) for row in rows]
            if kind == "head":
                form = HEAD_TYPES[name]
            else:
                form = type_of(parameters[name] if kind == "parameter" else cells)
            shown = name
            while shown in [field.name for field in fields]:
                shown = TAKEN + shown
            told = {KIND: kind.encode(), NAME: name.encode()}
            fields.append(pa.field(shown, form, metadata=told))
            arrays.append(pa.array([_as(form, cell) for cell in cells], form))
    return pa.Table.from_arrays(arrays, schema=pa.schema(fields))


def untabulated(table: pa.Table) -> list[dict[str, dict[str, Any]]]:
    """The rows of a table by kind of column and name; without what is missing."""
    rows: list[dict[str, dict[str, Any]]] = [
        {kind: {} for kind in KINDS} for _ in range(len(table))
    ]
    for column, field in zip(table.columns, table.schema, strict=True):
        kind, name = field.metadata[KIND].decode(), field.metadata[NAME].decode()
        for row, cell in zip(rows, column.to_pylist(), strict=True):
            if cell is not None:
                row[kind][name] = cell
    return rows


def type_of(cells: Iterable[object]) -> pa.DataType:
    """The one type of some plain values: whole numbers, numbers, truth values or else text."""
    kinds = {type(cell) for cell in cells if cell is not None}
    if kinds == {bool}:
        return pa.bool_()
    if kinds == {int}:
        return pa.int64()
    if kinds <= {int, float}:
        return pa.float64()
    return pa.string()


def joined(schemas: Sequence[pa.Schema]) -> pa.Schema:
    """The one schema of several parts: columns by kind, quotes and read-outs by name."""
    fields: dict[str, pa.Field] = {}
    for schema in schemas:
        for field in schema:
            known = fields.get(field.name)
            if known is None:
                fields[field.name] = field
            elif known.type != field.type:
                fields[field.name] = known.with_type(_common(known.type, field.type))
    return pa.schema(sorted(fields.values(), key=_order))


def conform(table: pa.Table, schema: pa.Schema) -> pa.Table:
    """A part with the columns and types of all."""
    columns = [
        table[field.name].cast(field.type)
        if field.name in table.column_names
        else pa.nulls(len(table), field.type)
        for field in schema
    ]
    return pa.Table.from_arrays(columns, schema=schema)


def read_parts(folder: Path) -> pd.DataFrame:
    """A table whose parts may still have different columns."""
    parts = [pq.read_table(path) for path in sorted(folder.glob("part-*.parquet"))]
    schema = joined([part.schema for part in parts])
    table: pd.DataFrame = pa.concat_tables([conform(part, schema) for part in parts]).to_pandas()
    return table


def write(table: pa.Table, path: Path) -> None:
    """Write a table to disk for good, all or nothing."""
    whole = table.combine_chunks()
    write_whole(path, lambda file: pq.write_table(whole, file, compression=COMPRESSION))


def _as(form: pa.DataType, cell: object) -> object:
    """A cell as the type of its column."""
    if cell is None or not pa.types.is_string(form):
        return cell
    return cell if isinstance(cell, str) else str(cell)


def _common(one: pa.DataType, other: pa.DataType) -> pa.DataType:
    if pa.null() in (one, other):
        return other if one == pa.null() else one
    numbers = {pa.int64(), pa.float64()}
    return pa.float64() if {one, other} <= numbers else pa.string()


def _order(field: pa.Field) -> tuple[int, int, str]:
    """Where a column stands."""
    told = field.metadata
    if not told:  # of rounds or members
        leads = field.name in LEADING
        return (0, LEADING.index(field.name), "") if leads else (1, 0, field.name)
    kind, name = KINDS.index(told[KIND].decode()), told[NAME].decode()
    if kind == KINDS.index("head"):
        return (kind, list(HEAD_TYPES).index(name), "")
    return (kind, 0, field.name if kind > KINDS.index("head") else "")
