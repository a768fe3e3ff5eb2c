"""The markets for assets of one pool of funding: coordinates, limits, depth, Walras' law."""

from __future__ import annotations

import numpy as np
import pytest

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.book import FundedBook, exposures, filled
from markets.funding.market import DRIFT, FundedMarket
from markets.funding.quotes import FundedQuotes
from markets.funding.terms import MarginTerms
from markets.margin import FlatMargin, LinearMargin, PostedSides, SidedMargin, VolatilityMargin
from markets.quote import FloatArray
from markets.refused import Refused
from simulator.economy import Economy
from simulator.outcome import Outcome

NAMES = ["a", "b", "c"]
VALUE = np.array([10.0, 8.0, 12.0])
RULES = (
    SidedMargin(LinearMargin(0.5, 0.6, 10.0), LinearMargin(0.7, 0.2, 10.0)),
    SidedMargin(FlatMargin(0.2), FlatMargin(0.15)),
    VolatilityMargin(0.3),
)
TERMS = MarginTerms(
    0,
    tuple(
        PostedSides.opened(rule, price) for rule, price in zip(RULES, VALUE.tolist(), strict=True)
    ),
)

INSIDE = [
    [0.2, 0.9, 0.2, 0.8],
    [0.6, 0.7, 0.5, 0.1],
    [0.45, 0.4, 0.6, 0.95],
]
"""Coordinates in the gaps, away from the corners."""


def traded(cash: float = -5.0) -> Economy[MarginTerms, FundedQuotes, FundedBook]:
    """An economy of three assets, the second sold short, with three experts."""
    economy = Economy(FundedMarket(NAMES, VALUE))
    MarginClearingHouse(economy, dict(zip(NAMES, RULES, strict=True)))
    exposures = np.array([[3.0, -2.0, 2.0], [0.5, 0.0, -1.0]])
    Customers(economy, exposures=exposures, risk_aversion=2.0, volatility=np.array([0.7, 0.6, 0.9]))
    endowment = np.array([[0.5, 0.2, 0.0], [0.2, -0.1, 0.3], [0.0, 0.0, 1.0]])
    Experts(economy, cash=cash * np.array([0.7, 0.2, 0.1]), endowment=endowment)
    economy.open()
    return economy


def asked(
    economy: Economy[MarginTerms, FundedQuotes, FundedBook], coordinates: FloatArray
) -> tuple[FundedQuotes, FundedBook]:
    posted = economy.market.post(coordinates, TERMS, np.zeros_like(coordinates))
    return posted, economy.house.net([cohort.respond(posted) for cohort in economy.cohorts])


def margin_on_exposures(posted: FundedQuotes, book: FundedBook) -> float:
    """The scale of the funding residual, cash."""
    return float(posted.margin @ book.gross)


BEYOND = [0.97, 0.7, 0.5, 0.3]
"""Coordinates with a premium at which customers sell nothing on any rung."""


@pytest.mark.parametrize("place", [*INSIDE, BEYOND])
def test_depth_is_finite_differences_of_excess_demand(place: list[float]) -> None:
    """Of the gap in funding in cash: depth holds the scale of that residual fixed."""
    economy, at, step = traded(), np.array(place), 1e-6
    posted, book = asked(economy, at)
    depth = economy.market.depth(posted, book, at)
    assert depth is not None
    measured = np.empty((4, 4))
    for k in range(4):
        ends = [asked(economy, at + sign * step * np.eye(4)[k]) for sign in (1.0, -1.0)]
        up, down = (economy.market.excess(*end) for end in ends)
        measured[:, k] = (up.residual - down.residual) / (2.0 * step)
        gaps = [
            e.residual[0] * margin_on_exposures(*end)
            for e, end in zip((up, down), ends, strict=True)
        ]
        measured[0, k] = (gaps[0] - gaps[1]) / (2.0 * step)
    measured[0] /= margin_on_exposures(posted, book)
    economy.close()
    assert depth == pytest.approx(measured, rel=1e-6, abs=1e-7)


@pytest.mark.parametrize("place", INSIDE)
def test_the_slope_of_a_margin_is_its_derivative_by_the_price(place: list[float]) -> None:
    """On whichever side of its fundamental value an asset is."""
    economy, at = traded(), np.array(place)
    posted, _ = asked(economy, at)
    for k in np.flatnonzero(at[1:] != 0.5):  # at its fundamental value it has none
        step = 1e-6 * np.eye(4)[k + 1]
        up, down = (asked(economy, at + sign * step)[0] for sign in (1.0, -1.0))
        slope = (up.margin[k] - down.margin[k]) / (up.price[k] - down.price[k])
        assert posted.margin_slope[k] == pytest.approx(slope, abs=1e-7)
    economy.close()


def test_residual_says_how_far_the_premium_is_above_all_that_customers_pay() -> None:
    """They bring nothing to experts: funding in excess is all wealth; the residual says more."""
    economy = traded()
    posted, book = asked(economy, np.array(BEYOND))
    excess = economy.market.excess(posted, book)
    scale = margin_on_exposures(posted, book)
    assert book.funds > 0.0
    assert excess.units[0] == -book.funds
    assert excess.share[0] == -1.0
    assert excess.residual[0] * scale < -book.funds
    nearer, orders = asked(economy, np.array([0.9, *BEYOND[1:]]))
    assert economy.market.excess(nearer, orders).residual[0] > excess.residual[0]
    economy.close()


