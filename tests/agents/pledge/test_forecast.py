"""Forecasts: Bayes' rule under a believed price function, and back."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from agents.pledge.forecast import Forecast, Information, PriceFunction
from agents.pledge.nature import Lognormal

Function = Callable[..., PriceFunction]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    b0=st.floats(-1, 1), b1=st.floats(0.1, 1), b2=st.floats(0.1, 2), log_price=st.floats(-1, 1),
    log_signal=st.floats(-2, 2),
)  # fmt: skip
def test_bayes_is_the_conditional_mean_of_the_joint_normal(
    known: Information,
    function: Function,
    b0: float,
    b1: float,
    b2: float,
    log_price: float,
    log_signal: float,
) -> None:
    believed = function(b0, b1, b2, 0.7)
    forecast = Forecast.bayes(believed, known)
    # (ln v, ln s, ln p) is normal; condition on the last two
    value, noise, error = 1 / 4.0, 1 / 3.0, 1 / 2.0
    mean_v, mean_u = known.value.log_mean, known.noise.log_mean
    means = np.array([mean_v - 0.25, b0 + b1 * mean_v + b2 * mean_u + 0.7 * 0.3])
    cross = np.array([value, b1 * value])
    own = np.array([[value + error, b1 * value], [b1 * value, b1**2 * value + b2**2 * noise]])
    weights = np.linalg.solve(own, cross)
    expected = mean_v + weights @ (np.array([log_signal, log_price]) - means)
    mean = (
        forecast.constant
        + forecast.on_signal * log_signal
        + forecast.on_price * log_price
        + forecast.on_pledge * 0.3
    )
    assert mean[0, 0] == pytest.approx(expected, abs=1e-9)
    assert forecast.variance[0, 0] == pytest.approx(value - cross @ weights, abs=1e-12)
    back = forecast.justified_by(known)
    assert np.allclose(back.stacked(), believed.stacked(), atol=1e-7)


def test_no_price_function_justifies_too_large_a_weight_on_the_signal(
    known: Information, function: Function
) -> None:
    right = Forecast.bayes(function(), known)
    # a weight on the signal above that without any price leaves the price no precision
    heavy = Forecast(
        right.constant, right.on_signal * 0.0 + 0.9, right.on_price, right.on_pledge, right.variance
    )
    assert np.isnan(heavy.justified_by(known).b1).all()


def test_a_price_without_noise_reveals_the_value(known: Information, function: Function) -> None:
    forecast = Forecast.bayes(function(0.0, 1.0, 1e-6, 0.0), known)
    assert forecast.on_price[0, 0] == pytest.approx(1.0, abs=1e-9)
    assert forecast.on_signal[0, 0] == pytest.approx(0.0, abs=1e-9)
    assert forecast.variance[0, 0] == pytest.approx(0.0, abs=1e-9)


def test_as_printed_the_variance_is_that_of_the_prior(function: Function) -> None:
    """(A.27) of the source, which forgets what was learned."""
    known = Information(Lognormal(1.1, 4.0), Lognormal(0.9, 3.0), 2.0, as_printed=True)
    assert Forecast.bayes(function(), known).variance == pytest.approx(1.0 / 4.0)


def test_moving_toward_a_forecast_keeps_what_feeds_back_in_part(
    known: Information, function: Function
) -> None:
    start, right = (Forecast.bayes(function(b2=b2), known) for b2 in (0.9, 0.4))
    half = start.toward(right, np.array([[0.5]]))
    for name in ("constant", "on_price", "on_pledge"):
        middle = 0.5 * (getattr(start, name) + getattr(right, name))
        assert getattr(half, name) == pytest.approx(middle, abs=1e-15)
    assert half.on_signal == pytest.approx(right.on_signal, abs=1e-15)
    assert half.variance is right.variance


def test_weights_of_some_members_are_rows_of_those_of_all(known: Information) -> None:
    each = np.arange(6.0).reshape(1, 6)
    forecast = Forecast(each, each, np.ones((1, 1)), each, each)
    some = forecast.of(slice(2, 4))
    assert some.constant.tolist() == [[2.0, 3.0]]
    assert some.on_price.tolist() == [[1.0]]


def test_a_price_function_is_linear_in_the_state(function: Function) -> None:
    one = function(0.1, 0.5, 0.9, 0.8)
    state = [np.array([value]) for value in (0.2, 0.3, 0.4)]
    assert one.log_price(*state)[0] == pytest.approx(0.1 + 0.1 + 0.27 + 0.32)
    assert one.precision(3.0)[0] == pytest.approx(3.0 * (0.5 / 0.9) ** 2)
