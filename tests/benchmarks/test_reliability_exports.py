"""The trials of exports are drawn from the one generator, and notice what writes in place."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reliability import exports

ROOT = Path(__file__).resolve().parents[2]

IN_PLACE = """
import json, sys
from benchmarks.reliability import writing

def write(folder):
    (folder / "run").mkdir(exist_ok=True)
    for name in ("a", "b"):
        (folder / "run" / name).write_text("newer")
    for n in range(1000):
        (folder / "run" / "c").write_text("newer" * n)

writing.JOBS["export"] = writing.Job(write)
writing.main()
"""
"""The process that tries, with a writer that makes its folder file by file, in place."""


def answers(asked: list[dict[str, object]], *words: str) -> list[str]:
    """What is wrong with each trial."""
    path = os.pathsep.join([str(ROOT), *filter(None, sys.path)])
    done = subprocess.run(
        [sys.executable, "-W", "ignore::DeprecationWarning", *words],
        input="\n".join(map(json.dumps, asked)) + "\n",
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "OPENBLAS_NUM_THREADS": "1"},
        check=True,
    )
    return [json.loads(line)["failure"] for line in done.stdout.splitlines()]


def test_trials_are_drawn_from_the_one_generator() -> None:
    def drawn(seed: int, share: float) -> list[str]:
        made = exports._drawn(np.random.default_rng(seed), share)
        return [json.dumps(asked) for _, asked in made]

    assert drawn(0, 0.02) == drawn(0, 0.02) != drawn(1, 0.02)
    assert 3 <= len(drawn(0, 0.02)) <= 40
    assert len(drawn(0, 1.0)) > 500


STEP = {"trial": "at_a_step", "job": "export", "kind": "killed", "older": False, "fraction": 0.9}
TRIALS = [
    STEP,
    {**STEP, "kind": "full"},
    {"trial": "at_an_instant", "job": "export", "older": True, "seconds": [0.1, 0.2]},
    {"trial": "files_limited", "job": "export", "older": False, "size": 2_000},
    {"trial": "at_once", "job": "export", "older": True, "writers": 3},
]


@pytest.mark.slow
def test_exports_pass_and_writers_that_write_in_place_do_not() -> None:
    assert answers(TRIALS, "-m", "benchmarks.reliability.writing") == [""] * len(TRIALS)
    step, full, instant, limited, _ = answers(TRIALS, "-c", IN_PLACE)
    assert "a part is there" in step
    assert "OSError" in full
    assert "a part is there" in instant
    assert "File too large" in limited


@pytest.mark.slow
def test_a_sweep_is_taken_up_again_at_whatever_step_it_was_killed() -> None:
    asked: list[dict[str, object]] = [
        {**STEP, "job": "sweep", "older": older, "fraction": fraction}
        for older in (False, True)
        for fraction in np.linspace(0.0, 0.99, 12).tolist()
    ]
    assert answers(asked, "-m", "benchmarks.reliability.writing") == [""] * len(asked)
