"""What every margin rule has to answer."""

from dataclasses import replace

import numpy as np
import pytest

from markets.margin import (
    AntiProcyclicalMargin,
    FilteredValueAtRisk,
    FlatMargin,
    Known,
    LinearMargin,
    MarginRule,
    NormalValueAtRisk,
    SidedMargin,
    VolatilityMargin,
)
from markets.margin.rule import refuse_haircut
from markets.refused import Refused

LINEAR = LinearMargin(1.5, 0.3, 10.0)
RULES: list[MarginRule] = [
    FlatMargin(0.1),
    LINEAR,
    VolatilityMargin(0.4),
    AntiProcyclicalMargin(LINEAR, floor=0.1),
    AntiProcyclicalMargin(LINEAR, floor=5.0),
    SidedMargin(LINEAR, FlatMargin(0.2)),
    NormalValueAtRisk(window=20),
    FilteredValueAtRisk(window=20, confidence=0.9, buffer=0.25),
]
PAST = 10.0 * np.exp(0.02 * np.random.default_rng(1).standard_normal(30).cumsum())
KNOWN = Known(9.5, PAST, charged=0.16, closed=float(PAST[-1]))


@pytest.mark.parametrize("rule", RULES, ids=repr)
def test_slope_is_the_derivative_of_the_margin(rule: MarginRule) -> None:
    above, below = (rule.margin(replace(KNOWN, price=9.5 + step)) for step in (1e-5, -1e-5))
    assert rule.slope(KNOWN) == pytest.approx((above - below) / 2e-5, abs=1e-6)
    assert rule.haircut(KNOWN) * 9.5 == pytest.approx(rule.margin(KNOWN))


@pytest.mark.parametrize("value", [-0.1, 1.0, float("nan")])
def test_a_haircut_outside_its_range_is_refused(value: float) -> None:
    with pytest.raises(Refused, match=f"haircut is {value}"):
        refuse_haircut(value)
