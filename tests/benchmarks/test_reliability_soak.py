"""Long runs: what grows is told as a failure, and every kind of long run can be made."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from benchmarks.reliability import soak


def told(monkeypatch: pytest.MonkeyPatch, **found: float) -> None:
    flat = {"grew": 0.0, "units": 80.0, "ratio": 1.0, "peak": 200.0}
    many = {"bytes": 50.0, "cleared": 1.0}
    monkeypatch.setattr(soak, "apart", lambda *words: {**flat, **many, **found})


@pytest.mark.parametrize(
    ("found", "failure"),
    [
        ({}, ""),
        ({"grew": soak.SLACK}, ""),
        ({"grew": 1e9}, "memory grew by 12500000 bytes per"),
        ({"ratio": 2.1}, "took 2.10 times the first"),
        ({"bytes": 1000.0}, "1000 bytes per member"),
        ({"cleared": 0.0}, "not certified"),
    ],
)
def test_what_grows_is_a_failure(
    found: dict[str, float], failure: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(monkeypatch, **found)
    trials = list(soak.trials(np.random.default_rng(1), 1.0))
    assert len(trials) == len(soak.SOAKS) + len(soak.PER_MEMBER)
    failures = [trial.failure for trial in trials if trial.failure]
    assert bool(failures) == bool(failure)
    assert all(failure in told for told in failures)


def test_a_short_report_makes_some_of_them(monkeypatch: pytest.MonkeyPatch) -> None:
    told(monkeypatch)
    trials = [list(soak.trials(np.random.default_rng(seed), 0.02)) for seed in range(20)]
    assert {len(made) for made in trials} == {3}
    assert {trial.what for made in trials for trial in made} >= {
        one.what for one in soak.SOAKS.values()
    }


@pytest.mark.parametrize(
    ("name", "units"),
    [
        ("exchange", 30),
        ("haircuts", 3),
        *(
            pytest.param(name, 3, marks=pytest.mark.slow)
            for name in soak.SOAKS
            if name not in ("exchange", "haircuts")
        ),
    ],
)
def test_a_long_run_is_measured(name: str, units: int) -> None:
    found: dict[str, Any] = soak.soak(name, units, 1)
    json.dumps(found)
    assert units - 1 <= found["units"] + int(soak.WARM_UP * units) <= units
    assert found["ratio"] > 0.0
