"""Believers: orders, positions, invariances, bad input."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from agents.promises.believers import Believers
from agents.promises.best_response import wealth_shares
from agents.promises.clearing_house import CollateralClearingHouse
from agents.promises.ventures import Ventures
from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.book import CollateralBook
from markets.promises.market import CollateralMarket
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.promises.quotes import CollateralQuotes
from markets.quote import FloatArray
from markets.refused import Refused
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


CollateralEconomy = Economy[Menu, CollateralQuotes, CollateralBook]


def economy_of(contracts: Sequence[Contract], **own: Any) -> tuple[CollateralEconomy, Believers]:
    menu = Menu.of(ASSET, contracts)
    economy = Economy(CollateralMarket(menu))
    CollateralClearingHouse(economy, menu)
    return economy, Believers(economy, **own)


def quotes_at(economy: CollateralEconomy, coordinates: FloatArray) -> CollateralQuotes:
    return economy.market.post(coordinates, economy.terms, np.full(coordinates.size, 0.1))


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


@pytest.mark.parametrize("name", MENUS)
def test_orders_are_those_of_each_member_by_itself(name: str) -> None:
    """Though members are looked at together where all order the same."""
    rng, beliefs = np.random.default_rng(5), np.linspace(0.005, 0.995, 199)
    economy, cohort = economy_of(MENUS[name], beliefs=beliefs, cash=0.7, asset=1.3)
    economy.open()
    for _ in range(10):
        posted = quotes_at(economy, rng.uniform(0.02, 0.98, 1 + len(MENUS[name])))
        orders, ventures = cohort.respond(posted), Ventures.at(posted)
        wealth = 0.7 + posted.asset_price * 1.3
        units = wealth * wealth_shares(posted, ventures, beliefs).sum(axis=0) / ventures.cost
        for field in ("cash", "asset", "bought", "sold"):
            alone = units @ getattr(ventures, field)
            assert getattr(orders, field) == pytest.approx(alone, abs=1e-9), field


def test_order_in_which_beliefs_are_listed_does_not_matter() -> None:
    rng = np.random.default_rng(5)
    beliefs, cash = rng.uniform(0.1, 0.9, 40), rng.exponential(size=40)
    beliefs[7] = beliefs[11]
    shuffled = rng.permutation(40)
    results = []
    for order in (np.arange(40), shuffled):
        economy, cohort = economy_of(MENUS["tranching"], beliefs=beliefs[order], cash=cash[order])
        assert economy.clear() is Outcome.CLEARED
        results.append((economy.quotes, cohort.table()))
    assert results[0][0] == results[1][0]
    assert results[0][1].equals(results[1][1])


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
    ("own", "words"),
    [
        ({"beliefs": [0.2, 1.0]}, r"beliefs contains 1\.0"),
        ({"members": 1}, "members is 1"),
        ({"cash": -1.0}, r"cash is -1\.0"),
        ({"members": 3, "asset": [1.0, 2.0]}, "asset has 2 entries"),
        ({"members": 2, "asset": [1.0, 2.0], "population": "continuum"}, "one number each"),
        ({"beliefs": [0.3, 0.3], "population": "continuum"}, "twice"),
    ],
)
def test_bad_cohorts_are_refused_in_a_sentence(own: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        economy_of([], **own)


@pytest.mark.parametrize("population", ["individuals", "continuum"])
def test_responding_changes_nothing_and_budgets_hold_in_total(population: Any) -> None:
    economy, cohort = economy_of(MENUS["risky"], members=300, population=population)
    economy.open()
    posted = quotes_at(economy, np.full(5, 0.6))
    first, again = cohort.respond(posted), cohort.respond(posted)
    assert np.array_equal(first.bought, again.bought)
    assert first.cash == again.cash
    net = posted.promise_price @ (first.bought - first.sold)
    spent = first.cash + posted.asset_price * first.asset + net
    assert spent == pytest.approx(first.wealth(posted.asset_price), rel=1e-12)


def test_the_market_learns_single_beliefs_or_the_ends_of_the_line() -> None:
    _, crowd = economy_of([], beliefs=[0.7, 0.2])
    assert crowd.lines().tolist() == [0.2, 0.7]
    _, mass = economy_of([], population="continuum", members=5)
    assert mass.lines().tolist() == [0.0, 1.0]


def test_exposures_change_sign_at_the_marginal_beliefs() -> None:
    economy, cohort = economy_of(MENUS["tranching"], members=400, population="continuum")
    assert economy.clear() is Outcome.CLEARED
    long, short = cohort.marginal(economy.posted)
    assert 0.0 < short < long < 1.0
    table = cohort.exposures(economy.posted, 1_000)
    assert (table["exposure"][table["belief"] > long] > 0.0).all()
    assert (table["exposure"][table["belief"] < short] < 0.0).all()
    between = table["belief"].between(short, long, inclusive="neither")
    assert table["exposure"][between].abs().max() <= 1e-9


def test_a_short_table_keeps_the_marginal_traders() -> None:
    economy, cohort = economy_of(MENUS["none"], members=10_000)
    assert economy.clear() is Outcome.CLEARED
    table, whole = cohort.table(100), cohort.table()
    keeps, buys = whole["member"][whole["cash"] > 0.0], whole["member"][whole["asset"] > 0.0]
    assert len(table) < 200
    assert {keeps.max(), buys.min()} <= set(table["member"])


def test_nothing_is_shown_before_a_round() -> None:
    _, cohort = economy_of([])
    with pytest.raises(RuntimeError, match="holds nothing yet"):
        cohort.table()
