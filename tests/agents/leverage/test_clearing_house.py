"""The house between borrowers and lenders: accounts in every round, and news."""

from __future__ import annotations

import numpy as np
import pytest

from agents.leverage.clearing_house import LeverageClearingHouse, LeverageSettlement
from agents.leverage.levered_traders import LeveredTraders
from markets.leverage.market import LeverageMarket
from markets.leverage.news_tree import NewsTree
from markets.leverage.quotes import LeverageBook, LeverageQuotes, LeverageTerms
from markets.refused import Refused
from simulator.economy import Economy
from simulator.outcome import Outcome


def economy(
    payoffs: list[float], population: str = "continuum", *caps: float
) -> Economy[LeverageTerms, LeverageQuotes, LeverageBook]:
    tree = NewsTree.of(payoffs)
    made = Economy(LeverageMarket(tree), rng=1, linked=True)
    LeverageClearingHouse(made, tree, caps)
    LeveredTraders(made, members=200, population=population)  # type: ignore[arg-type]
    return made


@pytest.mark.parametrize("population", ["individuals", "continuum"])
@pytest.mark.parametrize("caps", [(), (2.0,), (1.0, 1.0)])
def test_accounts_are_in_order_in_every_round_of_both_dates(
    population: str, caps: tuple[float, ...]
) -> None:
    made = economy([1.0, 0.8, 0.2], population, *caps)
    for news in ("now", "bad"):
        if news == "bad":
            made.announce(news="bad")
        made.open()
        while made.ended(200) is None:
            made.step()
            accounts = made.settlement
            assert isinstance(accounts, LeverageSettlement)
            assert accounts.walras == pytest.approx(0.0, abs=1e-13)
            assert accounts.unsecured == pytest.approx(0.0, abs=1e-10)
            assert accounts.repaid <= accounts.due
        assert made.ended(200).outcome is Outcome.CLEARED  # type: ignore[union-attr]
        made.rest()
        assert all(abs(share) < 1e-9 for share in made.redundant().values())


def test_cash_left_over_is_the_value_of_assets_that_nobody_wants() -> None:
    made = economy([1.0, 0.8, 0.2])
    made.open()
    made.step()
    posted, book = made.posted, made.book
    assert isinstance(made.house, LeverageClearingHouse)
    price, asset = posted.price[0], book.asset[0]
    wealth = 200.0 * (1.0 + price)
    left = price * (200.0 - asset) / wealth
    assert abs(left) > 1e-3
    assert made.house.redundant(posted, book)["cash"] == pytest.approx(left)


def test_the_price_after_bad_news_is_found_from_elsewhere_too() -> None:
    """The rounds after the news need not begin at the forward quote to end there."""
    made = economy([1.0, 1.0, 0.2])
    assert made.clear() is Outcome.CLEARED
    quoted = made.quotes["asset_price_after_bad"]
    made.announce(news="bad")
    made.open()
    made.restart({"asset_price_after_bad": 0.45})
    assert made.clear() is Outcome.CLEARED
    assert made.round > 2
    assert made.quotes["asset_price_after_bad"] == pytest.approx(quoted, abs=1e-9)


def test_announcing_the_same_news_again_changes_nothing() -> None:
    made = economy([1.0, 1.0, 0.2], "individuals")
    made.clear()
    made.announce(news="bad")
    made.clear()
    quotes = dict(made.quotes)
    made.announce(news="bad")
    made.clear()
    assert made.quotes == pytest.approx(quotes, rel=1e-12)


def test_news_and_caps_that_are_refused() -> None:
    made = economy([1.0, 1.0, 0.2])
    made.clear()
    made.announce(news="good")
    with pytest.raises(Refused, match="something is left to trade after: now, bad"):
        made.open()
    with pytest.raises(Refused, match=r"most_leverage contains 0\.5"):
        LeverageClearingHouse(made, NewsTree.of([1.0, 0.2]), [0.5])
    with pytest.raises(Refused, match="most_leverage contains nan"):
        LeverageClearingHouse(made, NewsTree.of([1.0, 0.2]), [np.nan])
