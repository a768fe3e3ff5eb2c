"""Pictures that the page of the leverage cycle shows, drawn as it happens.

They share bars with :mod:`scenarios.leverage.figures`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd

from markets.leverage.quotes import LeverageQuotes
from scenarios.leverage.crash import between
from simulator import card, palette
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

BY_NEWS: Final = (
    ("price", palette.PRICE, "o"),
    ("margin", palette.HOUSE, "s"),
    ("leverage", palette.LONG, "D"),
)
"""Panels of the first picture: column, colour and marker."""


@card.styled()
def by_news(so_far: SoFar) -> Figure:
    """Price, margin and leverage date by date; hollow, as posted now and planned after bad news."""
    figure, panels = card.frame(3, top=0.9, ratios=[1.0, 1.0, 1.0])
    dates, now = so_far.dates, posted_now(so_far)
    for axes, (name, colour, marker) in zip(panels, BY_NEWS, strict=True):
        if len(dates):
            day, values = dates[["date", name]].to_numpy(np.float64).T
            axes.plot(day, values, color=colour, marker=marker, label="at rest")
            card.missed(axes, day, values, dates["outcome"])
        if len(now):
            axes.plot(
                now["date"], now[name], color=colour, marker=marker, linestyle=":",
                markerfacecolor="none", label="posted, and planned after bad news",
            )  # fmt: skip
        axes.margins(y=0.25)
        card.upright(axes, name, 3)
    card.legend(panels[0])
    panels[2].set_xlim(0.8, max(len(so_far.parameters.heard), so_far.date) + 0.2)
    panels[2].set_xlabel("date (price in cash, margin as a share)")
    card.whole(panels[2])
    return figure


def posted_now(so_far: SoFar) -> pd.DataFrame:
    """Price, margin and leverage as posted now, and planned for the dates after bad news only."""
    columns = ["date", *(name for name, _, _ in BY_NEWS)]
    posted = so_far.posted
    if not isinstance(posted, LeverageQuotes):
        return pd.DataFrame(columns=columns, dtype=np.float64)
    rows: list[tuple[float, float, float, float]] = []
    node, tree = posted.terms.root, posted.tree
    while node < tree.count:
        price, loan = float(posted.price[node]), float(posted.loan[node])
        leverage = price / (price - loan) if price > loan else np.inf
        rows.append((so_far.date + len(rows), price, 1.0 - loan / price, leverage))
        node = int(tree.bad[node])
    return pd.DataFrame(rows, columns=columns)


def by_news_text(so_far: SoFar) -> str:
    """Price, margin and leverage at every date, and what is planned."""
    each = [
        f"date {row.date}: price {row.price:.4f}, margin {row.margin:.1%}, leverage"
        f" {row.leverage:.2f}"
        for row in so_far.dates.itertuples()
    ]
    each += [
        f"planned for date {row.date:.0f} after bad news: price {row.price:.4f}, margin"
        f" {row.margin:.1%}"
        for row in posted_now(so_far).iloc[1:].itertuples()
    ]
    return f"Price, margin and leverage. {'; '.join(each)}." if each else "Price and leverage."


@card.styled()
def owners(so_far: SoFar) -> Figure:
    """Shares of traders who keep cash and lend, hold the asset, and are ruined, date by date."""
    from scenarios.leverage import figures

    figure, (axes,) = card.frame()
    if len(so_far.dates):
        figures.draw_owners(axes, so_far.dates, so_far.dates["date"].to_numpy(np.float64))
        card.legend(axes, 3)
    axes.set_xlim(0.4, max(len(so_far.parameters.heard), so_far.date) + 0.6)
    axes.set_ylim(0.0, 1.0)
    axes.grid(visible=False, axis="x")
    axes.set_xlabel("date")
    card.upright(axes, "share of traders")
    card.whole(axes)
    return figure


def owners_text(so_far: SoFar) -> str:
    """Who holds the asset and who is ruined, at every date."""
    each = "; ".join(
        f"date {row.date} ({str(row.news).replace('_', ', ')}): {row.buyers:.1%} of traders hold"
        f" all assets, {row.ruined:.1%} are ruined"
        for row in so_far.dates.itertuples()
    )
    return f"Who owns what. {each}." if each else "Who owns what, date by date."


@card.styled()
def crash(so_far: SoFar) -> Figure:
    """Every fall of the price after bad news so far, taken apart."""
    from scenarios.leverage import figures

    figure, (axes,) = card.frame(left=0.16, top=0.84)
    table = crashes(so_far)
    if len(table):
        figures.draw_parts(axes, table)
        axes.set_yticks(np.arange(len(table))[::-1], [str(date) for date in table["date"]])
        card.legend(axes, 3, bbox_to_anchor=(-0.18, 1.0), handlelength=1.2, fontsize=8.0)
    else:
        axes.set_yticks([])
        axes.set_xlim(0.0, 0.3)
        said = "bad news has not arrived" if so_far.posted is not None else ""
        axes.text(0.5, 0.5, said, ha="center", transform=axes.transAxes)
    axes.set_ylim(-0.9, max(len(table), 1) - 0.1)
    axes.grid(visible=False, axis="y")
    axes.set_xlabel("fall of the price (cash)")
    axes.set_ylabel("date")
    return figure


def crashes(so_far: SoFar) -> pd.DataFrame:
    """Falls of the price after bad news, a row each, as the report of a run has them."""
    rows = []
    for earlier, later in pairwise(so_far.ends):
        parts = between(so_far.parameters, earlier, later)
        if parts is not None:
            rows.append({"date": later.point.date, **parts.columns()})
    return pd.DataFrame(rows)


def crash_text(so_far: SoFar) -> str:
    """The parts of every fall."""
    each = "; ".join(
        f"date {row.date}: the price falls by {row.fall:.4f}, {row.bad_news:.4f} by the news,"
        f" {row.ruined_optimists:.4f} by ruined optimists, {row.tighter_margins:.4f} by tighter"
        " margins"
        for row in crashes(so_far).itertuples()
    )
    return f"The crash taken apart. {each}." if each else "The crash: bad news has not arrived."
