"""The market for a security and its repo: quotes, limits, excess demand and its slope."""

from dataclasses import replace

import mesa
import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from agents.cohort import Population
from agents.repo.traders import Traders
from markets.instruments import Security
from markets.margin import FlatMargin, LinearMargin, PostedMargin
from markets.quote import FloatArray
from markets.refused import Refused
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes

SECURITY = Security(0.70, 1.15)
STILL = np.full(2, 1e-12)


def flat(haircut: float) -> PostedMargin:
    """The same haircut at every price."""
    return PostedMargin.opened(FlatMargin(haircut), 1.0)


def opened(
    population: Population = "continuum", security: Security = SECURITY
) -> tuple[RepoMarket, Traders]:
    traders = Traders(mesa.Model(rng=0), members=200, income_down=3.0, population=population)
    market = RepoMarket(security)
    market.open([traders])
    return market, traders


PLACE = {
    "level": st.floats(0.05, 0.95),
    "between": st.floats(0.01, 0.8),
    "haircut": st.floats(0.01, 0.999),
}


@given(**PLACE)
def test_funded_prices_follow_from_the_quotes(level: float, between: float, haircut: float) -> None:
    """e1 = q (1 + rho h) and e2 = q (1 + rho (2 - h)), with h = 1 - haircut."""
    market, _ = opened()
    posted = market.post(np.array([level - 1.0, between]), flat(haircut), STILL)
    q, rho, h = posted.price, posted.repo_rate, 1.0 - haircut
    assert posted.special
    assert rho < 0.0
    assert q * (1.0 + rho * h) == pytest.approx(posted.long_price, rel=1e-11)
    assert q * (1.0 + rho * (2.0 - h)) == pytest.approx(posted.short_price, rel=1e-11)


@given(**PLACE)
def test_locating_the_quotes_finds_the_coordinates_again(
    level: float, between: float, haircut: float
) -> None:
    market, _ = opened()
    coordinates = np.array([level - 1.0, between])
    named = market.named(market.post(coordinates, flat(haircut), STILL))
    assert list(named) == [quote.name for quote in market.quotes]
    assert market.locate(named, flat(haircut)) == pytest.approx(coordinates, abs=1e-7)


@pytest.mark.parametrize("population", ["individuals", "continuum"])
def test_quotes_off_the_ladder_start_half_a_rung_from_its_ends(population: Population) -> None:
    market, _ = opened(population)
    edge = 0.5 / (market.ladder.nodes.size - 1)
    for price, place in ((100.0, edge), (0.01, 1.0 - edge)):
        at = market.locate({"security_price": price, "repo_rate": 0.0}, flat(0.1))
        assert at == pytest.approx([-place, 0.0], abs=1e-12)
        posted = market.post(at, flat(0.1), STILL)
        assert SECURITY.low_payoff <= posted.price <= SECURITY.high_payoff
    # where nobody is short the marginal short is the marginal long
    at = market.locate({"security_price": 0.9, "repo_rate": -0.1}, flat(0.0))
    assert at[1] == 0.0


@given(**PLACE)
def test_the_slope_is_that_of_the_residuals(level: float, between: float, haircut: float) -> None:
    market, traders = opened()
    place, step = np.array([level - 1.0, between]), 1e-5

    def residual(at: np.ndarray) -> np.ndarray:
        posted = market.post(at, flat(haircut), STILL)
        return market.excess(posted, traders.respond(posted)).residual

    posted = market.post(place, flat(haircut), STILL)
    slope = market.depth(posted, traders.respond(posted), place)
    numerical = np.column_stack(
        [(residual(place + d) - residual(place - d)) / (2.0 * step) for d in step * np.eye(2)]
    )
    # not where a constraint begins to bind inside the step
    before, after = (
        market.depth(near, traders.respond(near), at)
        for at in (place - step, place + step)
        for near in [market.post(at, flat(haircut), STILL)]
    )
    assume(np.allclose(before, after, rtol=1e-2, atol=1e-3))
    assert slope == pytest.approx(numerical, rel=2e-2, abs=2e-2 * float(np.abs(numerical).max()))


def test_without_margin_the_repo_rate_is_zero() -> None:
    market, _ = opened()
    limits = market.limits(flat(0.0))
    assert limits.upper.tolist() == [0.0, 0.0]
    assert market.post(np.array([-0.6, 0.0]), flat(0.0), STILL).repo_rate == 0.0
    assert market.limits(flat(0.1)).upper.tolist() == [0.0, 1.0]


@pytest.mark.parametrize("haircut", [0.0, 0.01, 0.5, 0.999])
def test_without_reuse_the_repo_rate_rests_at_zero(haircut: float) -> None:
    """There is one coordinate left, and no belief compares cash with being short."""
    traders = Traders(mesa.Model(rng=0), members=50)
    market = RepoMarket(SECURITY, reuse=False)
    market.open([traders])
    limits = market.limits(flat(haircut))
    assert limits.upper[1] == limits.lower[1] == 0.0
    assert limits.lower_attained[1]
    assert limits.upper_attained[1]
    at = market.locate({"security_price": 0.9, "repo_rate": -0.2}, flat(haircut))
    quotes = market.post(at, flat(haircut), np.full(2, 1e-9))
    assert at[1] == 0.0
    assert quotes.repo_rate == 0.0
    assert quotes.price == quotes.long_price == quotes.short_price
    long, short = quotes.marginal_beliefs
    assert 0.0 < long < 1.0
    assert np.isnan(short)
    step = 1e-7
    book = traders.respond(quotes)
    moved = market.post(at + np.array([step, 0.0]), flat(haircut), np.full(2, 1e-9))
    slope = market.depth(quotes, book, at)[0, 0]
    change = market.excess(moved, traders.respond(moved)).residual[0]
    change -= market.excess(quotes, book).residual[0]
    assert change / step == pytest.approx(slope, rel=1e-3)


