"""Sweeps from the command and from Python, killed and taken up again."""

from __future__ import annotations

import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import matplotlib.image
import pandas as pd
import pytest
from rich.console import Console
from typer.testing import CliRunner, Result

import walras
from simulator.sweep.handing_out import Standing
from walras import sweeping
from walras.command import app
from walras.own import load
from walras.sweeping import Bar, Loader

ROOT = Path(__file__).resolve().parents[2]
HERE = ["--workers", "0"]
ASKED = ["margin-hike", "haircuts=[0.01],[0.1]", "low_payoff=0.5:0.7:3", "traders=30"]


def command(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def table(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in sorted((folder / "dates").iterdir()))


@pytest.fixture(scope="module")
def swept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("swept") / "sweep"
    result = command("sweep", *ASKED, "--seeds", "0:2", "--out", str(folder), *HERE)
    assert result.exit_code == 0, result.output
    assert "margin-hike: 12 runs: 12 cleared" in result.stdout
    assert f"written to {folder}" in result.stdout
    return folder


def test_the_command_says_how_the_runs_ended_and_does_none_twice(swept: Path) -> None:
    again = command("sweep", *ASKED, "--seeds", "0:2", "--out", str(swept), *HERE)
    assert again.exit_code == 0
    assert "12 runs, 12 of them before: 12 cleared" in again.stdout
    assert "a second" not in again.stdout


def test_a_terminal_is_shown_how_many_runs_are_done(monkeypatch: pytest.MonkeyPatch) -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True, width=120)
    monkeypatch.setattr(sweeping, "err", terminal)
    with Bar("margin-hike", quiet=False) as bar:
        bar.show(Standing(2, 10, {"cleared": 2}))
        bar.show(Standing(7, 10, {"cleared": 6, "no trade": 1}))
        assert bar.progress is not None
        (task,) = bar.progress.tasks
        assert (task.completed, task.total) == (7, 10)
        assert task.fields["counts"] == "6 cleared, 1 no trade"
        assert task.fields["rate"].endswith("runs/s")
    with Bar("margin-hike", quiet=True) as bar:
        bar.show(Standing(2, 10, {"cleared": 2}))
        assert bar.progress is None


def test_python_does_the_same_sweep(swept: Path, tmp_path: Path) -> None:
    done = walras.sweep(
        "margin-hike",
        haircuts=[[0.01], [0.1]],
        low_payoff="0.5:0.7:3",
        traders=30,
        seeds="0:2",
        folder=tmp_path / "sweep",
    )
    assert table(done.folder) == table(swept)
    pd.testing.assert_frame_equal(done.table, pd.read_parquet(swept / "dates"))


def test_a_file_of_parameters_is_what_all_runs_have(tmp_path: Path, swept: Path) -> None:
    (tmp_path / "members.csv").write_text("name,cash\na,1\nb,3\nc,2\n")
    file = tmp_path / "mine.toml"
    file.write_text('scenario = "margin-hike"\n[parameters]\nmembers = "members.csv"\ncash = 9\n')
    folder = tmp_path / "sweep"
    words = [str(file), "cash=1,2", "haircuts=[0.1]", "--out", str(folder), *HERE]
    assert command("sweep", *words).exit_code == 0
    assert pd.read_parquet(folder / "dates")[["members", "cash"]].to_numpy().tolist() == [
        ["members.csv", 1.0],
        ["members.csv", 2.0],
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["low_payoff=0:1"], "low_payoff is a range without a number of values; write"),
        (["low_payoff=1e999:1:3"], "both ends must be finite: write low_payoff=0:1:11"),
        (["low_payoff=0:1", "--sample", "sobol:100"], "sobol:128"),
        (["--seeds", "a"], "write 0:20 for the twenty seeds 0 to 19"),
        (["low_payoff=2"], "low_payoff is 2.0 and high_payoff is 1.15"),
        (["low_payoff=0:1:1000000", "high_payoff=1:2:1000000"], "these are 1,000,000,000,000 runs"),
        (["--scheduler", "tcp://127.0.0.1:1"], "scheduler"),
    ],
)
def test_bad_input_is_refused_in_one_sentence(words: list[str], said: str, tmp_path: Path) -> None:
    result = command("sweep", "margin-hike", *words, "--out", str(tmp_path / "sweep"), *HERE)
    assert result.exit_code == 2
    assert said in result.stderr.replace("\n", " ")
    assert not (tmp_path / "sweep").exists()


def test_a_sweep_of_which_nothing_cleared_says_so(tmp_path: Path) -> None:
    words = ["margin-hike", "traders=30", "max_rounds=1,2", "--out", str(tmp_path / "s"), *HERE]
    result = command("sweep", *words)
    assert result.exit_code == 3
    assert "2 ran out of rounds" in result.stdout


