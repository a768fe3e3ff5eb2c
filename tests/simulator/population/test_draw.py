"""Drawing members: marginal distributions, rank correlation, the same seed the same members."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from markets.refused import Refused
from simulator.population.distribution import distribution
from simulator.population.draw import draw

FIELDS = {
    "cash": distribution("lognormal(mean=2, sd=3)"),
    "belief": distribution("beta(a=2, b=3)"),
    "income": distribution("uniform(low=0, high=5)"),
}
MANY = 20_000


def test_fields_have_their_distributions_and_the_rank_correlations_asked_for() -> None:
    asked = {"cash, belief": -0.6, "belief,income": 0.3}
    drawn = draw(MANY, FIELDS, asked, np.random.default_rng(1))
    assert stats.kstest(drawn["belief"], stats.beta(2.0, 3.0).cdf).pvalue > 1e-3
    assert stats.kstest(drawn["income"], stats.uniform(0.0, 5.0).cdf).pvalue > 1e-3
    # the standard error of a rank correlation of 20,000 is below .0071
    for pair, rank in {**asked, "cash, income": 0.0}.items():
        one, other = (drawn[name.strip()] for name in pair.split(","))
        assert stats.spearmanr(one, other).statistic == pytest.approx(rank, abs=0.03)


def test_perfect_correlation_orders_members_alike() -> None:
    drawn = draw(500, FIELDS, {"cash, belief": 1.0}, np.random.default_rng(1))
    assert (np.argsort(drawn["cash"]) == np.argsort(drawn["belief"])).mean() > 0.99


def test_the_order_of_fields_changes_nothing_and_the_seed_does() -> None:
    backwards = dict(reversed(FIELDS.items()))
    one, two, other = (
        draw(9, fields, {}, np.random.default_rng(seed))
        for fields, seed in ((FIELDS, 1), (backwards, 1), (FIELDS, 2))
    )
    assert all((one[name] == two[name]).all() for name in FIELDS)
    assert all((one[name] != other[name]).all() for name in FIELDS)


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"cash, beleif": 0.1}, 'did you mean "belief"'),
        ({"cash": 0.1}, "no pair of fields"),
        ({"cash, cash": 0.1}, "no pair of fields"),
        ({"cash, belief": 1.5}, r"must be in \[-1, 1\]"),
        ({"cash, belief": 0.9, "belief, income": 0.9, "cash, income": -0.9}, "contradict"),
    ],
)
def test_correlations_that_no_population_can_have_are_refused(
    asked: dict[str, float], said: str
) -> None:
    with pytest.raises(Refused, match=said):
        draw(5, FIELDS, asked, np.random.default_rng(0))
