"""The ladder of reservation prices: one coordinate for price and allotment."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.ladder import Ladder

PRICES = st.lists(st.floats(0.71, 1.14), min_size=1, max_size=30)


def rungs(prices: list[float]) -> Ladder:
    return Ladder.of([np.array(prices)], [], top=1.15, bottom=0.70)


@given(PRICES, st.floats(0.0, 1.0), st.floats(0.0, 1.0))
def test_price_falls_and_allotment_rises_down_the_ladder(
    prices: list[float], one: float, other: float
) -> None:
    ladder = rungs(prices)
    high, low = ladder.rung(min(one, other)), ladder.rung(max(one, other))
    assert low.price <= high.price
    if low.price == high.price and min(one, other) < max(one, other):
        assert low.filled >= high.filled


@given(PRICES, st.floats(0.0, 1.0))
def test_coordinate_finds_the_price_again(prices: list[float], place: float) -> None:
    ladder = rungs(prices)
    price = ladder.rung(place).price
    assert ladder.rung(ladder.coordinate(price)).price == pytest.approx(price, abs=1e-12)


@given(PRICES)
def test_every_rung_is_reached_exactly(prices: list[float]) -> None:
    """The marginal trader can be indifferent to the last bit, filled by any share."""
    ladder = rungs(prices)
    segments = ladder.nodes.size - 1
    halves = [ladder.rung((k + 0.5) / segments) for k in range(segments)]
    assert {rung.price for rung in halves if rung.filled == pytest.approx(0.5)} >= set(prices)


def nodes(ladder: Ladder) -> list[float]:
    return [ladder.nodes[k] for k in range(ladder.nodes.size)]


def test_traders_with_one_price_share_a_rung() -> None:
    assert nodes(rungs([0.9, 0.9, 0.9])) == [1.15, 0.9, 0.9, 0.70]


def test_the_grain_is_a_rung_and_the_gap_below_it() -> None:
    ladder = rungs([0.8, 0.9, 1.0])
    places = [ladder.coordinate(price) for price in (1.0, 0.9, 0.8)]
    assert np.diff(places) == pytest.approx([ladder.grain] * 2)


def test_a_continuum_has_no_rungs() -> None:
    ladder = Ladder.of([], [np.array([0.8, 1.0])], top=1.15, bottom=0.70)
    assert nodes(ladder) == [1.15, 1.0, 0.8, 0.70]
    assert ladder.grain == 0.0
    assert ladder.rung(0.5).price == pytest.approx(0.9)


def test_band_within_a_segment_is_the_segment() -> None:
    ladder = rungs([0.9])
    on_rung = ladder.band(0.5, 1e-9)
    assert (on_rung.above.price, on_rung.above.filled) == (0.9, 0.0)
    assert (on_rung.below.price, on_rung.below.filled) == (0.9, 1.0)
    assert on_rung.price_slope == 0.0
    in_gap = ladder.band(0.9, 1e-9)
    assert in_gap.price_slope == pytest.approx((0.70 - 0.9) * 3)
