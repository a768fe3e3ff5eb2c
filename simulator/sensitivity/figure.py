"""Derivatives at an equilibrium as bars."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator import palette
from simulator.results import P

if TYPE_CHECKING:
    from simulator.sensitivity.derivatives import Sensitivities

MOST_PANELS: Final = 4
MOST_BARS: Final = 12
"""Quotes that have a panel, and parameters of each: those that move it most."""

PERCENT: Final = 0.01


@palette.styled()
def bars(found: Sensitivities[P]) -> Figure:
    """What one per cent more of each parameter does to each quote; two bars at a kink."""
    table = found.table[found.table["quote"]].copy()
    by_one = PERCENT * table["value"].abs().where(table["value"] != 0.0, 1.0)
    for side in ("below", "above", "derivative"):
        table[side] = table[side] * by_one
    table["size"] = table[["below", "above"]].abs().max(axis=1).fillna(0.0)
    largest = table.groupby("output", sort=False)["size"].max()
    names = [str(name) for name in largest.index[largest > 0.0]][:MOST_PANELS]
    names = names or [str(name) for name in largest.index[:1]]
    shown = {name: _largest(table, name) for name in names}
    height = sum(0.8 + 0.34 * len(rows) for rows in shown.values())
    figure = Figure(figsize=(10.0, 1.4 + height))
    panels = figure.subplots(
        len(shown), 1, squeeze=False, height_ratios=[1 + len(rows) for rows in shown.values()]
    )[:, 0]
    for axes, (name, rows) in zip(panels, shown.items(), strict=True):
        _draw(axes, rows)
        axes.set_title(name.replace("_", " "))
    if panels[0].get_legend_handles_labels()[0]:
        panels[0].legend(loc="lower left", bbox_to_anchor=(0.4, 1.0), ncols=2)
    panels[-1].set_xlabel(
        "change of the quote for 1% more of the parameter (0.01 where it is zero)"
    )
    figure.suptitle(f"What moves {found.scenario.name}: {found.case}, date {found.date}")
    return palette.laid_out(figure)


def _largest(table: pd.DataFrame, name: str) -> pd.DataFrame:
    rows = table[table["output"] == name].sort_values("size", ascending=False, kind="stable")
    return rows.head(MOST_BARS).iloc[::-1]


def _draw(axes: Axes, rows: pd.DataFrame) -> None:
    at = np.arange(len(rows))
    smooth = rows["derivative"].to_numpy(dtype=np.float64)
    axes.barh(at, smooth, color=palette.NEUTRAL[0], height=0.6)
    kinked = rows["kink"].to_numpy(dtype=np.bool_)
    for side, shift, hatch in (("above", 0.16, "///"), ("below", -0.16, "...")):
        values = rows[side].to_numpy(dtype=np.float64)[kinked]
        axes.barh(
            at[kinked] + shift,
            values,
            color=palette.NEUTRAL[2],
            edgecolor=palette.NEUTRAL[0],
            hatch=hatch,
            height=0.3,
            label=f"at a kink: {side}" if kinked.any() else None,
        )
    axes.axvline(0.0, color=palette.NEUTRAL[0], linewidth=0.8)
    axes.set_yticks(at, [name.replace("_", " ") for name in rows["parameter"]])
    axes.grid(visible=False, axis="y")
