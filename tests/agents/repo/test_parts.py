"""Parts of a cohort, in the process that holds them."""

from dataclasses import replace

import numpy as np
import pytest

from agents.repo.parts import ROWS, Parts, Recipe
from markets.instruments import Security
from markets.ladder import Ladder
from markets.quote import FloatArray
from markets.refused import Refused
from markets.repo.quotes import RepoQuotes

SECURITY = Security(0.70, 1.15)


def draw(stream: np.random.Generator, members: int) -> dict[str, FloatArray]:
    return {"beliefs": stream.uniform(0.1, 0.9, members), "cash": stream.uniform(1, 2, members)}


def made(*sizes: int) -> Parts:
    streams = np.random.default_rng(3).spawn(len(sizes))
    parts = Parts([Recipe(draw, *each) for each in zip(sizes, streams, strict=True)], False)
    parts.open(SECURITY)
    return parts


def quotes(parts: Parts) -> RepoQuotes:
    """Special quotes: some traders are long, some short, and some hold cash."""
    prices = parts.between(0.0, 2.0)
    ladder = Ladder.of([prices], [], top=1.15, bottom=0.70)
    long, short, haircut = ladder.rung(0.4), ladder.rung(0.6), 0.2
    spread = long.price - short.price
    price = short.price + (1.0 + haircut) / (2.0 * haircut) * spread
    rate = -spread / (2.0 * price * haircut)
    return RepoQuotes(
        price, rate, haircut, SECURITY, long, short,
        ladder.band(0.4, 1e-9), ladder.band(0.6, 1e-9),
    )  # fmt: skip


def test_counts_and_prices_are_those_of_all_parts() -> None:
    parts = made(30, 50)
    prices = np.sort(parts.between(0.0, 2.0))
    assert prices.size == 80
    levels = np.array([prices[0], prices[17], np.nextafter(prices[17], 2.0), 2.0])
    assert parts.counts(levels).tolist() == [80, 63, 62, 0]
    assert np.sort(parts.between(prices[17], prices[40])).tolist() == prices[17:40].tolist()


def test_positions_come_to_the_orders_and_meet_the_constraints() -> None:
    parts = made(30, ROWS + 50)
    posted = quotes(parts)
    for book, held in zip(parts.orders(posted), parts.held(posted, 0.0), strict=True):
        assert held.security == pytest.approx(book.longs - book.shorts, rel=1e-12)
        assert held.pledged == pytest.approx(book.longs, rel=1e-12)
        assert held.borrowed == pytest.approx(book.shorts, rel=1e-12)
        assert held.cash == pytest.approx(book.idle_cash, rel=1e-12)
        assert max(held.budget, held.box, held.solvency, held.owing) < 1e-14


def test_what_a_draw_leaves_out_is_alike_for_all() -> None:
    def beliefs(stream: np.random.Generator, members: int) -> dict[str, FloatArray]:
        return {"beliefs": stream.uniform(0.1, 0.9, members)}

    parts = Parts([Recipe(beliefs, 20, np.random.default_rng(0))], False)
    parts.open(SECURITY)
    posted = quotes(parts)
    (book,), (table,) = parts.orders(posted), parts.tables("traders", posted, 0.0, None)
    assert (book.cash, book.supply) == (20.0, 20.0)
    assert set(table["endowed_cash"]) == set(table["endowed_securities"]) == {1.0}
    assert set(table["income_up"]) == set(table["income_down"]) == {0.0}


@pytest.mark.parametrize("move", [0.01, -0.01])
def test_positions_beyond_solvency_are_seen(move: float) -> None:
    """At a higher repo rate than expected longs can't pay in U, at a lower one shorts in D."""
    parts = made(300)
    posted = quotes(parts)
    (held,) = parts.held(replace(posted, repo_rate=posted.repo_rate + move), 0.0)
    assert held.solvency > 1e-3


def test_a_part_that_can_not_be_made_says_why() -> None:
    stream = np.random.default_rng(0)
    with pytest.raises(Refused, match=r"beliefs contains 1\.0"):
        Parts([Recipe(lambda _, members: {"beliefs": np.ones(members)}, 3, stream)], False)
