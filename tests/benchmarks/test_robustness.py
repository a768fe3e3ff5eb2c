"""The benchmark of random economies: what counts as what, on economies made for it."""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from benchmarks.robustness import attempt as attempts
from benchmarks.robustness.__main__ import keep_draws, keep_failing
from benchmarks.robustness.attempt import AIMS, Attempt, Finding, attempt, draw
from benchmarks.robustness.drawn import Drawn
from benchmarks.robustness.tables import tables, wilson
from simulator.run import simulate

KNOWN: Mapping[str, object] = {"traders": 40, "haircuts": [0.05]}


def economy(
    monkeypatch: pytest.MonkeyPatch, parameters: Mapping[str, object], gap: float = 0.0
) -> None:
    """Let the draws of ``exchange`` be one economy of repo margins with a known gap."""
    module = ModuleType("benchmarks.robustness.exchange")
    module.RANGES = {"traders": "40"}  # type: ignore[attr-defined]
    module.draw = lambda rng: Drawn("margin-hike", parameters)  # type: ignore[attr-defined]
    module.gaps = lambda parameters, run: {"clearing": gap}  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "benchmarks.robustness.exchange", module)


@pytest.mark.parametrize(
    ("parameters", "gap", "finding"),
    [
        (KNOWN, 0.0, Finding.RIGHT),
        (KNOWN, 1e-5, Finding.WRONG),
        (KNOWN, np.nan, Finding.WRONG),
        ({**KNOWN, "haircuts": [2.0]}, 0.0, Finding.REFUSED),
        ({**KNOWN, "max_rounds": 2}, 1.0, Finding.NOT_CLEARED),
    ],
)
def test_every_draw_counts_as_what_it_is(
    monkeypatch: pytest.MonkeyPatch,
    parameters: Mapping[str, object],
    gap: float,
    finding: Finding,
) -> None:
    economy(monkeypatch, parameters, gap)
    assert attempt("exchange", 0, 0, 30.0).finding is finding


def test_a_crash_and_a_run_that_takes_too_long_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    economy(monkeypatch, KNOWN)

    def crash(*given: Any, **named: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    def sleep(*given: Any, **named: Any) -> Any:
        try:
            time.sleep(5.0)
        except Exception:  # noqa: BLE001 - as a careless handler of errors would
            return simulate(*given, **named)

    monkeypatch.setattr(attempts, "simulate", crash)
    assert attempt("exchange", 0, 0, 30.0).finding is Finding.CRASHED
    monkeypatch.setattr(attempts, "simulate", sleep)
    assert attempt("exchange", 0, 0, 0.05).finding is Finding.LATE


@pytest.mark.parametrize("name", AIMS)
def test_a_draw_depends_on_its_seed_and_number_alone(name: str) -> None:
    assert draw(name, 3, 5) == draw(name, 3, 5)
    assert any(draw(name, 3, k) != draw(name, 4, k) for k in range(3))


def test_shares_have_intervals_and_aims_are_missed_by_a_single_wrong_one(tmp_path: Path) -> None:
    low, high = wilson(98, 100)
    assert [low, high] == pytest.approx([0.9300, 0.9945], abs=1e-4)
    drawn = Drawn("margin-hike", KNOWN)
    right = [
        Attempt("repo", 7, n, drawn, Finding.RIGHT, "cleared", "", 1e-9, 9) for n in range(200)
    ]
    wrong = Attempt("repo", 7, 200, drawn, Finding.WRONG, "cleared", "clearing", 1e-2, 9)
    ranges = {"repo": {"traders": "40"}}
    assert tables(right, ranges)[0].column("met") == ["yes"]
    assert tables([*right, wrong], ranges)[0].column("met") == ["NO"]
    (kept,) = keep_failing([*right, wrong], tmp_path)
    assert kept.name == "repo_7_200.toml"
    assert "cleared and wrong" in kept.read_text(encoding="utf-8").splitlines()[0]
    assert keep_failing(right, tmp_path) == []
    assert not list(tmp_path.glob("*/*.toml"))


def test_economies_that_are_run_anew_replace_their_rows_and_leave_the_others(
    tmp_path: Path,
) -> None:
    def row(economy: str, number: int, gap: float) -> Attempt:
        drawn = draw(economy, 7, number)
        return Attempt(economy, 7, number, drawn, Finding.RIGHT, "cleared", "", gap, 9)

    old = [row("repo", 0, 1e-9), row("exchange", 0, 2e-9), row("exchange", 1, 3e-9)]
    assert keep_draws(old, tmp_path) == old
    fresh = row("exchange", 0, 4e-9)
    assert keep_draws([fresh], tmp_path) == [old[0], fresh]
    assert keep_draws([], tmp_path) == [old[0], fresh]
