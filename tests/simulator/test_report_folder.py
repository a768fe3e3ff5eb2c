"""What was found, in files: all of it or nothing, the same bytes every time."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from matplotlib.figure import Figure

from markets.refused import Refused
from simulator.parameters import Parameters
from simulator.report_folder import records, write

TABLE = pd.DataFrame({"x": [1.0, float("nan"), float("inf")], "word": ["a", "b", "c"]})


def written(folder: Path, seed: int = 0) -> Path:
    document = {"rows": records(TABLE)}
    figures = {"empty": Figure()}
    asked = {"seed": seed}
    return write(folder, "study", "name", Parameters(), asked, {"table": TABLE}, document, figures)


def test_everything_is_written_under_a_name_of_what_was_asked(tmp_path: Path) -> None:
    first = written(tmp_path)
    assert first.name.startswith("study-name-")
    names = {path.name for path in first.iterdir()}
    drawn = {f"empty.{kind}" for kind in ("png", "svg", "pdf")}
    assert names == {"study.json", "table.csv", "table.parquet", "parameters.toml", *drawn}
    assert list(pd.read_csv(first / "table.csv")) == list(pd.read_parquet(first / "table.parquet"))
    pd.testing.assert_frame_equal(pd.read_csv(first / "table.csv"), TABLE)
    before = {path.name: path.read_bytes() for path in first.iterdir()}
    assert written(tmp_path) == first
    assert {path.name: path.read_bytes() for path in first.iterdir()} == before
    assert written(tmp_path, seed=1) != first
    assert len(list(tmp_path.iterdir())) == 2


def test_numbers_that_are_none_become_null(tmp_path: Path) -> None:
    said = json.loads((written(tmp_path) / "study.json").read_text())
    assert [row["x"] for row in said["rows"]] == [1.0, None, None]


def test_a_document_that_is_none_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(TypeError):
        write(tmp_path, "study", "name", Parameters(), {}, {}, {"x": object()}, {})
    assert list(tmp_path.iterdir()) == []


def test_a_file_in_the_way_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").write_text("")
    with pytest.raises(Refused, match="is a file"):
        written(tmp_path / "runs")
