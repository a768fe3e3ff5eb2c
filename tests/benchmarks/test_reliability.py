"""The report on reliability: trials are counted, what failed is kept, and the seed is told."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.reliability import __main__ as reliability
from benchmarks.reliability.trial import Line, Trial


def drawn(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    for number in range(round(4 * share)):
        value = rng.random()
        yield Trial("a number", f"{value!r}", "it is odd" if number % 2 else "", 0.1, "8 bytes")


LINE = Line("numbers", "Numbers are even", drawn, ("odd ones",))


def test_trials_are_counted_and_failures_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(reliability, "LINES", (LINE,))
    with pytest.raises(SystemExit, match="1"):
        reliability.main(["--seed", "3", "--out", str(tmp_path)])
    told = capsys.readouterr()
    assert "seed 3" in told.out
    assert told.err.count("numbers, a number: it is odd") == 2
    text = (tmp_path / "reliability.md").read_text("utf-8")
    assert "| a number | 4 | 2 | 0.1 | 8 bytes |" in text
    assert "## Numbers are even" in text
    kept = sorted((tmp_path / reliability.FAILING).iterdir())
    again = [trial for trial in reliability.attack(LINE, 3, 1.0) if trial.failure]
    assert [path.read_text("utf-8").splitlines()[-1] for path in kept] == [t.input for t in again]
    assert [t.input for t in reliability.attack(LINE, 4, 1.0)] != [t.input for t in again]


def test_a_line_that_is_unknown_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        reliability.main(["nothing"])
    assert "nothing is none of" in capsys.readouterr().err
