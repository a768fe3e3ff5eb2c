"""The repo clearing house: accounts, the redundant market, and what it places."""

import dataclasses
import math

import mesa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.repo.clearing_house import RepoClearingHouse
from markets.margin import FlatMargin
from markets.repo.book import RepoBook
from tests.agents.repo.cohorts import QUOTES, SEED, cohort, posted


def house(haircut: float = 0.05) -> RepoClearingHouse:
    return RepoClearingHouse(mesa.Model(rng=0), FlatMargin(haircut))


@given(seed=SEED, **QUOTES)
def test_accounts_are_zero_and_walras_law_holds_at_any_quotes(
    seed: int, level: float, between: float, haircut: float
) -> None:
    traders = cohort(seed)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    book = traders.respond(quotes)
    settled = house(haircut).settle(quotes, book)
    turnover = book.cash + quotes.price * (book.supply + book.longs + book.shorts)
    for name in ("balance_now", "balance_up", "balance_down"):
        assert abs(getattr(settled, name)) <= 1e-12 * turnover, name
    assert abs(settled.balance_collateral) <= 1e-12 * (book.longs + book.shorts)
    assert abs(settled.walras) <= 1e-12


SIDE = st.floats(0.01, 100.0)


@given(longs=SIDE, shorts=SIDE, haircut=st.floats(0.01, 0.99))
def test_the_longer_side_of_the_repo_book_is_scaled_down_and_the_shorter_is_accepted(
    longs: float, shorts: float, haircut: float
) -> None:
    """(2 - h) Theta = h Psi, with h = 1 - haircut, of the largest orders that satisfy it."""
    traders = cohort(1)
    quotes = dataclasses.replace(posted(traders, 0.5, 0.1, 0.05), haircut=haircut)
    book = dataclasses.replace(traders.respond(quotes), longs=longs, shorts=shorts)
    h = 1.0 - haircut
    lent, borrowed = min(shorts, h * longs / (2.0 - h)), min(longs, (2.0 - h) * shorts / h)
    settled = house().settle(quotes, book)
    assert settled.margin_held == pytest.approx(haircut * quotes.price * (lent + borrowed))
    assert settled.reinvested == pytest.approx(haircut * (lent + borrowed))
    size = longs + shorts
    assert settled.repo_excess == pytest.approx((2.0 - h) * shorts - h * longs, abs=1e-12 * size)
    for name in ("balance_now", "balance_up", "balance_down"):
        assert abs(getattr(settled, name)) <= 1e-12 * quotes.price * size, name
    assert abs(settled.balance_collateral) <= 1e-12 * size


def test_at_a_haircut_of_one_longs_borrow_nothing() -> None:
    traders = cohort(1)
    quotes = dataclasses.replace(posted(traders, 0.5, 0.1, 0.05), haircut=1.0)
    book = dataclasses.replace(traders.respond(quotes), longs=3.0, shorts=0.0)
    settled = house().settle(quotes, book)
    assert settled.margin_held == 3.0 * quotes.price
    assert settled.balance_now == settled.balance_collateral == 0.0


def test_cash_from_nowhere_violates_walras_law_by_its_share_of_all_there_is() -> None:
    traders = cohort(1)
    quotes = posted(traders, 0.5, 0.1, 0.05)
    book = traders.respond(quotes)
    settled = house().settle(quotes, dataclasses.replace(book, idle_cash=book.idle_cash + 5.0))
    positions = quotes.price * (book.longs + book.shorts)
    assert min(book.longs, book.shorts, book.supply) > 0.1
    wealth = book.cash + quotes.price * book.supply
    assert settled.walras == pytest.approx(5.0 / (wealth + positions))
    assert settled.idle_cash_excess == pytest.approx(book.idle_cash + 5.0 - book.cash)


@given(seed=SEED, level=QUOTES["level"], haircut=QUOTES["haircut"])
def test_without_reuse_longs_borrow_the_idle_cash_and_accounts_are_zero(
    seed: int, level: float, haircut: float
) -> None:
    traders = cohort(seed)
    quotes = posted(traders, level, 0.0, haircut, reuse=False)
    book = traders.respond(quotes)
    assert book.shorts == 0.0
    settled = house(haircut).settle(quotes, book)
    turnover = book.cash + quotes.price * (book.supply + book.longs)
    for name in ("balance_now", "balance_up", "balance_down", "balance_collateral"):
        assert abs(getattr(settled, name)) <= 1e-12 * turnover, name
    assert abs(settled.walras) <= 1e-12
    # all that is pledged, or as much as idle cash can lend with its own margin
    pledged = min(book.longs, book.idle_cash / (quotes.price * (1.0 - haircut)))
    assert settled.margin_held + settled.reinvested >= 0.0
    share = 2.0 / (2.0 - (1.0 - haircut))
    assert settled.reinvested == pytest.approx(haircut * share * pledged)


@given(seed=SEED, **QUOTES)
def test_cash_left_over_is_that_of_the_table_of_holdings(
    seed: int, level: float, between: float, haircut: float
) -> None:
    """The redundant market, added up again trader by trader."""
    traders = cohort(seed)
    quotes = posted(traders, level, between if haircut > 0.0 else 0.0, haircut)
    book = traders.respond(quotes)
    traders.hold(quotes, 0.0)
    table = traders.table()
    wealth = math.fsum(table.endowed_cash) + quotes.price * math.fsum(table.endowed_securities)
    left = (math.fsum(table.cash) - math.fsum(table.endowed_cash)) / wealth
    found = house(haircut).redundant(quotes, book)["cash"]
    leverage = 1.0 + quotes.price * (book.longs + book.shorts) / wealth
    if quotes.special or left < 0.0:
        assert found == pytest.approx(left, abs=1e-12 * leverage)
    else:
        assert abs(found) <= 1e-12 * leverage


def test_idle_cash_is_placed_only_at_a_repo_rate_of_zero() -> None:
    traders = cohort(1)
    book = traders.respond(posted(traders, 0.5, 0.0, 0.05))
    plenty = dataclasses.replace(book, idle_cash=4.0 * book.cash)
    assert house().place(posted(traders, 0.5, 0.0, 0.05), plenty) == 0.75
    assert house().place(posted(traders, 0.5, 0.3, 0.05), plenty) == 0.0
    short_of_cash = dataclasses.replace(book, idle_cash=0.5 * book.cash)
    assert house().place(posted(traders, 0.5, 0.0, 0.05), short_of_cash) == 0.0


def test_orders_of_several_cohorts_are_netted_whatever_their_order() -> None:
    one, other = cohort(1), cohort(2)
    quotes = posted(one, 0.5, 0.1, 0.05)
    other.open(quotes.security)
    orders = [traders.respond(quotes) for traders in (one, other)]
    book = house().net(orders)
    assert isinstance(book, RepoBook)
    assert book == house().net(orders[::-1])
    assert book.longs == pytest.approx(orders[0].longs + orders[1].longs)
