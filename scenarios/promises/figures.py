"""Figures of collateral equilibria, drawn from plain tables.

Every function returns a new ``Figure`` and keeps nothing.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator import palette

SIDE_LOOK: Final = {
    "long": (palette.LONG, "", "long: the asset, or protection written"),
    "lender": (palette.HOUSE, "//", "lenders: loans against the asset"),
    "cash": (palette.CASH, "..", "cash alone"),
    "short": (palette.SHORT, "\\\\", "short: paid after bad news"),
}
"""Colour, hatch and legend of each side, from optimists to pessimists."""

MARKETS: Final = {
    "none": (palette.CASH, "o", "no borrowing"),
    "borrowing": (palette.LONG, "s", "borrowing"),
    "tranching": (palette.GOOD, "^", "tranching"),
    "default-swaps": (palette.SHORT, "D", "tranching and default swaps"),
}
"""Colour, marker and name of each market."""


@palette.styled()
def line_of_beliefs(sides: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """Who is on which side, from pessimists to optimists: a bar a market and date."""
    figure = Figure(figsize=(10.5, 1.9 + 0.62 * len(dates)))
    axes = figure.subplots()
    shown: set[str] = set()
    for place, row in enumerate(dates.to_dict("records")):
        here = sides[(sides["case"] == row["case"]) & (sides["date"] == row["date"])]
        for side in here.to_dict("records"):
            _stretch(axes, place, side, shown)
        for name in ("marginal_buyer", "marginal_short"):
            if np.isfinite(row[name]):
                axes.plot([row[name]] * 2, [place - 0.42, place + 0.42], color=palette.INK)
        axes.annotate(
            f"{row['marginal_buyer']:.4f}", (row["marginal_buyer"], place - 0.36), xytext=(3, 0),
            textcoords="offset points", va="top", fontsize=8.5,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6, "alpha": 0.85},
        )  # fmt: skip
    labels = [
        f"{MARKETS[row['case']][2]}\ndate {row['date']}, bad payoff {row['low_payoff']:g}"
        for row in dates.to_dict("records")
    ]
    axes.set_yticks(range(len(dates)), labels, fontsize=9.0)
    axes.set_ylim(len(dates) - 0.4, -0.6)
    axes.set_xlim(0.0, 1.0)
    axes.grid(visible=False)
    axes.set_xlabel("belief: probability of good news (pessimists left, optimists right)")
    prices = axes.secondary_yaxis("right")
    prices.set_yticks(
        range(len(dates)),
        [f"{row.asset_price:.4f}\nmargin {row.margin:.1%}" for row in dates.itertuples()],
        fontsize=9.0,
    )  # fmt: skip
    prices.set_ylabel("price of the asset, margin of its buyers")
    axes.set_title("Marginal buyers on the line of beliefs")
    handles, names = axes.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=2)
    return palette.laid_out(figure)


def _stretch(axes: Any, place: int, side: dict[str, Any], shown: set[str]) -> None:
    """One side's stretch of a bar; the first of each side goes to the legend."""
    colour, hatch, label = SIDE_LOOK[side["side"]]
    axes.barh(
        place, side["belief_high"] - side["belief_low"], left=side["belief_low"], height=0.72,
        color=palette.tint(colour, 0.55), hatch=hatch, edgecolor="white",
        label=None if side["side"] in shown else label,
    )  # fmt: skip
    shown.add(side["side"])


@palette.styled()
def by_date(dates: pd.DataFrame) -> Figure:
    """Margin and price of the asset at every date, a line a market."""
    figure = Figure(figsize=(9.0, 6.4))
    upper, lower = figure.subplots(2, 1, sharex=True)
    for case, part in dates.groupby("case", sort=False):
        colour, marker, label = MARKETS[str(case)]
        look: dict[str, Any] = {"color": colour, "marker": marker, "label": label}
        upper.plot(part["date"], part["asset_price"], **look)
        lower.plot(part["date"], part["margin"], **look)
        if "closed_asset_price" in part:
            upper.plot(part["date"], part["closed_asset_price"], color=palette.CLOSED_FORM,
                       linestyle="none", marker="x", markersize=9.0)  # fmt: skip
    upper.plot([], [], color=palette.CLOSED_FORM, linestyle="none", marker="x", markersize=9.0,
               label="closed form")  # fmt: skip
    upper.set_ylabel("price of the asset")
    upper.set_title("What the asset may lose, its price, and what buyers must put down")
    lower.set_ylabel("margin of its buyers\n(share of the price)")
    lower.set_ylim(0.0, 1.05)
    first = dates[dates["case"] == dates["case"].iloc[0]]
    lower.set_xticks(
        first["date"],
        [f"{d}\n{low:g}" for d, low in zip(first["date"], first["low_payoff"], strict=True)],
    )
    lower.set_xlabel("date, and payoff of the asset after bad news")
    handles, names = upper.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return palette.laid_out(figure)


@palette.styled()
def rounds(rounds: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """Price of the asset, and what is left of excess demand, in every round of the first date."""
    figure = Figure(figsize=(9.0, 6.4))
    upper, lower = figure.subplots(2, 1, sharex=True)
    for case, part in rounds[rounds["date"] == 1].groupby("case", sort=False):
        colour, marker, label = MARKETS[str(case)]
        look: dict[str, Any] = {"color": colour, "marker": marker, "label": label}
        upper.plot(part["round"], part["asset_price"], **look)
        lower.semilogy(part["round"], np.maximum(part["share"], 1e-16), **look)
        closed = dates[dates["case"] == case].iloc[0].get("closed_asset_price", np.nan)
        if np.isfinite(closed):
            upper.axhline(
                closed, color=palette.CLOSED_FORM, linestyle="--", linewidth=1.2, zorder=1
            )
    upper.plot([], [], color=palette.CLOSED_FORM, linestyle="--", label="closed form")
    upper.set_ylabel("price of the asset")
    upper.set_title("Rounds of the first date")
    lower.set_ylabel("largest excess demand\n(share of wealth)")
    lower.set_xlabel("round")
    lower.xaxis.get_major_locator().set_params(integer=True)
    handles, names = upper.get_legend_handles_labels()
    figure.legend(handles, names, loc="outside lower center", ncols=3)
    return palette.laid_out(figure)
