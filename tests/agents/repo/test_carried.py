"""What is carried: marked to the price, with losses that defaulters leave to those who gain."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.repo.carried import Carried, GainsPaid, Paid, balance_sheets
from agents.repo.traders import Traders
from markets.quote import FloatArray
from tests.agents.repo.cohorts import SEED, cohort, posted

MOVE = st.floats(-0.9, 3.0).map(lambda move: 0.0 if abs(move) < 1e-6 else move)


def brought(seed: int, members: int = 30) -> tuple[FloatArray, FloatArray]:
    """Wealth and positions of members who are levered in either direction, or hold nothing."""
    rng = np.random.default_rng(seed)
    wealth = rng.exponential(1.0, members)
    position = wealth * rng.uniform(-20.0, 25.0, members)
    position[0] += 1.0 + max(-position.sum(), 0.0)
    position[1] = 0.0
    return wealth, position


def carried(seed: int, price: float = 1.0) -> Carried:
    wealth, position = brought(seed)
    alone = Carried(price, wealth, position)
    return dataclasses.replace(alone, gains=GainsPaid([alone]))


def levered(seed: int, price: float, haircut: float) -> Traders:
    """Traders of a market who bring wealth and positions from a close at ``price``."""
    traders = cohort(seed, members=30)
    quotes = posted(traders, 0.5, 0.1, haircut)
    assert quotes.price > 0.0
    traders.primitives = traders.primitives.carrying(carried(seed, price))
    return traders


@given(seed=SEED, move=MOVE)
def test_calls_conserve_cash_at_every_price(seed: int, move: float) -> None:
    """What the others own is what there is, unless more is unpaid than all gains."""
    sheet = carried(seed)
    wealth, by_price = sheet.settled(1.0 + move)
    settled = wealth + (1.0 + move - sheet.price) * by_price
    assert sheet.gains is not None
    paid = sheet.gains.after(1.0 + move - sheet.price)
    there_is = sheet.wealth.sum() + move * sheet.position.sum()
    turnover = np.abs(sheet.wealth).sum() + abs(move) * np.abs(sheet.position).sum()
    assert settled.sum() - paid.uncovered == pytest.approx(there_is, abs=1e-12 * turnover)
    assert settled.min() >= -1e-12 * turnover
    assert 0.0 <= paid.share <= 1.0
    assert paid.uncovered == 0.0 or paid.share == 0.0
    left = sheet.wealth + move * sheet.position
    assert paid.unpaid == pytest.approx(np.maximum(-left, 0.0).sum(), abs=1e-11 * turnover)


@given(seed=SEED, move=MOVE)
def test_defaulters_are_left_with_nothing_and_gains_are_paid_at_one_share(
    seed: int, move: float
) -> None:
    sheet = carried(seed)
    wealth, by_price = sheet.settled(1.0 + move)
    moved = 1.0 + move - sheet.price
    settled, profit = wealth + moved * by_price, moved * sheet.position
    out = sheet.wealth + profit < 0.0
    assert not settled[out].any()
    assert not by_price[out].any()
    losing, gaining = ~out & (profit <= 0.0), profit > 0.0
    np.testing.assert_array_equal(settled[losing], (sheet.wealth + profit)[losing])
    assert sheet.gains is not None
    share = sheet.gains.after(moved).share
    kept = sheet.wealth + share * profit
    np.testing.assert_allclose(settled[gaining], kept[gaining], rtol=1e-9, atol=1e-9)


@given(seed=SEED, move=MOVE)
def test_wealth_moves_with_the_price_as_the_lines_say(seed: int, move: float) -> None:
    sheet, step = carried(seed), 1e-7
    ends = [
        wealth + (price - sheet.price) * by_price
        for price in (1.0 + move - step, 1.0 + move + step)
        for wealth, by_price in [sheet.settled(price)]
    ]
    told = sheet.settled(1.0 + move)[1]
    measured = (ends[1] - ends[0]) / (2.0 * step)
    # at a kink, one member's ruin or the price of the close, all gains change their slope
    kinks = np.abs(-sheet.wealth[sheet.position != 0.0] / sheet.position[sheet.position != 0.0])
    if np.min(np.abs(kinks - abs(move))) > 10.0 * step and abs(move) > 10.0 * step:
        assert sheet.gains is not None
        if sheet.gains.after(move).share > 0.0 or sheet.gains.after(move).unpaid == 0.0:
            np.testing.assert_allclose(measured, told, atol=1e-4 * (1.0 + np.abs(told).max()))


@given(seed=SEED)
def test_at_the_price_of_the_close_nothing_changes_to_the_last_bit(seed: int) -> None:
    sheet = carried(seed, 0.8353)
    wealth, by_price = sheet.settled(0.8353)
    assert wealth is sheet.wealth
    assert by_price is sheet.position
    assert sheet.gains is not None
    assert sheet.gains.after(0.0) == Paid()


@given(seed=SEED, level=st.floats(0.05, 0.95), haircut=st.floats(0.01, 0.5))
def test_derivatives_of_the_book_count_what_was_carried(
    seed: int, level: float, haircut: float
) -> None:
    traders = levered(seed, 1.0, haircut)
    quotes = posted(traders, level, 0.0, haircut)
    book, step = traders.respond(quotes), 1e-8
    above, below = (
        traders.respond(dataclasses.replace(quotes, price=quotes.price + move))
        for move in (step, -step)
    )
    for side in ("longs", "shorts"):
        measured = (getattr(above, side) - getattr(below, side)) / (2.0 * step)
        left, right = (
            (getattr(book, side) - getattr(below, side)) / step,
            (getattr(above, side) - getattr(book, side)) / step,
        )
        scale = 1.0 + abs(measured)
        if abs(left - right) < 1e-3 * scale:  # no kink between the two
            assert getattr(book, f"{side}_by_price") == pytest.approx(measured, abs=1e-2 * scale)


def test_gains_that_do_not_cover_what_is_unpaid_leave_the_rest_uncovered() -> None:
    """Two longs own nearly all, on credit; the price falls by more than the short can gain."""
    wealth, position = np.array([1.0, 1.0, 1.0]), np.array([10.0, 10.0, -1.0])
    gains = GainsPaid([Carried(1.0, wealth, position)])
    paid = gains.after(-0.5)
    assert paid == Paid(0.0, 0.0, 0.0, unpaid=8.0, uncovered=7.5)


def test_a_balance_sheet_names_calls_and_statuses() -> None:
    """At a haircut of 10%: short of margin, worth less than nothing, gone before, untouched."""
    traders = cohort(3, members=6)
    quotes = dataclasses.replace(posted(traders, 0.5, 0.0, 0.1), price=1.0)
    wealth = np.array([1.0, 1.0, 0.0, 1.0, 1.0, 0.0])
    position = np.array([8.0, 12.0, 0.0, 0.0, -16.0, 0.0])
    alone = Carried(1.1, wealth, position)
    sheet = dataclasses.replace(alone, gains=GainsPaid([alone]))
    there, by_price = sheet.settled(1.0)
    endowments = {"cash": np.array([1.0] * 5 + [0.0]), "securities": np.zeros(6)}
    settled = there + (1.0 - 1.1) * by_price
    shown = balance_sheets(endowments, 1.1, (wealth, position), settled, quotes)
    assert shown["status"].tolist() == [
        "called", "defaulted", "closed out", "solvent", "solvent", "solvent",
    ]  # fmt: skip
    paid = 1.6 - 0.2  # the short's gain less what the second could not pay
    np.testing.assert_allclose(shown["profit_and_loss"], [-0.8, -1.0, 0.0, 0.0, paid, 0.0])
    np.testing.assert_allclose(shown["call"], [0.8 - 0.2, 1.2 + 0.2, 0.0, 0.0, 0.0, 0.0])
    assert shown["closing_price"].tolist() == [1.1] * 6
    first = balance_sheets(endowments, np.nan, None, wealth, quotes)
    assert set(first) == set(shown)
    assert set(first["status"]) == {"solvent"}
