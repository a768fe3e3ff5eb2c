"""Ramirez, Pledgeable securities: coefficients, option, thresholds and limits in closed form."""

import math
from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from scipy.integrate import quad
from scipy.stats import norm

from scenarios.pledge import closed_form as theory
from scenarios.pledge.published import (
    AMPLE,
    CASES,
    EXAMPLE,
    OPTION,
    ROUNDING,
    Published,
)

SHARES = st.floats(0.55, 0.95)


@pytest.mark.parametrize("row", CASES, ids=lambda row: row.case)
def test_coefficients_are_the_published_ones(row: Published) -> None:
    found = theory.coefficients(row.primitives, row.haircut, row.repo_rate, row.version)
    pledged = theory.log_pledge_value(row.haircut, row.repo_rate, row.primitives.value_precision)
    for name, expected in row.expected.items():
        if name == "log_price":
            value = found.log_price(row.log_value, row.log_noise, pledged)
        else:
            value = getattr(found, name)
        assert value == pytest.approx(expected, abs=ROUNDING), name


def test_option_bias_and_thresholds_are_the_published_ones() -> None:
    option = theory.call(0.2, 0.02, 4.0)
    found = {
        "call_value": option.value,
        "d1": option.d1,
        "d2": option.d2,
        "log_pledge_value": theory.log_pledge_value(0.2, 0.02, 4.0),
        "call_by_haircut": theory.call_by_haircut(0.2, 0.02, 4.0),
        "bias": theory.pledgeability_bias(EXAMPLE, 0.2, 0.02),
        "bias_by_haircut": theory.bias_by_haircut(EXAMPLE, 0.2, 0.02),
        "margin_threshold": theory.margin_threshold(0.2, 0.02, 4.0),
        "margin_threshold_fixed_point": theory.margin_threshold_fixed_point(0.2, 4.0),
        "shut_rate": theory.shut_rate(0.2, 4.0),
    }
    assert found == pytest.approx(dict(OPTION), abs=ROUNDING)


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
    assert theory.call(haircut, rate, precision).value == pytest.approx(expected, abs=1e-10)


@given(haircut=st.floats(0.05, 0.8), rate=st.floats(0.0, 0.5), precision=st.floats(1.0, 20.0))
def test_lemma_9_is_the_slope_of_the_call(haircut: float, rate: float, precision: float) -> None:
    step = 1e-6
    up, down = (
        math.log(theory.call(haircut + way * step, rate, precision).value) for way in (1, -1)
    )
    found = theory.call_by_haircut(haircut, rate, precision)
    assert found == pytest.approx((up - down) / (2 * step), rel=1e-5)
    assert found > 0.0


@given(share=SHARES, place=st.floats(0.05, 0.9), rate=st.floats(0.0, 0.3))
def test_a46_is_the_slope_of_the_bias(share: float, place: float, rate: float) -> None:
    economy = replace(EXAMPLE, spot_share=share)
    haircut = 1.0 - share + place * share
    step = 1e-6 * place
    ends = [haircut + way * step for way in (1, -1)]
    assume(all(theory.active(end, rate, 4.0) for end in ends))
    up, down = (theory.pledgeability_bias(economy, end, rate) for end in ends)
    found = theory.bias_by_haircut(economy, haircut, rate)
    assert found == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-6)


@given(share=SHARES, place=st.floats(0.02, 0.98), rate=st.floats(0.0, 2.0))
def test_erratum_9_the_threshold_of_proposition_10_never_binds(
    share: float, place: float, rate: float
) -> None:
    haircut = 1.0 - share + place * share
    assume(theory.active(haircut, rate, 4.0))
    assert rate < theory.margin_threshold(haircut, rate, 4.0)


def test_repo_is_active_up_to_the_operative_threshold() -> None:
    limit = theory.shut_rate(0.2, 4.0)
    assert theory.active(0.2, limit - 1e-9, 4.0)
    assert not theory.active(0.2, limit + 1e-9, 4.0)
    assert theory.pledgeability_bias(EXAMPLE, 0.2, limit + 1e-9) == 0.0


@given(share=SHARES, place=st.floats(0.02, 0.98))
def test_remark_1_repo_adds_noise_and_less_so_at_higher_haircuts(
    share: float, place: float
) -> None:
    economy = replace(EXAMPLE, spot_share=share)
    haircut = 1.0 - share + place * share
    assume(theory.active(haircut, 0.0, 4.0))
    assert theory.extra_noise(economy, haircut, 0.0, "printed") > 0.0
    assert theory.extra_noise(economy, haircut, 0.0, "corrected") > 0.0
    step = 1e-6 * place
    up, down = (
        theory._coefficients(economy, haircut + way * step, share, "printed").b2 for way in (1, -1)
    )
    slope = theory.extra_noise_by_haircut(economy, haircut)
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-4)


