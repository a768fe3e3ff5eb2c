"""Rules as a house asks them, date after date."""

from __future__ import annotations

import numpy as np
import pytest

from markets.margin import (
    FlatMargin,
    Known,
    LinearMargin,
    MarginRule,
    NormalValueAtRisk,
    PostedMargin,
    ValueAtRisk,
)
from markets.refused import Infeasible


class Remembers(MarginRule):
    """A rule that keeps what it was told."""

    def __init__(self, answer: float = 0.2) -> None:
        self.answer = answer
        self.told: list[Known] = []

    def haircut(self, known: Known) -> float:
        self.told.append(known)
        return self.answer


def test_once_per_date_the_last_close_is_the_price_and_the_haircut_stays() -> None:
    rule = Remembers()
    first = PostedMargin.opened(rule, 2.0)
    assert [first.haircut(price) for price in (2.0, 5.0)] == [0.2, 0.2]
    assert first.margin(5.0) == 1.0
    assert first.slope(5.0) == 0.2
    second = first.closed_at(1.5)
    rule.answer = 0.3
    assert first.haircut(1.0) == 0.2
    assert second.haircut(1.0) == 0.3
    (before, after) = rule.told
    assert (before.price, before.past.size, before.charged, before.closed) == (2.0, 0, None, None)
    assert (after.price, after.past.tolist()) == (1.5, [2.0])
    assert (after.charged, after.closed) == (0.2, 1.5)


def test_in_cash_the_margin_stays() -> None:
    posted = PostedMargin.opened(Remembers(), 2.0, in_cash=True)
    assert posted.margin(5.0) == 0.4
    assert posted.slope(5.0) == 0.0
    assert posted.haircut(4.0) == pytest.approx(0.1)


def test_in_every_round_the_posted_price_is_the_price() -> None:
    rule = Remembers()
    posted = PostedMargin.opened(rule, 2.0, every_round=True).closed_at(1.5)
    posted.haircut(1.25)
    assert rule.told[-1].price == 1.25
    assert rule.told[-1].past.tolist() == [2.0, 1.5]
    follows = PostedMargin.opened(LinearMargin(1.0, 0.5, 10.0), 10.0)
    assert follows.margin(8.0) == pytest.approx(2.0)
    assert follows.slope(8.0) == -0.5
    fixed = PostedMargin.opened(LinearMargin(1.0, 0.5, 10.0), 10.0, every_round=False)
    assert fixed.slope(8.0) == pytest.approx(0.1)  # a haircut of 10%


@pytest.mark.parametrize("rule", [LinearMargin(0.3, 0.4, 2.0), NormalValueAtRisk(window=20)])
def test_the_slope_of_what_is_asked(rule: MarginRule) -> None:
    history = np.exp(0.05 * np.random.default_rng(5).standard_normal(30).cumsum())
    posted = PostedMargin.opened(rule, 2.0, history, every_round=True)
    ends = [posted.asked(1.9 + step) for step in (1e-5, -1e-5)]
    slope = posted.asked_slope(1.9, posted.asked(1.9))
    assert slope == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4)
    assert abs(slope) > 1e-3


def test_earlier_prices_are_scaled_to_end_where_the_rounds_start() -> None:
    history = np.array([50.0, 100.0, 80.0])
    posted = PostedMargin.opened(FlatMargin(0.1), 4.0, history)
    assert posted.closes == pytest.approx([2.5, 5.0, 4.0])


def test_a_rule_of_returns_reads_the_history_and_the_closes() -> None:
    history = 100.0 * np.exp(0.01 * np.random.default_rng(4).standard_normal(400).cumsum())
    rule = ValueAtRisk(side="long")
    posted = PostedMargin.opened(rule, 1.0, history).closed_at(0.8)
    prices = np.append(history / history[-1], 0.8)
    worst = 1.0 - np.exp(np.quantile(np.diff(np.log(prices))[-250:], 0.01))
    assert posted.haircut(3.0) == pytest.approx(worst, rel=1e-9)
    assert posted.charged == pytest.approx(PostedMargin.opened(rule, 1.0, history).announced)


class Broken(MarginRule):
    def haircut(self, known: Known) -> float:
        return 1.0 / (known.price - known.price)


@pytest.mark.parametrize("answer", [1.0, -0.1, float("nan"), float("inf")])
@pytest.mark.parametrize("every_round", [True, False])
def test_an_answer_that_is_no_haircut_ends_the_date(answer: float, every_round: bool) -> None:
    posted = PostedMargin.opened(Remembers(answer), 2.0, every_round=every_round)
    with pytest.raises(Infeasible, match=r"Remembers answers .* a haircut lies in \[0, 1\)"):
        posted.haircut(2.0)


def test_in_cash_the_margin_may_exceed_the_price_but_not_vanish() -> None:
    assert PostedMargin.opened(Remembers(1.5), 2.0, in_cash=True).margin(2.0) == 3.0
    with pytest.raises(Infeasible, match="needs one above 0"):
        PostedMargin.opened(Remembers(0.0), 2.0, in_cash=True).margin(2.0)


def test_in_cash_a_price_may_be_below_zero() -> None:
    posted = PostedMargin.opened(LinearMargin(1.0, -0.1, 0.0), 2.0, in_cash=True).closed_at(-4.0)
    assert posted.charged == pytest.approx(0.6 / -4.0)
    assert posted.margin(-5.0) == pytest.approx(0.5)


def test_a_rule_that_raises_is_named_with_its_line() -> None:
    with pytest.raises(Infeasible, match=r"Broken fails at a price of 2 \(.*test_posted\.py, line"):
        PostedMargin.opened(Broken(), 2.0).haircut(2.0)
