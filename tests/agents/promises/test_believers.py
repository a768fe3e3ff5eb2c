"""Believers' best responses against the linear program that they are said to solve."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from scipy.optimize import linprog

from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.market import CollateralMarket, CollateralQuotes
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.quote import FloatArray
from simulator.economy import Economy
from simulator.outcome import Outcome

ASSET = Security(0.2, 1.0)

MENUS: dict[str, list[Contract]] = {
    "none": [],
    "safe": [loan(0.1), loan(0.2)],
    "risky": [loan(0.1), loan(0.2), loan(0.35), loan(0.5)],
    "tranching": [down_tranche(ASSET)],
    "default swaps": [down_tranche(ASSET), default_swap(ASSET)],
}


def economy_of(contracts: Sequence[Contract], **given: Any) -> tuple[Economy, Believers]:
    menu = Menu.of(ASSET, contracts)
    economy = Economy(CollateralMarket(menu))
    CollateralClearingHouse(economy, menu)
    return economy, Believers(economy, **given)


def quotes_at(economy: Economy, coordinates: FloatArray) -> CollateralQuotes:
    market = economy.market
    assert isinstance(market, CollateralMarket)
    return market.post(coordinates, economy.terms, np.full(coordinates.size, 0.1))


def best(posted: CollateralQuotes, belief: float, wealth: float) -> float:
    """Optimum of the program over cash, asset, promises bought, promises issued."""
    menu, prices = posted.menu, posted.promise_price
    chances = np.array([belief, 1.0 - belief])
    worth = menu.delivery @ chances
    gain = np.concatenate([[1.0, menu.payoff @ chances], worth, -worth])
    count = len(menu.names)
    budget = np.concatenate([[1.0, posted.asset_price], prices, -prices])
    pledges = np.stack([menu.pledged_cash, menu.pledged_asset])
    backed = np.hstack([-np.eye(2), np.zeros((2, count)), pledges])
    found = linprog(-gain, A_ub=np.vstack([budget, backed]), b_ub=[wealth, 0.0, 0.0])
    assert found.status == 0, "the quotes offer an arbitrage"
    assert found.fun is not None
    return -float(found.fun)


@pytest.mark.parametrize("name", MENUS)
def test_no_quote_offers_an_arbitrage_and_everybody_answers_with_the_best(name: str) -> None:
    rng = np.random.default_rng(3)
    economy, cohort = economy_of(
        MENUS[name],
        beliefs=rng.uniform(0.01, 0.99, 23),
        cash=rng.exponential(size=23),
        asset=rng.exponential(size=23),
    )
    economy.open()
    for _ in range(12):
        posted = quotes_at(economy, rng.uniform(0.02, 0.98, 1 + len(MENUS[name])))
        cohort.hold(posted, None)
        table = cohort.table()
        wealth = table["endowed_cash"] + posted.asset_price * table["endowed_asset"]
        got = table["cash"] + table["asset"] * (0.2 + 0.8 * table["belief"])
        for j, promise in enumerate(posted.menu.names):
            net = table[f"bought_{promise}"] - table[f"sold_{promise}"]
            worth = posted.menu.delivery[j, 1] + table["belief"] * (
                posted.menu.delivery[j, 0] - posted.menu.delivery[j, 1]
            )
            got = got + net * worth
        for row in range(len(table)):
            optimum = best(posted, table["belief"][row], wealth[row])
            assert got[row] == pytest.approx(optimum, rel=1e-9)


@pytest.mark.parametrize("name", MENUS)
@pytest.mark.parametrize("population", ["individuals", "continuum"])
def test_orders_are_the_sum_of_the_positions(name: str, population: Any) -> None:
    rng = np.random.default_rng(4)
    economy, cohort = economy_of(
        MENUS[name], beliefs="beta(2, 3)", members=500, cash=0.7, asset=1.3, population=population
    )
    economy.open()
    for _ in range(5):
        posted = quotes_at(economy, rng.uniform(0.02, 0.98, 1 + len(MENUS[name])))
        orders = cohort.respond(posted)
        cohort.hold(posted, None)
        table = cohort.table()
        weight = table["weight"]
        assert weight.sum() == pytest.approx(500.0)
        assert orders.cash == pytest.approx(weight @ table["cash"], abs=1e-9)
        assert orders.asset == pytest.approx(weight @ table["asset"], abs=1e-9)
        for j, promise in enumerate(posted.menu.names):
            assert orders.bought[j] == pytest.approx(weight @ table[f"bought_{promise}"], abs=1e-9)
            assert orders.sold[j] == pytest.approx(weight @ table[f"sold_{promise}"], abs=1e-9)


def test_order_in_which_beliefs_are_listed_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    beliefs, cash = rng.uniform(0.1, 0.9, 40), rng.exponential(size=40)
    beliefs[7] = beliefs[11]
    shuffled = rng.permutation(40)
    answers = []
    for order in (np.arange(40), shuffled):
        economy, cohort = economy_of(MENUS["tranching"], beliefs=beliefs[order], cash=cash[order])
        assert economy.clear() is Outcome.CLEARED
        answers.append((economy.quotes, cohort.table()))
    assert answers[0][0] == answers[1][0]
    assert answers[0][1].equals(answers[1][1])


def test_a_crowd_of_cohorts_is_one_cohort() -> None:
    rng = np.random.default_rng(6)
    beliefs, asset = rng.uniform(0.1, 0.9, 60), rng.exponential(size=60)
    whole, _ = economy_of(MENUS["default swaps"], beliefs=beliefs, asset=asset)
    parts, _ = economy_of(MENUS["default swaps"], beliefs=beliefs[:25], asset=asset[:25], name="a")
    Believers(parts, "b", beliefs=beliefs[25:], asset=asset[25:])
    assert whole.clear() is Outcome.CLEARED
    assert parts.clear() is Outcome.CLEARED
    assert parts.quotes == pytest.approx(whole.quotes, rel=1e-9)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"beliefs": [0.2, 1.0]}, r"beliefs contains 1\.0"),
        ({"members": 1}, "members is 1"),
        ({"cash": -1.0}, r"cash is -1\.0"),
        ({"members": 3, "asset": [1.0, 2.0]}, "asset has 2 entries"),
        ({"members": 2, "asset": [1.0, 2.0], "population": "continuum"}, "one number each"),
        ({"beliefs": [0.3, 0.3], "population": "continuum"}, "twice"),
    ],
)
def test_bad_cohorts_are_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        economy_of([], **given)
