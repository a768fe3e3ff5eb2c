"""Figures of margin spirals."""
from __future__ import annotations
import pandas as pd
from matplotlib.figure import Figure
from scenarios.margin_spiral.closed_form import Spiral


def price_against_wealth(dates: pd.DataFrame, spiral: Spiral) -> Figure:
    return Figure()


def amplification(dates: pd.DataFrame) -> Figure:
    return Figure()


def contagion(dates: pd.DataFrame, assets: list[str], shocked: str) -> Figure:
    return Figure()


def margins_by_rule(dates: pd.DataFrame) -> Figure:
    return Figure()
