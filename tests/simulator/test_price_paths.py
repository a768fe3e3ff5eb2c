"""Drawn series of prices have the features that they are drawn for."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from scipy import stats

from simulator.price_paths import STAY, Law, draw_prices

MANY = 200_000


def returns(law: Law, seed: int = 0) -> np.ndarray:
    prices = draw_prices(law, MANY + 1, 0.01, np.random.default_rng(seed))
    assert prices[0] == 1.0
    return np.diff(np.log(prices))


def autocorrelation(values: np.ndarray) -> float:
    return float(np.corrcoef(values[:-1], values[1:])[0, 1])


@pytest.mark.parametrize("law", ["garch", "regimes", "normal"])
def test_the_volatility_in_the_long_run_is_the_one_asked_for(law: Law) -> None:
    assert returns(law).std() == pytest.approx(0.01, rel=0.05)
    assert abs(returns(law).mean()) < 4.0 * 0.01 / np.sqrt(MANY)


@pytest.mark.parametrize("law", get_args(Law))
def test_returns_are_uncorrelated_and_the_seed_decides(law: Law) -> None:
    one = returns(law)
    assert abs(autocorrelation(one)) < 0.02
    assert (returns(law) == one).all()
    assert (returns(law, 1) != one).any()


def test_volatility_clusters_under_garch_and_regimes_only() -> None:
    sizes = {law: autocorrelation(np.abs(returns(law))) for law in get_args(Law)}
    assert sizes["garch"] > 0.1
    assert sizes["regimes"] > 0.1
    assert abs(sizes["normal"]) < 0.02
    assert abs(sizes["jumps"]) < 0.02


def test_jumps_go_down_and_make_fat_tails() -> None:
    assert stats.skew(returns("jumps")) < -0.1
    assert stats.kurtosis(returns("jumps")) > 0.5
    # variance 1 + p (mean^2 + sd^2) - (p mean)^2 in units of the volatility
    assert returns("jumps").var() / 1e-4 == pytest.approx(1.0 + 0.25 - 0.0016, rel=0.02)


def test_regimes_last_as_long_as_stated() -> None:
    assert 1.0 / (1.0 - STAY["calm"]) == pytest.approx(200.0)
    assert stats.kurtosis(returns("regimes")) > 1.0
