"""Measures of risk: from their definitions, by hand and against pandas and SciPy."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.stats.mstats import mquantiles

from markets.margin import measures

RNG = np.random.default_rng(5)
RETURNS = 0.01 * RNG.standard_t(4, size=600)
TEN = np.array([-0.05, 0.01, 0.02, -0.03, 0.04, 0.00, -0.01, 0.03, -0.02, 0.05])


def test_historical_simulation_is_a_quantile_of_the_past() -> None:
    low, high = measures.historical_simulation(TEN, 0.9, 1)
    # sorted: -.05, -.03, ... ; position .1 * 9 = .9 between the first two, .1 of the way from -.03
    assert low == pytest.approx(-0.05 + 0.9 * 0.02)
    assert high == pytest.approx(0.04 + 0.1 * 0.01)


def test_quantiles_are_of_type_7_as_scipy_has_them() -> None:
    known = mquantiles(RETURNS, [0.01, 0.99], alphap=1.0, betap=1.0)
    assert measures.historical_simulation(RETURNS, 0.99, 1) == pytest.approx(tuple(known))


def test_many_windows_are_measured_as_each_by_itself() -> None:
    windows = np.stack([RETURNS[k : k + 300] for k in range(0, 300, 60)])
    settings = (0.975, 5)
    for made, each in (
        (
            measures.historical_simulation(windows, *settings),
            [measures.historical_simulation(window, *settings) for window in windows],
        ),
        (
            measures.expected_shortfall(windows, *settings),
            [measures.expected_shortfall(window, *settings) for window in windows],
        ),
        (
            measures.filtered_historical_simulation(windows, *settings, 0.94),
            [
                measures.filtered_historical_simulation(window, *settings, 0.94)
                for window in windows
            ],
        ),
        (
            measures.normal(windows, *settings, 0.94),
            [measures.normal(window, *settings, 0.94) for window in windows],
        ),
    ):
        assert np.stack(made) == pytest.approx(np.stack(each, axis=1), rel=1e-12)


def test_returns_over_several_dates_overlap() -> None:
    assert measures.over(TEN, 3) == pytest.approx([TEN[k : k + 3].sum() for k in range(8)])
    low, _ = measures.historical_simulation(TEN, 0.75, 3)
    assert low == pytest.approx(np.percentile([TEN[k : k + 3].sum() for k in range(8)], 25))


def test_expected_shortfall_is_the_mean_of_the_tail_with_its_last_part() -> None:
    low, high = measures.expected_shortfall(TEN, 0.75, 1)
    # a tail of 2.5 of ten returns: -.05, -.03 and half of -.02
    assert low == pytest.approx((-0.05 - 0.03 - 0.5 * 0.02) / 2.5)
    assert high == pytest.approx((0.05 + 0.04 + 0.5 * 0.03) / 2.5)
    normal = stats.norm.ppf((np.arange(200_000) + 0.5) / 200_000)
    low, _ = measures.expected_shortfall(normal, 0.975, 1)
    assert low == pytest.approx(-stats.norm.pdf(stats.norm.ppf(0.975)) / 0.025, rel=1e-4)


def test_it_lies_beyond_the_quantile_and_both_grow_with_confidence() -> None:
    quantiles = [measures.historical_simulation(RETURNS, c, 1)[0] for c in (0.9, 0.95, 0.99)]
    means = [measures.expected_shortfall(RETURNS, c, 1)[0] for c in (0.9, 0.95, 0.99)]
    assert quantiles == sorted(quantiles, reverse=True)
    assert means == sorted(means, reverse=True)
    assert all(mean < quantile for mean, quantile in zip(means, quantiles, strict=True))


def test_the_volatility_is_that_of_pandas() -> None:
    squares = pd.Series(np.append(np.mean(RETURNS**2), RETURNS**2))
    known = np.sqrt(squares.ewm(alpha=0.06, adjust=False).mean())
    assert measures.exponential_volatility(RETURNS, 0.94) == pytest.approx(known, rel=1e-12)
    assert measures.exponential_volatility(TEN, 0.0)[1:] == pytest.approx(np.abs(TEN))
    steady = measures.exponential_volatility(RETURNS, 1.0)
    assert steady == pytest.approx(np.sqrt(np.mean(RETURNS**2)))


def test_normal_quantiles_follow_from_it() -> None:
    low, high = measures.normal(RETURNS, 0.99, 10, 0.94)
    sigma = measures.exponential_volatility(RETURNS, 0.94)[-1]
    assert high == pytest.approx(stats.norm.ppf(0.99) * np.sqrt(10.0) * sigma)
    assert low == -high


def test_filtering_scales_the_past_to_the_volatility_now() -> None:
    sigma = measures.exponential_volatility(RETURNS, 0.9)
    scores = [r / s for r, s in zip(RETURNS, sigma[:-1], strict=True)]
    low, high = measures.filtered_historical_simulation(RETURNS, 0.95, 4, 0.9)
    known = 2.0 * sigma[-1] * np.percentile(scores, [5.0, 95.0])
    assert [low, high] == pytest.approx(known)


def test_after_a_calm_year_and_a_bad_week_only_filtered_measures_have_moved() -> None:
    calm = 0.005 * RNG.standard_normal(250)
    shaken = np.append(calm[5:], 0.03 * np.array([-1.0, 1.0, -1.2, 0.8, -1.1]))

    def risen(measure: object, *settings: float) -> float:
        lows = [measure(returns, *settings)[0] for returns in (calm, shaken)]  # type: ignore[operator]
        return float(lows[1] / lows[0])

    assert risen(measures.historical_simulation, 0.95, 1) < 1.3
    assert risen(measures.filtered_historical_simulation, 0.95, 1, 0.94) > 2.0
    assert risen(measures.normal, 0.95, 1, 0.94) > 2.0


def test_a_past_without_any_movement_has_no_risk() -> None:
    still = np.zeros(300)
    assert np.all(np.stack(measures.filtered_historical_simulation(still, 0.99, 1, 0.94)) == 0.0)
    assert measures.normal(still, 0.99, 1, 0.94)[1] == 0.0
