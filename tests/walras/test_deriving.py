"""The command ``walras sensitivities``."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from walras.command import app
from walras.deriving import print_variances

ONE = ["margin-spiral", "--set", "experts_wealth=[-4.5]", "--by", "fundamental_value"]


def derived(*words: str) -> Result:
    return CliRunner().invoke(app, ["sensitivities", *words])


def test_both_sides_of_a_kink_are_printed_and_files_written(tmp_path: Path) -> None:
    result = derived(*ONE, "--out", str(tmp_path), "--no-plots")
    assert result.exit_code == 0, result.output
    assert "none below, 1 above" in result.stdout
    (folder,) = tmp_path.iterdir()
    assert (folder / "derivatives.csv").is_file()


def test_json_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    said = json.loads(derived(*ONE, "--json").stdout)
    assert said["sensitivities"][0]["below"] is None
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["margin-spiral", "--by", "x"], 2, "x is not among the parameters"),
        (["margin-spiral", "--date", "99"], 2, "date is 99"),
        (["exchange", "--set", "rule=plain", "--set", "max_rounds=3"], 3, "ran out of rounds"),
    ],
)
def test_what_does_not_work_is_told(words: list[str], code: int, said: str) -> None:
    result = derived(*words, "--json")
    assert result.exit_code == code
    assert said in result.stderr


def test_shares_of_variance_over_ranges(tmp_path: Path) -> None:
    pytest.importorskip("SALib")
    over = ["--over", "experts_wealth=-3:-2", "--over", "volatility=0.6:0.8", "--sample", "8"]
    result = derived("margin-spiral", *over, "--out", str(tmp_path))
    assert result.exit_code == 0, result.output
    assert "from 32 runs in 8 groups" in result.stdout
    (folder,) = tmp_path.iterdir()
    assert (folder / "sobol_indices.png").is_file()


def test_shares_of_variance_as_json(capsys: pytest.CaptureFixture[str]) -> None:
    found: Any = SimpleNamespace(to_json=lambda: {"indices": [0.25, 0.75]})
    print_variances(found, None, as_json=True)
    assert json.loads(capsys.readouterr().out) == {"indices": [0.25, 0.75]}


def test_a_range_that_is_none_is_refused() -> None:
    result = derived("margin-spiral", "--over", "volatility=0.6", "--json")
    assert result.exit_code == 2
    assert "write key=from:to" in result.stderr
