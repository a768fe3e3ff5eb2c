"""The figure and the folder of a comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import walras
from markets.refused import Refused
from simulator.compare import compare
from simulator.compare_report import COLUMNS, export, paragraphs, side_by_side


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    return [
        walras.run(
            "margin-hike", traders=40, haircuts=[h, 0.02 + h], studies=False
        ).export(folder, plots=False)
        for h in (0.01, 0.05)
    ]  # fmt: skip


def test_each_run_is_a_curve_of_its_own_at_its_quotes(runs: list[Path]) -> None:
    compared = compare(runs)
    figure = side_by_side(compared)
    axes = figure.axes[0]
    assert axes.get_ylabel() == "security price"
    rows = compared.quotes[compared.quotes["quantity"] == "security_price"]
    for line, name in zip(axes.lines, compared.names, strict=True):
        assert np.asarray(line.get_ydata()).tolist() == rows[name].tolist()
    first, second = axes.lines
    assert first.get_marker() != second.get_marker()
    assert first.get_label() == "haircuts [0.01, 0.03]"


def test_the_folder_is_written_whole_or_not_at_all(runs: list[Path], tmp_path: Path) -> None:
    compared = compare(runs)
    export(compared, tmp_path / "compared")
    written = {path.name for path in (tmp_path / "compared").iterdir()}
    tables = {"parameters.csv", "outcomes.csv", "results.csv"}
    assert tables | {"quotes.png", "comparison.pdf"} <= written
    table = pd.read_csv(tmp_path / "compared" / "results.csv")
    assert len(table) == len(compared.results)
    with pytest.raises(Refused, match="exists already"):
        export(compared, tmp_path / "compared")
    assert [path.name for path in tmp_path.iterdir()] == ["compared"]


def test_the_document_has_the_same_bytes_each_time(runs: list[Path], tmp_path: Path) -> None:
    pages = []
    for name in ("one", "two"):
        export(compare(runs), tmp_path / name)
        pages.append((tmp_path / name / "comparison.pdf").read_bytes())
    assert pages[0].startswith(b"%PDF")
    assert b"CreationDate" not in pages[0]
    assert pages[0] == pages[1]


def test_the_text_of_the_document_is_what_the_tables_say(runs: list[Path]) -> None:
    compared = compare(runs)
    text = "\n".join(paragraphs(compared))
    assert max(len(line) for line in text.splitlines()) <= COLUMNS
    for row in compared.parameters.itertuples(index=False):
        for name, value in zip(compared.names, row[1:], strict=True):
            assert f"{name}: {value}" in text
    for value in compared.last_quotes[compared.names[0]]:
        assert f"{value:.6g}" in text
    assert "WHAT THEY REPORT" not in text  # margin-hike reports nothing beside its dates


def test_reports_stand_one_below_the_other_where_runs_have_the_same(tmp_path: Path) -> None:
    rules = ["flat", "linear"]
    folders = [
        walras.run(
            "margin-procyclicality", seed=seed, studies=False, dates=3, rules=rules
        ).export(tmp_path, plots=False)
        for seed in (0, 1)
    ]  # fmt: skip
    compared = compare(folders)
    assert compared.reports["run"].tolist() == [name for name in compared.names for _ in "ab"]
    assert compared.reports["rule"].tolist() == rules * 2
    assert compared.last_quotes["date"].tolist() == [3] * 4
    assert "WHAT THEY REPORT" in list(paragraphs(compared))
    assert [text.get_text() for text in side_by_side(compared).axes[0].texts] == rules
    other = walras.run("margin-hike", traders=5, studies=False).export(tmp_path, plots=False)
    assert compare([*folders, other]).reports.empty
