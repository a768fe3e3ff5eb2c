"""Promises, their collateral, and the markets that name quotes by marginal buyers."""

from __future__ import annotations

import numpy as np
import pytest

from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.market import CollateralMarket
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from simulator.economy import Economy

ASSET = Security(0.2, 1.0)


def opened(menu: Menu, members: int = 200) -> tuple[Economy, CollateralMarket]:
    market = CollateralMarket(menu)
    economy = Economy(market)
    CollateralClearingHouse(economy, menu)
    Believers(economy, members=members)
    economy.open()
    return economy, market


def test_a_promise_delivers_what_is_owed_or_the_collateral() -> None:
    menu = Menu.of(ASSET, [default_swap(ASSET), loan(0.5), loan(0.1), down_tranche(ASSET)])
    delivered = dict(zip(menu.names, menu.delivery.tolist(), strict=True))
    kept = dict(zip(menu.names, menu.kept.tolist(), strict=True))
    assert delivered["loan_0.1"] == [0.1, 0.1]
    assert delivered["loan_0.5"] == [0.5, 0.2]
    assert delivered["down_tranche"] == [0.0, 0.2]
    assert delivered["default_swap"] == [0.0, 0.8]
    assert kept["loan_0.5"] == [0.5, 0.0]
    assert kept["down_tranche"] == [1.0, 0.0]
    assert kept["default_swap"] == [0.8, 0.0]
    assert menu.names[0] == "loan_0.1"


def test_the_order_of_a_menu_does_not_matter() -> None:
    promises = [loan(0.5), down_tranche(ASSET), loan(0.2)]
    one, other = Menu.of(ASSET, promises), Menu.of(ASSET, promises[::-1])
    assert one.names == other.names
    assert np.array_equal(one.delivery, other.delivery)


@pytest.mark.parametrize(
    ("contracts", "words"),
    [
        ([loan(0.2), loan(0.2)], r"loan_0\.2 is named twice"),
        ([loan(1.5)], r"loan_1\.5 leaves its issuer nothing"),
        ([down_tranche(Security(0.2, 2.0)), loan(1.0)], r"loan_1 leaves its issuer nothing"),
    ],
)
def test_menus_that_cannot_be_are_refused(contracts: list[Contract], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        Menu.of(ASSET, contracts)


def test_promises_of_nothing_are_refused() -> None:
    with pytest.raises(ValueError, match="nothing is owed"):
        loan(0.0)
    with pytest.raises(ValueError, match=r"-0\.1 is owed"):
        loan(-0.1)


@pytest.mark.parametrize(
    "contracts",
    [[], [loan(0.1), loan(0.2)], [loan(0.2), loan(0.3), loan(0.6)], [down_tranche(ASSET)],
     [down_tranche(ASSET), default_swap(ASSET)]],
    ids=["none", "safe", "rivals", "tranche", "swap"],
)  # fmt: skip
def test_every_quote_rises_with_its_coordinate_and_is_found_again(
    contracts: list[Contract],
) -> None:
    menu = Menu.of(ASSET, contracts)
    _, market = opened(menu)
    rng = np.random.default_rng(1)
    still = np.zeros(1 + len(contracts))
    for _ in range(20):
        here = rng.uniform(0.05, 0.95, 1 + len(contracts))
        posted = market.post(here, menu, still)
        quotes = market.named(posted)
        again = market.named(market.post(market.locate(quotes, menu), menu, still))
        assert again == pytest.approx(quotes, rel=2e-2)  # places are found to a rung
        for k in range(here.size):
            more = here.copy()
            more[k] += 0.03
            moved = market.named(market.post(more, menu, still))
            name = market.quotes[k].name
            assert moved[name] >= quotes[name] - 1e-12


def test_a_market_without_asset_or_cash_is_refused() -> None:
    menu = Menu.of(ASSET)
    for name, own in (("asset", {"asset": 0.0}), ("cash", {"cash": 0.0})):
        economy = Economy(CollateralMarket(menu))
        CollateralClearingHouse(economy, menu)
        Believers(economy, members=10, **own)  # type: ignore[arg-type]
        with pytest.raises(ValueError, match=f"endowed_{name} is 0 for every trader"):
            economy.step()


def test_a_promise_that_is_not_quoted_cannot_be_announced() -> None:
    economy, _ = opened(Menu.of(ASSET, [loan(0.2)]))
    economy.clear()
    economy.announce(menu=Menu.of(ASSET, [loan(0.3)]))
    with pytest.raises(ValueError, match=r"price_loan_0\.2, price_loan_0\.3"):
        economy.clear()


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
    menu = Menu.of(ASSET, [loan(0.2)])
    economy, _ = opened(menu)
    economy.step()  # far from clearing
    book, settled = economy.book, economy.settlement
    assert book.bought[0] != pytest.approx(book.sold[0])
    assert settled.matched[0] == min(book.bought[0], book.sold[0])
    assert settled.pledged_asset == settled.matched[0]
