"""Figures of collateral equilibria, drawn from plain tables.

``dates`` is the table of dates of a run, ``sides`` is its report (one row per side, case and date).
Dates that did not end in an equilibrium are marked. Every function returns a new ``Figure`` and
keeps nothing.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from simulator import palette
from simulator.outcome import Outcome

SIDE_LOOK: Final = {
    "short": (palette.SHORT, "\\\\", "short: paid after bad news"),
    "cash": (palette.CASH, "..", "cash alone"),
    "lender": (palette.HOUSE, "//", "lenders: loans against the asset"),
    "long": (palette.LONG, "", "long: the asset, or protection written"),
}
"""Colour, hatch and legend of each side, from pessimists to optimists."""

MARKETS: Final = {
    "none": (palette.CASH, "o", "no borrowing"),
    "borrowing": (palette.LONG, "s", "borrowing"),
    "tranching": (palette.GOOD, "^", "tranching"),
    "default-swaps": (palette.SHORT, "D", "tranching and default swaps"),
    "loans-and-swaps": (palette.REPO_RATE, "v", "borrowing and default swaps"),
}
"""Colour, marker and name of each market."""

MOST_BARS: Final = 24
"""Bars that one figure has room for; of longer runs some dates of each case are shown."""

MOST_TICKS: Final = 10
"""Dates that are named below an axis."""

MOST_MARKERS: Final = 20
"""Markers on a line."""


@palette.styled()
def line_of_beliefs(sides: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """Who is on which side, from pessimists to optimists: one bar per market and date."""
    each = max(MOST_BARS // dates["case"].nunique(), 1)
    rows = [
        row
        for _, part in dates.groupby("case", sort=False)
        for row in part.iloc[_spread(len(part), each)].to_dict("records")
    ]
    figure = Figure(figsize=(10.5, 2.2 + 0.62 * len(rows)))
    axes = figure.subplots()
    for height, row in enumerate(rows):
        of_date = (sides["case"] == row["case"]) & (sides["date"] == row["date"])
        draw_sides(axes, height, sides[of_date], row)
        axes.annotate(
            f"{row['marginal_buyer']:.4f}", (row["marginal_buyer"], height - 0.36),
            xytext=(3, 0), textcoords="offset points", va="top", fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )  # fmt: skip
        _beside(axes, height, f"{row['asset_price']:.4f}\nmargin {row['margin']:.1%}")
    _beside(axes, -0.75, "asset price")
    axes.set_yticks(range(len(rows)), [_name(row) for row in rows], fontsize=9.0)
    axes.set_ylim(len(rows) - 0.4, -0.6)
    axes.set_xlim(0.0, 1.0)
    axes.grid(visible=False)
    axes.set_xlabel("belief: probability of good news (pessimists left, optimists right)")
    part = "" if len(rows) == len(dates) else f" ({len(rows)} of {len(dates)} dates)"
    figure.suptitle(f"Marginal buyers on the line of beliefs{part}")
    drawn = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    names = [label for *_, label in SIDE_LOOK.values() if label in drawn]
    figure.legend([drawn[n] for n in names], names, loc="outside lower center", ncols=2)
    return palette.laid_out(figure)


def draw_sides(axes: Axes, height: float, sides: pd.DataFrame, row: dict[Hashable, Any]) -> None:
    """A bar of who is on which side at a date, with its marginal beliefs marked."""
    for side in sides.to_dict("records"):
        colour, hatch, label = SIDE_LOOK[side["side"]]
        axes.barh(
            height, side["belief_high"] - side["belief_low"], left=side["belief_low"],
            height=0.72, color=palette.tint(colour, 0.55), hatch=hatch, edgecolor="white",
            label=label,
        )  # fmt: skip
    for name in ("marginal_buyer", "marginal_short"):
        if np.isfinite(row[name]):
            axes.plot([row[name]] * 2, [height - 0.42, height + 0.42], color=palette.INK)


@palette.styled()
def by_date(dates: pd.DataFrame) -> Figure:
    """Margin and price of the asset at every date, one line per market."""
    figure = Figure(figsize=(9.0, 6.4))
    upper, lower = figure.subplots(2, 1, sharex=True)
    failed = dates[dates["outcome"] != Outcome.CLEARED]
    for case, part in dates.groupby("case", sort=False):
        look = _look(str(case), len(part))
        upper.plot(part["date"], part["asset_price"], **look)
        lower.plot(part["date"], part["margin"], **look)
    if "closed_asset_price" in dates:
        upper.plot(dates["date"], dates["closed_asset_price"], color=palette.CLOSED_FORM,
                   linestyle="none", marker="x", markersize=9.0, label="closed form")  # fmt: skip
    if len(failed):
        ring: dict[str, Any] = {
            "color": palette.BAD, "linestyle": "none", "marker": "o", "markersize": 13.0,
            "markerfacecolor": "none",
        }  # fmt: skip
        upper.plot(failed["date"], failed["asset_price"], **ring, label="not an equilibrium")
        lower.plot(failed["date"], failed["margin"], **ring)
    upper.set_ylabel("price of the asset\n(cash)")
    upper.set_title("Price of the asset, and margin of its holders, as bad news changes")
    lower.set_ylabel("margin\n(share of the price)")
    first = dates[dates["case"] == dates["case"].iloc[0]]
    named = first.iloc[_spread(len(first), MOST_TICKS)]
    lower.set_xticks(
        named["date"],
        [f"{d}\n{low:g}" for d, low in zip(named["date"], named["low_payoff"], strict=True)],
    )
    lower.set_xlabel("date, and payoff of the asset after bad news (cash)")
    figure.legend(*upper.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return palette.laid_out(figure)


def _look(case: str, count: int) -> dict[str, Any]:
    """Colour, marker and label of a market's line of ``count`` points."""
    colour, marker, label = MARKETS[case]
    every = 1 + (count - 1) // MOST_MARKERS
    return {"color": colour, "marker": marker, "label": label, "markevery": every}


def _beside(axes: Axes, height: float, text: str) -> None:
    """A note on the right of a bar."""
    axes.annotate(
        text, (1.0, height), xytext=(8, 0), textcoords="offset points", va="center",
        fontsize=9.0, annotation_clip=False,
    )  # fmt: skip


def _name(row: dict[Hashable, Any]) -> str:
    """Label of a bar: market, date, payoff after bad news, and the outcome if it failed."""
    failed = "" if row["outcome"] == Outcome.CLEARED else f" ({row['outcome']})"
    return (
        f"{MARKETS[row['case']][2]}\ndate {row['date']}, bad payoff {row['low_payoff']:g}{failed}"
    )


def _spread(count: int, most: int) -> list[int]:
    """At most ``most`` of ``count`` rows, evenly spread, with the first and the last."""
    if count <= most:
        return list(range(count))
    return sorted(set(np.linspace(0, count - 1, most).round().astype(int).tolist()))
