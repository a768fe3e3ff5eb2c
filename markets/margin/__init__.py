"""Margin rules: how much of a position's value a clearing house keeps as margin."""

from markets.margin.anti_procyclical import AntiProcyclicalMargin
from markets.margin.flat import FlatMargin
from markets.margin.historical import (
    ExpectedShortfall,
    FilteredValueAtRisk,
    NormalValueAtRisk,
    ValueAtRisk,
)
from markets.margin.known import Known
from markets.margin.least import LeastMargin
from markets.margin.linear import LinearMargin
from markets.margin.posted import PostedMargin
from markets.margin.rule import MarginRule
from markets.margin.sided import PostedSides, SidedMargin, on_side
from markets.margin.volatility import VolatilityMargin

__all__ = [
    "AntiProcyclicalMargin",
    "ExpectedShortfall",
    "FilteredValueAtRisk",
    "FlatMargin",
    "Known",
    "LeastMargin",
    "LinearMargin",
    "MarginRule",
    "NormalValueAtRisk",
    "PostedMargin",
    "PostedSides",
    "SidedMargin",
    "ValueAtRisk",
    "VolatilityMargin",
    "on_side",
]
