"""A trace in files: all of it or nothing, the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd

import walras


def test_an_exported_trace_holds_tables_document_and_figure(tmp_path: Path) -> None:
    trace = walras.trace("exchange", "consumers[0].elasticity", 0.5, 0.6)
    folder = trace.export(tmp_path)
    assert folder.name.startswith("trace-exchange-")
    pd.testing.assert_frame_equal(pd.read_parquet(folder / "points.parquet"), trace.points)
    assert json.loads((folder / "trace.json").read_text())["to"] == 0.6
    before = {path.name: path.read_bytes() for path in folder.iterdir()}
    assert {f"branches.{kind}" for kind in ("png", "svg", "pdf")} <= before.keys()
    again = walras.trace("exchange", "consumers[0].elasticity", 0.5, 0.6).export(tmp_path)
    assert {path.name: path.read_bytes() for path in again.iterdir()} == before
    assert list(tmp_path.iterdir()) == [folder]
