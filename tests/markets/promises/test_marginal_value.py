"""Marginal values: what a belief pays for promises and for the asset."""

from __future__ import annotations

import numpy as np
import pytest

from markets.credit.contract import Contract
from markets.instruments import Security
from markets.promises.marginal_value import (
    asset_value,
    issuing_tie,
    other_return,
    promise_buyer,
    promise_value,
    worth_kept,
)
from markets.promises.menu import Menu, default_swap, down_tranche, loan

ASSET = Security(0.2, 1.0)

MENUS: dict[str, list[Contract]] = {
    "safe": [loan(0.1), loan(0.2)],
    "risky": [loan(0.2), loan(0.35), loan(0.5)],
    "tranches": [down_tranche(ASSET)],
    "swaps": [down_tranche(ASSET), default_swap(ASSET)],
}


def test_a_safe_promise_is_worth_its_amount_to_everybody() -> None:
    menu = Menu.of(ASSET, [loan(0.2)])
    for belief in (0.0, 0.3, 1.0):
        assert promise_value(menu, 0, [], belief) == pytest.approx(0.2)
    assert promise_buyer(menu, 0, [], 0.2) == 0.5


def test_a_risky_promise_is_worth_its_expected_delivery_unless_another_pays_more() -> None:
    menu = Menu.of(ASSET, [loan(0.5)])
    assert promise_value(menu, 0, [], 0.25) == pytest.approx(0.25 * 0.5 + 0.75 * 0.2)
    tranche = Menu.of(ASSET, [down_tranche(ASSET)])
    assert promise_value(tranche, 0, [], 0.25) == pytest.approx(0.75 * 0.2)


def test_a_cheap_promise_lowers_the_value_of_those_after_it() -> None:
    menu = Menu.of(ASSET, [loan(0.2), loan(0.5)])
    at_par, cheap = (promise_value(menu, 1, [price], 0.5) for price in (0.2, 0.16))
    assert at_par == pytest.approx(0.35)
    assert cheap == pytest.approx(0.35 / 1.25)


@pytest.mark.parametrize("name", MENUS)
def test_the_buyer_at_a_belief_s_value_is_that_belief(name: str) -> None:
    menu = Menu.of(ASSET, MENUS[name])
    for belief in (0.1, 0.45, 0.8):
        prices: list[float] = []
        for j in range(len(menu.names)):
            price = promise_value(menu, j, prices, belief)
            buyer = promise_buyer(menu, j, prices, price)
            assert promise_value(menu, j, prices, buyer) == pytest.approx(price, rel=1e-12)
            if menu.delivery[j, 0] != menu.delivery[j, 1]:
                assert buyer == pytest.approx(belief, abs=1e-12)
            prices.append(price)


def test_prices_that_no_belief_pays_have_their_buyer_at_the_end_of_the_line() -> None:
    menu = Menu.of(ASSET, [loan(0.5), down_tranche(ASSET)])
    assert promise_buyer(menu, 0, [], 0.6) == 1.0  # more than even the greatest optimist expects
    assert promise_buyer(menu, 0, [], 0.1) == 0.0
    assert promise_buyer(menu, 1, [0.5], 0.3) == 0.0  # pessimists value the tranche most


def test_the_best_return_without_the_asset_is_at_least_that_of_cash() -> None:
    menu = Menu.of(ASSET, MENUS["swaps"])
    fair = menu.delivery @ [0.5, 0.5]
    assert other_return(menu, fair, 0.5) == pytest.approx(1.0)
    # whoever thinks good news likelier writes swaps: cash of .8 earns the price
    swap = menu.names.index("default_swap")
    gain = menu.kept[swap] @ [0.9, 0.1] / (menu.pledged_cash[swap] - fair[swap])
    assert other_return(menu, fair, 0.9) == pytest.approx(gain)
    assert gain > 1.0
    assert other_return(Menu.of(ASSET), np.empty(0), 0.9) == 1.0


def test_the_asset_is_worth_its_expected_payoff_and_more_with_cheap_credit() -> None:
    assert asset_value(Menu.of(ASSET), np.empty(0), 0.5) == pytest.approx(0.6)
    menu = Menu.of(ASSET, [down_tranche(ASSET)])
    # the down tranche is sold at its delivery; the issuer keeps 1 after good news
    assert asset_value(menu, np.array([0.2]), 0.5) == pytest.approx(0.2 + 0.5)
    assert asset_value(menu, np.array([0.1]), 0.5) == pytest.approx(0.6)
    # at half of its expected delivery the tranche itself returns twice its price
    assert asset_value(menu, np.array([0.05]), 0.5) == pytest.approx(0.6 / 2.0)


@pytest.mark.parametrize("belief", [0.3, 0.6, 0.9])
def test_at_the_tie_issuers_gain_the_same_by_both_promises(belief: float) -> None:
    menu = Menu.of(ASSET, [loan(0.2), loan(0.5)])
    (j,) = menu.rivals
    other = 1.1
    kept = menu.kept @ [belief, 1.0 - belief] / other
    assert worth_kept(menu, belief, other) == pytest.approx(kept)
    tie = issuing_tie(menu, j, [0.2], kept.tolist())
    assert tie + kept[j] == pytest.approx(0.2 + kept[0])
    assert tie > 0.2
