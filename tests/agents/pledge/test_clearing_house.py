"""What the clearing house reads off the order schedules, and the haircuts it sets."""

from collections.abc import Callable

import numpy as np
import pytest

from agents.pledge.clearing_house import PledgeClearingHouse, PledgeSettlement
from agents.pledge.forecast import PriceFunction
from agents.pledge.investors import InformedInvestors
from markets.margin import FlatMargin, LeastMargin, ValueAtRisk
from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.quote import FloatArray
from simulator.economy import Economy
from simulator.outcome import Outcome

PledgeEconomy = Economy[RepoTerms, SpotQuotes, SpotBook]
Market = Callable[..., PledgeEconomy]
InvestorsOf = Callable[[PledgeEconomy], list[InformedInvestors]]


def house(economy: PledgeEconomy) -> PledgeClearingHouse:
    assert isinstance(economy.house, PledgeClearingHouse)
    return economy.house


def test_the_published_price_function_is_where_the_market_clears_in_other_states(
    market: Market,
) -> None:
    def cleared(log_value: float, log_noise: float) -> tuple[float, PriceFunction, FloatArray]:
        economy = market(population="continuum", log_value=log_value, log_noise=log_noise)
        assert economy.clear() is Outcome.CLEARED
        published = house(economy).place(economy.posted, economy.book)
        return economy.quotes["log_price"], published, economy.posted.terms.log_pledge_value

    _, published, log_pledge = cleared(0.0, 0.0)
    for log_value, log_noise in ((0.0, 0.0), (1.0, 0.0), (0.0, 1.0), (-0.4, 2.0)):
        price, again, _ = cleared(log_value, log_noise)
        expected = published.log_price(np.array([log_value]), np.array([log_noise]), log_pledge)
        assert expected[0] == pytest.approx(price, abs=1e-12)
        assert np.allclose(published.stacked(), again.stacked(), atol=1e-12)


def test_accounts_are_those_of_the_orders(market: Market, investors: InvestorsOf) -> None:
    economy = market(log_value=0.1, log_noise=0.3)
    economy.clear()
    accounts = economy.accounts()
    orders = [cohort.orders(economy.posted)[0] for cohort in investors(economy)]
    assert accounts["volume"] == pytest.approx(
        0.5 * (sum(np.abs(one).sum() for one in orders) + 0.3), abs=1e-12
    )
    # without limits the price at which orders clear is the price
    assert accounts["free_log_price"] == pytest.approx(economy.quotes["log_price"], abs=1e-9)
    leverage = economy.posted.terms.leverage[0]
    pledged = sum(
        cohort.orders(economy.posted)[0].sum() / leverage
        for cohort in investors(economy)
        if cohort.role == "repo"
    )
    assert accounts["repo_excess"] == pytest.approx(pledged + 0.3, abs=1e-12)


def test_rules_see_the_securities_that_investors_lend_cash_against(
    market: Market, investors: InvestorsOf
) -> None:
    economy = market(log_value=0.1, log_noise=-2.0)  # some buy, some lend
    economy.clear()
    house(economy).place(economy.posted, economy.book)
    (repo,) = (cohort for cohort in investors(economy) if cohort.role == "repo")
    pledged = repo.orders(economy.posted)[0] / economy.posted.terms.leverage[0]
    lent = np.maximum(-pledged, 0.0).sum()
    assert lent > 0.0
    assert np.maximum(pledged, 0.0).sum() > 0.0
    assert house(economy).lent == pytest.approx(lent + 2.0, abs=1e-12)  # noise traders lend 2


def test_no_redundant_market_is_claimed(market: Market) -> None:
    economy = market()
    economy.clear()
    assert economy.redundant() == {}


def test_accounts_of_several_securities_are_numbered() -> None:
    numbers = np.array([1.0, 2.0])
    accounts = PledgeSettlement(numbers, numbers, numbers, numbers).accounts()
    assert accounts["volume_2"] == 2.0
    assert len(accounts) == 8


def test_a_rule_that_reads_the_past_learns_the_return_of_the_day_before(market: Market) -> None:
    economy = market(
        margin=LeastMargin(ValueAtRisk(confidence=0.75, side="long"), 0.15), log_value=0.1
    )
    economy.clear()
    first = economy.quotes["log_price"]
    economy.announce()
    economy.clear()
    (posted,) = house(economy).posted
    assert np.diff(np.log(posted.closes)) == pytest.approx([0.1 - first])
    assert posted.closes[-1] == pytest.approx(np.exp(first))


def test_nothing_is_lent_where_repo_is_shut(market: Market) -> None:
    economy = market(margin=FlatMargin(0.95), log_value=0.1, log_noise=-2.0)
    economy.clear()
    assert not economy.posted.open.any()
    house(economy).place(economy.posted, economy.book)
    assert house(economy).lent.tolist() == [0.0]
