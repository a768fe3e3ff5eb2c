"""The equilibria found from several starts, as a figure."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from simulator import palette
from simulator.results import EQUILIBRIA, P, Results

MOST_PANELS: Final = 4
"""Quotes that have a panel: those whose equilibria are furthest apart."""

MOST_NAMED: Final = 40
"""Equilibria of a panel up to which each has its share written beside it."""

MOST_WORDS: Final = 8
"""Cases and dates up to which each is named on the axis."""

STABILITY: Final = {
    "true": ("o", palette.GOOD, "full", "stable under the textbook rule"),
    "false": ("D", palette.BAD, "none", "unstable"),
    "unknown": ("s", palette.NEUTRAL[0], "none", "stability not known"),
}
"""Marker, colour, filling and name by the column ``stable``."""


@palette.styled()
def equilibria(results: Results[P]) -> Figure:
    """Equilibria by case and date: each a marker at its quote, with its share of the starts.

    Raises
    ------
    ValueError
        If no search was part of the run.
    """
    if EQUILIBRIA not in results.studies:
        raise ValueError("this run did not search from several starts")
    table = results.studies[EQUILIBRIA]
    keys = list(dict.fromkeys(zip(table["case"], table["date"], strict=True)))
    starts = int(table.groupby(["case", "date"])["starts"].sum().max())
    found = table[table["number"].notna()] if "number" in table else table.iloc[:0]
    names = _furthest_apart(found, [name for name in results.quote_names if name in found])
    figure = Figure(figsize=(12.0, 2.2 + 2.6 * max(1, len(names))))
    panels = figure.subplots(max(1, len(names)), 1, sharex=True, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=False):
        unit = results.units.get(name, "")
        axes.set_ylabel(name.replace("_", " ") + (f"\n({unit})" if unit else ""))
        _draw(axes, found, keys, name)
    last = panels[-1]
    several = len({case for case, _ in keys}) > 1
    if several and len(keys) <= MOST_WORDS:
        last.set_xticks(range(1, len(keys) + 1), [f"{case}\ndate {date}" for case, date in keys])
    else:
        last.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        last.set_xlabel("case and date, in order" if several else "date")
    last.set_xlim(0.5, len(keys) + 0.5)
    most = int(table["of"].max())
    count = {0: "No equilibrium", 1: "One equilibrium"}.get(most, f"Up to {most} equilibria")
    shares = " (%: share of the starts that came there)" if names else ""
    figure.suptitle(f"{count} found from {starts} starts{shares}")
    if names:
        panels[0].legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0)
    return palette.laid_out(figure)


def _furthest_apart(found: pd.DataFrame, names: list[str]) -> list[str]:
    """The quotes that differ most between equilibria of a case and date, in their own order."""
    if found.empty:
        return []
    grouped = found.groupby(["case", "date"])
    apart = {
        name: float(np.nanmax((grouped[name].max() - grouped[name].min()).to_numpy()))
        / max(1.0, float(np.nanmax(np.abs(found[name].to_numpy(dtype=np.float64)))))
        for name in names
        if found[name].notna().any()
    }
    chosen = sorted(apart, key=lambda name: -apart[name])[:MOST_PANELS]
    return [name for name in names if name in chosen]


def _draw(axes: Axes, found: pd.DataFrame, keys: list[tuple[str, int]], name: str) -> None:
    place = {key: number for number, key in enumerate(keys, start=1)}
    at = np.array([place[key] for key in zip(found["case"], found["date"], strict=True)])
    for stable, (marker, colour, filled, meaning) in STABILITY.items():
        rows = (found["stable"] == stable).to_numpy()
        if rows.any():
            axes.plot(
                at[rows],
                found[name].to_numpy()[rows],
                linestyle="None",
                marker=marker,
                markersize=8.0,
                markerfacecolor=colour if filled == "full" else "none",
                markeredgecolor=colour,
                label=meaning,
            )
    if len(found) <= MOST_NAMED:
        for x, y, share in zip(at, found[name], found["share"], strict=True):
            axes.annotate(
                f"{share:.0%}",
                (x, y),
                xytext=(0, 7),
                textcoords="offset points",
                ha="center",
                fontsize=9,
                color=palette.NEUTRAL[0],
            )
    axes.margins(y=0.16)
    axes.grid(visible=False, axis="x")
