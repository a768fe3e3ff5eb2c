"""Attack every promise of reliability: ``python -m benchmarks.reliability``.

What failed is kept as files, from which it can be tried again. Exit code 1 if anything failed.
"""

from __future__ import annotations

import argparse
import secrets
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks import machine, report
from benchmarks.reliability import doors, exports, extremes, mutants, page, runs, soak, verify
from benchmarks.reliability.trial import Line, Trial
from benchmarks.report import Table

LINES: tuple[Line, ...] = (
    doors.LINE,
    extremes.LINE,
    exports.LINE,
    verify.LINE,
    page.LINE,
    runs.LINE,
    mutants.LINE,
    soak.LINE,
)

HEADING = "# What was tried to break walras, and what failed"
KEPT = Path(__file__).resolve().parent.parent
FAILING = "reliability_failing"
"""Folder of the inputs that failed, one file each."""


def attack(line: Line, seed: int, share: float) -> list[Trial]:
    """All trials of a line; each line has random numbers of its own, whatever the others draw."""
    rng = np.random.default_rng([seed, *line.name.encode()])
    made = []
    for trial in line.trials(rng, share):
        made.append(trial)
        if trial.failure:
            print(f"{line.name}, {trial.what}: {trial.failure}", file=sys.stderr, flush=True)
    return made


def table(line: Line, made: Sequence[Trial]) -> Table:
    """How often each kind of attempt was made, and how many failed."""
    kinds = dict.fromkeys(trial.what for trial in made)
    result = Table(
        line.name,
        line.promise,
        ("tried", "times", "failed", "slowest, s", "measured"),
        notes=list(line.notes),
    )
    for kind in kinds:
        mine = [trial for trial in made if trial.what == kind]
        failed = sum(bool(trial.failure) for trial in mine)
        slowest = max(trial.seconds for trial in mine)
        result.rows.append((kind, len(mine), failed, slowest, mine[-1].figure))
    return result


def keep_failing(found: Mapping[str, Sequence[Trial]], folder: Path) -> list[Path]:
    """Write each input that failed to a file, and remove those of the same lines from before."""
    place = folder / FAILING
    written = []
    for name, made in found.items():
        for old in place.glob(f"{name}_*.txt"):
            old.unlink()
        failed = [trial for trial in made if trial.failure]
        for number, trial in enumerate(failed):
            place.mkdir(parents=True, exist_ok=True)
            path = place / f"{name}_{number}.txt"
            text = f"{trial.what}\n{trial.failure}\n\n{trial.input}\n"
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
            written.append(path)
    return written


def main(words: list[str] | None = None) -> None:
    """Run from the command line."""
    names = [line.name for line in LINES]
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability")
    parser.add_argument("lines", nargs="*", help=f"of {', '.join(names)}; all unless named")
    parser.add_argument("--seed", type=int, help="seed of the trials; a fresh one unless given")
    parser.add_argument("--share", type=float, default=1.0, help="share of the full number")
    parser.add_argument("--out", type=Path, default=KEPT, help="folder to keep the report in")
    given = parser.parse_args(words)
    for name in given.lines:
        if name not in names:
            parser.error(f"{name} is none of {', '.join(names)}")
    seed = secrets.randbits(32) if given.seed is None else given.seed
    print(f"seed {seed}", flush=True)
    found = {
        line.name: attack(line, seed, given.share)
        for line in LINES
        if not given.lines or line.name in given.lines
    }
    described = {**machine.describe(), "seed": str(seed), "share": f"{given.share:g}"}
    made = [table(line, found[line.name]) for line in LINES if line.name in found]
    report.show(made, described, Console(width=None if sys.stdout.isatty() else 180))
    kept = report.keep(made, described, given.out, "reliability", HEADING)
    failing = keep_failing(found, given.out)
    for path in (*kept, *failing):
        print(f"kept in {path}")
    if failing:
        raise SystemExit(1)


if __name__ == "__main__":
    main()
