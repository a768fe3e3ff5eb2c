"""Margin by the volatility of past price changes."""

import math
from collections.abc import Callable

import numpy as np
import pytest

from markets.margin import Known, VolatilityMargin
from markets.refused import Refused


def test_margin_is_the_normal_quantile_of_the_horizon() -> None:
    rule = VolatilityMargin(0.4, confidence=0.99, horizon=4.0)
    assert rule.margin(Known(9.0)) == pytest.approx(2.3263478740408408 * 2.0 * 0.4)


def test_volatility_is_the_moving_average_of_squared_changes() -> None:
    rule = VolatilityMargin(0.4, memory=0.5)
    assert rule.expected(np.array([-1.0])) == pytest.approx(math.sqrt(0.5 * 0.16 + 0.5))
    variance = 0.16
    for change in (0.3, -0.2, 0.7):
        variance = 0.5 * variance + 0.5 * change**2
    known = Known(10.8, np.array([10.0, 10.3, 10.1]))
    assert rule.margin(known) == pytest.approx(2.3263478740408408 * math.sqrt(variance))


def test_rule_that_charges_a_given_margin() -> None:
    rule = VolatilityMargin.charging(1.7, confidence=0.95, horizon=5.0, memory=0.9)
    assert rule.margin(Known(3.0)) == pytest.approx(1.7, rel=1e-15)
    assert (rule.confidence, rule.horizon, rule.memory) == (0.95, 5.0, 0.9)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: VolatilityMargin(0.0), r"volatility is 0\.0"),
        (lambda: VolatilityMargin(0.1, confidence=0.4), r"confidence is 0\.4"),
        (lambda: VolatilityMargin(0.1, horizon=0.0), r"horizon is 0\.0"),
        (lambda: VolatilityMargin(0.1, memory=1.0), r"memory is 1\.0"),
    ],
)
def test_bad_numbers_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        make()


def test_without_news_the_margin_does_not_vanish() -> None:
    rule = VolatilityMargin.charging(2.0, confidence=0.99, horizon=1.0, memory=0.0)
    assert rule.margin(Known(10.0, np.full(3, 10.0))) == pytest.approx(2e-6)
    assert rule.expected(np.array([0.0, -1.0])) == 1.0
