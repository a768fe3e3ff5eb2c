"""The trials of bad input tell a sentence from anything else."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.reliability.bad_files import TABLES, bad_parquet, bad_table
from benchmarks.reliability.bad_values import as_toml, bad_value
from benchmarks.reliability.doors import LINE, Door, ended, sentence
from markets.refused import Refused


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(np.random.default_rng(0), tmp_path)


def test_only_one_sentence_and_exit_2_will_do() -> None:
    said = "walras: cash is nan; it must be a number in [0.0, inf)\n"
    assert ended(2, said, "") == ""
    for code, told, printed in (
        (1, said, ""),
        (2, said, "table"),
        (2, said * 2, ""),
        (2, said[:-1], ""),
        (2, "Traceback\n", ""),
        (2, "Warning: overflow\n" + said, ""),
        (2, "walras: " + "x" * 300 + "\n", ""),
    ):
        assert ended(code, told, printed)
    assert sentence("cash is \udcff")
    assert sentence("")


def test_a_command_and_a_call_are_judged(door: Door) -> None:
    assert door.command("command", ["list"]).failure.startswith("exit code 0")
    assert door.command("command", ["run", "exchange", "--set", "steps=1"]).failure == ""
    assert door.command("command", ["run", "exchange", "--set", "step=2"]).failure == ""

    def refuse() -> None:
        raise Refused("step is 0; it must be a number in (0, inf)")

    assert door.python("Python", "refused", refuse).failure == ""
    assert door.python("Python", "a defect", lambda: 1 // 0).failure.startswith("ZeroDivision")
    assert door.python("Python", "nothing", lambda: None).failure.startswith("it is taken")


def test_what_is_drawn_can_be_written(door: Door) -> None:
    like = [{"name": "a", "weights": [1.0, 2.0]}]
    kinds = {type(bad_value(door.rng, like, python=True)) for _ in range(300)}
    assert {list, dict, str, int, float, type(None)} <= kinds
    assert all(isinstance(as_toml(bad_value(door.rng, like)), str) for _ in range(300))
    for right in TABLES.values():
        assert isinstance(bad_table(door.rng, right), bytes)
        bad_parquet(door.rng, right, door.place / "table.parquet")


@pytest.mark.slow
def test_every_door_refuses(tmp_path: Path) -> None:
    made = list(LINE.trials(np.random.default_rng(), 0.005))
    assert [trial.failure for trial in made if trial.failure] == []
    assert len({trial.what for trial in made}) > 6
