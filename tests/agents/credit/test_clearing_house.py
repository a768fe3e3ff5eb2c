"""The clearing house of pooled credit: netting, accounts, and the markets left over."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from agents.credit.clearing_house import CreditPool
from agents.credit.households import HouseholdOrders, Households
from scenarios.credit import housing
from scenarios.credit.economy import AuctionedEconomy, build


@pytest.fixture(scope="module")
def economy() -> AuctionedEconomy:
    parameters = housing.Housing()
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    for _ in range(30):
        model.step()
    return model


def parts(economy: AuctionedEconomy) -> tuple[CreditPool, Households]:
    house, (households,) = economy.house, economy.cohorts
    assert isinstance(house, CreditPool)
    assert isinstance(households, Households)
    return house, households


def test_the_order_of_cohorts_does_not_matter(economy: AuctionedEconomy) -> None:
    house, households = parts(economy)
    size = households.plan.size
    rng = np.random.default_rng(0)
    orders = [
        HouseholdOrders(rng.uniform(size=size), rng.uniform(size=(5, 2)), unrest)
        for unrest in (0.1, 0.3, 0.2)
    ]
    one, other = house.net(orders), house.net(orders[::-1])
    assert (one.kept == other.kept).all()
    assert (one.lent == other.lent).all()
    assert one.unrest == other.unrest == 0.3


def test_accounts_are_zero_in_a_round_that_has_not_cleared(economy: AuctionedEconomy) -> None:
    house, _ = parts(economy)
    assert economy.adjustment is not None
    assert economy.adjustment.share > 1e-6
    accounts = house.settle(economy.posted, economy.book).accounts()
    assert set(accounts) == {"pool_balance", "debt_unaccounted", "walras"}
    assert max(abs(value) for value in accounts.values()) < 1e-12


def test_goods_from_nowhere_violate_walras_law_by_their_share_of_wealth(
    economy: AuctionedEconomy,
) -> None:
    house, _ = parts(economy)
    posted, goods = economy.posted, economy.book.goods.copy()
    goods[3, 1] += 0.5
    goods[1, 0] -= 0.1
    settled = house.settle(posted, dataclasses.replace(economy.book, goods=goods))
    assert posted.goods[3, 1] * 0.5 > 0.1
    assert settled.walras == pytest.approx(posted.goods[3, 1] * 0.5 / economy.market.total)


def test_the_first_good_is_left_over_at_every_node(economy: AuctionedEconomy) -> None:
    house, _ = parts(economy)
    left_over = house.redundant(economy.posted, economy.book)
    assert list(left_over) == [f"food at node {n}" for n in economy.market.tree.names]
    assert max(abs(share) for share in left_over.values()) > 1e-6  # not cleared yet
    supply = economy.market.supply[:, 0]
    assert list(left_over.values()) == pytest.approx(economy.book.goods[:, 0] / supply)


def test_summed_schedules_say_how_the_imbalance_answers(economy: AuctionedEconomy) -> None:
    house, households = parts(economy)
    assert economy.adjustment is not None
    quotes = np.maximum(economy.adjustment.coordinates, 0.1)
    households.enter(0.1)
    nearby = economy.market.nearby(quotes, True)
    tally = house.tally(nearby, [households.schedule(nearby)])
    size = quotes.size
    assert tally.imbalance.shape == (size,)
    assert tally.answers.shape == (size, 2 + size)
    assert np.isfinite(tally.answers).all()


def test_pools_pass_on_what_is_kept_prepaid_and_seized(economy: AuctionedEconomy) -> None:
    """At any orders, whatever part of the debt is prepaid: sum over the three ways to deliver."""
    house, households = parts(economy)
    posted = economy.posted
    rng = np.random.default_rng(1)
    plan = rng.uniform(0.5, 1.0, households.plan.size)
    book = house.net([HouseholdOrders(plan, rng.uniform(size=(5, 2)), 0.0)])
    debt = book.borrowed[households.plan.obligations.first]
    left = debt - book.kept - book.prepaid
    settled = house.settle(posted, dataclasses.replace(book, defaulted=left))
    assert (book.prepaid * posted.prepayment).min() > 0.1
    assert settled.balance < 1e-12
    assert settled.split < 1e-12
    settled = house.settle(posted, dataclasses.replace(book, defaulted=left + 0.25))
    assert settled.balance == pytest.approx(0.25 * posted.seizure.max())
    assert settled.split == pytest.approx(0.25)
    parts_of_debt = ("borrowed", "kept", "prepaid", "defaulted")
    none = {name: 0.0 * getattr(book, name) for name in parts_of_debt}
    assert house.settle(posted, dataclasses.replace(book, **none)).balance == 0.0  # an empty pool
