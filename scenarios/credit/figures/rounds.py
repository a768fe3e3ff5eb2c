"""Quotes and distance from clearing by round, with the auctions between them."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from markets.adjustment.rule import SHARE_TOLERANCE
from scenarios.credit.figures.style import title_end
from scenarios.credit.parameters import CreditTree
from simulator import palette
from simulator.results import Results

KINDS: Final = (
    ("price[", "prices of contracts and goods"),
    ("resale[", "resale prices"),
    ("unit_payment[", "unit payments"),
)
"""Panels of the quotes by round: how names begin, and the title."""

DASHES: Final = ("-", "--", "-.", ":")
MARKERS: Final = ("o", "s", "^", "v", "D", "P", "X")
MARKS: Final = 8
"""Markers along a line."""

LEAST_SHOWN: Final = 1e-16
"""Excess demand that is drawn where there is none, on a logarithmic scale."""


@palette.styled()
def quotes_by_round(results: Results[CreditTree], row: int) -> Figure:
    """Every quote of a case by round, with what theory says where it is known."""
    end, known = results.ends[row], results.closed_forms(row) or {}
    rounds = results.rounds[results.rounds["case"] == end.point.case]
    panels = [
        (title, [name for name in end.point.quotes if name.startswith(start) and name in rounds])
        for start, title in KINDS
    ]
    panels = [(title, names) for title, names in panels if names]
    figure = Figure(figsize=(12.0, 3.0 * len(panels) + 0.6))
    all_axes = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
    for axes, (title, names) in zip(all_axes, panels, strict=True):
        for place, name in enumerate(names):
            _line(axes, rounds["round"], rounds[name], place, name[name.index("[") + 1 : -1])
            if name in known:
                axes.plot(
                    rounds["round"].iloc[-1], known[name], "*", ms=12, color=palette.CLOSED_FORM,
                    markeredgecolor=palette.INK, clip_on=False, zorder=5,
                )  # fmt: skip
        _mark_auctions(axes, rounds)
        axes.set_title(title)
        axes.set_ylabel("units of the first good")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
    if known:
        mark = Line2D([], [], ls="", marker="*", ms=12, color=palette.CLOSED_FORM,
                      markeredgecolor=palette.INK, label="closed form")  # fmt: skip
        figure.legend(handles=[mark], loc="outside lower right", frameon=False)
    all_axes[-1].set_xlabel("round")
    figure.suptitle(f"Quotes by round{title_end(end)}")
    return figure


@palette.styled()
def excess_by_round(results: Results[CreditTree]) -> Figure:
    """How far the worst market is from clearing, by round, on a logarithmic scale."""
    figure = Figure(figsize=(12.0, 4.2))
    axes = figure.subplots()
    axes.set_yscale("log")
    for place, (case, table) in enumerate(results.rounds.groupby("case", sort=False)):
        _line(axes, table["round"], table["share"].clip(lower=LEAST_SHOWN), place, str(case))
        _mark_auctions(axes, table)
    axes.axhline(SHARE_TOLERANCE, color=palette.CLOSED_FORM, ls="--", label="cleared below this")
    axes.set_xlabel("round")
    axes.set_ylabel("largest excess demand or change of plan,\nshare of wealth")
    axes.legend()
    figure.suptitle("Distance from clearing by round")
    return figure


def _line(axes: Axes, rounds: pd.Series, values: pd.Series, place: int, label: str) -> None:
    """A line that differs from its neighbours in colour, dash and marker."""
    every = max(len(rounds) // MARKS, 1)
    axes.plot(
        rounds, values, DASHES[place % len(DASHES)], lw=1.6, label=label,
        color=palette.EXCESS[place % len(palette.EXCESS)],
        marker=MARKERS[place % len(MARKERS)], markevery=(place % every, every),
    )  # fmt: skip


def _mark_auctions(axes: Axes, rounds: pd.DataFrame) -> None:
    """A line wherever an auction was held between two rounds."""
    held = rounds["round"][rounds["auction"].diff() > 0]
    for place in held:
        axes.axvline(place - 0.5, color=palette.NEUTRAL[1], ls=":", lw=1.2)
        axes.annotate(
            "auction", (place - 0.5, 1.0), xycoords=("data", "axes fraction"), ha="right",
            va="bottom", xytext=(0, 2), textcoords="offset points", fontsize=9,
            color=palette.NEUTRAL[0],
        )  # fmt: skip
