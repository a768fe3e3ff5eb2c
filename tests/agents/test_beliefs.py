"""Distributions of beliefs: quantiles, means of slices, lists, and what is none."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.beliefs import Beliefs
from markets.refused import Refused

NAMED = ["uniform", "beta(2, 3)", "beta(0.5, 0.5)"]


@pytest.mark.parametrize("law", NAMED)
@given(share=st.floats(0.001, 0.999))
def test_the_quantile_is_the_inverse_of_the_distribution_function(law: str, share: float) -> None:
    beliefs = Beliefs(law)
    assert beliefs.below(float(beliefs.quantile(np.array([share]))[0])) == pytest.approx(share)


def test_members_are_the_medians_of_equal_slices() -> None:
    assert Beliefs("uniform").members(4).tolist() == [0.125, 0.375, 0.625, 0.875]
    assert Beliefs("uniform").edges(2).tolist() == [0.0, 0.5, 1.0]
    assert Beliefs([0.8, 0.2]).members(7).tolist() == [0.2, 0.8]


@pytest.mark.parametrize("law", ["uniform", "beta(2,3)", "beta(0.5, 0.5)", [0.2, 0.3, 0.7]])
def test_mean_beliefs_of_slices_add_up(law: str | list[float]) -> None:
    beliefs = Beliefs(law)
    shares = np.linspace(0.0, 1.0, 101)
    means = beliefs.means(shares)
    fine = beliefs.quantile((np.arange(200_000) + 0.5) / 200_000)
    assert means.mean() == pytest.approx(fine.mean(), abs=1e-6)
    edges = beliefs.quantile(shares)
    assert np.all((edges[:-1] <= means) & (means <= edges[1:]))


def test_listed_beliefs_spread_over_a_continuum_keep_their_order() -> None:
    beliefs = Beliefs([0.2, 0.3, 0.7])
    quantiles = beliefs.quantile(np.linspace(0.0, 1.0, 7))
    assert np.all(np.diff(quantiles) > 0.0)
    assert beliefs.below(0.25) == pytest.approx(1.0 / 3.0)


@pytest.mark.parametrize("given", [[0.2, 0.3, 0.7], [0.1, 0.4], [0.05, 0.95]])
def test_a_spread_is_mirrored_where_beliefs_are(given: list[float]) -> None:
    shares = np.linspace(0.0, 1.0, 9)
    mirrored = Beliefs([1.0 - belief for belief in given]).quantile(shares)
    assert mirrored == pytest.approx(1.0 - Beliefs(given).quantile(1.0 - shares))
    # the lowest and the highest slice are as wide on both sides of their beliefs
    low, high = Beliefs(given).quantile(np.array([0.0, 1.0])).tolist()
    half = 0.5 * (given[1] - given[0])
    assert low == pytest.approx(max(given[0] - half, 0.0))
    assert high == pytest.approx(min(given[-1] + 0.5 * (given[-1] - given[-2]), 1.0))


@pytest.mark.parametrize("given", ["uniform", "beta(2, 3)", [0.2, 0.3, 0.7]])
def test_shares_below_many_beliefs_are_those_below_each(given: str | list[float]) -> None:
    beliefs, points = Beliefs(given), np.array([-0.5, 0.1, 0.25, 0.6, 1.5])
    assert beliefs.below(points).tolist() == [beliefs.below(point) for point in points.tolist()]


def test_ties_are_broken_by_the_fields() -> None:
    one = Beliefs([0.5, 0.5, 0.1]).order(np.array([2.0, 1.0, 3.0]))
    assert one.tolist() == [2, 1, 0]


def test_ties_are_refused_for_a_continuum() -> None:
    Beliefs([0.4, 0.5]).refuse_ties()
    with pytest.raises(Refused, match=r"beliefs lists 0\.4 twice"):
        Beliefs([0.4, 0.5, 0.4]).refuse_ties()


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ("normal", 'beliefs is "normal"; known are'),
        ("beta(0, 1)", "needs two positive numbers"),
        ("beta(x, 1)", "needs two positive numbers"),
        ([0.2, 1.0], r"beliefs contains 1\.0; a belief lies strictly"),
        ([0.2, float("nan")], "beliefs contains nan"),
        ([0.2], "at least two"),
    ],
)
def test_what_is_no_distribution_is_refused(wrong: str | list[float], said: str) -> None:
    with pytest.raises(Refused, match=said):
        Beliefs(wrong)
