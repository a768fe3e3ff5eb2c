"""Long runs: memory and speed stay flat, and ten million members fit.

Run as ``python -m benchmarks.reliability.soak NAME UNITS SEED`` it makes one long run and prints
JSON: each has a process to itself, so that its memory is its own.
"""

from __future__ import annotations

import gc
import json
import math
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

import numpy as np

from benchmarks.reliability.trial import Line, Trial
from benchmarks.scaling import apart, peak
from simulator.journey import Round
from simulator.parameters import parse
from simulator.run import Run, simulate
from walras.catalogue import TITLES, find

SLOWER = 2.0
"""Largest ratio of the median processor time of a unit in the last tenth to that in the first."""

WARM_UP = 0.2
"""Share of the units after which memory is watched: by then all code has been loaded."""

SLACK = 8e6
"""Bytes that memory may grow by in any case: what the allocator keeps for later."""

Noted = Callable[[], None]
"""Called after every unit of a long run."""


@dataclass(frozen=True, slots=True)
class Soak:
    """A long run.

    Attributes
    ----------
    what : str
        What is repeated, as the report says it.
    unit : str
        One of them.
    units : int
        How many in the full report.
    allowed : float
        Bytes by which memory may grow per unit; what the record of a unit takes.
    go : callable
        Given the number of units, a seed and what to call after each, makes the run.
    """

    what: str
    unit: str
    units: int
    allowed: float
    go: Callable[[int, int, Noted], None]


def one_run(name: str, given: Mapping[str, Any], seed: int, noted: Callable[[Round], None]) -> Run:
    """A run without studies, whose rounds are noted."""
    scenario = find(name)
    return simulate(
        scenario, parse(scenario.parameters, given), seed=seed, progress=noted, studies=False
    )


def rounds(name: str, **given: Any) -> Callable[[int, int, Noted], None]:
    """Rounds at one date that do not settle; the last, which ends the date, is not measured."""

    def go(units: int, seed: int, noted: Noted) -> None:
        run = one_run(name, {**given, "max_rounds": units}, seed, lambda _: noted())
        if len(run.rounds) != units:
            raise RuntimeError(f"{name} ended after {len(run.rounds)} rounds: {run.outcome}")

    return go


def dates(name: str, given: Callable[[int], Mapping[str, Any]]) -> Callable[..., None]:
    """Dates of one case."""

    def go(units: int, seed: int, noted: Noted) -> None:
        date = 1

        def ended(traded: Round) -> None:
            nonlocal date
            if traded.date > date:
                date = traded.date
                noted()

        run = one_run(name, given(units), seed, ended)
        noted()
        if len(run.ends) != units:
            raise RuntimeError(f"{name} ended after {len(run.ends)} dates: {run.outcome}")

    return go


SMALL: Mapping[str, Mapping[str, Any]] = {
    "margin-hike": {"traders": 50},
    "euro-crisis": {"traders": 20},
    "collateral-equilibrium": {"traders": 50},
    "endogenous-leverage": {"traders": 50},
    "leverage-cycle": {"traders": 50},
    "pledgeability": {"investors": 20, "days": 3},
    "pledgeable-securities": {"investors": 20, "days": 3},
    "margin-procyclicality": {"dates": 3},
    "default-waterfall": {"traders": 5},
}
"""Parameters that make a run of every scenario quick; the others are quick by default."""


def runs(units: int, seed: int, noted: Noted) -> None:
    """Run every scenario and export it, with its figures the first time, again and again."""
    rng = np.random.default_rng(seed)
    for number in range(units):
        for name in rng.permutation(list(TITLES)).tolist():
            run = one_run(name, SMALL.get(name, {}), int(rng.integers(2**31)), lambda _: None)
            with tempfile.TemporaryDirectory() as folder:
                run.export(folder, plots=number == 0)
        noted()


def haircuts(units: int) -> dict[str, Any]:
    """Haircuts that go up and down between .01 and .21."""
    return {"traders": 20, "haircuts": (0.01 + 0.2 * (np.arange(units) * 0.618 % 1.0)).tolist()}


SOAKS: Mapping[str, Soak] = {
    "exchange": Soak(
        "rounds of Scarf's cycle", "round", 100_000, 500.0, rounds("exchange", rule="plain")
    ),
    "repo": Soak(
        "rounds of margin-hike that do not settle", "round", 100_000, 500.0,
        rounds("margin-hike", rule="plain", step=1e-6, traders=20, haircuts=[0.1]),
    ),
    "haircuts": Soak(
        "announcements in margin-hike, 20 traders", "date", 5_000, 5e4,
        dates("margin-hike", haircuts),
    ),
    "carry": Soak(
        "dates of margin-hike with positions carried", "date", 5_000, 4e4,
        dates("margin-hike", lambda units: {**haircuts(units), "carry": True}),
    ),
    "procyclicality": Soak(
        "dates of margin-procyclicality", "date", 5_000, 4e4,
        dates("margin-procyclicality", lambda units: {"rules": ["volatility"], "dates": units}),
    ),
    "pledge": Soak(
        "days of pledgeability, 2,000 investors", "date", 5_000, 2e4,
        dates("pledgeability", lambda units: {"investors": 2_000, "days": units}),
    ),
    "runs": Soak("runs of all scenarios, exported", f"{len(TITLES)} runs",
                 math.ceil(1_000 / len(TITLES)), 4e5, runs),
}  # fmt: skip
"""Long runs by name."""