def test_figures_are_written(swept: Path, tmp_path: Path) -> None:
    out = ["--out", str(tmp_path), "--dpi", "50"]
    plotted = command("plot", str(swept), "--x", "low_payoff", "--by", "haircut", *out)
    assert plotted.exit_code == 0, plotted.output
    mapped = command("plot", str(swept), "--heat", "low_payoff", "haircut", "--y", "outcome", *out)
    assert mapped.exit_code == 0, mapped.output
    names = sorted(path.name for path in tmp_path.glob("*.png"))
    assert names == ["low_payoff-haircut-outcome.png", "low_payoff-lines.png"]
    assert len(list(tmp_path.glob("*.svg"))) == len(list(tmp_path.glob("*.pdf"))) == 2
    assert matplotlib.image.imread(tmp_path / names[0]).std() > 0.05


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ([], "plot needs --x COLUMN, or --heat A B"),
        (["--x", "a", "--heat", "a", "b"], "plot needs --x COLUMN, or --heat A B"),
        (["--heat", "low_payoff", "haircut", "--by", "seed"], "maps have no lines"),
        (["--x", "nothing"], "is not a column of this sweep"),
    ],
)
def test_what_cant_be_plotted_is_refused(swept: Path, words: list[str], said: str) -> None:
    result = command("plot", str(swept), *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_a_file_of_ones_own_travels_with_its_text(tmp_path: Path) -> None:
    path = tmp_path / "my_market.py"
    assert command("new", str(path)).exit_code == 0
    loader = Loader.of(load(path))
    assert loader().file == path.resolve()
    path.write_text("raise SystemExit")
    scenario = loader()
    assert scenario.name == "my-market"
    assert scenario.file != path.resolve()


def test_a_run_has_a_time_limit(tmp_path: Path) -> None:
    words = ["margin-hike", "--set", "traders=30", "--time-limit", "1e-9", "--out", str(tmp_path)]
    result = command("run", *words)
    assert result.exit_code == 3
    assert "ran out of time: when the time allowed was over, in round 1" in result.stderr
    (folder,) = tmp_path.iterdir()
    assert len(pd.read_parquet(folder / "rounds.parquet")) == 1


@pytest.mark.slow
def test_a_sweep_that_is_killed_goes_on_where_it_was(tmp_path: Path) -> None:
    """By kill -9, twice, and once by Ctrl-C; each run is done once but those in hand."""
    path, log = tmp_path / "counted.py", tmp_path / "log"
    path.write_text(
        "import os, time\n"
        "from scenarios.repo.margin_hike import MarginHikeScenario\n"
        "class Counted(MarginHikeScenario):\n"
        "    def certify(self, parameters, point):\n"
        f"        with open({str(log)!r}, 'a') as file:\n"
        "            file.write(f'{parameters.low_payoff}\\n')\n"
        "        time.sleep(0.05)\n"
        "        return super().certify(parameters, point)\n"
        "SCENARIO = Counted()\n"
    )
    log.touch()
    asked = [str(path), "low_payoff=0.5:0.9:150", "traders=20", "haircuts=[0.1]"]
    words = [sys.executable, "-m", "walras", "sweep", *asked, "--workers", "2", "--out"]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)]),
    }

    def done() -> int:
        return len(log.read_text().splitlines())

    folder = tmp_path / "sweep"
    for runs, sign in ((25, signal.SIGKILL), (60, signal.SIGKILL), (90, signal.SIGINT)):
        process = subprocess.Popen(
            [*words, str(folder)], env=environment, stderr=subprocess.PIPE, text=True
        )
        with process:
            while done() < runs:
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(sign)
            said = process.communicate()[1]
        if sign == signal.SIGINT:
            assert process.returncode == 130
            assert said == "walras: stopped by SIGINT; the same command goes on from what is done\n"
        time.sleep(1.0)  # until workers that were in the middle of a run are gone
    last = subprocess.run([*words, str(folder)], env=environment, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    assert "150 runs" in last.stdout
    in_hand = 3 * 2 * 10  # a job per worker, of half a second
    assert 150 <= done() <= 150 + in_hand
    twice = tmp_path / "at once"
    subprocess.run([*words, str(twice)], env=environment, check=True, capture_output=True)
    assert table(folder) == table(twice)
    assert {part.name for part in folder.iterdir()} == {part.name for part in twice.iterdir()}


RULE = """
import pathlib
import walras

pathlib.Path(__file__).with_suffix(".ran").touch()


class Mine(walras.FlatMargin):
    pass
"""


@pytest.mark.parametrize("place", ["toml", "values", "manifest"])
def test_code_is_executed_only_where_the_command_line_names_it(place: str, tmp_path: Path) -> None:
    code, folder = tmp_path / "mine.py", tmp_path / "sweep"
    code.write_text(RULE)
    margin = f'{{rule = "Mine", file = "{code}", rate = 0.1}}'
    fixed = ["margin-hike", "traders=30", "--out", str(folder), *HERE]
    if place == "toml":
        file = tmp_path / "mine.toml"
        file.write_text(f'scenario = "margin-hike"\n[parameters]\nmargin = {margin}\n')
        words = [str(file), *fixed[1:]]
    elif place == "values":
        (tmp_path / "values.txt").write_text(margin + "\n")
        words = [*fixed, f"margin=@{tmp_path / 'values.txt'}"]
    else:
        assert command("sweep", *fixed, "haircuts=[0.1],[0.2]").exit_code == 0
        manifest = folder / "sweep.json"
        altered = json.loads(manifest.read_text())
        value = {"rule": "Mine", "file": str(code), "rate": 0.1}
        altered["asked"][0]["axes"]["margin"] = [
            {"given": value, "named": value, "files": {str(code): "0"}}
        ]
        manifest.write_text(json.dumps(altered))
        words = [*fixed, "haircuts=[0.1],[0.3]"]
    result = command("sweep", *words)
    assert result.exit_code == 2
    assert "name it on the command line: --code" in result.stderr.replace("\n", " ")
    assert not code.with_suffix(".ran").exists()


def test_code_that_the_command_line_names_is_a_margin_rule(tmp_path: Path) -> None:
    code, folder = tmp_path / "mine.py", tmp_path / "sweep"
    code.write_text(RULE)
    margin = f'margin={{rule = "Mine", file = "{code}", rate = 0.1}}'
    words = ["margin-hike", "traders=30", margin, "cash=1,2", "--out", str(folder), *HERE]
    result = command("sweep", *words)
    assert result.exit_code == 0, result.output
    assert code.with_suffix(".ran").exists()
