"""Lemma 9, Remark 1, informativeness, comovement and the error of finite markets."""

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from scenarios.pledge import closed_form as theory
from scenarios.pledge import propositions
from scenarios.pledge.option import active, shut_rate
from scenarios.pledge.pledgeability import Pledgeability
from scenarios.pledge.published import AMPLE as AMPLE_PARAMETERS
from scenarios.pledge.published import ROUNDING
from simulator.parameters import parse

SHARES = st.floats(0.55, 0.95)
EXAMPLE = Pledgeability().primitives
AMPLE = parse(Pledgeability, AMPLE_PARAMETERS).primitives


@given(share=SHARES, place=st.floats(0.05, 0.9), rate=st.floats(0.0, 0.3))
def test_a46_is_the_slope_of_the_bias(share: float, place: float, rate: float) -> None:
    economy = replace(EXAMPLE, spot_share=share)
    haircut = 1.0 - share + place * share
    step = 1e-6 * place
    ends = [haircut + way * step for way in (1, -1)]
    assume(all(active(end, rate, 4.0) for end in ends))
    up, down = (propositions.pledgeability_bias(economy, end, rate) for end in ends)
    slope = propositions.bias_by_haircut(economy, haircut, rate)
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-4, abs=1e-6)


@given(share=SHARES, place=st.floats(0.02, 0.98))
def test_remark_1_repo_adds_noise_and_less_so_at_higher_haircuts(
    share: float, place: float
) -> None:
    economy = replace(EXAMPLE, spot_share=share)
    haircut = 1.0 - share + place * share
    assume(active(haircut, 0.0, 4.0))
    assert propositions.extra_noise(economy, haircut, 0.0, "printed") > 0.0
    assert propositions.extra_noise(economy, haircut, 0.0, "corrected") > 0.0
    step = 1e-6 * place
    up, down = (
        theory._coefficients(economy, haircut + way * step, share, "printed").b2 for way in (1, -1)
    )
    slope = propositions.extra_noise_by_haircut(economy, haircut)
    assert slope == pytest.approx((up - down) / (2 * step), rel=1e-4)


def test_remark_1_can_fail_for_the_corrected_coefficients() -> None:
    with_repo = theory.coefficients(AMPLE, 0.35, 0.01)
    without = theory.without_repo(AMPLE)
    assert with_repo.b2 == pytest.approx(0.1750678558, abs=ROUNDING)
    assert propositions.extra_noise(AMPLE, 0.35, 0.01, "printed") > 0.0
    assert propositions.extra_noise(AMPLE, 0.35, 0.01, "corrected") < -0.05
    assert propositions.value_variance(with_repo, 10.0) > propositions.value_variance(without, 10.0)


@given(share=SHARES, place=st.floats(0.02, 0.98), te=st.floats(0.05, 20.0))
def test_prices_are_less_informative_with_repo(share: float, place: float, te: float) -> None:
    economy = replace(EXAMPLE, spot_share=share, signal_precision=te)
    haircut = 1.0 - share + place * share
    assume(active(haircut, 0.0, 4.0))
    without = theory.without_repo(economy)
    assert theory.coefficients(economy, haircut, 0.0).tau_theta < without.tau_theta


def test_the_errors_of_finite_markets_are_the_predicted_ones() -> None:
    sizes = (2_000, 20_000, 200_000)
    errors = [propositions.finite_market_error(EXAMPLE, 0.2, 0.02, n) for n in sizes]
    assert errors == pytest.approx([0.0214, 0.0068, 0.0021], abs=5e-5)


def test_there_is_no_bias_where_repo_is_shut() -> None:
    rate = shut_rate(0.2, 4.0) + 1e-9
    assert propositions.pledgeability_bias(EXAMPLE, 0.2, rate) == 0.0
    assert propositions.extra_noise(EXAMPLE, 0.2, rate) == 0.0


def test_variances_are_those_of_the_linear_price() -> None:
    rng = np.random.default_rng(5)
    solved = theory.coefficients(EXAMPLE, 0.2, 0.02)
    log_value = EXAMPLE.mean_log_value + 0.5 * rng.standard_normal(200_000)
    log_noise = EXAMPLE.mean_log_noise + 0.5 * rng.standard_normal(200_000)
    log_price = solved.b0 + solved.b1 * log_value + solved.b2 * log_noise
    cov = np.cov(log_value, log_price)
    # five standard errors of a variance
    close = 5.0 * np.sqrt(2.0 / 200_000)
    assert cov[1, 1] - cov[0, 1] ** 2 / cov[0, 0] == pytest.approx(
        propositions.price_variance(solved, 4.0), rel=close
    )
    assert cov[0, 0] - cov[0, 1] ** 2 / cov[1, 1] == pytest.approx(
        propositions.value_variance(solved, 4.0), rel=close
    )


def test_still_haircuts_comove_nothing_and_opposite_ones_less_than_nothing() -> None:
    still, up, down = [0.14] * 4, [0.13, 0.14, 0.15, 0.14], [0.15, 0.14, 0.13, 0.14]

    def correlation(first: list[float], second: list[float]) -> float:
        return propositions.comovement(EXAMPLE, first, second, 0.02, 1_000)

    assert correlation(still, up) == pytest.approx(0.0, abs=1e-15)
    assert correlation(up, up) > 0.1
    assert correlation(up, down) < -0.1
    assert correlation(up, down) == pytest.approx(correlation(down, up), abs=1e-15)
