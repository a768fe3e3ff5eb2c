"""Ventures: costs, payoffs, and that their holdings meet the collateral constraint."""

from __future__ import annotations

import numpy as np
import pytest

from agents.promises.ventures import Ventures, financings
from markets.instruments import Security
from markets.ladder import Rung
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.promises.quotes import CollateralQuotes

ASSET = Security(0.2, 1.0)
MENU = Menu.of(ASSET, [loan(0.1), loan(0.5), down_tranche(ASSET), default_swap(ASSET)])


def posted(menu: Menu = MENU) -> CollateralQuotes:
    """Quotes at equal chances of both states."""
    rung = Rung(0.5, 1.0)
    return CollateralQuotes(
        menu=menu,
        asset_price=0.6,
        promise_price=menu.delivery @ [0.5, 0.5],
        asset_buyer=rung,
        promise_buyer=(rung,) * len(menu.names),
        issued=np.zeros(len(menu.names)),
    )


def test_there_is_cash_each_purchase_each_written_the_asset_and_each_financing() -> None:
    ventures = Ventures.at(posted())
    assert ventures.cost.size == 1 + 4 + 1 + 1 + 3
    assert ventures.cost[0] == 1.0
    assert ventures.payoff[0].tolist() == [1.0, 1.0]
    alone = Ventures.at(posted(Menu.of(ASSET)))
    assert alone.cost.tolist() == [1.0, 0.6]
    assert alone.payoff.tolist() == [[1.0, 1.0], [1.0, 0.2]]


def test_cost_and_payoff_are_those_of_the_holdings() -> None:
    quotes = posted()
    ventures = Ventures.at(quotes)
    net = ventures.bought - ventures.sold
    cost = ventures.cash + quotes.asset_price * ventures.asset + net @ quotes.promise_price
    assert ventures.cost == pytest.approx(cost)
    after = ventures.cash[:, None] + np.outer(ventures.asset, MENU.payoff) + net @ MENU.delivery
    assert ventures.payoff == pytest.approx(after)
    assert ventures.payoff.min() >= 0.0


def test_issuers_hold_exactly_their_collateral() -> None:
    ventures = Ventures.at(posted())
    issuing = ventures.sold.sum(axis=1) > 0.0
    assert ventures.cash[issuing] == pytest.approx((ventures.sold @ MENU.pledged_cash)[issuing])
    assert ventures.asset[issuing] == pytest.approx((ventures.sold @ MENU.pledged_asset)[issuing])
    assert np.count_nonzero(issuing) == 4


def test_at_fair_prices_every_venture_is_fair() -> None:
    ventures = Ventures.at(posted())
    assert ventures.payoff @ [0.5, 0.5] / ventures.cost == pytest.approx(np.ones(10))


def test_financings_leave_less_and_less_after_bad_news() -> None:
    order = financings(posted())
    kept = MENU.kept[order]
    left = kept[:, 1] / kept.sum(axis=1)
    assert np.all(np.diff(left) <= 0.0)
    names = [MENU.names[j] for j in order]
    assert names[0] == "loan_0.1"
    assert set(names) == {"loan_0.1", "loan_0.5", "down_tranche"}
