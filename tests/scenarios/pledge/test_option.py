"""The option to default: its value, slope, and the repo rates at which repo shuts."""

import math

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from scenarios.pledge import option

SHARES = st.floats(0.55, 0.95)


@given(haircut=st.floats(0.02, 0.9), rate=st.floats(0.0, 1.0), precision=st.floats(0.5, 50.0))
def test_the_call_is_the_integral_of_its_payoff(
    haircut: float, rate: float, precision: float
) -> None:
    # Proposition 7 with erratum 7: no drift
    sigma, strike = precision**-0.5, (1.0 - haircut) * (1.0 + rate)
    start = math.log(strike) / sigma + 0.5 * sigma

    def payoff(error: float) -> float:
        gain = math.exp(sigma * error - 0.5 * sigma**2) - strike
        return gain * float(norm.pdf(error))

    expected = quad(payoff, start, max(start, 0.0) + 15.0, epsabs=1e-13)[0]
    assert option.call(haircut, rate, precision).value == pytest.approx(expected, abs=1e-10)


@given(haircut=st.floats(0.05, 0.8), rate=st.floats(0.0, 0.5), precision=st.floats(1.0, 20.0))
def test_lemma_9_is_the_slope_of_the_call(haircut: float, rate: float, precision: float) -> None:
    step = 1e-6
    up, down = (
        math.log(option.call(haircut + way * step, rate, precision).value) for way in (1, -1)
    )
    slope = option.call_by_haircut(haircut, rate, precision)
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-5)
    assert slope > 0.0


@given(share=SHARES, place=st.floats(0.02, 0.98), rate=st.floats(0.0, 2.0))
def test_erratum_9_the_threshold_of_proposition_10_never_binds(
    share: float, place: float, rate: float
) -> None:
    haircut = 1.0 - share + place * share
    assume(option.gain(haircut, rate, 4.0) > 1e-12)  # less is lost in the rounding of the threshold
    assert rate < option.margin_threshold(haircut, rate, 4.0)


def test_repo_is_active_up_to_the_operative_threshold() -> None:
    limit = option.shut_rate(0.2, 4.0)
    assert option.active(0.2, limit - 1e-9, 4.0)
    assert not option.active(0.2, limit + 1e-9, 4.0)
    assert option.log_pledge_value(0.2, limit + 1e-9, 4.0) == 0.0


@given(haircut=st.floats(0.02, 0.98), precision=st.floats(0.1, 1e6))
def test_every_haircut_has_a_repo_rate_at_which_repo_shuts(
    haircut: float, precision: float
) -> None:
    # at no interest the call is worth at least the haircut; with precise values no more than that
    rate = option.shut_rate(haircut, precision)
    assert rate >= 0.0
    value = option.call(haircut, rate, precision).value
    assert value == pytest.approx(haircut, abs=1e-12)


def test_the_fixed_point_of_proposition_10_is_its_own_threshold() -> None:
    rate = option.margin_threshold_fixed_point(0.2, 4.0)
    assert option.margin_threshold(0.2, rate, 4.0) == pytest.approx(rate, abs=1e-12)
