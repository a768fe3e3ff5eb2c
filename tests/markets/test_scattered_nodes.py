"""Nodes of a ladder whose prices others hold: those of a sort of all prices."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from markets import scattered_nodes
from markets.ladder import Ladder
from markets.quote import FloatArray
from markets.scattered_nodes import ScatteredNodes

TOP, BOTTOM = 1.15, 0.70
PRICES = st.lists(st.floats(0.71, 1.14), min_size=1, max_size=20)


class Asked:
    """Prices that remember how often they were asked for."""

    def __init__(self, prices: list[float]) -> None:
        self.rising, self.size, self.questions = np.sort(prices), len(prices), 0

    def counts(self, levels: FloatArray) -> NDArray[np.int64]:
        """Number at each level or above."""
        self.questions += 1
        return np.asarray(self.size - self.rising.searchsorted(levels), dtype=np.int64)

    def between(self, low: float, high: float) -> FloatArray:
        """Those between two levels, falling."""
        self.questions += 1
        first, last = self.rising.searchsorted([low, high])
        return self.rising[first:last][::-1]


def scattered(prices: list[float]) -> Ladder:
    return Ladder(ScatteredNodes(Asked(prices), top=TOP, bottom=BOTTOM), True)


@pytest.fixture(autouse=True)
def few_prices_are_many(monkeypatch: pytest.MonkeyPatch) -> None:
    """Cells so coarse that they have to be cut, and so few kept that they are fetched again."""
    for name, value in (("CELLS", 4), ("SPLIT", 3), ("MOST", 2), ("KEPT", 2)):
        monkeypatch.setattr(scattered_nodes, name, value)


@given(PRICES, st.floats(0.0, 1.0), st.floats(1e-6, 1.0))
def test_the_ladder_is_that_of_all_prices(prices: list[float], place: float, reach: float) -> None:
    different = sorted(set(prices))
    one = Ladder.of([np.array(different)], [], top=TOP, bottom=BOTTOM)
    other = scattered(different)
    assert [other.nodes[k] for k in range(other.nodes.size)] == [
        one.nodes[k] for k in range(one.nodes.size)
    ]
    assert other.rung(place) == one.rung(place)
    assert other.band(place, reach) == one.band(place, reach)
    for price in (*different, 0.9, TOP, BOTTOM):
        assert other.coordinate(price) == one.coordinate(price)


@given(PRICES, st.integers(2, 5))
def test_traders_with_one_price_fill_it_together(prices: list[float], times: int) -> None:
    ladder = scattered(prices * times)
    places = np.linspace(0.0, 1.0, 31)
    rungs = [ladder.rung(place) for place in places]
    for one, other in pairwise(rungs):
        assert one.price >= other.price
        assert one.filled <= other.filled or one.price > other.price


def test_the_band_of_a_shared_price_is_all_of_it() -> None:
    ladder = scattered([0.8, *[0.9] * 1000, 1.0])
    found = ladder.band(0.5, 1e-9)
    assert (found.above.price, found.below.price) == (0.9, 0.9)
    assert found.length == pytest.approx(1999 / 2005)
    assert ladder.rung(3 / 2005).filled == 0.0
    assert ladder.rung(0.5).filled == pytest.approx(0.5, abs=1e-3)


def test_a_price_at_an_end_of_the_ladder_is_found() -> None:
    """A belief next to 0 or 1 may be worth the payoff itself, rounded either way."""
    prices = [np.nextafter(BOTTOM, 0.0), 0.9, TOP]
    nodes = scattered(prices).nodes
    assert [nodes[k] for k in range(8)] == [TOP, TOP, TOP, 0.9, 0.9, prices[0], prices[0], BOTTOM]


def test_what_is_known_is_not_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scattered_nodes, "MOST", 100)
    prices = Asked(np.linspace(0.75, 1.1, 50).tolist())
    nodes = ScatteredNodes(prices, top=TOP, bottom=BOTTOM)
    first = [nodes[20], prices.questions]
    assert [nodes[20], prices.questions] == first
