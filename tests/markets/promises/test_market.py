"""Markets that name quotes by marginal buyers: coordinates, quotes, excess demand, bad input."""

from __future__ import annotations

from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from agents.promises.believers import Believers
from agents.promises.clearing_house import CollateralClearingHouse
from markets.credit.contract import Contract, RealCoupon
from markets.instruments import Security
from markets.promises.belief_line import NOWHERE
from markets.promises.book import CollateralBook
from markets.promises.market import CollateralMarket
from markets.promises.menu import Menu, default_swap, down_tranche, loan
from markets.promises.quotes import CollateralQuotes
from markets.refused import Refused
from simulator.economy import Economy

ASSET = Security(0.2, 1.0)


def opened(
    menu: Menu, members: int = 200
) -> tuple[Economy[Menu, CollateralQuotes, CollateralBook], CollateralMarket]:
    market = CollateralMarket(menu)
    economy = Economy(market)
    CollateralClearingHouse(economy, menu)
    Believers(economy, members=members)
    economy.open()
    return economy, market


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
        place = rng.uniform(0.05, 0.95, 1 + len(contracts))
        posted = market.post(place, menu, still)
        quotes = market.named(posted)
        again = market.named(market.post(market.locate(quotes, menu), menu, still))
        assert again == pytest.approx(quotes, rel=2e-2)  # coordinates are those of a rung
        for k in range(place.size):
            more = place.copy()
            more[k] += 0.03
            moved = market.named(market.post(more, menu, still))
            name = market.quotes[k].name
            assert moved[name] >= quotes[name] - 1e-12


def test_a_market_without_asset_or_cash_is_refused() -> None:
    menu = Menu.of(ASSET)
    for name, cash, asset in (("asset", 1.0, 0.0), ("cash", 0.0, 1.0)):
        economy = Economy(CollateralMarket(menu))
        CollateralClearingHouse(economy, menu)
        Believers(economy, members=10, cash=cash, asset=asset)
        with pytest.raises(Refused, match=f"endowed_{name} is 0 for every trader"):
            economy.step()


def test_a_promise_that_is_not_quoted_cannot_be_announced() -> None:
    economy, _ = opened(Menu.of(ASSET, [loan(0.2)]))
    economy.clear()
    economy.announce(menu=Menu.of(ASSET, [loan(0.3)]))
    with pytest.raises(Refused, match=r"price_loan_0\.2, price_loan_0\.3"):
        economy.clear()


def test_excess_demand_is_a_share_of_the_asset_and_of_wealth() -> None:
    menu = Menu.of(ASSET, [loan(0.2), down_tranche(ASSET)])
    _, market = opened(menu)
    posted = market.post(np.full(3, 0.5), menu, np.zeros(3))
    book = CollateralBook(
        cash=9.0, asset=8.0, bought=np.array([3.0, 1.0]), sold=np.array([1.0, 2.0]),
        endowed_cash=10.0, endowed_asset=5.0,
    )  # fmt: skip
    excess = market.excess(posted, book)
    wealth = 10.0 + 5.0 * posted.asset_price
    assert book.wealth(posted.asset_price) == wealth
    assert excess.units.tolist() == [3.0, 2.0, -1.0]
    value = posted.promise_price * [2.0, -1.0]
    assert excess.residual == pytest.approx([0.6, *(value / wealth)])
    assert np.array_equal(excess.share, excess.residual)


def test_first_quotes_are_mean_payoffs() -> None:
    quotes = CollateralMarket(Menu.of(ASSET, [loan(0.5), down_tranche(ASSET)])).first_quotes()
    assert quotes == pytest.approx(
        {"asset_price": 0.6, "price_loan_0.5": 0.35, "price_down_tranche": 0.1}
    )


def test_limits_are_a_finite_box_and_only_secured_promises_rest_at_their_upper_end() -> None:
    menu = Menu.of(ASSET, [loan(0.2), down_tranche(ASSET), default_swap(ASSET)])
    _, market = opened(menu)
    limits = market.limits(menu)
    assert limits.lower.tolist() == [NOWHERE] * 4
    assert limits.upper.tolist() == [
        1.0 - NOWHERE,
        *np.where(limits.upper_attained[1:], 1.0, 1.0 - NOWHERE),
    ]
    assert not limits.lower_attained.any()
    attained = dict(zip(menu.names, limits.upper_attained[1:].tolist(), strict=True))
    # all the cash that is pledged for a default swap may be owed
    assert attained == {"loan_0.2": True, "down_tranche": True, "default_swap": False}
    assert not limits.upper_attained[0]


