"""The curves of a trace, as a figure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator import palette
from simulator.results import P

if TYPE_CHECKING:
    from simulator.continuation.trace import Trace

MOST_PANELS: Final = 4
"""Quotes that have a panel: those that move most."""

LOGARITHMIC: Final = 30.0
"""Factor between the largest and the smallest of positive quotes from which the axis is in logs."""

MARKS: Final = {
    "fold": ("D", palette.BAD, "fold"),
    "fold at a limit": ("D", palette.BAD, "fold"),
    "regime change": ("o", palette.LONG, "change of regime"),
    "kink": ("^", palette.HOUSE, "kink"),
    "branch point": ("s", palette.CLOSED_FORM, "curves cross"),
    "end": ("X", palette.SHORT, "end of a curve"),
}
"""Marker, colour and name of events."""

LINES: Final = {
    True: (palette.PRICE, "-", "stable under the textbook rule"),
    False: (palette.NEUTRAL[1], (0, (4, 2)), "unstable: no such rounds end here"),
}
"""Colour, dash and name of a stretch of a curve, by whether it is stable."""


@palette.styled()
def branches(trace: Trace[P]) -> Figure:
    """Quotes against the parameter: stable stretches solid, unstable ones dashed, events marked."""
    names = _moving(trace.points, trace.quote_names)
    figure = Figure(figsize=(10.0, 1.6 + 3.4 * len(names)))
    panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=True):
        unit = trace.units[name]
        axes.set_ylabel(name.replace("_", " ") + (f"\n({unit})" if unit else ""))
        _draw(axes, trace, name)
        axes.margins(x=0.02, y=0.08)
        low, high = trace.points[name].min(), trace.points[name].max()
        if 0.0 < LOGARITHMIC * low < high:
            axes.set_yscale("log")
    panels[-1].set_xlabel(trace.key.replace("_", " "))
    handles = {
        label: handle
        for axes in panels
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    panels[0].legend(
        handles.values(), handles.keys(), loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=3
    )
    figure.suptitle(
        f"Equilibria of {trace.scenario.name} by {trace.key.replace('_', ' ')}"
        f" ({trace.case}, date {trace.date})"
    )
    return palette.laid_out(figure)


def _moving(points: pd.DataFrame, names: list[str]) -> list[str]:
    """The quotes that move most, as a share of the largest, in their own order."""
    spread = {
        name: float(points[name].max() - points[name].min())
        / max(float(points[name].abs().max()), np.finfo(float).tiny)
        for name in names
    }
    chosen = sorted(names, key=lambda name: -spread[name])[:MOST_PANELS]
    return [name for name in names if name in chosen and spread[name] > 0.0] or names[:1]


def _draw(axes: Axes, trace: Trace[P], name: str) -> None:
    key = trace.key
    for _, curve in trace.points.groupby("curve"):
        x, y = curve[key].to_numpy(), curve[name].to_numpy()
        # the stability of a stretch is that of the point at which it ends
        kinds = (curve["stable"] != "false").to_numpy()
        for stable, stretch in groupby(range(1, len(x)), key=lambda k: bool(kinds[k])):
            colour, dash, label = LINES[stable]
            rows = list(stretch)
            rows.insert(0, rows[0] - 1)
            axes.plot(x[rows], y[rows], color=colour, linestyle=dash, label=label)
    for kind, (marker, colour, label) in MARKS.items():
        there = trace.events[trace.events["kind"] == kind]
        axes.plot(
            there[key].to_numpy(dtype=np.float64),
            there[name].to_numpy(dtype=np.float64),
            linestyle="None",
            marker=marker,
            markersize=7.0,
            color=colour,
            label=label if len(there) else None,
        )
