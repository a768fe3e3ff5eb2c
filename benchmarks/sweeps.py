"""What a run costs inside a sweep, and what a second worker is worth."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter, process_time

import numpy as np

from benchmarks.report import Table
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import SCENARIO, MarginHikeScenario
from simulator.run import simulate, travel_all
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.handing_out import Options
from simulator.sweep.sweep import sweep

TURNS = 3


def found() -> MarginHikeScenario:
    """The scenario, for workers to load."""
    return SCENARIO


def table(runs: int, traders: int) -> Table:
    """Time the runs of a sweep: rounds alone, with certificates, in a loop, and in the sweep."""
    lows = np.linspace(0.5, 0.8, runs).round(6).tolist()
    given = [MarginHike(traders=traders, haircuts=[0.05], low_payoff=low) for low in lows]
    asked = Asked([
        Axis("traders", (traders,)), Axis("haircuts", ([0.05],)), Axis("low_payoff", tuple(lows)),
    ])  # fmt: skip

    def swept(workers: int) -> None:
        with tempfile.TemporaryDirectory() as folder:
            sweep(found, asked, Path(folder) / "sweep", Options(workers))

    def rounds() -> None:
        for parameters in given:
            (case,) = SCENARIO.cases(parameters)
            made = case.build(np.random.default_rng(0))
            made.clear()
            made.close()

    def journeys() -> None:
        for parameters in given:
            travel_all(SCENARIO, parameters, np.random.default_rng(0))

    def loop() -> None:
        for parameters in given:
            simulate(SCENARIO, parameters, studies=False)

    tasks: dict[str, Callable[[], None]] = {
        "rounds alone": rounds,
        "rounds and certificate": journeys,
        "a loop over run": loop,
        "a sweep in this process": lambda: swept(0),
    }
    times = {name: 1e3 * _least(task) / runs for name, task in tasks.items()}
    result = Table(
        "sweeps",
        f"A run of margin-hike, {traders} traders, in a sweep of {runs}",
        ("a run", "ms", "rounds and certificate = 1"),
        [(name, each, each / times["rounds and certificate"]) for name, each in times.items()],
    )
    began = perf_counter()
    swept(1)
    one = perf_counter() - began
    swept(2)
    two = perf_counter() - began - one
    result.notes.append(
        f"Two workers against one: {one:.3g} s and {two:.3g} s of the wall clock, processes started"
        f" and tables written included: an efficiency of {one / (2 * two):.0%}, which only an idle"
        " machine of two cores tells. The rows above are processor time."
    )
    return result


def _least(task: Callable[[], None]) -> float:
    """Processor seconds: the least of a few times, after one that does not count."""
    times = []
    for _ in range(TURNS + 1):
        began = process_time()
        task()
        times.append(process_time() - began)
    return min(times[1:])
