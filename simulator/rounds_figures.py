"""Figures that every run can have: quotes and excess demand by round."""

from __future__ import annotations

from typing import TYPE_CHECKING

from simulator import palette

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

    from simulator.results import P, Results


def quotes(results: Results[P]) -> Figure:
    """Quotes by round."""
    raise NotImplementedError(palette)


def excess(rounds: pd.DataFrame) -> Figure:
    """Excess demand by round."""
    raise NotImplementedError