@pytest.mark.parametrize("members", [200, 20])
@pytest.mark.parametrize("at", [[-0.6, 0.3, 0.2], [-0.3, 0.1, 0.6], [-0.5, 0.0, 0.3]])
def test_where_the_haircut_follows_the_price_depth_is_the_derivative(
    at: list[float], members: int
) -> None:
    traders = Traders(mesa.Model(rng=0), members=members, income_down=3.0, population="continuum")
    market = RepoMarket(SECURITY, margin_follows=True)
    market.open([traders])
    terms = PostedMargin.opened(LinearMargin(0.3, 0.4, 1.1), 0.9)
    here = np.array(at)

    def residual(coordinates: FloatArray) -> FloatArray:
        posted = market.post(coordinates, terms, STILL)
        return market.excess(posted, traders.respond(posted)).residual

    still = np.full(3, 1e-9)
    posted = market.post(here, terms, still)
    told = market.depth(posted, traders.respond(posted), here)
    steps = 1e-7 * np.eye(3)
    if here[1] == 0.0:  # the repo rate rests at zero: to one side only
        told, steps = told[:, [0, 2]], steps[[0, 2]]
    found = np.column_stack([(residual(here + e) - residual(here - e)) / 2e-7 for e in steps])
    assert found == pytest.approx(told, rel=2e-3, abs=2e-3)


def test_a_higher_level_is_a_higher_price() -> None:
    market, _ = opened("individuals")
    prices = [
        market.post(np.array([level - 1.0, 0.0]), flat(0.05), STILL).price
        for level in np.linspace(0.1, 0.9, 20)
    ]
    assert prices == sorted(set(prices))


def test_shares_of_excess_demand_lie_between_minus_one_and_one() -> None:
    market, traders = opened("individuals")
    for level in (1e-9, 0.5, 1.0 - 1e-9):
        posted = market.post(np.array([level - 1.0, 0.2]), flat(0.05), STILL)
        excess = market.excess(posted, traders.respond(posted))
        assert np.all(np.abs(excess.share) <= 1.0)
        assert np.all(np.sign(excess.share) == np.sign(excess.units))
        assert np.all(np.isfinite(excess.residual))


@pytest.mark.parametrize("haircut", [0.95, 0.9999, 1.0 - 1e-9])
def test_in_a_thin_repo_book_shorts_are_measured_by_what_repo_can_carry(haircut: float) -> None:
    """Where the security clears, shorts beyond (1-h)/(2h) of the supply exceed reinvestment."""
    market, traders = opened()
    assert market.thin(haircut)
    assert not market.thin(0.05)
    posted = market.post(np.array([-0.5, 0.3]), flat(haircut), STILL)
    book = traders.respond(posted)
    for excess_shorts in (0.5, 1.0, 2.0):
        shorts = excess_shorts * (1.0 - haircut) / (2.0 * haircut) * book.supply
        cleared = replace(book, shorts=shorts, longs=shorts + book.supply)
        excess = market.excess(posted, cleared)
        assert excess.residual[1] == pytest.approx(np.log(excess_shorts), abs=1e-2)
        assert np.sign(excess.share[1]) == np.sign(np.log(excess_shorts))
        beyond = haircut * (2.0 * shorts + book.supply) - book.supply
        assert beyond == pytest.approx(
            excess.share[1] * (2.0 * haircut * shorts + book.supply), abs=1e-15 * book.supply
        )


def test_the_end_of_the_ladder_is_no_price_of_zero() -> None:
    """A worst payoff of zero: in floating point the coordinates reach it."""
    market, traders = opened("individuals", Security(0.0, 1.0))
    posted = market.post(np.array([1e-300, 0.0]), flat(0.5), STILL)
    assert posted.price > 0.0
    assert np.isfinite(traders.respond(posted).longs)


def test_a_market_without_supply_is_refused() -> None:
    with pytest.raises(Refused, match="somebody must own the security"):
        RepoMarket(SECURITY).open([Traders(mesa.Model(rng=0), members=2, securities=0.0)])
    with pytest.raises(RuntimeError, match="not been opened"):
        _ = RepoMarket(SECURITY).ladder


def test_marginal_beliefs_are_those_at_the_funded_prices() -> None:
    market, _ = opened()
    posted: RepoQuotes = market.post(np.array([-0.6, 0.3]), flat(0.05), STILL)
    for belief, price in zip(
        posted.marginal_beliefs, (posted.long_price, posted.short_price), strict=True
    ):
        assert SECURITY.expected(np.array([belief]))[0] == pytest.approx(price)
