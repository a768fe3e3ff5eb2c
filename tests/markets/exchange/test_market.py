"""The markets of pure exchange: quotes, coordinates, and what pushes them."""

from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from markets.exchange.market import WIDEST, ExchangeMarket
from markets.quote import FloatArray
from markets.refused import Refused

POSITIVE = st.floats(0.01, 100.0)


def three(n: int = 3) -> st.SearchStrategy[FloatArray]:
    return arrays(np.float64, n, elements=POSITIVE)


def opened(supply: FloatArray, wanted: FloatArray | None = None) -> ExchangeMarket:
    market = ExchangeMarket([f"good {k + 1}" for k in range(supply.size)])
    wanted = np.ones_like(supply) if wanted is None else wanted
    market.open([SimpleNamespace(owned=supply, wanted=wanted)])
    return market


def test_what_is_quoted() -> None:
    market = ExchangeMarket(["bread", "wine"])
    assert [quote.name for quote in market.quotes] == ["price[bread]", "price[wine]"]
    assert [quote.unit for quote in market.quotes] == ["units of bread"] * 2
    assert market.excess_names == ("excess[wine]",)


@given(three())
def test_posting_and_locating_are_inverse_and_the_numeraire_costs_one(prices: FloatArray) -> None:
    market = opened(np.ones(3))
    coordinates = market.locate(market.named(prices), None)
    posted = market.post(coordinates, None, np.zeros(2))
    assert posted[0] == 1.0
    assert posted == pytest.approx(prices / prices[0], rel=1e-13)


@given(three(), st.floats(1e-3, 1e3))
def test_only_relative_prices_have_coordinates(prices: FloatArray, unit: float) -> None:
    market = opened(np.ones(3))
    assert market.locate(market.named(unit * prices), None) == pytest.approx(
        market.locate(market.named(prices), None), abs=1e-12
    )


@given(three())
def test_at_first_what_there_is_of_every_good_is_worth_the_same(supply: FloatArray) -> None:
    values = np.array([*opened(supply).first_quotes().values()]) * supply
    assert values == pytest.approx(np.full(3, values[0]))


def test_limits_are_finite_and_not_attained() -> None:
    limits = ExchangeMarket(["a", "b", "c"]).limits(None)
    assert limits.lower.tolist() == [-WIDEST, -WIDEST]
    assert limits.upper.tolist() == [WIDEST, WIDEST]
    assert not (limits.lower_attained | limits.upper_attained).any()


@given(three(), three())
def test_a_price_rises_where_its_good_is_scarcer_than_the_numeraire(
    demand: FloatArray, supply: FloatArray
) -> None:
    excess = opened(supply).excess(np.ones(3), np.stack([demand, supply]))
    scarcity = demand / supply
    assert excess.residual == pytest.approx(np.log(scarcity[1:]) - np.log(scarcity[0]))
    assert excess.units == pytest.approx((demand - supply)[1:])
    share = (demand - supply) / (demand + supply)
    assert excess.share == pytest.approx((share[1:] - share[0]) / 2.0)
    assert (np.abs(excess.share) <= 1.0).all()


@given(three(), three(), st.permutations(range(3)))
def test_which_good_is_the_numeraire_changes_no_relative_move(
    demand: FloatArray, supply: FloatArray, order: list[int]
) -> None:
    """The textbook rule moves the price of each good with its own excess demand."""
    push = np.append(0.0, opened(supply).excess(supply, np.stack([demand, supply])).residual)
    other = opened(supply[order]).excess(supply, np.stack([demand, supply])[:, order]).residual
    assert push[order][1:] - push[order][0] == pytest.approx(other, abs=1e-12)


def test_a_good_that_nobody_demands_at_some_prices_has_a_finite_residual() -> None:
    book = np.array([[1.0, 0.0], [1.0, 1.0]])
    excess = opened(np.ones(2)).excess(np.ones(2), book)
    assert np.isfinite(excess.residual).all()
    assert excess.share.tolist() == [-0.5]


@pytest.mark.parametrize(("supply", "wanted"), [([1.0, 0.0], [1.0, 1.0]), ([1.0, 1.0], [1.0, 0.0])])
def test_a_good_that_nobody_owns_or_wants_is_refused(
    supply: list[float], wanted: list[float]
) -> None:
    with pytest.raises(Refused, match=r"good 2: somebody must own it \(endowment\), want it"):
        opened(np.array(supply), np.array(wanted))
