"""Quotes, coordinates and excess demand of the markets of a clearing house that can lose."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from markets.quote import FloatArray
from markets.refused import Infeasible, Refused
from markets.waterfall.market import WaterfallMarket
from markets.waterfall.quotes import WaterfallBook, WaterfallTerms

TERMS = WaterfallTerms(
    before=np.array([100.0, 50.0]),
    value=np.array([90.0, 55.0]),
    margin=np.array([5.0, 2.0]),
    fund=30.0,
    capital=10.0,
)

BOOK = WaterfallBook(
    closed=np.array([20.0, -5.0]), sold=np.array([20.0, -5.0]), appetite=np.array([400.0, 100.0]),
    open_interest=np.array([80.0, 60.0]), gains=200.0, losses=200.0, losses_paid=60.0,
    due=300.0, paid=150.0, own_margin=40.0, own_fund=10.0, uncovered=90.0, fund=25.0,
    assessable=30.0, repaid=np.zeros(0), defaulted=2.0, alive=5.0,
)  # fmt: skip


@dataclass(frozen=True)
class Cohort:
    """What the market learns about a cohort."""

    sold: FloatArray
    appetite: FloatArray

    def failing(self, terms: WaterfallTerms) -> tuple[FloatArray, FloatArray]:
        return self.sold, self.appetite


def market(**given: object) -> WaterfallMarket:
    return WaterfallMarket(["rates", "credit"], TERMS.before, **given)  # type: ignore[arg-type]


def residual(book: WaterfallBook, coordinates: FloatArray) -> FloatArray:
    here = market()
    return here.excess(here.post(coordinates, TERMS, np.zeros(4)), book).residual


def test_the_rule_replaces_each_quote_by_what_it_implies() -> None:
    """Module docstring: losses of 90 beyond capital 10 and fund 25 use up the cap of 30 and 25."""
    here = np.array([np.log(80.0), np.log(60.0), 0.7, 0.4])
    implied = here + residual(BOOK, here)
    assert np.exp(implied[:2]) == pytest.approx([90.0 * np.exp(-0.05), 55.0 * np.exp(0.05)])
    assert implied[2:] == pytest.approx([1.0 - 25.0 / 200.0, 1.0])


@pytest.mark.parametrize(
    ("uncovered", "gains_paid", "assessed"),
    [(0.0, 1.0, 0.0), (35.0, 1.0, 0.0), (50.0, 1.0, 0.5), (65.0, 1.0, 1.0), (165.0, 0.5, 1.0),
     (500.0, 0.0, 1.0)],
)  # fmt: skip
def test_later_layers_are_called_when_earlier_ones_are_used_up(
    uncovered: float, gains_paid: float, assessed: float
) -> None:
    here = np.array([np.log(80.0), np.log(60.0), 0.5, 0.5])
    rates = here[2:] + residual(replace(BOOK, uncovered=uncovered), here)[2:]
    assert rates == pytest.approx([gains_paid, assessed], abs=1e-15)


def test_implied_rates_rise_with_every_rate_where_prices_stand_still() -> None:
    """Less is uncovered, and more can be assessed, the more is paid: then all rates improve."""
    here = np.array([np.log(80.0), np.log(60.0), 0.5, 0.5])
    rng = np.random.default_rng(1)
    for _ in range(200):
        worse = replace(BOOK, uncovered=200.0 * rng.random(), assessable=60.0 * rng.random())
        better = replace(
            worse, uncovered=worse.uncovered * rng.random(),
            assessable=worse.assessable * (1.0 + rng.random()), fund=worse.fund + rng.random(),
        )  # fmt: skip
        change = residual(better, here) - residual(worse, here)
        assert change[2] >= 0.0
        assert change[3] <= 0.0


def test_locating_and_posting_are_inverse_and_named_in_order() -> None:
    here = market(indebted=["A", "B"])
    coordinates = np.array([4.0, 3.0, 0.9, 0.2, 0.5, 1.0])
    posted = here.post(coordinates, TERMS, np.zeros(6))
    named = here.named(posted)
    assert list(named) == [quote.name for quote in here.quotes]
    assert here.locate(named, TERMS) == pytest.approx(coordinates)
    limits = here.limits(TERMS)
    assert np.all((limits.lower < coordinates) | (coordinates == 0.0))
    assert np.all(limits.upper >= coordinates)


def test_rounds_begin_at_full_payment_or_at_none() -> None:
    sellers = Cohort(np.array([40.0, 0.0]), np.array([400.0, 0.0]))
    for paid, price, rates in ((True, [90.0, 55.0], [1.0, 0.0]),
                               (False, [90.0 * np.exp(-0.1), 55.0], [0.0, 1.0])):  # fmt: skip
        here = market(paid=paid)
        here.open([sellers])
        begin = here.opening(here.first_quotes(), TERMS, None)
        assert begin == pytest.approx([*np.log(price), *rates])


def test_random_starts_have_rates_between_none_and_all() -> None:
    drawn = market().random_quotes(np.random.default_rng(3))
    assert all(0.0 <= drawn[name] <= 1.0 for name in ("gains_paid", "assessed"))
    assert drawn["price[rates]"] != 100.0


def test_nobody_left_to_take_a_portfolio_is_said() -> None:
    alone = replace(BOOK, appetite=np.array([400.0, 0.0]))
    with pytest.raises(Infeasible, match="-5 of credit have to be sold and nobody is left to buy"):
        residual(alone, np.array([4.0, 4.0, 1.0, 0.0]))


def test_a_price_must_be_positive() -> None:
    with pytest.raises(Refused, match=r"value is \[100.0, 0.0\]; prices must be positive"):
        WaterfallMarket(["rates", "credit"], np.array([100.0, 0.0]))
