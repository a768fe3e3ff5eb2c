"""The figure and the folder of a comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from matplotlib.figure import Figure

import walras
from markets.refused import Refused
from simulator.compare import Comparison, compare
from simulator.compare_report import document, export, side_by_side
from simulator.document.web import to_html


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
    assert tables | {"quotes.png", "comparison.html", "comparison.pdf"} <= written
    for name in ("parameters", "outcomes", "results"):
        read, table = pd.read_csv(tmp_path / "compared" / f"{name}.csv"), getattr(compared, name)
        assert list(read) == list(table)
        assert len(read) == len(table)
    with pytest.raises(Refused, match="exists already"):
        export(compared, tmp_path / "compared")
    assert [path.name for path in tmp_path.iterdir()] == ["compared"]


def test_the_document_has_the_same_bytes_each_time(runs: list[Path], tmp_path: Path) -> None:
    for kind in ("html", "pdf"):
        written = []
        for name in ("one", "two"):
            if not (tmp_path / name).exists():
                export(compare(runs), tmp_path / name)
            written.append((tmp_path / name / f"comparison.{kind}").read_bytes())
        assert written[0] == written[1]


def titles(compared: Comparison) -> list[str]:
    return [section.title for section in document(compared, Figure()).sections]


def test_the_document_says_what_the_tables_say(runs: list[Path]) -> None:
    compared = compare(runs)
    text = to_html(document(compared, Figure()))
    for row in compared.parameters.itertuples(index=False):
        for name, value in zip(compared.names, row[1:], strict=True):
            assert f"<dt>{name}</dt><dd>{value}</dd>" in text
    for value in compared.last_quotes[compared.names[0]]:
        assert f"{value:.6g}</td>" in text
    # margin-hike reports nothing beside its dates
    assert titles(compared) == ["Asked differently", "How they ended", "Quotes"]


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
    assert "What they report" in titles(compared)
    assert [text.get_text() for text in side_by_side(compared).axes[0].texts] == rules
    other = walras.run("margin-hike", traders=5, studies=False).export(tmp_path, plots=False)
    assert compare([*folders, other]).reports.empty
