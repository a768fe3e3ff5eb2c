"""What a portfolio forgoes under power utility: an upper bound, and a tight one."""

import math

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import minimize_scalar
from scipy.special import logsumexp

from agents.pledge.power import PowerChoice
from scenarios.pledge.power_utility import forgone_by_power_utility


def certainty_equivalent(share: float, mean: float, variance: float, gamma: float) -> float:
    """Its log, by adaptive integration."""
    sigma = math.sqrt(variance)

    def part(error: float) -> float:
        wealth = 1.0 + share * math.expm1(mean + sigma * error)
        return float(wealth ** (1.0 - gamma) * math.exp(-0.5 * error**2))

    moment = quad(part, -9.0 - gamma * sigma, 9.0 + sigma, epsabs=0.0, epsrel=1e-10)[0]
    return math.log(moment / math.sqrt(2.0 * math.pi)) / (1.0 - gamma)


@pytest.mark.parametrize(("gamma", "variance"), [(2.0, 0.14), (5.0, 0.5), (1.5, 3.0)])
@pytest.mark.parametrize("kept", [0.1, 0.5, 0.9])
def test_it_is_what_another_optimiser_gains(gamma: float, variance: float, kept: float) -> None:
    mean = 0.3 * gamma * variance - 0.5 * variance
    found = minimize_scalar(
        lambda share: -certainty_equivalent(share, mean, variance, gamma),
        bounds=(0.0, 1.0), method="bounded", options={"xatol": 1e-9},
    )  # fmt: skip
    gain = -float(found.fun) - certainty_equivalent(kept, mean, variance, gamma)
    forgone = forgone_by_power_utility(
        np.array([kept]), np.array([mean]), np.array([variance]), gamma, 0.0, 1.0
    )
    assert forgone[0] >= gain - 1e-9
    # tight for whoever is near the best share
    near = forgone_by_power_utility(
        np.array([found.x + 0.02]), np.array([mean]), np.array([variance]), gamma, 0.0, 1.0
    )
    value = certainty_equivalent(found.x + 0.02, mean, variance, gamma)
    assert near[0] == pytest.approx(-float(found.fun) - value, rel=1e-5)


def test_exact_choices_forgo_nothing_and_log_linear_ones_do() -> None:
    places = np.linspace(-0.3, 1.3, 33)
    variance, gamma = np.full(33, 0.8), 3.0
    mean = gamma * 0.8 * places - 0.4
    exact = PowerChoice.of(gamma, 0.8).share(places)
    assert forgone_by_power_utility(exact, mean, variance, gamma, 0.0, 1.0).max() < 1e-14
    rough = np.clip(places, 0.0, 1.0)
    assert forgone_by_power_utility(rough, mean, variance, gamma, 0.0, 1.0).max() > 1e-4
    short = forgone_by_power_utility(rough - 0.5, mean, variance, gamma, 0.0, 1.0)
    assert short.max() >= 0.5  # beyond the bounds counts in full


def test_it_is_exact_where_log_returns_are_in_the_hundreds() -> None:
    gamma, risk = 43.7, 23.3
    places = np.array([0.02, 0.3, 0.39, 0.45, 0.8])
    mean, variance = gamma * risk * places - 0.5 * risk, np.full(5, risk)
    exact = PowerChoice.of(gamma, risk).share(places)
    assert forgone_by_power_utility(exact, mean, variance, gamma, 0.0, 1.0).max() < 1e-11
    error = np.linspace(-9.0 - gamma * risk**0.5, 9.0 + risk**0.5, 50_001)

    def equivalent(share: float, mean: float) -> float:
        wealth = np.logaddexp(math.log1p(-share), math.log(share) + mean + risk**0.5 * error)
        return float(logsumexp((1.0 - gamma) * wealth - 0.5 * error**2)) / (1.0 - gamma)

    missed = forgone_by_power_utility(exact * 0.99, mean, variance, gamma, 0.0, 1.0)
    each = zip(exact.tolist(), mean.tolist(), strict=True)
    lost = [equivalent(share, m) - equivalent(0.99 * share, m) for share, m in each]
    assert missed == pytest.approx(np.array(lost), rel=1e-6)
