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
    ("own_margin_used", palette.NEUTRAL[0], "", "defaulters' margin"),
    ("own_fund_used", palette.NEUTRAL[2], "", "defaulters' contributions"),
    ("capital_used", palette.HOUSE, "", "the house's capital"),
    ("fund_used", palette.LONG, "//", "survivors' contributions"),
    ("assessments_used", palette.SHORT, "\\\\", "assessments on survivors"),
    ("gains_cut", palette.BAD, "..", "cut of gains"),
)
"""Column, colour, hatch and name of each layer, in the order in which losses use them."""

TITLES: Final = {"greatest": "most payments", "least": "least payments"}
"""What to call the equilibria."""


@palette.styled()
def waterfall(dates: pd.DataFrame) -> Figure:
    """Losses that defaulters leave unpaid, by the layer that bears them, one bar per date."""
    cases = list(dict.fromkeys(dates["case"]))
    figure = Figure(figsize=(max(5.4 * len(cases) + 0.8, 8.6), 4.2), layout="constrained")
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


OWNED: Final = (
    ("cash", palette.CASH, "", "cash"),
    ("margin", palette.HOUSE, "//", "initial margin"),
    ("fund", palette.LONG, "..", "contribution"),
)
"""Column, colour, hatch and name of what members own at a date."""

MOST_BARS: Final = 40
"""Members drawn one by one; of more, those with the largest losses."""


@palette.styled()
def balance_sheets(agents: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """What members own before and after the date with most defaults, those who lose most first."""
    known = dates.merge(agents[["case", "date"]].drop_duplicates(), on=["case", "date"])
    worst = known.sort_values("defaulted", kind="stable").iloc[-1]
    here = agents[(agents["case"] == worst["case"]) & (agents["date"] == worst["date"])]
    here = here[here["repaid"].notna()].sort_values("profit", kind="stable").head(MOST_BARS)
    figure = Figure(figsize=(10.0, 5.2), layout="constrained")
    panels = figure.subplots(2, 1, sharex=True, sharey=True)
    place = np.arange(len(here))
    for axes, suffix, title in (
        (panels[0], "_before", f"before date {worst['date']}"),
        (panels[1], "", f"after date {worst['date']}"),
    ):
        bottom = np.zeros(len(here))
        for column, colour, hatch, label in OWNED:
            height = here[column + suffix].to_numpy(dtype=np.float64)
            axes.bar(place, height, bottom=bottom, color=colour, hatch=hatch, edgecolor="white",
                     linewidth=0.5, label=label)  # fmt: skip
            bottom += height
        axes.set_title(title, fontsize=10.5)
        axes.set_ylabel("cash")
    failed = (here["status"] == "defaulted").to_numpy()
    panels[1].plot(place[failed], np.zeros(failed.sum()), "x", color=palette.BAD, markersize=9.0,
                   label="defaulted", clip_on=False, zorder=5)  # fmt: skip
    names = here["name"] if "name" in here else here["member"] + 1
    panels[1].set_xticks(place, [str(name) for name in names], rotation=90 if len(here) > 25 else 0)
    panels[1].set_xlabel("members, the largest loss first")
    figure.legend(*panels[1].get_legend_handles_labels(), loc="outside upper left", ncols=4)
    return figure
