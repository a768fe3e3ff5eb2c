"""Learning by regression: recursive least squares."""

from collections.abc import Callable

import numpy as np
import pytest

from agents.pledge.forecast import Forecast, Information, PriceFunction
from agents.pledge.regression import Regression

Function = Callable[..., PriceFunction]


def test_recursive_regression_is_weighted_least_squares(
    known: Information, function: Function
) -> None:
    rng = np.random.default_rng(2)
    days, members, gain, memory = 60, 3, 2.0, 20.0
    state = Regression.starting(function(), known, members, memory=memory, gain=gain)
    first = state
    log_value = rng.standard_normal((days, 1))
    log_signal = log_value[:, :, None] + rng.standard_normal((days, 1, members))
    log_price = 0.5 * log_value + rng.standard_normal((days, 1))
    log_pledge = np.array([0.3])
    for day in range(days):
        state = state.after(log_signal[day], log_price[day], log_pledge, log_value[day])
    # the same in one go: R and R phi are weighted sums of the start and of every day
    steps = gain / (memory + np.arange(1, days + 1))
    keep = np.append(np.cumprod((1.0 - steps)[::-1])[::-1][1:], 1.0)
    weight, start = steps * keep, np.prod(1.0 - steps)
    for member in range(members):
        x = np.column_stack(
            [np.ones(days), log_signal[:, 0, member], log_price[:, 0] - 0.8 * log_pledge[0]]
        )
        before = np.linalg.inv(first.inverse[0, member])
        moments = start * before + (x * weight[:, None]).T @ x
        aim = start * before @ first.weights[0, member] + (x * weight[:, None]).T @ log_value[:, 0]
        assert state.weights[0, member] == pytest.approx(np.linalg.solve(moments, aim), abs=1e-9)
        assert np.linalg.inv(state.inverse[0, member]) == pytest.approx(moments, abs=1e-9)


def test_a_regression_starts_from_what_is_believed(known: Information, function: Function) -> None:
    first = Regression.starting(function(), known, 5, memory=50.0, gain=2.0).forecast()
    right = Forecast.bayes(function(), known)
    for name in ("constant", "on_signal", "on_price", "on_pledge", "variance"):
        shared = np.broadcast_to(getattr(right, name), (1, 5))
        assert np.broadcast_to(getattr(first, name), (1, 5)) == pytest.approx(shared)


def test_a_day_that_comes_out_as_forecast_changes_no_weight(
    known: Information, function: Function
) -> None:
    state = Regression.starting(function(), known, 2, memory=50.0, gain=2.0)
    forecast = state.forecast()
    signal, price = 0.1, 0.2
    weights = (forecast.constant, forecast.on_signal, forecast.on_price)
    value = float(sum(w[0, 0] * x for w, x in zip(weights, (1.0, signal, price), strict=True)))
    after = state.after(np.full((1, 2), signal), np.array([price]), np.zeros(1), np.array([value]))
    assert after.weights == pytest.approx(state.weights, abs=1e-14)
    assert (after.variance < state.variance).all()
    assert after.days == 51.0


def test_a_regression_starts_from_the_moments_of_what_is_believed(
    known: Information, function: Function
) -> None:
    """Second moments of 1, the signal and the price, of many draws from the belief."""
    believed = function()
    state = Regression.starting(believed, known, 2, memory=50.0, gain=2.0)
    rng, draws = np.random.default_rng(5), 200_000
    value = known.value.log_mean + rng.standard_normal(draws) / np.sqrt(known.value.precision)
    noise = known.noise.log_mean + rng.standard_normal(draws) / np.sqrt(known.noise.precision)
    tau = known.signal_precision
    signal = value - 0.5 / tau + rng.standard_normal(draws) / np.sqrt(tau)
    price = believed.b0 + believed.b1 * value + believed.b2 * noise
    seen = np.stack([np.ones(draws), signal, price])
    for member in range(2):
        moments = np.linalg.inv(state.inverse[0, member])
        assert moments == pytest.approx(seen @ seen.T / draws, abs=0.01)
