"""Rows of plain values become columns of one type, the same in every part."""

from __future__ import annotations

from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from simulator.sweep.table import conform, joined, tabulate, type_of, untabulated, write


def row(read_outs: dict[str, Any], quotes: dict[str, Any] | None = None) -> dict[str, Any]:
    return {
        "run": {"run": "a"},
        "parameter": {"cash": 1},
        "head": {"outcome": "cleared", "date": 1},
        "quotes": {"price": 0.1 + 0.2} if quotes is None else quotes,
        "read_outs": read_outs,
    }


ROWS = [row({"verdict": "long", "cash": 2.5, "count": 3}), row({"count": 4, "holds": True}, {})]
CASH = {"cash": [1, 2.5]}


def test_rows_are_columns_in_order_and_back() -> None:
    table = tabulate(ROWS, CASH)
    names = [name for name in table.column_names if table[name].null_count < 2]
    assert names == [
        "run", "cash", "date", "outcome", "price", "result_cash", "count", "holds", "verdict",
    ]  # fmt: skip
    assert table["price"].to_pylist() == [0.1 + 0.2, None]
    assert table.schema.field("cash").type == pa.float64()
    assert untabulated(table) == ROWS


@pytest.mark.parametrize(
    ("cells", "form"),
    [
        ([1, None], pa.int64()),
        ([1, 2.5], pa.float64()),
        ([True, None], pa.bool_()),
        ([True, 1], pa.string()),
        (["a", 1.0], pa.string()),
        ([None], pa.float64()),
    ],
)
def test_a_column_has_one_type(cells: list[object], form: pa.DataType) -> None:
    assert type_of(cells) == form


def test_parts_get_the_same_columns() -> None:
    parts = [tabulate([part], CASH) for part in (ROWS[0], ROWS[1], row({"count": 0.5}))]
    schema = joined([part.schema for part in parts])
    assert schema.equals(joined([part.schema for part in reversed(parts)]), check_metadata=True)
    whole = pa.concat_tables([conform(part, schema) for part in parts])
    assert whole["count"].to_pylist() == [3.0, 4.0, 0.5]
    assert whole["holds"].to_pylist() == [None, True, None]
    mixed = [pa.table({"x": [1]}), pa.table({"x": ["a"]}), pa.table({"x": [None]})]
    schema = joined([part.schema for part in mixed])
    assert [conform(part, schema)["x"].to_pylist() for part in mixed] == [["1"], ["a"], [None]]


def test_tables_of_rounds_begin_with_what_they_are_of() -> None:
    table = pa.table({"b": [1], "round": [1], "a": [1], "run": ["x"], "date": [1]})
    assert joined([table.schema]).names == ["run", "date", "round", "a", "b"]


def test_a_table_is_written_whole_or_not_at_all(tmp_path: Any, monkeypatch: Any) -> None:
    path = tmp_path / "part.parquet"
    write(pa.table({"x": [1]}), path)

    def broken(*_: Any, **__: Any) -> None:
        raise OSError("no space")

    monkeypatch.setattr(pq, "write_table", broken)
    with pytest.raises(OSError, match="no space"):
        write(pa.table({"x": [2]}), path)
    assert pq.read_table(path)["x"].to_pylist() == [1]
    assert [part.name for part in tmp_path.iterdir()] == [path.name]
