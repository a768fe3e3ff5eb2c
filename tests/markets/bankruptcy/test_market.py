"""The bond market: first quotes, limits, residuals and their depth."""

from dataclasses import replace

import numpy as np
import pytest

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.utility import LinearQuadratic
from benchmarks.random_bankruptcies import SIZES, draw
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.market import MOST_PROMISED, THIN, BondMarket
from markets.bankruptcy.quotes import BondQuotes
from simulator.economy import Economy


def test_first_prices_are_the_capital_asset_pricing_model() -> None:
    """Without bankruptcy alpha_0 q = E[g y] with g = alpha_1 - aggregate goods."""
    drawn = draw(np.random.default_rng(1), *SIZES[1])
    economy = drawn.economy()
    economy.open()
    goods = np.sum(drawn.later + drawn.equities @ drawn.payoffs.T, axis=0)
    kernel = drawn.probabilities * (np.sum(drawn.satiation) - goods) / np.sum(drawn.weight)
    assert economy.quotes["bond_price"] == pytest.approx(np.sum(kernel))
    for j in range(2):
        quoted = economy.quotes[f"equity_price[{j + 1}]"]
        assert quoted == pytest.approx(kernel @ drawn.payoffs[:, j])
    assert all(v == 1.0 for k, v in economy.quotes.items() if k.startswith("repayment"))


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("seed", range(5))
def test_depth_is_the_slope_of_the_residuals(size: tuple[int, int, int], seed: int) -> None:
    rng = np.random.default_rng(seed)
    economy = draw(rng, *size).economy()
    economy.open()
    (cohort,) = economy.cohorts
    market, house = economy.market, economy.house
    prices, states = 1 + size[2], size[1]
    here = np.concatenate([rng.uniform(0.97, 1.03, prices), rng.uniform(0.6, 0.95, states)])

    def residual(coordinates: np.ndarray) -> np.ndarray:
        posted = market.post(coordinates, 10.0, coordinates)
        return market.excess(posted, house.net([cohort.respond(posted)])).residual

    posted = market.post(here, 10.0, here)
    depth = market.depth(posted, house.net([cohort.respond(posted)]), here)
    assert depth is not None
    step = 1e-7
    for k in range(here.size):
        move = np.zeros_like(here)
        move[k] = step
        numeric = (residual(here + move) - residual(here - move)) / (2.0 * step)
        np.testing.assert_allclose(depth[:, k], numeric, rtol=1e-4, atol=1e-4)


def opened(short_limit: float = 10.0) -> tuple[BondMarket, Economy[float, BondQuotes, BondBook]]:
    economy = replace(draw(np.random.default_rng(1), *SIZES[1]), short_limit=short_limit).economy()
    economy.open()
    assert isinstance(economy.market, BondMarket)
    return economy.market, economy


def test_posting_is_the_inverse_of_locating() -> None:
    market, economy = opened()
    coordinates = np.array([1.1, 0.7, 2.0, 0.9, 0.8, 1.0, 0.5])
    posted = market.post(coordinates, 10.0, np.zeros(7))
    np.testing.assert_allclose(market.locate(market.named(posted), 10.0), coordinates, rtol=1e-15)
    assert posted.short_limit == 10.0
    np.testing.assert_array_equal(market.locate(economy.quotes, 10.0), np.ones(7))


def test_without_a_limit_orders_at_an_arbitrage_are_large_but_not_without_end() -> None:
    """Bonds sell for more than they cost: more than anybody promises where markets clear."""
    market, economy = opened(np.inf)
    (cohort,) = economy.cohorts
    assert isinstance(cohort, Investors)
    goods = cohort.goods()
    drawn = draw(np.random.default_rng(1), *SIZES[1])
    later = np.sum(drawn.later + drawn.equities @ drawn.payoffs.T, axis=0)
    assert goods == pytest.approx(np.sum(drawn.now) + np.max(later))
    posted = market.post(np.array([1e3, 0.01, 0.01, 1.0, 1.0, 1.0, 1.0]), np.inf, np.zeros(7))
    assert posted.short_limit == pytest.approx(MOST_PROMISED * goods)
    book = cohort.respond(posted)
    assert np.isfinite(book.promised)
    assert book.promised > 100.0 * goods
    assert market.post(np.ones(7), 10.0, np.zeros(7)).short_limit == 10.0


