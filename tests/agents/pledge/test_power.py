"""Exact portfolio choice under power utility, against an adaptive integral of its condition."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq
from scipy.special import logsumexp

from agents.pledge.power import PowerChoice
from markets.quote import FloatArray


def by_integration(place: float, gamma: float, variance: float) -> float:
    """The share at which E[(R - 1) C^-gamma] is zero."""
    mean, sigma = gamma * variance * place - 0.5 * variance, math.sqrt(variance)

    def condition(share: float) -> float:
        def part(error: float) -> float:
            excess = math.expm1(mean + sigma * error)
            return float(excess * math.exp(-gamma * math.log1p(share * excess) - 0.5 * error**2))

        low, high = -9.0 - gamma * sigma, 9.0 + sigma
        return float(quad(part, low, high, epsabs=1e-13, epsrel=1e-9, limit=400)[0])

    return float(brentq(condition, 1e-9, 1.0 - 1e-9, xtol=1e-13))


@pytest.mark.parametrize(
    ("gamma", "variance"), [(2.0, 0.14), (3.0, 4.0), (1.1, 2.0), (20.0, 1e-4), (50.0, 0.25)]
)
def test_shares_are_those_of_the_first_order_condition(gamma: float, variance: float) -> None:
    choice = PowerChoice.of(gamma, variance)
    for place in (0.05, 0.3, 0.5):
        share = float(choice.share(np.array([place]))[0])
        assert share == pytest.approx(by_integration(place, gamma, variance), abs=1e-6)


@pytest.mark.parametrize(("gamma", "variance"), [(43.7, 23.3), (101.0, 23.0), (2.0, 60.0)])
def test_shares_are_exact_where_the_integrand_is_narrow_and_returns_are_huge(
    gamma: float, variance: float
) -> None:
    choice, sigma = PowerChoice.of(gamma, variance), math.sqrt(variance)
    error = np.linspace(-9.0 - gamma * sigma, 9.0 + sigma, 50_001)
    for place in (0.02, 0.37, 0.43, 0.9):
        mean = gamma * variance * place - 0.5 * variance

        def bought(
            share: float, log_return: FloatArray = mean + sigma * error
        ) -> float:  # ln E[R C^-gamma] - ln E[C^-gamma]
            wealth = np.logaddexp(math.log1p(-share), math.log(share) + log_return)
            exponent = -0.5 * error**2 - gamma * wealth
            return float(logsumexp(exponent + log_return) - logsumexp(exponent))

        share = float(choice.share(np.array([place]))[0])
        assert share == pytest.approx(brentq(bought, 1e-12, 1.0 - 1e-12, xtol=1e-13), abs=1e-7)


def test_exact_and_log_linear_shares_agree_at_the_ends_and_for_small_risks() -> None:
    places = np.linspace(-0.5, 1.5, 41)
    choice = PowerChoice.of(2.0, 0.3)
    shares = choice.share(places)
    assert (shares[places <= 0.0] == 0.0).all()
    assert (shares[places >= 1.0] == 1.0).all()
    assert (np.diff(shares) >= 0.0).all()
    assert shares + shares[::-1] == pytest.approx(1.0, abs=1e-15)
    small = PowerChoice.of(2.0, 1e-6)
    assert small.share(places) == pytest.approx(np.clip(places, 0.0, 1.0), abs=1e-6)


def test_slopes_are_derivatives() -> None:
    choice = PowerChoice.of(3.0, 1.0)
    places = np.array([1e-10, 0.01, 0.2, 0.5, 0.7, 0.99])
    distance = 1e-5 * np.minimum(places, 1.0 - places)
    ends = [choice.share(places + side * distance) for side in (-1.0, 1.0)]
    assert choice.slope(places) == pytest.approx((ends[1] - ends[0]) / (2.0 * distance), rel=1e-4)
    assert choice.slope(np.array([-1.0, 0.0, 1.0, 2.0])).tolist() == [0.0] * 4
