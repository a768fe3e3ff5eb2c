"""What every margin rule has to answer."""

import pytest

from markets.margin import (
    AntiProcyclicalMargin,
    FlatMargin,
    HistoricalMargin,
    LinearMargin,
    PriceMargin,
    ValueAtRiskMargin,
    VolatilityMargin,
)
from markets.margin.rule import refuse_haircut
from markets.refused import Refused

RULES: list[PriceMargin] = [
    FlatMargin(0.1),
    LinearMargin(1.5, 0.3, 10.0),
    VolatilityMargin(0.4, 10.0),
    AntiProcyclicalMargin(LinearMargin(1.5, 0.3, 10.0), floor=0.1),
    AntiProcyclicalMargin(LinearMargin(1.5, 0.3, 10.0), floor=5.0),
    AntiProcyclicalMargin(LinearMargin(1.5, 0.3, 10.0), charged=1.0),
    AntiProcyclicalMargin(LinearMargin(1.5, 0.3, 10.0), charged=1.9),
]


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_slope_is_the_derivative_of_the_margin(rule: PriceMargin) -> None:
    measured = (rule.margin(9.5 + 1e-6) - rule.margin(9.5 - 1e-6)) / 2e-6
    assert rule.slope(9.5) == pytest.approx(measured, abs=1e-8)
    assert rule.haircut(9.5) * 9.5 == pytest.approx(rule.margin(9.5))


def test_only_rules_that_read_returns_are_historical() -> None:
    assert isinstance(ValueAtRiskMargin(0.01), HistoricalMargin)
    assert not any(isinstance(rule, HistoricalMargin) for rule in RULES)


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_a_haircut_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(Refused, match=f"haircut is {value}"):
        refuse_haircut(value)