MEMBERS = 10_000_000

FEWEST = 1_100_000
"""Members of the smallest trial: of more than a million, a run shows a sample."""

PER_MEMBER: Mapping[str, tuple[dict[str, Any], str, float]] = {
    "margin-hike": ({}, "traders", 80.0),
    "margin-hike, all different": (
        {"beliefs": "beta(a=2, b=3)", "cash": "lognormal(mean=2, sd=1)",
         "income_down": "lognormal(mean=1000, sd=100)"},
        "traders", 120.0,
    ),
}  # fmt: skip
"""Bytes of memory that a member may take at the peak of a run, by economy."""


def resident() -> int:
    """Bytes of this process in memory."""
    pages = Path("/proc/self/statm").read_text("utf-8").split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")


def soak(name: str, units: int, seed: int) -> dict[str, float]:
    """Make a long run, and measure how memory and time per unit grow.

    Returns
    -------
    dict
        Bytes that memory ``grew`` by after the warm-up, and over how many ``units``; the ``ratio``
        of the median processor time of a unit in the last tenth to that in the first; ``peak``,
        MiB.
    """
    # arrays that are there from the start, so that noting a unit takes no memory
    clock, memory = np.zeros(units + 1), np.zeros(units + 1)
    at = 0

    def noted() -> None:
        nonlocal at
        at += 1
        clock[at], memory[at] = process_time(), resident()

    clock[0], memory[0] = process_time(), resident()
    SOAKS[name].go(units, seed, noted)
    tenth, warm = max(units // 10, 1), int(WARM_UP * units)
    spent = np.diff(clock[: at + 1])
    first = spent[1 : tenth + 1] if units > tenth else spent
    return {
        "grew": float(np.max(memory[at - tenth : at + 1]) - np.max(memory[: warm + 1])),
        "units": float(at - warm),
        "ratio": float(np.median(spent[-tenth:]) / np.median(first)),
        "peak": peak(),
    }


def members(name: str, count: int, seed: int) -> dict[str, float]:
    """Run one date of an economy of many members; bytes that each takes at the peak."""
    given, parameter, _ = PER_MEMBER[name]
    scenario = name.partition(",")[0]
    one_run(scenario, {**given, parameter: 100, "haircuts": [0.1]}, seed, lambda _: None)
    gc.collect()
    empty = peak()
    run = one_run(scenario, {**given, parameter: count, "haircuts": [0.1]}, seed, lambda _: None)
    return {"bytes": 2**20 * (peak() - empty) / count, "cleared": float(run.certificate.holds)}


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Every long run, or of a short report some of them, each in a fresh process."""
    for name in rng.permutation(list(SOAKS))[: max(2, round(share * len(SOAKS)))].tolist():
        long = SOAKS[name]
        yield _soaked(name, long, max(round(share * long.units), 3), int(rng.integers(2**31)))
    for name in rng.permutation(list(PER_MEMBER))[: max(1, round(share * len(PER_MEMBER)))]:
        count = max(round(share * MEMBERS), FEWEST)
        yield _populated(str(name), count, int(rng.integers(2**31)))


def _soaked(name: str, long: Soak, units: int, seed: int) -> Trial:
    start = perf_counter()
    found = apart("benchmarks.reliability.soak", name, str(units), str(seed))
    slope = found["grew"] / found["units"]
    wrong = []
    if found["grew"] > SLACK + long.allowed * found["units"]:
        wrong.append(
            f"memory grew by {slope:.0f} bytes per {long.unit}; {long.allowed:.0f} are allowed"
        )
    if found["ratio"] > SLOWER:
        wrong.append(f"the last {long.unit}s took {found['ratio']:.2f} times the first")
    return Trial(
        long.what,
        f"python -m benchmarks.reliability.soak {name} {units} {seed}",
        "; ".join(wrong),
        perf_counter() - start,
        f"{units:,} times {long.unit}: {slope:,.0f} bytes and {found['ratio']:.2f} times the time"
        f" at the end, {found['peak']:.0f} MiB at the peak",
    )


def _populated(name: str, count: int, seed: int) -> Trial:
    start = perf_counter()
    found = apart("benchmarks.reliability.soak", name, str(count), str(seed))
    allowed = PER_MEMBER[name][2]
    wrong = []
    if found["bytes"] > allowed:
        wrong.append(f"{found['bytes']:.0f} bytes per member; {allowed:.0f} are allowed")
    if not found["cleared"]:
        wrong.append("the run is not certified")
    return Trial(
        f"many members of {name}",
        f"python -m benchmarks.reliability.soak '{name}' {count} {seed}",
        "; ".join(wrong),
        perf_counter() - start,
        f"{count:,} members, {found['bytes']:.0f} bytes each at the peak",
    )


LINE = Line(
    "soak",
    "Long runs: memory and speed stay flat, and ten million members fit",
    trials,
    (
        "Memory may grow by what the record of a round or a date takes, and by"
        f" {SLACK / 1e6:.0f} MB in all. Time is processor time: the median of the last tenth over"
        f" that of the first, at most {SLOWER:g}.",
        "A short report makes some of the long runs, and shorter ones.",
    ),
)


if __name__ == "__main__":
    measure = soak if sys.argv[1] in SOAKS else members
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))))
