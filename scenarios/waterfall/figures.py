"""Figures of a clearing house that can lose, drawn from plain tables.

``dates`` is the table of dates of a run. Every function returns a new ``Figure`` and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from simulator import palette

LAYERS: Final = (
    ("own_margin", palette.NEUTRAL[0], "", "defaulters' margin"),
    ("own_fund", palette.NEUTRAL[2], "", "defaulters' contributions"),
    ("capital", palette.HOUSE, "", "the house's capital"),
    ("fund", palette.LONG, "//", "survivors' contributions"),
    ("assessments", palette.SHORT, "\\\\", "assessments on survivors"),
    ("gains", palette.BAD, "..", "cut of gains"),
)
"""Column, colour, hatch and name of each layer, in the order in which losses use them."""

TITLES: Final = {"greatest": "most payments", "least": "least payments"}
"""What to call the equilibria."""


@palette.styled()
def waterfall(dates: pd.DataFrame) -> Figure:
    """Losses that defaulters leave unpaid, by the layer that bears them, one bar per date."""
    cases = list(dict.fromkeys(dates["case"]))
    figure = Figure(figsize=(5.4 * len(cases) + 0.8, 4.2), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(cases), sharey=True))
    for axes, case in zip(panels, cases, strict=True):
        part = dates[dates["case"] == case]
        bottom = np.zeros(len(part))
        for column, colour, hatch, label in LAYERS:
            height = part[column].to_numpy(dtype=np.float64)
            axes.bar(
                part["date"], height, bottom=bottom, color=colour, hatch=hatch,
                edgecolor="white", linewidth=0.5, label=label,
            )  # fmt: skip
            bottom += height
        axes.set_title(TITLES.get(case, case), fontsize=10.5)
        axes.set_xlabel("date")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=8))
    panels[0].set_ylabel("losses by who bears them (cash)")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return figure


@palette.styled()
def timeline(dates: pd.DataFrame, securities: Sequence[str]) -> Figure:
    """Prices, calls due and paid, and defaults by date."""
    figure = Figure(figsize=(10.0, 6.2), layout="constrained")
    panels = figure.subplots(3, 1, sharex=True)
    dashes = {"greatest": "-", "least": "--"}
    for case, part in dates.groupby("case", sort=False):
        dash, name = dashes.get(str(case), "-"), TITLES.get(str(case), str(case))
        for k, security in enumerate(securities[: len(palette.EXCESS)]):
            panels[0].plot(
                part["date"], part[f"price[{security}]"], color=palette.EXCESS[k], linestyle=dash,
                marker="o" if len(part) <= 30 else None, label=f"{security}, {name}",
            )  # fmt: skip
        panels[1].plot(
            part["date"], part["calls"], color=palette.INK, linestyle=dash, label=f"due, {name}"
        )
        panels[1].plot(
            part["date"], part["calls_paid"], color=palette.GOOD, linestyle=dash,
            label=f"paid, {name}",
        )  # fmt: skip
        panels[2].plot(
            part["date"], part["defaulted"], color=palette.BAD, linestyle=dash,
            marker="o" if len(part) <= 30 else None, label=name,
        )  # fmt: skip
    for axes, label in zip(
        panels, ("price (cash)", "calls (cash)", "members who default"), strict=True
    ):
        axes.set_ylabel(label)
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5))
    panels[2].set_xlabel("date")
    panels[2].xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
    return figure
