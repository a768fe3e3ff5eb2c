"""Investors who work out what their own forecasts would do to the price."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from agents.pledge.anticipation import Crowd
from agents.pledge.forecast import Forecast, Information, PriceFunction
from markets.pledge.terms import RepoTerms

CROWD = Crowd(wealth=(0.9 * 1.4, 0.1 * 1.4), tolerance=(0.9 * 1.4 / 2.5, 0.1 * 1.4 / 2.5))
OPEN, SHUT = (RepoTerms.of(np.array([h]), np.array([0.02]), 4.0) for h in (0.2, 0.6))


@pytest.mark.parametrize("terms", [OPEN, SHUT], ids=["open", "shut"])
def test_it_is_what_a_market_of_such_investors_publishes(
    market: Callable[..., object],
    function: Callable[..., PriceFunction],
    known: Information,
    terms: RepoTerms,
) -> None:
    from markets.margin import FlatMargin

    economy = market(margin=FlatMargin(float(terms.haircut[0])))
    economy.clear()  # type: ignore[attr-defined]
    published = economy.house.place(economy.posted, economy.book)  # type: ignore[attr-defined]
    expected = CROWD.implied(Forecast.bayes(function(), known), terms, known)
    # a price function of a shut market has no use for what a pledge is worth
    rows = slice(0, 4 if terms.active[0] else 3)
    assert published.stacked()[rows] == pytest.approx(expected.stacked()[rows], abs=1e-12)


@pytest.mark.parametrize("terms", [OPEN, SHUT], ids=["open", "shut"])
@pytest.mark.parametrize("as_printed", [False, True])
def test_reasoning_ends_at_a_forecast_that_justifies_itself(
    function: Callable[..., PriceFunction], known: Information, terms: RepoTerms, as_printed: bool
) -> None:
    knows = Information(known.value, known.noise, known.signal_precision, as_printed)
    forecast = CROWD.reasoned(Forecast.bayes(function(), knows), terms, knows)
    again = Forecast.bayes(CROWD.implied(forecast, terms, knows), knows)
    assert again.differs(forecast) < 1e-13


def test_reasoning_may_begin_where_orders_do_not_move_with_the_price(
    function: Callable[..., PriceFunction], known: Information
) -> None:
    first = Forecast.bayes(function(), known)
    found = CROWD.reasoned(replace(first, on_price=np.ones_like(first.on_price)), OPEN, known)
    assert found.differs(CROWD.reasoned(first, OPEN, known)) < 1e-13
