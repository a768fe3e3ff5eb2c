"""What a run costs inside a sweep, and how two workers share it, beside what one would write.

That is Mesa's own batch of runs, and a loop over ``scipy.optimize.root``, with joblib for several
processes.
"""

from __future__ import annotations

import resource
import tempfile
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from time import perf_counter, process_time
from types import SimpleNamespace

import mesa
import numpy as np

from benchmarks.one_agent_per_trader import Trader
from benchmarks.report import Table
from benchmarks.solvers import METHODS, Problem, attempt
from scenarios.repo.economy import MarginHike
from scenarios.repo.margin_hike import SCENARIO, MarginHikeScenario
from simulator.run import simulate, travel_all
from simulator.sweep.asked import Asked
from simulator.sweep.axes import Axis
from simulator.sweep.handing_out import Options
from simulator.sweep.sweep import sweep

TURNS = 3

HAIRCUT = 0.01
"""Haircut of all runs: small enough for the repo rate to be zero, so that one price clears all."""

BATCHED = 4
"""Runs of the model by hand; one takes seconds."""

HALVINGS = 60
"""Steps of the model by hand: its bracket of the price shrinks to the last digits."""


class ByHand(mesa.Model):
    """The market of ``margin-hike`` as one would write it by hand: a Mesa agent per trader.

    A step asks all traders at the middle of a bracket of the price, and halves it.
    """

    def __init__(self, low_payoff: float, traders: int, **random: object) -> None:
        super().__init__(**random)
        self.security = SimpleNamespace(low_payoff=low_payoff, high_payoff=1.15)
        self.bracket = (low_payoff, 1.15)
        self.price = 0.5 * sum(self.bracket)
        self.people = [
            Trader(self, belief * low_payoff + (1.0 - belief) * 1.15, 1.0, 1.0, 0.0, 1000.0)
            for belief in ((np.arange(traders) + 0.5) / traders).tolist()
        ]
        self.datacollector = mesa.DataCollector(model_reporters={"price": "price"})

    def step(self) -> None:
        """Ask everybody, and keep the half in which the market clears."""
        low, high = self.bracket
        price = self.price
        rung = SimpleNamespace(filled=1.0)
        posted = SimpleNamespace(
            price=price, haircut=HAIRCUT, long_price=price, short_price=price,
            security=self.security, long_rung=rung, short_rung=rung,
        )  # fmt: skip
        self.agents.do("respond", posted)
        excess = sum(one.bought - one.sold - one.securities for one in self.people)
        self.bracket = (price, high) if excess > 0.0 else (low, price)
        self.price = 0.5 * sum(self.bracket)
        self.datacollector.collect(self)


def batch(lows: Sequence[float], traders: int) -> list[float]:
    """Prices by Mesa's own batch of runs."""
    rows = mesa.batch_run(
        ByHand,
        {"low_payoff": list(lows), "traders": traders},
        number_processes=1,
        max_steps=HALVINGS,
        data_collection_period=-1,
        display_progress=False,
    )
    return [float(row["price"]) for row in rows]


def found() -> MarginHikeScenario:
    """The scenario, for workers to load."""
    return SCENARIO


def payoffs(runs: int) -> list[float]:
    """Low payoffs of so many runs."""
    return [float(low) for low in np.linspace(0.5, 0.8, runs).round(9)]


def swept(runs: int, traders: int, workers: int) -> None:
    """Sweep over them."""
    asked = Asked([
        Axis("traders", (traders,)),
        Axis("haircuts", ([HAIRCUT],)),
        Axis("low_payoff", tuple(payoffs(runs))),
    ])  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        sweep(found, asked, Path(folder) / "sweep", Options(workers))


def root_is_right(low: float, traders: int) -> bool:
    """Whether the root finder finds the price of a run."""
    (case,) = SCENARIO.cases(MarginHike(traders=traders, haircuts=[HAIRCUT], low_payoff=low))
    made = case.build(np.random.default_rng(0))
    right = attempt(METHODS["root, hybr"], Problem.of(made)).true
    made.close()
    return right


def by_joblib(runs: int, traders: int, workers: int) -> None:
    """The loop over a root finder that one would write by hand, with joblib."""
    import joblib
    from joblib.externals.loky import get_reusable_executor

    parallel = joblib.Parallel(n_jobs=workers)
    parallel(joblib.delayed(root_is_right)(low, traders) for low in payoffs(runs))
    if workers > 1:
        get_reusable_executor().shutdown(wait=True)  # so that its processor time is known