def test_excess_demand_in_goods_and_its_slope() -> None:
    market, economy = opened()
    (cohort,) = economy.cohorts
    assert isinstance(cohort, Investors)
    here = np.array([1.02, 0.97, 1.01, 0.9, 0.8, 0.95, 0.7])

    def goods(logs_and_rates: np.ndarray) -> tuple[np.ndarray, np.ndarray, BondQuotes]:
        at = np.concatenate([np.exp(logs_and_rates[:3]), logs_and_rates[3:]])
        posted = market.post(at, 10.0, at)
        book = economy.house.net([cohort.respond(posted)])
        depth = market.depth(posted, book, at)
        assert depth is not None
        return (*market.in_goods(at, market.excess(posted, book), depth), posted)

    def promised(posted: BondQuotes) -> float:
        return float(np.sum(np.maximum(-cohort.trades(posted).trade[:, 0], 0.0)))

    at = np.concatenate([np.log(here[:3]), here[3:]])
    value, slope, posted = goods(at)
    assert promised(posted) > 0.0
    prices = np.append(posted.bond_price, posted.equity_prices)
    units = value[:3] / prices
    assert units[0] == pytest.approx(float(np.sum(cohort.trades(posted).trade[:, 0])))
    for k in range(7):
        move = np.zeros(7)
        move[k] = 1e-7
        numeric = (goods(at + move)[0] - goods(at - move)[0]) / 2e-7
        if k < 3:  # at the posted prices: what the price itself adds to the value is left out
            numeric[k] -= value[k]
        # of errors per bond promised at the posted quotes
        more, less = (np.log(promised(goods(at + by)[2])) for by in (move, -move))
        numeric[3:] += value[3:] * (more - less) / 2e-7
        np.testing.assert_allclose(slope[:, k], numeric, rtol=1e-4, atol=1e-4)


def test_rates_may_rest_at_one_and_nothing_else_at_a_limit() -> None:
    market, _ = opened()
    limits = market.limits(10.0)
    assert np.isfinite([limits.lower, limits.upper]).all()
    np.testing.assert_array_equal(limits.upper[3:], np.ones(4))
    np.testing.assert_array_equal(limits.upper_attained, [False] * 3 + [True] * 4)
    assert not limits.lower_attained.any()


def test_pace_is_one_for_prices_and_slower_for_rates() -> None:
    market, _ = opened()
    np.testing.assert_array_equal(market.pace, [1.0, 1.0, 1.0, 0.3, 0.3, 0.3, 0.3])


def test_shares_are_of_what_is_traded() -> None:
    market, economy = opened()
    economy.step()
    book, excess = economy.book, market.excess(economy.posted, economy.book)
    assert excess.share[0] == (book.lent - book.promised) / (book.lent + book.promised)
    np.testing.assert_array_equal(
        excess.share[1:3], book.equities / (2.0 * book.held + book.equities)
    )
    np.testing.assert_array_equal(excess.share[3:], book.recovery - 1.0)
    assert np.all(np.abs(excess.share) <= 1.0)


def test_a_bond_that_nobody_may_sell_is_measured_by_the_goods_there_are() -> None:
    """Whoever would lend finds nobody; a share of trade would be one however little it is."""
    market, economy = opened(short_limit=0.0)
    economy.step()
    book = replace(economy.book, lent=1e-6)
    assert book.promised == 0.0
    excess = market.excess(economy.posted, book)
    assert excess.share[0] == pytest.approx(1e-6 / (THIN * book.endowed_now))


def test_residuals_of_quadratic_utility_clear_prices_in_one_step() -> None:
    """Two who differ little trade little and meet no bound: demand is linear in prices."""
    instruments = BondAndEquities(np.array([0.4, 0.6]), np.array([[1.0], [0.3]]))
    economy = Economy(BondMarket(instruments))
    BankruptcyClearingHouse(economy, instruments)
    two = np.array([[0.6, 0.5], [0.5, 0.6]])
    Investors(
        economy,
        "two",
        utility=LinearQuadratic(np.array([5.0, 5.1]), np.array([8.0, 8.2])),
        now=np.full(2, 3.0),
        later=two,
        equities=np.full((2, 1), 0.5),
    )
    economy.open()
    start = np.array([1.02, 0.99, 1.0, 1.0])
    posted = economy.market.post(start, np.inf, start)
    book = economy.house.net([cohort.respond(posted) for cohort in economy.cohorts])
    excess = economy.market.excess(posted, book)
    assert np.max(np.abs(excess.share)) > 1e-2
    np.testing.assert_allclose(start + excess.residual, np.ones(4), rtol=1e-13)
