"""Repo terms: the value of the call, and when pledging pays."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.pledge.terms import RepoTerms

HAIRCUTS = st.floats(0.02, 0.95)


def terms(haircut: float, repo_rate: float = 0.02, precision: float = 4.0) -> RepoTerms:
    return RepoTerms.of(np.array([haircut]), np.array([repo_rate]), precision)


def test_terms_say_when_pledging_pays() -> None:
    # Lemma 4: h < chi
    assert terms(0.2).active[0]
    assert terms(0.2).log_pledge_value[0] == pytest.approx(0.3559577546, abs=5e-10)
    assert terms(0.2).leverage[0] == pytest.approx(4.0)
    assert not terms(0.6).active[0]
    assert terms(0.6).log_pledge_value[0] == 0.0


@given(haircut=HAIRCUTS, rate=st.floats(0.0, 2.0), precision=st.floats(0.5, 50.0))
def test_the_call_lies_between_its_intrinsic_value_and_the_price(
    haircut: float, rate: float, precision: float
) -> None:
    call = terms(haircut, rate, precision).call_value[0]
    intrinsic = max(1.0 - (1.0 - haircut) * (1.0 + rate), 0.0)
    assert intrinsic - 1e-12 <= call <= 1.0


@given(haircut=HAIRCUTS, precision=st.floats(0.5, 20.0))
def test_put_call_parity_at_the_strike(haircut: float, precision: float) -> None:
    # call minus put is the forward: 1 - K, and the put is K times the call with strike 1/K
    strike = 1.0 - haircut
    call = terms(haircut, 0.0, precision).call_value[0]
    mirrored = terms(0.5, 2.0 / strike - 1.0, precision).call_value[0]
    assert call - strike * mirrored == pytest.approx(1.0 - strike, abs=1e-12)


@given(haircut=HAIRCUTS, rate=st.floats(0.0, 1.0))
def test_an_expensive_loan_lowers_the_value_of_the_call(haircut: float, rate: float) -> None:
    assert terms(haircut, rate + 0.1).call_value[0] < terms(haircut, rate).call_value[0]


def test_securities_have_terms_of_their_own() -> None:
    both = RepoTerms.of(np.array([0.2, 0.6]), np.array([0.02, 0.02]), 4.0)
    assert both.active.tolist() == [True, False]
    assert both.log_pledge_value[0] == terms(0.2).log_pledge_value[0]


@given(haircut=HAIRCUTS, part=st.floats(0.0, 1.0), precision=st.floats(0.1, 20.0))
def test_the_repo_rate_at_which_a_pledge_is_worth_so_much(
    haircut: float, part: float, precision: float
) -> None:
    at_zero = terms(haircut, 0.0, precision)
    worth = part * at_zero.worth
    priced = at_zero.worth_of(worth)
    assert priced.repo_rate[0] >= 0.0
    again = at_zero.at(priced.repo_rate)
    # as far as a repo rate in double precision can tell
    coarse = 1e-15 * (1.0 + priced.repo_rate[0]) / haircut
    assert again.worth[0] == pytest.approx(worth[0], abs=1e-12 + coarse)


def test_a_right_to_default_worth_almost_nothing_is_not_lost_in_rounding() -> None:
    tiny = terms(0.97, 0.0, 8.7)
    assert tiny.call_value[0] - 0.97 == pytest.approx(0.0, abs=1e-15)
    assert tiny.active[0]
    assert tiny.worth[0] * 0.97 == pytest.approx(1.2394365730e-27, rel=1e-9)
    assert not tiny.shut().active[0]
    assert tiny.opened().worth[0] == -np.log(0.97)
