"""Margin by the volatility of past price changes."""

import math
from collections.abc import Callable

import pytest

from markets.margin import VolatilityMargin
from markets.refused import Refused


def test_margin_is_the_normal_quantile_of_the_horizon() -> None:
    rule = VolatilityMargin(0.4, 10.0, confidence=0.99, horizon=4.0)
    assert rule.margin(9.0) == pytest.approx(2.3263478740408408 * 2.0 * 0.4)
    assert rule.slope(9.0) == 0.0


def test_volatility_learns_from_the_close() -> None:
    rule = VolatilityMargin(0.4, 10.0, memory=0.5)
    later = rule.closed_at(9.0)
    assert later.volatility == pytest.approx(math.sqrt(0.5 * 0.16 + 0.5))
    assert later.margin(1.0) > rule.margin(1.0)
    assert rule.closed_at(10.0).margin(1.0) < rule.margin(1.0)


def test_rule_from_past_prices() -> None:
    rule = VolatilityMargin.from_prices([10.0, 10.4, 10.4], memory=0.5)
    assert rule.volatility == pytest.approx(0.4 * math.sqrt(0.5))
    assert rule.last_price == 10.4


def test_rule_that_charges_a_given_margin() -> None:
    rule = VolatilityMargin.charging(1.7, 10.0, confidence=0.95, horizon=5.0, memory=0.9)
    assert rule.margin(3.0) == pytest.approx(1.7, rel=1e-15)
    assert (rule.confidence, rule.horizon, rule.memory) == (0.95, 5.0, 0.9)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: VolatilityMargin(0.0, 10.0), r"volatility is 0\.0"),
        (lambda: VolatilityMargin(0.1, 10.0, confidence=0.4), r"confidence is 0\.4"),
        (lambda: VolatilityMargin(0.1, 10.0, horizon=0.0), r"horizon is 0\.0"),
        (lambda: VolatilityMargin(0.1, 10.0, memory=1.0), r"memory is 1\.0"),
        (lambda: VolatilityMargin.from_prices([1.0]), "at least two"),
    ],
)
def test_bad_numbers_are_refused(make: Callable[[], object], words: str) -> None:
    with pytest.raises(Refused, match=words):
        make()


def test_without_news_the_margin_does_not_vanish() -> None:
    rule = VolatilityMargin.charging(2.0, 10.0, confidence=0.99, horizon=1.0, memory=0.0)
    for _ in range(3):
        rule = rule.closed_at(10.0)
    assert rule.margin(10.0) == pytest.approx(2e-6)
    assert rule.closed_at(9.0).volatility == 1.0
