"""Menus: deliveries, order, rivals, and promises that cannot be."""

from __future__ import annotations

import numpy as np
import pytest

from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.menu import (
    BAD,
    GOOD,
    NOW,
    Menu,
    default_swap,
    down_tranche,
    loan,
    news,
    owed_in_cash,
)
from markets.refused import Refused

ASSET = Security(0.2, 1.0)


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
    with pytest.raises(Refused, match=words):
        Menu.of(ASSET, contracts)


def test_promises_of_nothing_are_refused() -> None:
    with pytest.raises(Refused, match="nothing is owed"):
        loan(0.0)
    with pytest.raises(Refused, match=r"-0\.1 is owed"):
        loan(-0.1)


def test_delivery_and_what_is_left_add_up_to_the_collateral() -> None:
    menu = Menu.of(ASSET, [default_swap(ASSET), loan(0.5), loan(0.1), down_tranche(ASSET)])
    collateral = np.outer(menu.pledged_asset, menu.payoff) + menu.pledged_cash[:, None]
    assert menu.delivery + menu.kept == pytest.approx(collateral)
    assert np.all(menu.delivery <= [owed_in_cash(contract) for contract in menu.contracts])
    assert menu.rows == [tuple(row) for row in menu.delivery.tolist()]


def test_promises_are_ordered_by_how_much_deliveries_differ_between_the_states() -> None:
    menu = Menu.of(ASSET, [down_tranche(ASSET), loan(0.9), loan(0.3), loan(0.2)])
    assert menu.names == ("loan_0.2", "loan_0.3", "loan_0.9", "down_tranche")
    assert menu.on_good_news.tolist() == [False, True, True, False]


def test_rivals_are_promises_against_the_asset_that_leave_nothing_after_bad_news() -> None:
    menu = Menu.of(ASSET, [loan(0.1), loan(0.2), loan(0.5), down_tranche(ASSET)])
    assert [menu.names[j] for j in menu.issuers_indifferent] == [
        "loan_0.2", "loan_0.5", "down_tranche"
    ]  # fmt: skip
    assert menu.rivals == menu.issuers_indifferent[1:]
    assert Menu.of(ASSET, [loan(0.1)]).rivals == ()
    assert Menu.of(ASSET).names == ()


def test_the_asset_turns_into_cash_after_the_news() -> None:
    tree = news(ASSET)
    assert tree.names == ("before", NOW, GOOD, BAD)
    assert Menu.of(ASSET).payoff.tolist() == [1.0, 0.2]
    assert owed_in_cash(default_swap(ASSET)) == (0.0, 0.8)


@pytest.mark.parametrize("low", [0.1, 0.5, 0.9])
def test_of_promises_in_proportion_those_against_the_asset_come_first(low: float) -> None:
    asset = Security(low, 1.0)
    menu = Menu.of(asset, [default_swap(asset), down_tranche(asset)])
    assert menu.names == ("down_tranche", "default_swap")
