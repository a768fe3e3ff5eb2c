"""The market in which traders tremble."""

from __future__ import annotations

import numpy as np
import pytest

from markets.promises.state_market import LAST_TREMBLE, StateMarket
from markets.promises.state_menu import Pledge, StateMenu
from markets.promises.state_quotes import StateBook
from markets.refused import Refused

MENU = StateMenu.of(
    [1.0, 0.6, 0.2],
    [Pledge("loan", (0.5, 0.5, 0.5), asset=1.0), Pledge("swap", (0.0, 0.4, 0.8), cash=0.8)],
)
NONE = np.zeros(4)


def test_posting_inverts_locating() -> None:
    market = StateMarket(MENU)
    quotes = {"asset_price": 0.7, "price_loan": 0.4, "price_swap": 0.3}
    posted = market.post(market.locate(quotes, MENU), MENU, NONE)
    assert market.named(posted) == pytest.approx(quotes)
    assert posted.tremble > LAST_TREMBLE


def test_a_promise_never_costs_more_than_its_collateral() -> None:
    market = StateMarket(MENU)
    dear = {"asset_price": 0.7, "price_loan": 0.9, "price_swap": 1.5}
    posted = market.post(market.locate(dear, MENU), MENU, NONE)
    assert posted.promise_price[0] < 0.7
    assert posted.promise_price[1] < 0.8


def test_only_the_tremble_rests_at_an_end_of_its_range() -> None:
    limits = StateMarket(MENU).limits(MENU)
    assert limits.lower_attained.tolist() == [False, False, False, True]
    assert np.exp(limits.lower[-1]) == pytest.approx(LAST_TREMBLE)


def test_residuals_are_logarithms_of_demand_over_supply() -> None:
    market = StateMarket(MENU)
    posted = market.post(np.array([0.0, 0.0, 0.0, np.log(1e-3)]), MENU, NONE)
    book = StateBook(
        cash=3.0, asset=2.0, bought=np.array([1.0, 3.0]), sold=np.array([2.0, 3.0]),
        endowed_cash=3.0, endowed_asset=4.0, slope=np.zeros((5, 4)),
    )  # fmt: skip
    excess = market.excess(posted, book)
    assert excess.residual[:3] == pytest.approx([np.log(0.5), np.log(0.5), 0.0])
    assert excess.share[:3] == pytest.approx([-0.5, -0.5 / 7.0, 0.0])
    assert excess.residual[3] == pytest.approx(-np.log(1e-3 / LAST_TREMBLE))


def test_somebody_must_own_something() -> None:
    class Poor:
        endowed_cash, endowed_asset = 1.0, 0.0

    with pytest.raises(Refused, match="endowed_asset is 0"):
        StateMarket(MENU).open([Poor()])
