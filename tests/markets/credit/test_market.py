"""Markets for goods and pooled credit: coordinates, limits and clearing."""

from __future__ import annotations

import numpy as np
import pytest

from agents.credit.households import Households
from markets.credit.market import HIGHEST, CreditMarket
from markets.credit.quotes import CreditQuotes
from scenarios.credit import housing
from scenarios.credit.economy import AuctionedEconomy, build


@pytest.fixture(scope="module")
def economy() -> AuctionedEconomy:
    parameters = housing.Housing()
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    for _ in range(60):
        model.step()
    return model


@pytest.fixture(scope="module")
def market(economy: AuctionedEconomy) -> CreditMarket:
    return economy.market


def drawn(market: CreditMarket, seed: int) -> CreditQuotes:
    quotes = market.random_quotes(np.random.default_rng(seed))
    return market.post(market.locate(quotes, True), True, np.zeros(0))


@pytest.mark.parametrize("seed", range(5))
def test_posting_located_quotes_posts_them_again(market: CreditMarket, seed: int) -> None:
    posted = drawn(market, seed)
    named = market.named(posted)
    again = market.named(market.post(market.locate(named, True), True, np.zeros(0)))
    assert list(named) == [quote.name for quote in market.quotes]
    assert list(again.values()) == pytest.approx(list(named.values()), rel=1e-14, abs=1e-15)


@pytest.mark.parametrize("seed", range(5))
def test_nobody_lends_more_than_the_collateral_is_worth(market: CreditMarket, seed: int) -> None:
    posted = drawn(market, seed)
    assert (posted.price <= market.obligations.pledged(posted.goods)).all()
    assert (posted.delivery >= 0.0).all()
    owed = posted.delivery - market.obligations.seizures(posted.goods)[market.obligations.last]
    assert owed.max() <= 1e-14


def test_limits_are_finite_and_keep_prices_of_goods_positive(market: CreditMarket) -> None:
    limits = market.limits(True)
    assert (limits.upper == HIGHEST).all()
    goods = np.array([name.startswith("excess_price[house") for name in market.excess_names])
    assert (limits.lower[goods] > 0.0).all()
    assert (limits.lower[~goods] == 0.0).all()
    assert (limits.lower_attained == ~goods).all()


def test_excess_is_in_units_and_shares_of_wealth(
    economy: AuctionedEconomy, market: CreditMarket
) -> None:
    excess = market.excess(economy.posted, economy.book)
    imbalance = market.imbalance(economy.posted, economy.book)
    traded = market.prices
    assert excess.share[traded] == pytest.approx(imbalance[traded], abs=1e-15)
    assert (np.sign(excess.residual) == np.sign(excess.share)).all()
    assert excess.unrest == economy.book.unrest


def test_supply_is_what_households_would_have_in_autarky(
    economy: AuctionedEconomy, market: CreditMarket
) -> None:
    (households,) = economy.cohorts
    assert isinstance(households, Households)
    assert market.supply == pytest.approx(households.wealth)
    assert (market.supply > 0.0).all()
