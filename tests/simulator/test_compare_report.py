"""The figure and the folder of a comparison."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

import walras
from markets.refused import Refused
from simulator.compare import compare
from simulator.compare_report import export, side_by_side


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
    assert {"parameters.csv", "outcomes.csv", "results.csv", "quotes.png"} <= written
    table = pd.read_csv(tmp_path / "compared" / "results.csv")
    assert len(table) == len(compared.results)
    with pytest.raises(Refused, match="exists already"):
        export(compared, tmp_path / "compared")
    assert [path.name for path in tmp_path.iterdir()] == ["compared"]
