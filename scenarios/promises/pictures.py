"""Pictures that the pages of collateral equilibria show, drawn as it happens.

They share bars and lines with :mod:`scenarios.promises.figures`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from scenarios.promises.sides import Sides, side_table
from simulator import card, palette
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

MOST_BARS = 5
"""Dates whose sides are drawn, the last ones."""

MOST_PROMISES = 8
"""Promises of which there is room for names; of more, those with the largest volume."""


@card.styled()
def sides(so_far: SoFar) -> Figure:
    """Who is on which side on the line of beliefs, at the last dates."""
    from scenarios.promises import figures

    figure, (axes,) = card.frame(left=0.13, right=0.8)
    rows = so_far.dates.to_dict("records")[-MOST_BARS:]
    for height, row in enumerate(rows):
        figures.draw_sides(axes, height, side_rows(so_far, row["date"]), row)
        axes.text(1.03, height, f"price {row['asset_price']:.3f}\nmargin {row['margin']:.0%}",
                  va="center", fontsize=8.0)  # fmt: skip
    axes.set_yticks(range(len(rows)), [str(row["date"]) for row in rows])
    axes.set_ylim(max(len(rows), 2) - 0.5, -0.5)
    axes.set_xlim(0.0, 1.0)
    axes.grid(visible=False)
    axes.set_xlabel("belief (probability of good news)")
    axes.set_ylabel("date")
    for bar in axes.containers:
        bar.set_label(str(bar.get_label()).split(":")[0])
    card.legend(axes, 4, bbox_to_anchor=(-0.16, 1.0), fontsize=8.0, handlelength=1.2)
    return figure


def side_rows(so_far: SoFar, date: int) -> pd.DataFrame:
    """Every side that somebody is on at a date; without rows where its traders are not kept."""
    point = next(end.point for end in so_far.ends if end.point.date == date)
    if not len(point.agents):
        return pd.DataFrame({"side": []})
    menu = so_far.parameters.menu(point.case, point.date)
    return side_table(Sides.of(point.agents, point.quotes, menu))


def sides_text(so_far: SoFar) -> str:
    """Who is marginal, and the margin, at the last date."""
    if not so_far.ends:
        return "Who is long, lends, keeps cash and is short along the line of beliefs: not known."
    row = so_far.dates.iloc[-1]
    return (
        f"At date {row['date']} all whose belief in good news is above {row['marginal_buyer']:.4f}"
        f" are long; the asset costs {row['asset_price']:.4f}, and its holders put down"
        f" {row['margin']:.1%} of that themselves."
    )


@card.styled()
def by_date(so_far: SoFar) -> Figure:
    """Price of the asset, margin of its holders and payoff after bad news, by date."""
    figure, panels = card.frame(3, top=0.96, ratios=[1.2, 1.2, 1.0])
    dates = so_far.dates
    if len(dates):
        for axes, name, scale, colour in (
            (panels[0], "asset_price", 1.0, palette.PRICE),
            (panels[1], "margin", 100.0, palette.HOUSE),
            (panels[2], "low_payoff", 1.0, palette.CASH),
        ):
            day, values = dates[["date", name]].to_numpy(np.float64).T
            axes.plot(day, scale * values, color=colour, marker="o")
            card.missed(axes, day, scale * values, dates["outcome"])
    for axes, label in zip(panels, ("price", "margin, %", "bad payoff"), strict=True):
        axes.margins(y=0.2)
        card.upright(axes, label, 3)
    if so_far.traded and not so_far.ended:
        price = so_far.quotes["asset_price"]
        panels[0].plot(so_far.date, price, marker="o", markerfacecolor="none",
                       color=palette.PRICE)  # fmt: skip
    panels[2].set_xlim(0.8, max(so_far.date, 4) + 0.2)
    panels[2].set_xlabel("date (price and payoff in cash)")
    card.whole(panels[2])
    return figure


def by_date_text(so_far: SoFar) -> str:
    """Price and margin at every date."""
    each = "; ".join(
        f"date {row.date}: payoff after bad news {row.low_payoff:g}, price {row.asset_price:.4f},"
        f" margin {row.margin:.1%}"
        for row in so_far.dates.itertuples()
    )
    return f"Price and margin by date. {each}." if each else "Price and margin by date."


@card.styled()
def promises(so_far: SoFar) -> Figure:
    """Leverage that each promise gives its issuer, and how many units are traded."""
    figure, (upper, lower) = card.frame(2, top=0.95, bottom=0.22, ratios=[1.0, 1.0])
    table = by_promise(so_far)
    table = table.iloc[np.sort(np.argsort(-table["traded"].to_numpy())[:MOST_PROMISES])]
    places = np.arange(len(table))
    for axes, column, colour, hatch in (
        (upper, "leverage", palette.HOUSE, ""),
        (lower, "traded", palette.LONG, "//"),
    ):
        bars = axes.bar(places, table[column], width=0.6, color=palette.tint(colour, 0.6),
                        edgecolor=colour, hatch=hatch)  # fmt: skip
        axes.bar_label(bars, fmt="%.3g", padding=1, fontsize=8.0)
        axes.grid(visible=False, axis="x")
        axes.set_ylim(0.0, 1.3 * max([*table[column], 1e-9]) if len(table) else 1.0)
    card.upright(upper, "leverage", 3)
    card.upright(lower, "units per asset", 3)
    names = [str(name).replace("_", "\n") for name in table["promise"]]
    lower.set_xticks(places, names, fontsize=8.0)
    if not len(table):
        lower.set_xticks([])
        said = "no promise can be made" if so_far.traded else ""
        upper.text(0.5, 0.5, said, ha="center", transform=upper.transAxes)
    room = 0.6 + 0.5 * max(3 - len(table), 0)
    lower.set_xlim(-room, len(table) - 1 + room)
    lower.set_xlabel("promise")
    return figure


def by_promise(so_far: SoFar) -> pd.DataFrame:
    """Every promise at the posted quotes, and at rest where trembles have been taken away.

    Columns ``promise``; ``price``; ``margin``, what an issuer puts down itself as a share of the
    collateral; ``leverage``, one divided by it; ``traded``, what finds a counterpart, in units per
    asset that there is.
    """
    columns = ["promise", "price", "margin", "traded"]
    if not so_far.traded:
        return pd.DataFrame(columns=[*columns, "leverage"], dtype=np.float64)
    posted: Any = so_far.posted
    book: Any = so_far.book
    menu, instruments = posted.menu, {}
    if so_far.ended:
        instruments = dict(so_far.ends[-1].described["instruments"])  # type: ignore[call-overload]
    if instruments:
        rows = [
            (n, *(instruments[n][c] for c in ("price", "margin", "traded"))) for n in menu.names
        ]
        table = pd.DataFrame(rows, columns=columns)
    else:
        backing = posted.asset_price * menu.pledged_asset + menu.pledged_cash
        traded = np.minimum(book.bought, book.sold)
        margin = 1.0 - posted.promise_price / backing
        table = pd.DataFrame(
            dict(zip(columns, (menu.names, posted.promise_price, margin, traded), strict=True))
        )
    return table.assign(leverage=1.0 / table["margin"], traded=table["traded"] / book.endowed_asset)


def promises_text(so_far: SoFar) -> str:
    """Price, margin and volume of every promise."""
    each = "; ".join(
        f"{row.promise}: price {row.price:.4f}, margin {row.margin:.1%},"
        f" {row.traded:.4g} traded per asset"
        for row in by_promise(so_far).itertuples()
    )
    return f"Promises: {each}." if each else "Promises, their margins and volumes: none so far."