def test_remark_1_can_fail_for_the_corrected_coefficients_but_prices_always_tell_less() -> None:
    with_repo = theory.coefficients(AMPLE, 0.35, 0.01)
    without = theory.without_repo(AMPLE)
    assert with_repo.b2 == pytest.approx(0.1750678558, abs=ROUNDING)
    assert theory.extra_noise(AMPLE, 0.35, 0.01, "printed") > 0.0
    assert theory.extra_noise(AMPLE, 0.35, 0.01, "corrected") < -0.05
    assert theory.value_variance(with_repo, 10.0) > theory.value_variance(without, 10.0)


@given(share=SHARES, place=st.floats(0.02, 0.98), te=st.floats(0.05, 20.0))
def test_prices_tell_less_with_repo(share: float, place: float, te: float) -> None:
    economy = replace(EXAMPLE, spot_share=share, signal_precision=te)
    haircut = 1.0 - share + place * share
    assume(theory.active(haircut, 0.0, 4.0))
    without = theory.without_repo(economy)
    assert theory.coefficients(economy, haircut, 0.0).tau_theta < without.tau_theta


@pytest.mark.parametrize("version", theory.VERSIONS)
def test_without_repo_is_the_limit_of_no_repo_traders_and_full_haircut(
    version: theory.Version,
) -> None:
    limit = theory._coefficients(replace(EXAMPLE, spot_share=1.0), 1.0 - 1e-12, 1.0, version)
    found = theory.without_repo(EXAMPLE, version)
    assert found.b3 == 0.0
    for name in ("b0", "b1", "b2", "b3", "tau_theta"):
        assert getattr(found, name) == pytest.approx(getattr(limit, name), abs=1e-10)
    assert theory.coefficients(EXAMPLE, 0.6, 0.02, version) == found


@given(
    tv=st.floats(0.5, 20.0), te=st.floats(0.1, 20.0), tu=st.floats(0.5, 20.0), share=SHARES,
    place=st.floats(0.05, 0.95), gamma=st.floats(1.1, 8.0), wealth=st.floats(0.2, 20.0),
)  # fmt: skip
def test_only_the_corrected_version_clears_the_market_it_is_believed_in(
    tv: float, te: float, tu: float, share: float, place: float, gamma: float, wealth: float
) -> None:
    # clearing (12) with demands (14) and (20), Bayes' rule under the believed coefficients
    economy = theory.Primitives(tv, te, tu, gamma, wealth, share, 1.3, 0.8)
    haircut = 1.0 - share + place * share
    pledged = 0.2
    for version in theory.VERSIONS:
        believed = theory._coefficients(economy, haircut, share, version)
        total = tv + te + believed.tau_theta
        variance = 1.0 / total

        def excess(
            log_price: float,
            log_value: float,
            log_noise: float,
            believed: theory.Coefficients = believed,
            total: float = total,
            variance: float = variance,
        ) -> float:
            signal = log_price - believed.b0 - believed.b3 * pledged
            signal = (signal - believed.b2 * economy.mean_log_noise) / believed.b1
            mean = tv * economy.mean_log_value + te * log_value + believed.tau_theta * signal
            gap = (log_price - mean / total) / (gamma * variance)
            base = 0.5 - 0.5 / gamma
            sold = wealth * share * (base + gap)
            bought = wealth * (1.0 - share) * (base + gap + pledged / (gamma * variance))
            return log_noise + bought * (1.0 - haircut) / haircut - sold

        gaps = []
        for value, noise in ((0.0, 0.0), (0.7, 0.0), (0.0, -0.4)):
            price = believed.log_price(value, noise, pledged)
            slope = excess(price + 1.0, value, noise) - excess(price, value, noise)
            gaps.append(abs(excess(price, value, noise) / slope))
        if version == "corrected":
            assert max(gaps) < 1e-9
        else:
            assert max(gaps) > 1e-6


def test_the_errors_of_finite_markets_are_the_predicted_ones() -> None:
    found = [theory.finite_market_error(EXAMPLE, 0.2, 0.02, n) for n in (2_000, 20_000, 200_000)]
    assert found == pytest.approx([0.0214, 0.0068, 0.0021], abs=5e-5)
