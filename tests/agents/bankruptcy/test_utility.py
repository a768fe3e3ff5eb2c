"""Utilities: derivatives against finite differences, signs, parameters out of reach."""

import numpy as np
import pytest

from agents.bankruptcy.utility import (
    ConstantRiskAversion,
    LinearQuadratic,
    QuadraticAtBothDates,
    Utility,
)

RHO = np.array([0.2, 0.3, 0.5])
NOW = np.array([0.5, 2.0])
LATER = np.array([[0.3, -0.4, 1.0], [2.0, 0.1, 0.7]])
UTILITIES: list[Utility] = [
    LinearQuadratic(np.array([2.0, 1.0]), np.array([3.0, 4.0])),
    ConstantRiskAversion(np.array([0.8, 1.5]), np.array([0.9, 1.2])),
    QuadraticAtBothDates(np.array([1.0, 0.7]), np.array([3.0, 4.0])),
]
IDS = ["quadratic", "exponential", "both dates"]


@pytest.mark.parametrize("utility", UTILITIES, ids=IDS)
def test_derivatives_are_those_of_the_value(utility: Utility) -> None:
    h = 1e-5
    up, down = (utility.value(NOW + s * h, LATER, RHO) for s in (1.0, -1.0))
    np.testing.assert_allclose((up - down) / (2.0 * h), utility.marginal_now(NOW), rtol=1e-8)
    slope = (utility.marginal_now(NOW + h) - utility.marginal_now(NOW - h)) / (2.0 * h)
    np.testing.assert_allclose(slope, utility.curvature_now(NOW), rtol=1e-8, atol=1e-12)
    for s in range(3):
        step = h * np.eye(3)[s]
        up, down = (utility.value(NOW, LATER + k * step, RHO) for k in (1.0, -1.0))
        marginal = RHO[s] * utility.marginal_later(LATER)[:, s]
        np.testing.assert_allclose((up - down) / (2.0 * h), marginal, rtol=1e-8)
    bent = (utility.marginal_later(LATER + h) - utility.marginal_later(LATER - h)) / (2.0 * h)
    np.testing.assert_allclose(bent, utility.curvature_later(LATER), rtol=1e-8)


@pytest.mark.parametrize("utility", UTILITIES, ids=IDS)
def test_more_is_better_and_matters_less(utility: Utility) -> None:
    assert np.all(utility.marginal_now(NOW) > 0.0)
    assert np.all(utility.marginal_later(LATER) > 0.0)
    assert np.all(utility.curvature_now(NOW) <= 0.0)
    assert np.all(utility.curvature_later(LATER) < 0.0)


@pytest.mark.parametrize("utility", UTILITIES, ids=IDS)
def test_some_members_have_the_utility_they_had_among_all(utility: Utility) -> None:
    rows = np.array([1])
    some = utility.rows(rows)
    assert some.value(NOW[rows], LATER[rows], RHO) == utility.value(NOW, LATER, RHO)[rows]


def test_bankruptcy_beyond_numbers_is_infinitely_bad() -> None:
    utility = ConstantRiskAversion(np.ones(1), np.ones(1))
    assert utility.value(np.zeros(1), np.full((1, 3), -1e4), RHO)[0] == -np.inf
