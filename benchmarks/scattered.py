"""One market whose traders are in this process, on one worker and on two."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from time import perf_counter, process_time
from typing import TYPE_CHECKING, Any

import numpy as np

from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.scattered import ScatteredTraders
from benchmarks.economies import start_again
from benchmarks.report import Table
from markets.instruments import Security
from markets.margin import FlatMargin, PostedMargin
from markets.quote import FloatArray
from markets.repo.book import RepoBook
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes
from simulator.economy import Economy
from simulator.outcome import Outcome

if TYPE_CHECKING:
    from distributed import Client

TURNS = 3
TRIPS = 50
PARTS = 16


def draw(stream: np.random.Generator, members: int) -> Mapping[str, FloatArray]:
    """Members who differ in everything."""
    return {
        "beliefs": stream.beta(2.0, 3.0, members),
        "cash": stream.lognormal(0.0, 0.5, members),
        "securities": stream.uniform(0.5, 1.5, members),
        "income_up": stream.uniform(0.0, 0.3, members),
        "income_down": stream.uniform(0.0, 5.0, members),
    }


def table(members: int, workers: tuple[int, ...]) -> Table:
    """Clear the same market with its traders in several places.

    Parameters
    ----------
    members : int
        Number of traders.
    workers : tuple of int
        Worker processes of a Dask cluster of this machine; none is this process.
    """
    result = Table(
        "scattered",
        f"One market of {members:,} traders, on workers of this machine",
        (
            "workers", "made and opened, s", "rounds", "first clearing, s", "a round, ms",
            "processor, ms", "questions a round", "a question, ms", "KiB out", "KiB back", "quotes",
        ),
    )  # fmt: skip
    first: dict[str, float] = {}
    wall: dict[int, float] = {}
    processor: dict[int, float] = {}
    for count in workers:
        row, quotes = _measure(members, count)
        first = first or quotes
        wall[count], processor[count] = row[3:5]
        result.rows.append((count, *row, "same bits" if quotes == first else "DIFFERENT"))
    result.notes.append(
        "Wall clock. A round is the least of a few later clearings over their rounds: the prices"
        " around the resting point are known by then; processor is the time of the busiest process"
        " that holds traders. Questions and KiB are those of the first"
        " clearing, per round, and per worker what is pickled to it and back."
    )
    if 1 in wall and 2 in wall:
        result.notes.append(
            f"Two workers against one: an efficiency of {processor[1] / (2 * processor[2]):.0%} by"
            f" the busier worker's processor time, {wall[1] / (2 * wall[2]):.0%} by the wall clock,"
            " which only an idle machine of two cores tells."
        )
    return result


def _measure(members: int, count: int) -> tuple[tuple[float, ...], dict[str, float]]:
    with ExitStack() as stack:
        client = None
        if count > 0:
            from distributed import Client, LocalCluster

            cluster = stack.enter_context(
                LocalCluster(
                    n_workers=count, threads_per_worker=1, dashboard_address=None, memory_limit=None
                )
            )
            client = stack.enter_context(
                Client(cluster, direct_to_workers=True, set_as_default=False)
            )
        began = perf_counter()
        made = Economy(RepoMarket(Security(0.70, 1.15)), rng=5)
        RepoClearingHouse(made, FlatMargin(0.3))
        traders = ScatteredTraders(made, draw=draw, members=members, parts=PARTS, client=client)
        made.open()
        opened = perf_counter() - began
        travels = _Counted(traders.holders.ask)
        traders.holders.ask = travels  # type: ignore[method-assign]
        first = _cleared(made)
        del traders.holders.ask
        rounds, quotes = made.round, made.quotes
        least = used = np.inf
        for _ in range(TURNS):
            start_again(made)
            before = _used(client)
            least = min(least, _cleared(made))
            used = min(used, float(np.max(_used(client) - before)))
        began = perf_counter()
        for _ in range(TRIPS):
            traders.counts(np.array([1.0]))
        trip = (perf_counter() - began) / TRIPS
        made.close()
    kib = [travelled / 1024 / rounds / max(count, 1) for travelled in (travels.out, travels.back)]
    each = 1e3 * least / rounds, 1e3 * used / rounds
    times = opened, rounds, first, *each, travels.questions / rounds, 1e3 * trip
    return (*times, *kib), quotes


def _used(client: Client | None) -> FloatArray:
    """Processor seconds of every process that holds traders, so far."""
    if client is None:
        return np.array([process_time()])
    return np.array(list(client.run(process_time).values()))


def _cleared(made: Economy[PostedMargin, RepoQuotes, RepoBook]) -> float:
    """Seconds until the market has cleared."""
    began = perf_counter()
    if made.clear() is not Outcome.CLEARED:
        raise RuntimeError("the market has not cleared")
    return perf_counter() - began


class _Counted:
    """Questions to holders, with what they and the answers come to."""

    def __init__(self, ask: Callable[..., list[Any]]) -> None:
        self._ask = ask
        self.questions = self.out = self.back = 0

    def __call__(self, question: str, *words: Any) -> list[Any]:
        answers = self._ask(question, *words)
        self.questions += 1
        self.out += len(answers) * len(pickle.dumps((question, words)))
        self.back += sum(len(pickle.dumps(answer)) for answer in answers)
        return answers
