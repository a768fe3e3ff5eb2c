"""Exported runs side by side."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import walras
from markets.refused import Refused
from simulator.compare import compare


def exported(folder: Path, **parameters: Any) -> Path:
    run = walras.run("exchange", studies=False, **parameters)
    return run.export(folder, plots=False)


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    folder = tmp_path_factory.mktemp("runs")
    kehoe = {"name": "a", "weights": [4.0, 1.0], "endowment": [12.0, 1.0], "elasticity": 0.2}
    mirror = {"name": "b", "weights": [1.0, 4.0], "endowment": [1.0, 12.0], "elasticity": 0.2}
    both = [kehoe, mirror]
    return [
        exported(folder, consumers=both, start=[1.0, 0.1]),
        exported(folder, consumers=both, start=[1.0, 9.0]),
    ]


def test_what_was_asked_differently_and_what_came_of_it(runs: list[Path]) -> None:
    compared = compare(runs)
    one, two = compared.names
    assert (one, two) == ("start [1.0, 0.1]", "start [1.0, 9.0]")
    assert compared.outcomes["folder"].tolist() == [run.name for run in runs]
    assert compared.parameters["parameter"].tolist() == ["start"]
    assert compared.parameters[one].item() == "[1.0, 0.1]"
    price = compared.quotes.set_index("quantity").loc["price[2]"]
    assert price[one] * price[two] == pytest.approx(1.0)
    assert price[f"change: {two}"] == price[two] - price[one]
    assert compared.outcomes["outcome"].tolist() == ["cleared", "cleared"]
    assert compared.outcomes["certified"].all()
    assert set(compared.quotes["quantity"]) == {"price[1]", "price[2]"}
    assert "rounds" in set(compared.results["quantity"])


def test_runs_of_different_scenarios_and_lengths_can_be_compared(
    runs: list[Path], tmp_path: Path
) -> None:
    other = walras.run("margin-hike", traders=20, studies=False).export(tmp_path, plots=False)
    compared = compare([runs[0], other])
    assert "scenario" in compared.parameters["parameter"].tolist()
    table = compared.results
    assert table[table["quantity"] == "price[2]"][compared.names[1]].isna().all()
    assert table["case"].unique().tolist() == ["exchange | short"]
    assert table["date"].unique().tolist() == [1, 2]
    assert table[table["quantity"] == "evaluations"][compared.names[1]].notna().all()


def test_runs_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    one, two = (exported(tmp_path / name) for name in ("old", "new"))
    compared = compare([one, two])
    assert compared.names == (f"old/{one.name}", f"new/{two.name}")
    assert compared.parameters.empty
    assert (compared.quotes[f"change: {compared.names[1]}"] == 0.0).all()


def test_runs_that_differ_in_the_seed_alone_are_called_by_it(tmp_path: Path) -> None:
    compared = compare([exported(tmp_path, seed=seed) for seed in (3, 4)])
    assert compared.names == ("seed 3", "seed 4")


def test_a_folder_stands_for_the_runs_in_it(runs: list[Path]) -> None:
    assert set(compare([runs[0].parent]).names) == set(compare(runs).names)


def test_what_is_no_run_named_twice_or_altered_is_refused(runs: list[Path], tmp_path: Path) -> None:
    with pytest.raises(Refused, match="two exported runs or more"):
        compare(runs[:1])
    with pytest.raises(Refused, match="named twice"):
        compare([runs[0], runs[0].parent / "." / runs[0].name])
    with pytest.raises(Refused, match="is not an exported run"):
        compare([runs[0], tmp_path])
    altered = exported(tmp_path)
    (altered / "dates.csv").write_text("case\n", encoding="utf-8")
    with pytest.raises(Refused, match=r"was altered \(dates\.csv"):
        compare([runs[0], altered])
