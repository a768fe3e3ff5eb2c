"""Backtests of margins: against simulation, and counts by hand."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from scenarios.funding.backtest import (
    backtest,
    conditional_coverage,
    independence,
    kupiec,
    losses_of,
)


def test_as_many_breaches_as_expected_are_never_rejected() -> None:
    assert kupiec(10, 1000, 0.01) == pytest.approx(1.0)
    assert kupiec(0, 1000, 0.01) < 1e-4  # none where ten are expected is too few
    assert np.isnan(kupiec(0, 0, 0.01))


def test_independent_breaches_are_rejected_as_often_as_the_level_says() -> None:
    rng = np.random.default_rng(4)
    values = [independence(rng.random(2_000) < 0.05) for _ in range(400)]
    assert np.mean(np.array(values) < 0.05) == pytest.approx(0.05, abs=0.03)


def test_breaches_that_come_together_are_found_out() -> None:
    calm, bad = np.zeros(400, dtype=bool), np.ones(8, dtype=bool)
    together = np.concatenate([calm, bad, calm, bad, calm])
    assert independence(together) < 1e-6
    assert np.isnan(independence(calm))


def test_the_ratio_is_that_of_its_definition() -> None:
    hit = np.array([0, 0, 1, 1, 0, 1, 0, 0, 0, 1], dtype=bool)
    # 0 followed by 0 three times, by 1 three times; 1 by 0 twice, by 1 once
    likelihood = 3 * np.log(0.5) + 3 * np.log(0.5) + 2 * np.log(2 / 3) + np.log(1 / 3)
    together = 5 * np.log(5 / 9) + 4 * np.log(4 / 9)
    known = stats.chi2(1).sf(2.0 * (likelihood - together))
    assert independence(hit) == pytest.approx(known)
    expected = 5 * np.log(0.9) + 4 * np.log(0.1)
    known = stats.chi2(2).sf(2.0 * (likelihood - expected))
    assert conditional_coverage(hit, 0.1) == pytest.approx(known)


@pytest.mark.parametrize(("seed", "stay"), [(0, 0.05), (1, 0.4), (2, 0.05)])
def test_the_tests_are_likelihood_ratio_tests_of_counts_as_scipy_has_them(
    seed: int, stay: float
) -> None:
    """Kupiec's is a G-test of goodness of fit, independence one of a contingency table."""
    rng, hit = np.random.default_rng(seed), [False]
    for draw in rng.random(999):
        hit.append(bool(draw < (stay if hit[-1] else 0.05)))
    breaches, chain = sum(hit), np.array(hit)
    pof = stats.power_divergence(
        [1_000 - breaches, breaches], [990.0, 10.0], lambda_="log-likelihood"
    )
    assert kupiec(breaches, 1_000, 0.01) == pytest.approx(pof.pvalue)
    counts = np.zeros((2, 2))
    np.add.at(counts, (chain[:-1].astype(int), chain[1:].astype(int)), 1.0)
    together = stats.chi2_contingency(counts, correction=False, lambda_="log-likelihood")
    assert independence(chain) == pytest.approx(together.pvalue)
    followed = counts.sum(axis=0)
    frequent = stats.power_divergence(followed, [0.99 * 999, 0.01 * 999], lambda_="log-likelihood")
    both = stats.chi2(2).sf(together.statistic + frequent.statistic)
    assert conditional_coverage(chain, 0.01) == pytest.approx(both)


def test_losses_by_side_over_the_margin_period() -> None:
    prices = np.array([100.0, 90.0, 99.0, 120.0])
    assert losses_of(prices, 1, "long")[:3] == pytest.approx([0.1, -0.1, -21 / 99])
    assert losses_of(prices, 2, "short")[:2] == pytest.approx([-0.01, 1 / 3])
    assert losses_of(prices, 1, "both")[0] == pytest.approx(0.1)
    assert np.isnan(losses_of(prices, 2, "both")).tolist() == [False, False, True, True]


def test_shortfall_and_cost_of_cover_by_hand() -> None:
    haircuts = np.array([0.1, 0.1, 0.1, 0.1, 0.1])
    losses = np.array([0.05, 0.14, -0.02, 0.12, np.nan])
    made = backtest(haircuts, losses, 0.99, 1)
    assert (made.periods, made.breaches) == (4, 2)
    assert made.breach_share == 0.5
    assert made.shortfall == pytest.approx(0.03)
    assert made.largest_shortfall == pytest.approx(0.04)
    assert made.over_margining == pytest.approx((0.05 + 0.12) / 2)


def test_overlapping_periods_are_counted_once_by_the_tests() -> None:
    losses = np.repeat([0.2, 0.0, 0.0, 0.0, 0.0], 5)
    made = backtest(np.full(25, 0.1), losses, 0.9, 5)
    assert made.breaches == 5
    assert made.kupiec_p == kupiec(1, 5, 1.0 - 0.9)