@pytest.mark.parametrize("place", INSIDE)
def test_walras_law_holds_at_any_quotes(place: list[float]) -> None:
    economy = traded()
    posted, book = asked(economy, np.array(place))
    settlement = economy.house.settle(posted, book).accounts()
    redundant = economy.house.redundant(posted, book)["cash"]
    worth = np.maximum(np.abs(posted.price), np.abs(posted.fundamental))
    brought = worth @ (exposures(posted, book) + np.abs(filled(posted, book)))
    units = economy.market.excess(posted, book).units[1:]
    economy.close()
    assert settlement["walras"] == pytest.approx(0.0, abs=1e-15)
    assert abs(redundant) > 1e-3
    assert redundant == pytest.approx(-posted.price @ units / brought, rel=1e-12)


def test_cash_clears_where_the_assets_do() -> None:
    economy = traded()
    assert economy.clear() is Outcome.CLEARED
    redundant = economy.redundant()
    economy.close()
    assert redundant["cash"] == pytest.approx(0.0, abs=1e-9)


def test_without_a_premium_prices_are_fundamental_values() -> None:
    economy = traded()
    for place in (0.0, 0.4, 1.0):
        posted, _ = asked(economy, np.array([0.0, place, place, place]))
        assert np.array_equal(posted.price, VALUE)
    economy.close()


def test_limits_are_finite_and_quotes_stay_within_reach() -> None:
    economy = traded()
    limits = economy.market.limits(TERMS)
    assert np.isfinite(limits.lower).all()
    assert np.isfinite(limits.upper).all()
    rng = np.random.default_rng(0)
    for _ in range(100):
        posted, _ = asked(economy, rng.uniform(limits.lower, limits.upper))
        assert np.all(np.abs(posted.side) <= 1.0)
        assert np.all(posted.margins > 0.0)
        assert np.all(posted.rung[1] <= VALUE)
        assert np.all(posted.rung[0] >= VALUE)
        assert np.all((posted.rung[1] <= posted.price) & (posted.price <= posted.rung[0]))
    economy.close()


@pytest.mark.parametrize("place", [[0.3, 1.0, 0.0, 0.5], [0.7, 0.4, 0.6, 1.0]])
def test_posted_quotes_are_located_where_they_were_posted(place: list[float]) -> None:
    """At least one asset is filled entirely, so that the prices tell the premium."""
    economy = traded()
    posted, _ = asked(economy, np.array(place))
    quotes = economy.market.named(posted)
    found = economy.market.locate(quotes, TERMS)
    economy.close()
    assert list(quotes) == [quote.name for quote in economy.market.quotes]
    assert found == pytest.approx(place, abs=1e-12)


def test_premium_rises_while_no_expert_has_any_wealth() -> None:
    economy = traded(cash=-1_000.0)
    posted, book = asked(economy, np.array([0.5, 0.9, 0.1, 0.9]))
    excess = economy.market.excess(posted, book)
    depth = economy.market.depth(posted, book, np.array([0.5, 0.9, 0.1, 0.9]))
    assert depth is not None
    assert book.funds == 0.0
    assert excess.residual[0] == 0.5 + DRIFT
    assert depth[0].tolist() == [-1.0, 0.0, 0.0, 0.0]
    assert economy.clear() is Outcome.CLEARED
    assert economy.round < 15
    held = [cohort.table()["position"] for cohort in economy.cohorts if cohort.name == "experts"]
    economy.close()
    assert np.all(held[0] == 0.0)


def test_the_last_row_of_fundamental_values_stays() -> None:
    market = FundedMarket(["a"], np.array([[10.0], [11.0]]))
    economy = Economy(market)
    MarginClearingHouse(economy, {"a": FlatMargin(0.1)})
    Customers(economy, exposures=np.ones((2, 1)), risk_aversion=1.0, volatility=np.ones(1))
    economy.open()
    rules = (PostedSides.opened(FlatMargin(0.1), 10.0),)
    values = [
        market.post(np.array([0.1, 0.9]), MarginTerms(date, rules), np.zeros(2))
        for date in range(4)
    ]
    economy.close()
    assert [float(posted.fundamental[0]) for posted in values] == [10.0, 11.0, 11.0, 11.0]


def test_a_market_without_customers_or_of_the_wrong_size_is_refused() -> None:
    with pytest.raises(Refused, match="there are 2 assets"):
        FundedMarket(["a", "b"], np.array([10.0]))
    economy = Economy(FundedMarket(["a"], np.array([10.0])))
    MarginClearingHouse(economy, {"a": FlatMargin(0.1)})
    Experts(economy, cash=np.ones(1), endowment=np.zeros((1, 1)))
    with pytest.raises(Refused, match="needs a cohort of customers"):
        economy.open()
    economy.close()


def test_a_price_on_the_side_where_nobody_needs_experts_tells_no_premium() -> None:
    """Customers only sell: above the value there is nothing to gain, below it there is."""
    economy = Economy(FundedMarket(["a"], np.array([10.0])))
    MarginClearingHouse(economy, {"a": LinearMargin(0.5, 0.0, 10.0)})
    Customers(economy, exposures=np.ones((1, 1)), risk_aversion=1.0, volatility=np.ones(1))
    economy.open()
    assert economy.market.locate({"a": 10.4}, economy.terms)[0] == 0.0
    below = economy.market.locate({"a": 9.6}, economy.terms)
    posted = economy.market.post(below, economy.terms, np.zeros(2))
    economy.close()
    assert posted.premium == pytest.approx(0.8)
    assert posted.price == pytest.approx([9.6])
