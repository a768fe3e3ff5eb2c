"""Measure everything, print it and keep it: ``python -m benchmarks``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter

from rich.console import Console

from benchmarks import (
    aims,
    decisions,
    machine,
    margin_rules,
    members,
    one_agent_per_trader,
    other_economies,
    overhead,
    reading,
    replay,
    report,
    scaling,
    scattered,
    solvers,
    sweeps,
    waterfall,
)
from benchmarks.report import Table

KEPT = Path(__file__).resolve().parent / "results"


@dataclass(frozen=True)
class Sizes:
    """How large the measured economies are."""

    scaling: tuple[int, ...]
    mesa: tuple[int, ...]
    reading: tuple[int, ...]
    parts: tuple[int, ...]
    command: tuple[int, ...]
    replay: tuple[int, ...]
    members: tuple[int, ...]
    margin_rules: tuple[int, ...]
    other_economies: tuple[int, ...]
    solvers: int
    haircuts: tuple[float, ...]
    sweep: tuple[int, int]
    sweep_workers: tuple[int, int]
    decisions: int
    scattered: tuple[int, tuple[int, ...]]
    waterfall: tuple[tuple[int, ...], tuple[int, ...], int]


FULL = Sizes(
    scaling=(10**3, 10**4, 10**5, 10**6, 10**7),
    mesa=(10**3, 10**4, 10**5),
    reading=(10**5, 10**6, 10**7),
    parts=(10**3, 10**4, 10**5, 10**6),
    command=(10**4, 10**5),
    replay=(2_520,),
    members=(10**5, 10**6),
    margin_rules=(10**4, 10**5, 10**6),
    other_economies=(10**4, 10**5, 10**6),
    solvers=10_000,
    haircuts=solvers.HAIRCUTS,
    sweep=(400, 1000),
    sweep_workers=(1_500, 1000),
    decisions=1_000,
    scattered=(2 * 10**7, (0, 1, 2)),
    waterfall=((10**2, 10**3, 10**4), (1, 4, 16), 250),
)

QUICK = Sizes(
    scaling=(100, 1000),
    mesa=(100,),
    reading=(1000,),
    parts=(100,),
    command=(100,),
    replay=(400,),
    members=(100,),
    margin_rules=(100,),
    other_economies=(300,),
    solvers=100,
    haircuts=(0.05,),
    sweep=(4, 50),
    sweep_workers=(4, 50),
    decisions=30,
    scattered=(200, (0,)),
    waterfall=((20, 40), (1,), 3),
)
"""Sizes at which nothing is worth knowing but that everything runs."""


def measure(sizes: Sizes, told: Callable[[str], None]) -> list[Table]:
    """All tables."""
    steps: dict[str, Callable[[], list[Table]]] = {
        "rounds, time and memory": lambda: [scaling.table(sizes.scaling)],
        "one Mesa agent per trader": lambda: [one_agent_per_trader.table(sizes.mesa)],
        "reading the arrays": lambda: [reading.table(sizes.reading)],
        "parts of a round": lambda: [overhead.parts(sizes.parts)],
        "the command": lambda: [overhead.command(sizes.command)],
        "margin rules replayed": lambda: [replay.table(sizes.replay)],
        "members of one's own": lambda: [members.table(sizes.members)],
        "margin rules in the rounds": lambda: [margin_rules.table(sizes.margin_rules)],
        "sweeps": lambda: [sweeps.table(*sizes.sweep)],
        "workers of a sweep": lambda: [sweeps.shared(*sizes.sweep_workers)],
        "one market on several workers": lambda: [scattered.table(*sizes.scattered)],
        "a clearing house that can lose": lambda: [waterfall.table(*sizes.waterfall)],
        "the other economies": lambda: [other_economies.table(sizes.other_economies)],
        "decisions by general solvers": lambda: [decisions.table(sizes.decisions)],
        "root finders": lambda: list(solvers.table(sizes.solvers, sizes.haircuts)),
    }
    tables: list[Table] = []
    for name, step in steps.items():
        began = perf_counter()
        tables += step()
        told(f"{name}: {perf_counter() - began:.0f} s")
    return [aims.table(tables), *tables]


def main(words: list[str] | None = None) -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="tiny sizes, to see that it all runs")
    parser.add_argument("--out", type=Path, help="folder to keep the report in")
    given = parser.parse_args(words)
    out = given.out if given.out is not None else None if given.quick else KEPT
    sizes = QUICK if given.quick else FULL
    tables = measure(sizes, lambda line: print(line, file=sys.stderr, flush=True))
    described = machine.describe()
    console = Console(width=None if sys.stdout.isatty() else 180)
    report.show(tables, described, console)
    if out is not None:
        for path in report.keep(tables, described, out):
            print(f"kept in {path}")


if __name__ == "__main__":
    main()
