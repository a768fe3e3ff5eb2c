"""The command ``walras trace``."""

from __future__ import annotations

import json
import signal
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from typer.testing import CliRunner, Result

from simulator.continuation.path import PathPoint
from simulator.continuation.trace import _Curves
from simulator.stopping import Stopped
from walras.command import app

SHORT = ["margin-spiral", "experts_wealth=-4.4:-4.55"]


def traced(*words: str) -> Result:
    return CliRunner().invoke(app, ["trace", *words])


def test_events_are_printed_and_files_written(tmp_path: Path) -> None:
    result = traced(*SHORT, "--out", str(tmp_path), "--no-plots")
    assert result.exit_code == 0, result.output
    assert "fold at a limit" in result.stdout
    assert "funded -> constrained" in result.stdout
    (folder,) = tmp_path.iterdir()
    assert (folder / "points.csv").is_file()


def test_json_is_one_document(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    result = traced(*SHORT, "--json")
    assert json.loads(result.stdout)["from"] == -4.4
    assert list(tmp_path.iterdir()) == []


def test_a_trace_that_is_stopped_keeps_its_points(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def stop_at_the_third(self: _Curves[Any], point: PathPoint) -> Any:
        if len(self.points) == 3:
            raise Stopped(signal.SIGTERM)
        return row(self, point)

    row = _Curves._row
    monkeypatch.setattr(_Curves, "_row", stop_at_the_third)
    with pytest.raises(Stopped) as stopped:
        traced(*SHORT, "--out", str(tmp_path))
    (folder,) = tmp_path.iterdir()
    assert stopped.value.__notes__ == [f"what was traced so far is in {folder}"]
    assert len(pd.read_csv(folder / "points.csv")) == 3
    document = json.loads((folder / "trace.json").read_text())
    assert document["finished"] is False
    assert document["summary"].endswith("stopped before its end")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["margin-spiral", "experts_wealth"], "write key=from:to"),
        (["margin-spiral", "experts_wealth=1:x"], "write key=from:to"),
        (["margin-spiral", "wealth=1:2"], "wealth"),
        ([*SHORT, "--case", "other"], "the cases are spiral"),
        (["margin-hike", "haircuts=0.1:1.5"], "haircuts"),
        ([*SHORT, "--date", "2"], "date is 2"),
    ],
)
def test_bad_input_is_refused_in_a_sentence(words: list[str], said: str, tmp_path: Path) -> None:
    result = traced(*words, "--out", str(tmp_path / "runs"))
    assert result.exit_code == 2
    assert said in result.stderr
    assert not (tmp_path / "runs").exists()


def test_no_equilibrium_to_begin_with_is_a_result() -> None:
    few = ["--set", "rule=plain", "--set", "max_rounds=3", "--json"]
    result = traced("exchange", "consumers[0].elasticity=0:0.1", *few)
    assert result.exit_code == 3
    assert "ran out of rounds" in result.stderr
