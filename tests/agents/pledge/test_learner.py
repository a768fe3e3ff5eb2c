"""How investors revise their forecasts from day to day."""

from collections.abc import Callable

import numpy as np
import pytest

from agents.pledge.forecast import Forecast, Information, PriceFunction
from agents.pledge.learner import Learner

Function = Callable[..., PriceFunction]


def test_the_default_share_makes_the_map_flat(known: Information, function: Function) -> None:
    published = function(b1=0.9, b2=0.3)
    tau = float(published.precision(known.noise.precision)[0])
    start, right = (Forecast.bayes(one, known) for one in (function(), published))
    moved = Learner("map").mapped(start, published, known)
    share = known.signal_precision / (known.signal_precision + tau)
    expected = start.on_price + share * (right.on_price - start.on_price)
    assert moved.on_price == pytest.approx(expected, abs=1e-15)
    # slope of (1 - share) g + share (tau / tau_eps) (1 - g) in g
    assert 1.0 - share - share * tau / known.signal_precision == pytest.approx(0.0, abs=1e-15)


def test_undamped_learning_takes_the_right_forecast(known: Information, function: Function) -> None:
    published = function(b2=0.4)
    moved = Learner("map", damping=1.0).mapped(Forecast.bayes(function(), known), published, known)
    right = Forecast.bayes(published, known)
    assert moved.on_price == pytest.approx(right.on_price, abs=1e-15)
    assert moved.constant == pytest.approx(right.constant, abs=1e-15)


@pytest.mark.parametrize("rule", ["none", "map", "regression"])
def test_only_one_rule_regresses(rule: str, known: Information, function: Function) -> None:
    learner = Learner(rule, gain=1.5, memory=20.0)  # type: ignore[arg-type]
    regression = learner.regression(function(), known, 7)
    if rule != "regression":
        assert regression is None
    else:
        assert regression is not None
        assert (regression.days, regression.gain) == (20.0, 1.5)
        assert np.shape(regression.variance) == (1, 7)
