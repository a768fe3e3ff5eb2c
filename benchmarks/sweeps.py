"""What a run costs inside a sweep, beside Mesa's own batch and a loop over a root finder."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
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


def table(runs: int, traders: int) -> Table:
    """Time the runs of a sweep: rounds alone, with certificates, in a loop, and in the sweep."""
    lows = np.linspace(0.5, 0.8, runs).round(6).tolist()
    given = [MarginHike(traders=traders, haircuts=[HAIRCUT], low_payoff=low) for low in lows]
    asked = Asked([
        Axis("traders", (traders,)),
        Axis("haircuts", ([HAIRCUT],)),
        Axis("low_payoff", tuple(lows)),
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

    def roots() -> int:
        """Runs in which the root finder is right."""
        right = 0
        for parameters in given:
            (case,) = SCENARIO.cases(parameters)
            made = case.build(np.random.default_rng(0))
            right += attempt(METHODS["root, hybr"], Problem.of(made)).true
            made.close()
        return right

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
        "a sweep in this process": lambda: swept(0),
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
