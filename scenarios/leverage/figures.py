"""Figures of the leverage cycle, drawn from plain tables.

``dates`` is the table of dates of a run; ``crashes`` is its report. Every function returns a new
``Figure`` and keeps nothing.
"""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from markets.quote import FloatArray
from simulator import palette

CASES: Final = {
    "chosen": (palette.LONG, "o", "-", "leverage chosen by the market"),
    "capped": (palette.GOOD, "s", "--", "leverage capped"),
    "none": (palette.CASH, "D", ":", "no loans"),
}
"""Colour, marker, dash and name of each case."""

NAMED: Final = 4
"""Pieces of news from which on an axis does not name them."""

PARTS: Final = (
    ("bad_news", palette.CASH, "", "bad news"),
    ("ruined_optimists", palette.SHORT, "//", "ruined optimists"),
    ("tighter_margins", palette.HOUSE, "..", "tighter margins"),
)
"""Column, colour, hatch and name of the parts of a crash."""


@palette.styled()
def cycle(dates: pd.DataFrame) -> Figure:
    """Price, margin and leverage by date, one line per way to set leverage."""
    figure = Figure(figsize=(10.5, 3.9), layout="constrained")
    panels = figure.subplots(1, 3, sharex=True)
    columns = (
        ("price", "asset price (cash)"),
        ("margin", "margin (share of the price)"),
        ("leverage", "leverage (price over down payment)"),
    )
    for case, part in dates.groupby("case", sort=False):
        colour, marker, dash, name = CASES[str(case)]
        for axes, (column, label) in zip(panels, columns, strict=True):
            axes.plot(
                part["date"] - 1, part[column],
                color=colour, marker=marker, linestyle=dash, label=name,
            )  # fmt: skip
            axes.set_ylabel(label)
            axes.set_xlabel(heard(dates))
            axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    panels[0].margins(x=0.15, y=0.2)
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return figure


@palette.styled()
def buyers(dates: pd.DataFrame) -> Figure:
    """Shares of traders by date who keep cash and lend, who hold the asset, and who are ruined."""
    cases = list(dict.fromkeys(dates["case"]))
    figure = Figure(figsize=(10.5, 3.7), layout="constrained")
    panels = np.atleast_1d(figure.subplots(1, len(cases), sharey=True))
    for axes, case in zip(panels, cases, strict=True):
        part = dates[dates["case"] == case]
        draw_owners(axes, part, part["date"].to_numpy(dtype=np.float64) - 1.0)
        axes.set_title(CASES[case][3], fontsize=10.5)
        axes.set_xlabel(heard(dates))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=6))
    panels[0].set_ylabel("share of traders")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return figure


def heard(dates: pd.DataFrame) -> str:
    """Name of the axis along which news arrives, with the news where it is short."""
    news = str(dates["news"].iloc[-1]).split("_")
    return f"pieces of news ({', '.join(news)})" if len(news) < NAMED else "pieces of news"


def draw_owners(axes: Axes, dates: pd.DataFrame, place: FloatArray) -> None:
    """One bar per date of a case: traders with cash and loans, with the asset, with nothing."""
    bought, ruined = (dates[name].to_numpy(dtype=np.float64) for name in ("buyers", "ruined"))
    kept = 1.0 - bought - ruined
    axes.bar(place, kept, color=palette.tint(palette.CASH, 0.35), label="cash and loans")
    axes.bar(
        place, bought, bottom=kept,
        color=palette.LONG, hatch="//", edgecolor="white", label="the asset",
    )  # fmt: skip
    axes.bar(place, ruined, bottom=1.0 - ruined, color=palette.NEUTRAL[0], label="nothing: ruined")


@palette.styled()
def crash(crashes: pd.DataFrame) -> Figure:
    """Every fall of the price taken apart, one bar per case and date."""
    figure = Figure(figsize=(8.5, 1.6 + 0.5 * len(crashes)), layout="constrained")
    axes = figure.subplots()
    names = [
        f"{row['case']}, after {str(row['news']).replace('_', ', ')}"
        for row in crashes.to_dict("records")
    ]
    draw_parts(axes, crashes)
    axes.set_yticks(np.arange(len(crashes))[::-1], names)
    axes.set_xlabel("fall of the asset's price (cash)")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside upper left", ncols=3)
    return figure


def draw_parts(axes: Axes, crashes: pd.DataFrame) -> None:
    """One bar per crash from the top down; parts that raise the price lie left of zero."""
    place = np.arange(len(crashes))[::-1]
    ends = np.zeros((2, len(crashes)))  # of the parts so far, below and above zero
    for column, colour, hatch, label in PARTS:
        width = crashes[column].to_numpy(dtype=np.float64)
        left = np.where(width < 0.0, ends[0], ends[1])
        axes.barh(
            place, width, left=left, color=colour, hatch=hatch, edgecolor="white", label=label
        )
        ends += np.minimum(width, 0.0), np.maximum(width, 0.0)
    axes.axvline(0.0, color=palette.INK, linewidth=0.8)
