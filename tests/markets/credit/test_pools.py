"""Pools: what borrowers deliver, and what is expected of an empty one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from markets.credit.book import CreditBook
from markets.credit.market import CreditMarket
from markets.credit.pools import deliveries, pooled
from scenarios.credit import housing
from scenarios.credit.economy import AuctionedEconomy, build


@pytest.fixture(scope="module")
def economy() -> AuctionedEconomy:
    parameters = housing.Housing()
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    for _ in range(60):
        model.step()
    return model


@pytest.fixture(scope="module")
def market(economy: AuctionedEconomy) -> CreditMarket:
    return economy.market


def test_pools_pass_on_what_is_delivered(economy: AuctionedEconomy, market: CreditMarket) -> None:
    posted, book = economy.posted, economy.book
    middle, last = pooled(market.obligations, posted, book, market.empty(book))
    delivered, later = deliveries(market.obligations, posted, book)
    debt = book.borrowed[market.obligations.first]
    assert not market.empty(book).any()
    assert middle * debt == pytest.approx(delivered)
    assert last * debt == pytest.approx(later)
    assert (middle <= np.maximum(posted.coupon, posted.prepayment) + 1e-12).all()


def empty(book: CreditBook) -> CreditBook:
    none = {name: np.zeros_like(getattr(book, name)) for name in ("borrowed", "kept", "prepaid")}
    return replace(book, **none)


def test_an_empty_pool_pays_what_a_vanishing_borrower_would(
    economy: AuctionedEconomy, market: CreditMarket
) -> None:
    posted, book = economy.posted, empty(economy.book)
    assert market.empty(book).all()
    middle, last = pooled(market.obligations, posted, book, market.empty(book))
    assert (middle == np.minimum(posted.prepayment, posted.seizure)).all()
    assert (last == posted.delivery[:, market.obligations.first]).all()
    distrusted = replace(posted, tremble=False)
    middle, last = pooled(market.obligations, distrusted, book, market.empty(book))
    assert (middle == posted.middle_payment).all()
    assert (last == posted.last_payment).all()
