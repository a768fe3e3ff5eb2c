"""Draw random economies, run them and recompute them: ``python -m benchmarks.robustness``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

from rich.console import Console

from benchmarks import machine, report
from benchmarks.robustness.attempt import AIMS, Attempt, Finding, attempt, module_of
from benchmarks.robustness.tables import tables
from simulator.parameters import parse, to_toml
from walras.catalogue import find

HEADING = "# Random economies: how many clear, and whether they are right"
KEPT = Path(__file__).resolve().parent.parent / "results"
FAILING = "robustness_failing"
"""Folder of the economies that did not end as they should, as files that ``walras run`` reads."""


def attempts(
    economies: Sequence[str], seed: int, draws: int, limit: float, workers: int
) -> Iterator[Attempt]:
    """All draws of some economies, in their order, whatever the number of workers."""
    with ProcessPoolExecutor(workers) as pool:
        asked = [(economy, seed, number, limit) for economy in economies for number in range(draws)]
        yield from pool.map(attempt, *zip(*asked, strict=True))


def keep_failing(found: Sequence[Attempt], seed: int, folder: Path) -> list[Path]:
    """Write each economy that is not cleared and right to a file, and remove those of before."""
    place = folder / FAILING
    place.mkdir(parents=True, exist_ok=True)
    for old in place.glob("*.toml"):
        old.unlink()
    written = []
    for one in found:
        if one.finding is Finding.RIGHT:
            continue
        path = place / f"{one.economy}_{seed}_{one.number}.toml"
        head = f"# {one.finding}; {one.outcome}: {' '.join(one.reason.split())}\n"
        path.write_text(head + _toml(one), encoding="utf-8")
        written.append(path)
    return written


def _toml(one: Attempt) -> str:
    model = find(one.drawn.scenario).parameters
    return to_toml(one.drawn.scenario, parse(model, one.drawn.parameters))


def main(words: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.robustness", description=__doc__)
    parser.add_argument("economies", nargs="*", help=f"of {', '.join(AIMS)}; all unless named")
    parser.add_argument("--seed", type=int, default=0, help="seed of the draws")
    parser.add_argument("--draws", type=int, default=200, help="random economies of each")
    parser.add_argument("--limit", type=float, default=60.0, help="seconds for one run")
    parser.add_argument("--workers", type=int, default=2, help="processes")
    parser.add_argument("--out", type=Path, help="folder to keep the report in")
    given = parser.parse_args(words)
    economies = given.economies or list(AIMS)
    for economy in economies:
        if economy not in AIMS:
            parser.error(f"{economy} is none of {', '.join(AIMS)}")
    out = given.out or (None if given.economies else KEPT)
    found: list[Attempt] = []
    for one in attempts(economies, given.seed, given.draws, given.limit, given.workers):
        found.append(one)
        if one.finding is not Finding.RIGHT:
            line = f"{one.economy} {one.number}: {one.finding}; {one.outcome}: {one.reason[:200]}"
            print(line, file=sys.stderr, flush=True)
    made = tables(found, {name: module_of(name).RANGES for name in economies})
    described = {**machine.describe(), "seed": str(given.seed), "seconds per run": f"{given.limit}"}
    report.show(made, described, Console(width=None if sys.stdout.isatty() else 180))
    if out is not None:
        kept = report.keep(made, described, out, "robustness", HEADING)
        for path in (*kept, *keep_failing(found, given.seed, out)):
            print(f"kept in {path}")


if __name__ == "__main__":
    main()
