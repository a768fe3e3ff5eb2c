"""Margin rules: how much of a position's value a clearing house keeps as margin."""

from markets.margin.anti_procyclical import AntiProcyclicalMargin
from markets.margin.flat import FlatMargin
from markets.margin.linear import LinearMargin
from markets.margin.rule import HistoricalMargin, MarginRule, PriceMargin
from markets.margin.sided import SidedMargin, both_sides
from markets.margin.value_at_risk import ValueAtRiskMargin
from markets.margin.volatility import VolatilityMargin

__all__ = [
    "AntiProcyclicalMargin",
    "FlatMargin",
    "HistoricalMargin",
    "LinearMargin",
    "MarginRule",
    "PriceMargin",
    "SidedMargin",
    "ValueAtRiskMargin",
    "VolatilityMargin",
    "both_sides",
]
