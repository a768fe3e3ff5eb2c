"""Draw random economies, run them and recompute them: ``python -m benchmarks.robustness``.

Some economies can be run anew by themselves (``... repo credit``): what is known of the others is
kept in ``robustness_draws.csv`` beside the report, one row per draw.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import fields
from pathlib import Path

from rich.console import Console

from benchmarks import machine, report
from benchmarks.robustness.attempt import AIMS, Attempt, Finding, attempt, draw, module_of
from benchmarks.robustness.tables import tables
from simulator.parameters import parse, to_toml
from walras.catalogue import find

HEADING = "# Random economies: how many clear, and whether they are right"
KEPT = Path(__file__).resolve().parent.parent / "results"
FAILING = "robustness_failing"
"""Folder of the economies that did not end as they should, as files that ``walras run`` reads."""

DRAWN = "robustness_draws.csv"
"""One row per draw, of all economies."""

DRAWS: Mapping[str, int] = {
    "repo": 200,
    "bankruptcy": 80,
    "credit": 40,
    "pledge": 120,
    "funding": 150,
    "promises": 150,
    "leverage": 150,
    "exchange": 200,
}
"""Draws of each economy unless told otherwise: about a quarter of an hour on two cores in all."""


def attempts(
    economies: Sequence[str], seed: int, draws: int | None, limit: float, workers: int
) -> Iterator[Attempt]:
    """All draws of some economies, in their order, whatever the number of workers."""
    with ProcessPoolExecutor(workers) as pool:
        asked = [
            (economy, seed, number, limit)
            for economy in economies
            for number in range(draws or DRAWS[economy])
        ]
        yield from pool.map(attempt, *zip(*asked, strict=True))


def keep_draws(found: Sequence[Attempt], folder: Path) -> list[Attempt]:
    """Write a row per draw, and give them all: those of other economies from the last report."""
    path = folder / DRAWN
    names = [field.name for field in fields(Attempt) if field.name != "drawn"]
    fresh = {one.economy for one in found}
    known = [one for one in _read_draws(path) if one.economy not in fresh]
    together = sorted([*known, *found], key=lambda one: (list(AIMS).index(one.economy), one.number))
    folder.mkdir(parents=True, exist_ok=True)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(names)
        for one in together:
            writer.writerow([getattr(one, name) for name in names])
    return together


def _read_draws(path: Path) -> list[Attempt]:
    if not path.is_file():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [
            Attempt(
                economy=row["economy"],
                number=int(row["number"]),
                seed=int(row["seed"]),
                drawn=draw(row["economy"], int(row["seed"]), int(row["number"])),
                finding=Finding(row["finding"]),
                outcome=row["outcome"],
                reason=row["reason"],
                gap=float(row["gap"]),
                rounds=int(row["rounds"]),
                schedules=row["schedules"] == "True",
            )
            for row in csv.DictReader(file)
        ]


def keep_failing(found: Sequence[Attempt], folder: Path) -> list[Path]:
    """Write each economy that is not cleared and right to a file, and remove those of before."""
    place = folder / FAILING
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("*.toml"):
        old.unlink()
    written = []
    for one in found:
        if one.finding is Finding.RIGHT:
            continue
        path = place / f"{one.economy}_{one.seed}_{one.number}.toml"
        head = f"# {one.finding}; {one.outcome}: {' '.join(one.reason.split())}\n"
        path.write_text(head + _toml(one), encoding="utf-8")
        written.append(path)
    return written


def _toml(one: Attempt) -> str:
    model = find(one.drawn.scenario).parameters
    return to_toml(one.drawn.scenario, parse(model, one.drawn.parameters))


def main(words: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness")
    parser.add_argument("economies", nargs="*", help=f"of {', '.join(AIMS)}; all unless named")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws")
    parser.add_argument("--draws", type=int, help="random economies of each")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one run")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, default=KEPT, help="folder to keep the report in")
    parser.add_argument("--keep-nothing", action="store_true", help="print only")
    given = parser.parse_args(words)
    economies = given.economies or list(AIMS)
    for economy in economies:
        if economy not in AIMS:
            parser.error(f"{economy} is none of {', '.join(AIMS)}")
    found: list[Attempt] = []
    for one in attempts(economies, given.seed, given.draws, given.limit, given.workers):
        found.append(one)
        if one.finding is not Finding.RIGHT:
            line = f"{one.economy} {one.number}: {one.finding}; {one.outcome}: {one.reason[:200]}"
            print(line, file=sys.stderr, flush=True)
    if not given.keep_nothing:
        found = keep_draws(found, given.out)
    drawn = [economy for economy in AIMS if any(one.economy == economy for one in found)]
    made = tables(found, {name: module_of(name).RANGES for name in drawn})
    described = {**machine.describe(), "seconds per run": f"{given.limit:g}"}
    report.show(made, described, Console(width=None if sys.stdout.isatty() else 180))
    if not given.keep_nothing:
        kept = report.keep(made, described, given.out, "robustness", HEADING)
        for path in (*kept, *keep_failing(found, given.out)):
            print(f"kept in {path}")


if __name__ == "__main__":
    main()
