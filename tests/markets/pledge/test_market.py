"""Spot markets for pledgeable securities: quotes, limits, excess demand and depth."""

from dataclasses import replace

import numpy as np
import pytest

from markets.pledge.book import SpotBook
from markets.pledge.market import INDIFFERENT, LOG_PRICE_REACH, PledgeableMarket
from markets.pledge.terms import RepoTerms
from markets.quote import FloatArray

TERMS = RepoTerms.of(np.array([0.2, 0.3]), np.array([0.02, 0.02]), 4.0)
MARKET = PledgeableMarket(-0.125, ["A", "B"])


def book(bought: list[float], sold: list[float]) -> SpotBook:
    none: FloatArray = np.zeros(2)
    empty = SpotBook(*(none for _ in SpotBook.__slots__))
    slopes = np.array([-2.0, -3.0])
    return replace(empty, bought=np.array(bought), sold=np.array(sold), by_price=slopes)


def test_a_market_starts_at_the_mean_value_and_names_its_securities() -> None:
    assert MARKET.first_quotes() == {"log_price_A": -0.125, "log_price_B": -0.125}
    assert PledgeableMarket(0.5).first_quotes() == {"log_price": 0.5}
    assert PledgeableMarket(np.array([1.0, 2.0]), ["A", "B"]).first_quotes() == {
        "log_price_A": 1.0,
        "log_price_B": 2.0,
    }
    assert MARKET.excess_names == ("security_excess_A", "security_excess_B")


def test_locating_posted_quotes_gives_the_coordinates() -> None:
    coordinates = np.array([1.0, -2.0])
    posted = MARKET.post(coordinates, TERMS, np.zeros(2))
    assert posted.terms is TERMS
    assert MARKET.locate(MARKET.named(posted), TERMS).tolist() == coordinates.tolist()


def test_log_prices_may_be_far_beyond_those_of_prices_in_double_precision() -> None:
    limits = MARKET.limits(TERMS)
    assert limits.upper.tolist() == [LOG_PRICE_REACH] * 2
    assert (limits.upper > np.log(np.finfo(np.float64).max)).all()
    assert (limits.lower == -limits.upper).all()
    assert not limits.upper_attained.any()
    assert not limits.lower_attained.any()


def test_excess_demand_is_purchases_minus_sales() -> None:
    posted = MARKET.post(np.zeros(2), TERMS, np.zeros(2))
    excess = MARKET.excess(posted, book([3.0, 0.0], [1.0, 0.0]))
    assert excess.units.tolist() == [2.0, 0.0]
    assert excess.residual.tolist() == [2.0, 0.0]
    assert excess.share.tolist() == pytest.approx([0.5, 0.0])  # nothing traded, nothing in excess


def test_depth_is_diagonal_since_values_are_independent() -> None:
    posted = MARKET.post(np.zeros(2), TERMS, np.zeros(2))
    depth = MARKET.depth(posted, book([1.0, 1.0], [1.0, 1.0]), np.zeros(2))
    assert depth.tolist() == [[-2.0, 0.0], [0.0, -3.0]]


def test_names_and_values_must_match() -> None:
    with pytest.raises(ValueError, match="broadcast"):
        PledgeableMarket(np.array([1.0, 2.0, 3.0]), ["A", "B"])


RATES = PledgeableMarket(-0.125, ["A", "B"], quotes_rates=True)


def test_repo_rates_start_at_zero_and_fall_in_what_a_pledge_is_worth() -> None:
    assert RATES.first_quotes() == {
        "log_price_A": -0.125, "log_price_B": -0.125, "repo_rate_A": 0.0, "repo_rate_B": 0.0,
    }  # fmt: skip
    limits = RATES.limits(TERMS)
    assert limits.upper_attained.tolist() == [False, False, True, True]
    highest = RATES.post(limits.upper, TERMS, np.zeros(4))
    assert highest.terms.repo_rate.tolist() == [0.0, 0.0]
    place = np.array([0.0, 0.0, 0.1, 0.05])
    posted = RATES.post(place, TERMS, np.zeros(4))
    assert (posted.terms.repo_rate > 0.0).all()
    assert posted.pledging.tolist() == [1.0, 1.0]
    assert RATES.locate(RATES.named(posted), TERMS) == pytest.approx(place, abs=1e-12)


def test_where_a_pledge_is_worth_a_sale_any_share_may_be_pledged() -> None:
    place = np.array([0.0, 0.0, -INDIFFERENT, -0.25 * INDIFFERENT])
    posted = RATES.post(place, TERMS, np.zeros(4))
    assert posted.pledging.tolist() == [0.0, 0.75]
    assert posted.open.tolist() == [False, True]
    assert posted.log_pledge_value.tolist() == [0.0, 0.0]
    assert np.log(posted.terms.call_value / TERMS.haircut) == pytest.approx(0.0, abs=1e-12)


def test_the_repo_market_answers_to_loans_offered_beyond_pledges() -> None:
    posted = RATES.post(np.array([0.0, 0.0, 0.1, 0.1]), TERMS, np.zeros(4))
    pledged = replace(
        book([1.0, 1.0], [1.0, 1.0]), pledged=np.array([2.0, -1.0]), pledges=np.array([4.0, 1.0])
    )
    excess = RATES.excess(posted, pledged)
    assert excess.residual.tolist() == [0.0, 0.0, -2.0, 1.0]
    assert excess.share.tolist() == [0.0, 0.0, -0.5, 1.0]
    assert RATES.excess_names[2:] == ("loan_supply_excess_A", "loan_supply_excess_B")
