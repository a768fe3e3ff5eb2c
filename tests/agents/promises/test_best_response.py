"""Best responses against the linear program that they are said to solve."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import linprog

from agents.promises.believers import Believers
from agents.promises.best_response import exposure, wealth_shares
from agents.promises.ventures import Ventures
from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.market import CollateralMarket
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.promises.quotes import CollateralQuotes
from markets.quote import FloatArray
from simulator.economy import Economy

ASSET = Security(0.2, 1.0)

MENUS: dict[str, list[Contract]] = {
    "none": [],
    "safe": [loan(0.1), loan(0.2)],
    "risky": [loan(0.1), loan(0.2), loan(0.35), loan(0.5)],
    "tranching": [down_tranche(ASSET)],
    "default swaps": [down_tranche(ASSET), default_swap(ASSET)],
}

BELIEFS = np.linspace(0.01, 0.99, 23)


def market_of(name: str) -> tuple[CollateralMarket, Menu]:
    """A market that has been opened by traders with ``BELIEFS``."""
    menu = Menu.of(ASSET, MENUS[name])
    market = CollateralMarket(menu)
    market.open([Believers(Economy(market), beliefs=BELIEFS)])
    return market, menu


def best(posted: CollateralQuotes, belief: float) -> float:
    """Optimum, with a wealth of one, over cash, asset, promises bought, promises issued."""
    menu, prices = posted.menu, posted.promise_price
    chances = np.array([belief, 1.0 - belief])
    value = menu.delivery @ chances
    gain = np.concatenate([[1.0, menu.payoff @ chances], value, -value])
    count = len(menu.names)
    budget = np.concatenate([[1.0, posted.asset_price], prices, -prices])
    pledges = np.stack([menu.pledged_cash, menu.pledged_asset])
    backed = np.hstack([-np.eye(2), np.zeros((2, count)), pledges])
    solution = linprog(-gain, A_ub=np.vstack([budget, backed]), b_ub=[1.0, 0.0, 0.0])
    assert solution.status == 0, "the quotes offer an arbitrage"
    assert solution.fun is not None
    return -float(solution.fun)


def quotes(name: str, seed: int = 3, count: int = 12) -> list[CollateralQuotes]:
    """Quotes of a menu at random coordinates."""
    market, menu = market_of(name)
    rng, size = np.random.default_rng(seed), 1 + len(menu.names)
    return [market.post(rng.uniform(0.02, 0.98, size), menu, np.zeros(size)) for _ in range(count)]


def consumption(posted: CollateralQuotes, belief: FloatArray) -> FloatArray:
    """Consumption per unit of wealth after good and bad news, (n, 2)."""
    ventures = Ventures.at(posted)
    shares = wealth_shares(posted, ventures, belief)
    return np.asarray(shares @ (ventures.payoff / ventures.cost[:, None]))


@pytest.mark.parametrize("name", MENUS)
def test_no_quote_offers_an_arbitrage_and_every_response_is_a_best_one(name: str) -> None:
    for posted in quotes(name):
        after = consumption(posted, BELIEFS)
        expected = BELIEFS * after[:, 0] + (1.0 - BELIEFS) * after[:, 1]
        optimum = [best(posted, belief) for belief in BELIEFS.tolist()]
        assert expected == pytest.approx(optimum, rel=1e-9)


@pytest.mark.parametrize("name", MENUS)
def test_all_wealth_is_invested_and_nothing_short(name: str) -> None:
    for posted in quotes(name, seed=4):
        shares = wealth_shares(posted, Ventures.at(posted), BELIEFS)
        assert shares.sum(axis=1) == pytest.approx(np.ones(BELIEFS.size), abs=1e-12)
        assert shares.min() >= 0.0


@pytest.mark.parametrize("name", MENUS)
def test_optimists_are_more_exposed_to_good_news(name: str) -> None:
    """The value of the program is convex in the belief: its slope, the exposure, rises."""
    for posted in quotes(name, seed=5):
        slope = exposure(posted, Ventures.at(posted), BELIEFS)
        after = consumption(posted, BELIEFS)
        assert slope == pytest.approx(after[:, 0] - after[:, 1], abs=1e-12)
        assert np.diff(slope).min() >= -1e-9


def test_the_marginal_buyer_holds_the_asset_only_as_far_as_it_is_filled() -> None:
    market, menu = market_of("none")
    posted = market.post(np.array([0.5]), menu, np.zeros(1))
    rung = posted.asset_buyer
    shares = wealth_shares(posted, Ventures.at(posted), np.array([rung.price]))
    assert rung.price in BELIEFS
    assert shares == pytest.approx(np.array([[1.0 - rung.filled, rung.filled]]))
