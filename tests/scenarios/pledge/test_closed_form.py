"""Coefficients of the log price: three versions, their limits, and which one is a fixed point."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scenarios.pledge import closed_form as theory
from scenarios.pledge.pledgeability import Pledgeability

SHARES = st.floats(0.55, 0.95)
EXAMPLE = Pledgeability().primitives


@pytest.mark.parametrize("version", theory.VERSIONS)
def test_erratum_6_the_price_without_repo_is_the_limit(
    version: theory.Version,
) -> None:
    limit = theory._coefficients(replace(EXAMPLE, spot_share=1.0), 1.0 - 1e-12, 1.0, version)
    solved = theory.without_repo(EXAMPLE, version)
    assert solved.b3 == 0.0
    for name in ("b0", "b1", "b2", "b3", "tau_theta"):
        assert getattr(solved, name) == pytest.approx(getattr(limit, name), abs=1e-10)
    assert theory.coefficients(EXAMPLE, 0.6, 0.02, version) == solved


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
    log_pledge = 0.2
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
            signal = log_price - believed.b0 - believed.b3 * log_pledge
            signal = (signal - believed.b2 * economy.mean_log_noise) / believed.b1
            mean = tv * economy.mean_log_value + te * log_value + believed.tau_theta * signal
            gap = (log_price - mean / total) / (gamma * variance)
            base = 0.5 - 0.5 / gamma
            sold = wealth * share * (base + gap)
            bought = wealth * (1.0 - share) * (base + gap + log_pledge / (gamma * variance))
            return log_noise + bought * (1.0 - haircut) / haircut - sold

        gaps = []
        for value, noise in ((0.0, 0.0), (0.7, 0.0), (0.0, -0.4)):
            price = believed.log_price(value, noise, log_pledge)
            slope = excess(price + 1.0, value, noise) - excess(price, value, noise)
            gaps.append(abs(excess(price, value, noise) / slope))
        if version == "corrected":
            assert max(gaps) < 1e-9
        else:
            assert max(gaps) > 1e-6


@given(share=SHARES, place=st.floats(0.05, 0.95))
def test_the_coefficient_of_the_pledge_is_the_same_in_all_versions(
    share: float, place: float
) -> None:
    economy = replace(EXAMPLE, spot_share=share)
    haircut = 1.0 - share + place * share
    b3 = {theory._coefficients(economy, haircut, share, v).b3 for v in theory.VERSIONS}
    assert b3 == {theory.pledge_coefficient(haircut, share)}
    assert min(b3) > 0.0


@pytest.mark.parametrize("version", theory.VERSIONS)
def test_the_precision_of_the_price_is_that_of_its_coefficients(version: theory.Version) -> None:
    # (25)
    solved = theory.coefficients(EXAMPLE, 0.2, 0.02, version)
    precision = EXAMPLE.noise_precision * (solved.b1 / solved.b2) ** 2
    assert solved.tau_theta == pytest.approx(precision, rel=1e-12)


def test_haircuts_that_leave_no_room_are_not_feasible() -> None:
    assert theory.feasible(0.11, 0.9)
    assert not theory.feasible(0.1, 0.9)
    assert theory.room(0.2, 0.9) == pytest.approx(0.1)
