"""The command ``walras fit``."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from walras.command import app
from walras.fitting import print_fit

RANGE = ["--free", "high_payoff=1.05:1.3", "--starts", "2"]
SMALL = ["--set", "traders=50", "--set", "population=continuum", "--set", "haircuts=[0.02]"]


def fitted(file: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["fit", "margin-hike", "--to", str(file), *words])


def test_a_file_is_fitted_and_the_result_written(tmp_path: Path) -> None:
    file = tmp_path / "observed.csv"
    file.write_text("output,observed,error\nsecurity_price,0.8,0.01\n")
    result = fitted(file, *RANGE, *SMALL, "--out", str(tmp_path / "runs"), "--no-plots")
    assert result.exit_code == 0, result.output
    assert "high_payoff" in result.stdout
    (folder,) = (tmp_path / "runs").iterdir()
    assert (
        json.loads((folder / "fit.json").read_text())["estimates"][0]["parameter"] == "high_payoff"
    )


def test_bad_input_is_refused_in_a_sentence(tmp_path: Path) -> None:
    file = tmp_path / "observed.csv"
    file.write_text("output,observed\nprice,0.8\n")
    for words, said in (
        ([*RANGE, *SMALL], '"price" is not one of the outputs'),
        (["--free", "high_payoff", *SMALL], "write key=from:to"),
    ):
        result = fitted(file, *words, "--json")
        assert result.exit_code == 2
        assert said in result.stderr


@pytest.mark.parametrize("as_json", [False, True])
def test_points_that_did_not_clear_are_counted(
    as_json: bool, capsys: pytest.CaptureFixture[str]
) -> None:
    table = pd.DataFrame({"parameter": ["high_payoff"], "estimate": [1.15]})
    found: Any = SimpleNamespace(
        scenario=SimpleNamespace(name="margin-hike"), summary="found", estimates=table,
        moments=table, directions=table, failures=3, evaluations=40,
        to_json=lambda: {"failures": 3},
    )  # fmt: skip
    print_fit(found, None, as_json=as_json)
    said = capsys.readouterr().out
    if as_json:
        assert json.loads(said) == {"failures": 3}
    else:
        assert "3 of 40 points did not clear" in said
