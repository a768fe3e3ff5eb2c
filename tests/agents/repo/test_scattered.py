"""A cohort in parts, in this process or on workers: the market of one cohort in one process."""

from __future__ import annotations

import os
import signal
import time
import warnings
from collections.abc import Iterator
from dataclasses import astuple
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.parts import Draw
from agents.repo.scattered import ScatteredTraders
from agents.repo.traders import Traders
from markets.instruments import Security
from markets.margin import FlatMargin
from markets.quote import FloatArray
from markets.refused import Refused
from markets.repo.market import RepoMarket
from simulator.economy import Economy
from simulator.outcome import Outcome

if TYPE_CHECKING:
    from distributed import Client

SEED, MEMBERS, PARTS = 5, 4_001, 6
CLEARED = 1e-9
"""Share of the quotes by which two markets that have cleared may differ."""


def draw(stream: np.random.Generator, members: int) -> dict[str, FloatArray]:
    return {
        "beliefs": stream.beta(2.0, 3.0, members),
        "cash": stream.lognormal(0.0, 0.5, members),
        "securities": stream.uniform(0.5, 1.5, members),
        "income_up": stream.uniform(0.0, 0.3, members),
        "income_down": stream.uniform(0.0, 5.0, members),
    }


def sharing(stream: np.random.Generator, members: int) -> dict[str, FloatArray]:
    """Traders of whom many have one belief."""
    return {**draw(stream, members), "beliefs": np.round(stream.uniform(0.1, 0.9, members), 1)}


def market(haircut: float) -> Economy[Any, Any, Any]:
    made = Economy(RepoMarket(Security(0.70, 1.15)), rng=SEED)
    RepoClearingHouse(made, FlatMargin(haircut))
    return made


def scattered(haircut: float = 0.3, client: Client | None = None, **given: Any) -> Any:
    made = market(haircut)
    settings = {"draw": draw, "members": MEMBERS, "parts": PARTS, **given}
    return made, ScatteredTraders(made, client=client, **settings)


def in_one(haircut: float, draw: Draw = draw) -> tuple[Economy[Any, Any, Any], Traders]:
    """The same members as one cohort."""
    made = market(haircut)
    sizes = np.diff([MEMBERS * k // PARTS for k in range(PARTS + 1)]).tolist()
    drawn = [draw(s, n) for s, n in zip(made.rng.spawn(PARTS), sizes, strict=True)]
    fields: Any = {name: np.concatenate([part[name] for part in drawn]) for name in drawn[0]}
    return made, Traders(made, members=MEMBERS, **fields)


@pytest.mark.parametrize("haircut", [0.01, 0.3])
@pytest.mark.parametrize("members", [draw, sharing])
def test_the_market_rests_where_that_of_one_cohort_does(haircut: float, members: Draw) -> None:
    one, cohort = in_one(haircut, members)
    other, parts = scattered(haircut, draw=members)
    assert one.clear() is other.clear() is Outcome.CLEARED
    for name, quote in one.quotes.items():
        assert other.quotes[name] == pytest.approx(quote, rel=CLEARED, abs=CLEARED)
    # at the same quotes, every total but the sampled ones is the same to the last digits
    sums, books = cohort.respond(one.posted), parts.respond(one.posted)
    rounding = 1e-13 * (sums.longs + sums.shorts)
    for name in books.__slots__:
        if "in_band" not in name:
            found, expected = getattr(books, name), getattr(sums, name)
            assert found == pytest.approx(expected, rel=1e-12, abs=rounding)


def test_positions_clear_the_market() -> None:
    made, traders = scattered(0.3)
    assert made.clear() is Outcome.CLEARED
    held = traders.held()
    assert held.security == pytest.approx(traders.supply, rel=1e-8)
    assert held.cash == pytest.approx(made.book.cash, rel=1e-8)
    assert max(held.budget, held.box, held.solvency, held.owing) < 1e-13


def test_the_table_shows_some_of_every_part_or_all() -> None:
    made, traders = scattered()
    with pytest.raises(RuntimeError, match="holds nothing yet"):
        traders.table(10)
    made.clear()
    some = traders.table(60)
    assert 60 <= len(some) < 400
    assert some["member"].is_monotonic_increasing
    everyone = traders.table()
    assert everyone["member"].tolist() == list(range(MEMBERS))
    assert everyone["security"].sum() == pytest.approx(traders.held().security)


@pytest.mark.parametrize("parts", [0, 2_001])
def test_parts_of_the_wrong_number_are_refused(parts: int) -> None:
    with pytest.raises(Refused, match=rf"parts is {parts}; it must be between 1 and half"):
        scattered(parts=parts)


def test_another_cohort_beside_it_is_refused() -> None:
    made, _ = scattered()
    Traders(made, "others")
    with pytest.raises(Refused, match="must be the only one"):
        made.clear()


@pytest.fixture(name="cluster", scope="module")
def two_processes() -> Iterator[Client]:
    """Two workers, each a process."""
    distributed = pytest.importorskip("distributed")
    with (
        warnings.catch_warnings(action="ignore"),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, dashboard_address=None, memory_limit=None
        ) as cluster,
        distributed.Client(cluster, direct_to_workers=True, set_as_default=False) as client,
    ):
        yield client


@pytest.mark.slow
def test_two_workers_give_the_bits_of_one_process(cluster: Client) -> None:
    here, mine = scattered()
    there, theirs = scattered(client=cluster)
    assert here.clear() is there.clear() is Outcome.CLEARED
    assert there.round == here.round
    assert there.quotes == here.quotes
    assert astuple(there.book) == astuple(here.book)
    assert theirs.held() == mine.held()
    assert theirs.table(100).equals(mine.table(100))


@pytest.mark.slow
def test_fewer_parts_than_workers_are_refused(cluster: Client) -> None:
    with pytest.raises(Refused, match=r"has 1 parts and the cluster 2 workers"):
        scattered(client=cluster, parts=1)


@pytest.mark.slow
def test_a_part_that_can_not_be_made_on_a_worker_says_why(cluster: Client) -> None:
    def wrong(stream: np.random.Generator, members: int) -> dict[str, FloatArray]:
        return {"beliefs": np.full(members, 2.0)}

    with pytest.raises(Refused, match=r"beliefs contains 2\.0"):
        scattered(client=cluster, draw=wrong)


@pytest.mark.slow
def test_a_worker_that_is_lost_is_named(cluster: Client) -> None:
    """The last test here: it takes a worker of the cluster with it."""
    made, traders = scattered(client=cluster)
    made.step()
    address = traders.holders.addresses[1]
    os.kill(cluster.run(os.getpid)[address], signal.SIGKILL)
    for _ in range(2):  # at once, and when the scheduler knows
        with pytest.raises(Refused, match=rf"cohort traders lost the worker {address}"):
            made.clear()
        while address in cluster.nthreads():
            time.sleep(0.01)
