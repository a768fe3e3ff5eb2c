"""Margin rules that read the price."""

import math

import numpy as np
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


def test_volatility_margin_learns_from_the_close() -> None:
    rule = VolatilityMargin(0.4, 10.0, confidence=0.99, horizon=4.0, memory=0.5)
    assert rule.margin(9.0) == pytest.approx(2.3263478740408408 * 2.0 * 0.4)
    later = rule.closed_at(9.0)
    assert later.volatility == pytest.approx(math.sqrt(0.5 * 0.16 + 0.5))
    assert later.margin(1.0) > rule.margin(1.0)
    assert VolatilityMargin.from_prices([10.0, 10.4, 10.4], memory=0.5).volatility == pytest.approx(
        0.4 * math.sqrt(0.5)
    )


def test_buffer_is_drawn_down_before_the_charge_rises() -> None:
    rule = AntiProcyclicalMargin(LinearMargin(1.0, 1.0, 10.0), buffer=0.25)
    charges = []
    for price in (10.0, 9.9, 9.8, 9.5, 9.8, 10.0):
        charges.append(rule.margin(price))
        rule = rule.closed_at(price)
    assert charges == pytest.approx([1.25, 1.25, 1.25, 1.5, 1.5, 1.25])


def test_value_at_risk_covers_the_lender_in_all_but_the_tail() -> None:
    rng = np.random.default_rng(3)
    returns = 0.3 * rng.standard_normal(400)
    rule = ValueAtRiskMargin(0.1, window=400)
    for gained in returns:
        rule = rule.after(float(gained))
    loan = 1.0 - rule.haircut(price=1.0)
    assert np.mean(np.exp(returns) < loan) == pytest.approx(0.1, abs=1.0 / 400)


def test_value_at_risk_forgets_and_waits_for_a_past() -> None:
    rule = ValueAtRiskMargin(0.25, least=0.05, window=4)
    assert rule.haircut(1.0) == 0.05
    for gained in (-2.0, -0.5, -0.5, -0.5, -0.5):
        rule = rule.after(gained)
    assert rule.past == (-0.5,) * 4
    assert rule.haircut(1.0) == pytest.approx(1.0 - np.exp(-0.5))
    assert rule.after(3.0).after(3.0).after(3.0).after(3.0).haircut(1.0) == 0.05


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"tail": 0.0}, "tail is 0.0; it must lie strictly between 0 and 1"),
        ({"tail": 0.1, "least": 1.0}, "haircut is 1.0"),
        ({"tail": 0.1, "window": 0}, "window is 0"),
    ],
)
def test_value_at_risk_outside_its_range_is_refused(
    fields: dict[str, float], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        ValueAtRiskMargin(**fields)  # type: ignore[arg-type]


def test_only_rules_that_read_returns_are_historical() -> None:
    assert isinstance(ValueAtRiskMargin(0.01), HistoricalMargin)
    assert not any(isinstance(rule, HistoricalMargin) for rule in RULES)


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: LinearMargin(0.0, 0.1, 10.0), "margin base is 0.0"),
        (lambda: LinearMargin(1.0, math.inf, 10.0), "must be finite"),
        (lambda: VolatilityMargin(0.0, 10.0), "volatility is 0.0"),
        (lambda: VolatilityMargin(0.1, 10.0, confidence=0.4), "confidence is 0.4"),
        (lambda: VolatilityMargin(0.1, 10.0, memory=1.0), "memory is 1.0"),
        (lambda: VolatilityMargin.from_prices([1.0]), "at least two"),
        (lambda: AntiProcyclicalMargin(FlatMargin(0.1), buffer=-0.1), "buffer is -0.1"),
    ],
)
def test_bad_rules_are_refused(make: object, words: str) -> None:
    assert callable(make)
    with pytest.raises(ValueError, match=words):
        make()
