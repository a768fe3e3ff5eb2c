"""The markets at all nodes: quotes from marginal buyers and back."""

from __future__ import annotations

import mesa
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.leverage.levered_traders import LeveredTraders
from markets.leverage.market import LeverageMarket
from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageBook, LeverageTerms
from markets.refused import Refused

TREE = NewsTree.of([1.0, 0.8, 0.5, 0.2])
NONE = np.zeros(TREE.count)


def opened(population: str = "continuum", **given: float) -> LeverageMarket:
    market = LeverageMarket(TREE)
    cohort = LeveredTraders(mesa.Model(), population=population, members=50, **given)  # type: ignore[arg-type]
    market.open([cohort])
    return market


def terms(cap: float = np.inf) -> LeverageTerms:
    return LeverageTerms(0, np.full(TREE.count, cap))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.floats(0.02, 0.98), min_size=7, max_size=7), st.sampled_from([1.0, 2.0, np.inf]))
def test_a_quote_stands_between_later_ones_and_is_found_again(
    places: list[float], cap: float
) -> None:
    market = opened()
    coordinates = np.array(places)
    posted = market.post(coordinates, terms(cap), NONE)
    price = posted.price
    low, high = np.sort([price[TREE.good], price[TREE.bad]], axis=0)
    assert np.all((low <= price[: TREE.count]) & (price[: TREE.count] <= high))
    value, gain = posted.worth(coordinates)
    marginal = np.diag(gain) / np.diag(value)  # whose marginal buyers are indifferent
    assert marginal == pytest.approx(0.0, abs=1e-14)
    # of several beliefs that would pay the same the market may find another, at the same price
    again = market.post(market.locate(market.named(posted), terms(cap)), terms(cap), NONE)
    assert again.price == pytest.approx(price, abs=1e-9)


def test_first_quotes_take_all_news_as_equally_likely() -> None:
    first = opened().first_quotes()
    assert first["asset_price"] == pytest.approx((1.0 + 3 * 0.8 + 3 * 0.5 + 0.2) / 8)
    assert first["asset_price_after_bad_bad"] == pytest.approx(0.35)


def test_quotes_that_nobody_believes_start_inside_the_line() -> None:
    market = opened("individuals")
    wild = dict.fromkeys(market.first_quotes(), 5.0)
    coordinates = market.locate(wild, terms())
    assert np.all((coordinates > 0.9) & (coordinates < 1.0))


def test_nodes_that_news_has_passed_by_have_no_excess_demand() -> None:
    market = opened()
    book = LeverageBook(np.arange(7.0), NONE, NONE, 10.0, 2.0)
    here = LeverageTerms(TREE.place("bad"), np.full(TREE.count, np.inf))
    excess = market.excess(market.post(np.full(7, 0.5), here, NONE), book)
    assert np.flatnonzero(excess.units).tolist() == [5, 6]  # at "bad" demand is 2, as supply
    assert excess.units[5:].tolist() == [3.0, 4.0]
    assert np.array_equal(excess.share > 0.0, excess.residual > 0.0)


@pytest.mark.parametrize("owned", ["cash", "asset"])
def test_somebody_must_own_something(owned: str) -> None:
    with pytest.raises(Refused, match=f"endowed_{owned} is 0"):
        opened("continuum", **{owned: 0.0})


def test_a_market_that_is_not_open_knows_no_beliefs() -> None:
    with pytest.raises(RuntimeError, match="has not been opened"):
        LeverageMarket(TREE).limits(terms())