def test_a_market_that_was_not_opened_says_so() -> None:
    menu = Menu.of(ASSET)
    with pytest.raises(RuntimeError, match="has not been opened"):
        CollateralMarket(menu).limits(menu)


def test_names_stay_with_their_promises_where_payoffs_change_the_order_of_the_menu() -> None:
    """A hedge is the least risky promise after bad news of one kind, the loan after another."""
    hedge = Contract(
        name="hedge", issued_at="now", collateral=(Fraction(0), Fraction(1)),
        coupon=RealCoupon(
            {"good": (Fraction(1, 10), Fraction(0)), "bad": (Fraction(1), Fraction(0))}
        ),
    )  # fmt: skip
    menus = [Menu.of(Security(low, 1.0), [hedge, loan(0.6, "loan")]) for low in (0.2, 0.5)]
    assert [menu.names for menu in menus] == [("hedge", "loan"), ("loan", "hedge")]
    _, market = opened(menus[0])
    place, still = np.array([0.5, 0.3, 0.6]), np.zeros(3)
    later = market.post(place, menus[1], still)
    quotes = market.named(later)
    # each costs no more than the most, and no less than the least that it may deliver
    assert 0.1 < quotes["price_hedge"] < 0.5 < quotes["price_loan"] < 0.6
    again = market.named(market.post(market.locate(quotes, menus[1]), menus[1], still))
    assert again == pytest.approx(quotes, rel=2e-2)
    more = market.named(market.post(place + np.array([0.0, 0.1, 0.0]), menus[1], still))
    assert more["price_hedge"] > quotes["price_hedge"]
    book = CollateralBook(
        cash=1.0, asset=1.0, bought=np.array([3.0, 0.0]), sold=np.zeros(2),
        endowed_cash=1.0, endowed_asset=1.0,
    )  # fmt: skip
    units = dict(zip(market.excess_names, market.excess(later, book).units.tolist(), strict=True))
    assert units == {"asset_excess": 0.0, "hedge_excess": 0.0, "loan_excess": 3.0}


@pytest.mark.parametrize("members", [3, 200])
@pytest.mark.parametrize("quote", [0.0, 1e-12, 1e6])
def test_quotes_out_of_reach_are_located_inside_where_no_price_is_nothing(
    members: int, quote: float
) -> None:
    """At low_payoff 0 risky loans, and for optimists all claims on bad news, are worth nothing."""
    for asset, contracts in (
        (Security(0.0, 1.0), [loan(0.3), loan(0.6)]),
        (ASSET, [down_tranche(ASSET), default_swap(ASSET)]),
    ):
        menu = Menu.of(asset, contracts)
        _, market = opened(menu, members)
        place = market.locate({name.name: quote for name in market.quotes}, menu)
        assert ((place > 0.0) & (place < 1.0)).all()
        posted = market.post(place, menu, np.zeros(3))
        assert min(market.named(posted).values()) > 0.0
        assert (posted.promise_price < menu.pledged_cash)[menu.pledged_cash > 0.0].all()


@pytest.mark.parametrize("members", [3, 200])
def test_at_the_ends_of_the_box_every_price_is_positive_and_every_order_a_number(
    members: int,
) -> None:
    menu = Menu.of(ASSET, [loan(0.5), down_tranche(ASSET), default_swap(ASSET)])
    economy, market = opened(menu, members)
    limits = market.limits(menu)
    (believers,) = economy.cohorts
    for corner in product(*zip(limits.lower, limits.upper, strict=True)):
        posted = market.post(np.array(corner), menu, np.zeros(4))
        assert min(market.named(posted).values()) > 0.0
        book = economy.house.net([believers.respond(posted)])
        assert np.isfinite(market.excess(posted, book).residual).all(), corner
