"""The clearing house: accounts in balance, matching, collateral, and the market for cash."""

from __future__ import annotations

import numpy as np
import pytest

from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from markets.instruments import Security
from markets.promises.book import CollateralBook
from markets.promises.market import CollateralMarket
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.promises.quotes import CollateralQuotes
from markets.refused import Refused
from simulator.economy import Economy
from simulator.outcome import Outcome

House = CollateralClearingHouse[Menu, CollateralQuotes, CollateralBook]

ASSET = Security(0.2, 1.0)


def opened(
    menu: Menu, members: int = 200
) -> tuple[Economy[Menu, CollateralQuotes, CollateralBook], House]:
    economy = Economy(CollateralMarket(menu))
    house = House(economy, menu)
    Believers(economy, members=members)
    economy.open()
    return economy, house


def test_the_clearing_house_is_in_balance_in_every_round() -> None:
    menu = Menu.of(ASSET, [loan(0.1), loan(0.2), down_tranche(ASSET)])
    economy, _ = opened(menu, members=997)
    economy.clear()
    assert economy.record is not None
    table = economy.record.frame()
    assert len(table) > 3
    assert table["pledged_asset"].iloc[-1] == pytest.approx(997.0, rel=1e-9)
    assert (table["delivered_bad"] > 0.0).any()
    for name in ("balance_now", "balance_good", "balance_bad", "unsecured"):
        assert np.abs(table[name]).max() <= 1e-9 * 997
    assert np.abs(table["walras"]).max() <= 1e-12


def test_the_clearing_house_accepts_only_what_finds_a_counterpart() -> None:
    economy, house = opened(Menu.of(ASSET, [loan(0.2)]))
    economy.step()  # far from clearing
    book = economy.book
    settled = house.settle(economy.posted, book)
    assert book.bought[0] != pytest.approx(book.sold[0])
    assert settled.matched[0] == min(book.bought[0], book.sold[0])
    assert settled.pledged_asset == settled.matched[0]
    assert settled.accounts()["promises_matched"] == settled.matched[0]


def test_collateral_is_delivered_or_returned() -> None:
    menu = Menu.of(ASSET, [loan(0.5), default_swap(ASSET)])
    economy, house = opened(menu)
    economy.step()
    traded = np.array([3.0, 2.0])
    settled = house.settle(economy.posted, CollateralBook(10.0, 10.0, traded, traded, 10.0, 10.0))
    assert settled.pledged_asset == 3.0
    assert settled.pledged_cash == pytest.approx(1.6)
    assert settled.received == pytest.approx((1.5, 0.6 + 1.6))  # the loan defaults after bad news
    assert settled.returned == pytest.approx((1.5 + 1.6, 0.0))
    assert settled.unsecured == 0.0
    assert settled.walras == 0.0


def test_a_promise_that_is_not_quoted_cannot_be_announced() -> None:
    economy, _ = opened(Menu.of(ASSET, [loan(0.2)]))
    economy.clear()
    economy.announce(menu=Menu.of(ASSET, [loan(0.3)]))
    with pytest.raises(Refused, match=r"price_loan_0\.2, price_loan_0\.3"):
        economy.clear()


def test_cash_is_the_redundant_market() -> None:
    """In any round its excess demand is minus the value of all others; at rest it vanishes."""
    economy, house = opened(Menu.of(ASSET, [loan(0.2), down_tranche(ASSET)]))
    economy.step()
    posted, book = economy.posted, economy.book
    excess = economy.market.excess(posted, book).units
    value = posted.asset_price * excess[0] + float(posted.promise_price @ excess[1:])
    share = house.redundant(posted, book)["cash"]
    assert abs(share) > 1e-3
    assert share == pytest.approx(-value / book.wealth(posted.asset_price), abs=1e-13)
    assert economy.clear() is Outcome.CLEARED
    assert abs(economy.redundant()["cash"]) <= 1e-9


def test_hoarded_cash_is_found_out_without_the_other_markets() -> None:
    """Orders that break budgets: everything else clears, cash does not."""
    economy, house = opened(Menu.of(ASSET))
    economy.step()
    none = np.zeros(0)
    book = CollateralBook(12.0, 5.0, none, none, 10.0, 5.0)
    share = house.redundant(economy.posted, book)["cash"]
    assert share == pytest.approx(2.0 / (10.0 + 5.0 * economy.posted.asset_price))
    assert house.settle(economy.posted, book).walras == share