def shared(runs: int, traders: int) -> Table:
    """Time a sweep and a joblib loop at one and at two workers."""
    result = Table(
        "sweep_workers",
        f"{runs:,} runs of margin-hike, {traders:,} traders, at one and at two workers",
        (
            "runs", "workers", "wall clock, s", "processor, s", "a run, ms of the wall clock",
            "efficiency by wall clock", "efficiency by processor",
        ),
    )  # fmt: skip
    ways = {"a sweep, certified and kept": swept, "scipy.optimize.root by joblib": by_joblib}
    for name, way in ways.items():
        first = (np.nan, np.nan)
        for workers in (1, 2):
            wall, processor = _everywhere(partial(way, runs, traders, workers))
            first = (wall, processor) if workers == 1 else first
            result.rows.append((
                name, workers, wall, processor, 1e3 * wall / runs,
                first[0] / (workers * wall), first[1] / processor,
            ))  # fmt: skip
    result.notes += [
        "Processes started and tables written included; each way once, after nothing. The"
        " efficiency by wall clock is the time of one worker over that of two, twice; other"
        " programs on a machine of two cores lower it. That by processor is what all processes"
        " need with one worker over what they need with two: what is lost to starting a second"
        " process and to caches, without what is lost to waiting.",
        "joblib with one worker has no process beside this one; its runs are rounds by a root"
        " finder, without certificate, verdict and table.",
    ]
    return result


def _everywhere(task: Callable[[], object]) -> tuple[float, float]:
    """Seconds of the wall clock, and of the processor in this process and in those it started."""

    def processor() -> float:
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return process_time() + children.ru_utime + children.ru_stime

    wall, own = perf_counter(), processor()
    task()
    return perf_counter() - wall, processor() - own


def table(runs: int, traders: int) -> Table:
    """Time the runs of a sweep: rounds alone, with certificates, in a loop, and in the sweep."""
    lows = payoffs(runs)
    given = [MarginHike(traders=traders, haircuts=[HAIRCUT], low_payoff=low) for low in lows]

    def rounds() -> None:
        for parameters in given:
            (case,) = SCENARIO.cases(parameters)
            made = case.build(np.random.default_rng(0))
            made.clear()
            made.close()

    def roots() -> int:
        """Runs in which the root finder is right."""
        return sum(root_is_right(low, traders) for low in lows)

    def journeys() -> None:
        for parameters in given:
            travel_all(SCENARIO, parameters, np.random.default_rng(0))

    def loop() -> None:
        for parameters in given:
            simulate(SCENARIO, parameters, studies=False)

    tasks: dict[str, Callable[[], object]] = {
        "rounds alone": rounds,
        "rounds and certificate": journeys,
        "a loop over run": loop,
        "a sweep in this process": lambda: swept(runs, traders, 0),
        "rounds alone by scipy.optimize.root": roots,
    }
    times = {name: 1e3 * _least(task) / runs for name, task in tasks.items()}
    result = Table(
        "sweeps",
        f"A run of margin-hike, {traders} traders, in a sweep of {runs}",
        ("a run", "ms", "rounds and certificate = 1"),
        [(name, each, each / times["rounds and certificate"]) for name, each in times.items()],
    )
    few = lows[:: max(runs // BATCHED, 1)]
    start = process_time()
    prices = batch(few, traders)
    each = 1e3 * (process_time() - start) / len(few)
    result.rows.append(
        ("mesa.batch_run, one agent a trader", each, each / times["rounds and certificate"])
    )
    ours = [walras_price(low, traders) for low in few]
    apart = float(np.max(np.abs(np.subtract(prices, ours))))
    result.notes.append(
        f"The root finder (hybr) is right in {roots()} of {runs} runs. The model by hand asks"
        f" everybody {HALVINGS} times, without certificate, and ends at most {apart:.1e} from our"
        f" price: {len(few)} runs of it."
    )
    return result


def walras_price(low: float, traders: int) -> float:
    """The price at which our rounds rest."""
    parameters = MarginHike(traders=traders, haircuts=[HAIRCUT], low_payoff=low)
    run = simulate(SCENARIO, parameters, studies=False)
    return float(run.dates["security_price"].iloc[0])


def _least(task: Callable[[], object]) -> float:
    """Processor seconds: the least of a few times, after one that does not count."""
    times = []
    for _ in range(TURNS + 1):
        began = process_time()
        task()
        times.append(process_time() - began)
    return min(times[1:])
