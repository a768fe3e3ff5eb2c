"""Figures of margin spirals, drawn from plain tables.

Every function returns a new ``Figure`` and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from simulator import palette

RULE_LINES: Final[dict[str, dict[str, Any]]] = {
    "flat": {"color": palette.CASH, "linestyle": "-", "marker": "s"},
    "linear": {"color": palette.REPO_RATE, "linestyle": "--", "marker": "^"},
    "volatility": {"color": palette.SHORT, "linestyle": "-.", "marker": "o"},
    "anti-procyclical": {"color": palette.GOOD, "linestyle": (0, (7, 2)), "marker": "D"},
}
"""Colour, dash and marker of each margin rule; dash and marker alone tell them apart in grey."""

OTHER_RULE_LINES: Final[tuple[dict[str, Any], ...]] = tuple(
    {"color": colour, "linestyle": dash, "marker": marker}
    for colour, dash, marker in zip(
        palette.EXCESS, ("--", "-.", ":", "-") * 2, ("v", "P", "X", "*") * 2, strict=True
    )
)
"""Of rules by other names, in turn."""

MARKED: Final = 12
"""Markers on the line of a rule."""

ASSET_MARKS: Final = tuple(
    zip(palette.EXCESS, ("o", "s", "^", "D", "v", "P", "X", "*"), strict=True)
)
"""Colour and marker of the assets, in turn."""

DASHES: Final = ("-", "--", "-.", ":")
"""Dash of the assets, which changes where the markers begin again."""

BRANCH_LINES: Final = (
    (True, {"color": palette.CLOSED_FORM, "linestyle": "--", "linewidth": 2.2}),
    (False, {"color": palette.BAD, "linestyle": ":"}),
)
"""Stable and unstable equilibria."""

LEGEND_LETTERS: Final = 90
"""Letters that fit beside each other in a legend as wide as a figure."""

PANELS: Final = 6
"""Dates whose shortfall of funding is drawn."""

TICKS: Final = 10
"""Dates named on an axis on which each name is long."""

PARTS: Final = (
    ("direct", palette.CASH, "", "direct: $1/(s\\,m)$"),
    ("loss", palette.LONG, "//", "losses on experts' position"),
    ("margin", palette.HOUSE, "..", "margin that moves with the price"),
)
"""Parts of the amplification, in the order in which they are stacked."""


@palette.styled()
def price_against_wealth(dates: pd.DataFrame, branches: pd.DataFrame) -> Figure:
    """Every equilibrium at every wealth, and the path of the run among them.

    Parameters
    ----------
    dates : pandas.DataFrame
        The run's table of dates.
    branches : pandas.DataFrame
        See :meth:`scenarios.funding.closed_form.Spiral.branches`.
    """
    figure = Figure(figsize=(9.0, 5.6))
    axes = figure.subplots()
    wealth = dates["experts_wealth"].to_numpy(dtype=np.float64)
    price = dates["security_price"].to_numpy(dtype=np.float64)
    margin = 0.15 * max(float(np.ptp(wealth)), 0.1)
    low, high = wealth.min() - margin, wealth.max() + margin
    inside = branches["experts_wealth"].between(low, high)
    draw_branches(axes, branches, low, high)
    lowest, last = int(np.argmin(wealth)), len(dates) - 1
    for start, stop, colour, marker in (
        (0, lowest, palette.SHORT, "v"),
        (lowest, last, palette.LONG, "^"),
    ):
        if start < stop or stop == last == 0:
            label = f"simulated, dates {start + 1} to {stop + 1}" if last else "simulated"
            axes.plot(
                wealth[start : stop + 1], price[start : stop + 1], color=colour, marker=marker,
                linewidth=1.2, label=label,
            )  # fmt: skip
            if last == 0:
                break
    missed = dates["outcome"] != "cleared"
    if missed.any():
        axes.plot(
            wealth[missed], price[missed], marker="x", markersize=10.0, color=palette.BAD,
            linestyle="none", label="did not clear",
        )  # fmt: skip
    axes.set_xlim(low, high)
    reached = np.concatenate([branches.loc[inside, "security_price"], price])
    room = 0.08 * max(float(np.ptp(reached)), 1e-3)
    axes.set_ylim(reached.min() - room, reached.max() + room)
    axes.set_xlabel("cash of the experts $\\eta$ (below zero: debt)")
    axes.set_ylabel("price of the security, cash")
    axes.set_title("The price that experts' wealth supports")
    figure.legend(loc="outside lower center", ncols=3)
    return palette.laid_out(figure)


def draw_branches(axes: Axes, branches: pd.DataFrame, low: float, high: float) -> None:
    """Stable and unstable equilibria, and the fold if it lies within a range of wealth."""
    for stable, line in BRANCH_LINES:
        label = "stable equilibria" if stable else "unstable equilibria"
        for _, branch in branches.groupby("kind", sort=False):
            shown = branch["security_price"].where(branch["stable"] == stable)
            if shown.notna().any():
                axes.plot(branch["experts_wealth"], shown, **line, label=label)
                label = "_"
    fold = branches[branches["fold"] & branches["experts_wealth"].between(low, high)]
    if len(fold):
        axes.plot(
            fold["experts_wealth"], fold["security_price"], marker="D", color=palette.INK,
            linestyle="none", label="fold",
        )  # fmt: skip


@palette.styled()
def amplification(wealth: Sequence[float], parts: pd.DataFrame) -> Figure:
    """What one unit of cash does to the price at each date, stacked by its three parts."""
    figure = Figure(figsize=(9.0, 4.8))
    axes = figure.subplots()
    dates = np.arange(1, len(parts) + 1)
    known = parts.replace([np.inf, -np.inf], np.nan).fillna(0.0)
    above, below = np.zeros(len(parts)), np.zeros(len(parts))
    for name, colour, hatch, label in PARTS:
        height = known[name].to_numpy(dtype=np.float64)
        foot = np.where(height >= 0.0, above, below)
        axes.bar(
            dates, height, bottom=foot, color=palette.tint(colour, 0.75), hatch=hatch,
            edgecolor="white", width=0.7, label=label,
        )  # fmt: skip
        above, below = above + np.maximum(height, 0.0), below + np.minimum(height, 0.0)
    axes.plot(dates, known["total"], color=palette.INK, marker="D", linestyle="none", label="total")
    axes.axhline(0.0, color=palette.NEUTRAL[0], linewidth=0.8)
    step = -(-len(parts) // TICKS)
    axes.set_xticks(dates[::step], [f"{date}\n{wealth[date - 1]:.4g}" for date in dates[::step]])
    axes.set_xlabel("date, and cash of the experts at it; no bar: wealth does not move the price")
    axes.set_ylabel("rise of the price\nfor one more unit of cash")
    axes.set_title("What one more unit of the experts' cash does to the price")
    figure.legend(loc="outside lower center", ncols=4)
    return palette.laid_out(figure)


@palette.styled()
def contagion(dates: pd.DataFrame, assets: Sequence[str], shocked: str) -> Figure:
    """Price and margin of every asset, by date."""
    figure = Figure(figsize=(10.0, 4.8))
    left, right = figure.subplots(1, 2)
    labels = [f"{name} (its margin is changed)" if name == shocked else name for name in assets]
    draw_assets(left, dates, assets, "margin")
    draw_assets(right, dates, assets, "price")
    left.set_title("Margin on each asset")
    left.set_ylabel("margin on one asset, cash")
    right.set_title("Price of each asset")
    right.set_ylabel("price, cash")
    for axes in (left, right):
        axes.set_xlabel("date")
        axes.set_xticks(dates["date"].to_numpy()[:: -(-len(dates) // TICKS)])
    beside = max(1, LEGEND_LETTERS // (max(map(len, labels)) + 8))
    figure.legend(
        left.get_lines(), labels, loc="outside lower center", ncols=min(len(assets), beside)
    )
    return palette.laid_out(figure)


def draw_assets(axes: Axes, dates: pd.DataFrame, assets: Sequence[str], what: str) -> None:
    """A number of every asset by date, each asset with its colour, marker and dash."""
    for number, name in enumerate(assets):
        colour, marker = ASSET_MARKS[number % len(ASSET_MARKS)]
        axes.plot(
            dates["date"], dates[f"{what}_{name}"], color=colour, marker=marker, label=name,
            linestyle=DASHES[number // len(ASSET_MARKS) % len(DASHES)],
        )  # fmt: skip


@palette.styled()
def equilibria_by_premium(dates: pd.DataFrame, shortfall: pd.DataFrame) -> Figure:
    """Margin that is missing at every premium, and the equilibria among which the run rested.

    Parameters
    ----------
    dates : pandas.DataFrame
        The run's table of dates.
    shortfall : pandas.DataFrame
        See :meth:`scenarios.funding.one_pool.Pool.shortfall_by_premium`; at most ``PANELS`` dates
        are shown.
    """
    shown = shortfall["date"].unique()[:PANELS]
    rows = -(-len(shown) // 2)
    columns = min(len(shown), 2)
    figure = Figure(figsize=(5.4 * columns, 3.6 * rows + 0.8))
    for panel, (axes, date) in enumerate(
        zip(figure.subplots(rows, columns, squeeze=False).flat, shown, strict=False)
    ):
        curve = shortfall[shortfall["date"] == date]
        axes.axhline(0.0, color=palette.NEUTRAL[0], linewidth=0.8)
        axes.plot(
            curve["funding_premium"], curve["shortfall"], color=palette.HOUSE,
            label="margin missing",
        )  # fmt: skip
        for kind, face in (("stable", palette.INK), ("unstable", "white")):
            roots = curve[curve["textbook_rule"] == kind]
            axes.plot(
                roots["funding_premium"], roots["shortfall"], linestyle="none", marker="o",
                markersize=7.0, color=palette.INK, markerfacecolor=face, label=f"{kind} equilibria",
            )  # fmt: skip
        rested = dates.loc[dates["date"] == date, "funding_premium"]
        axes.plot(
            rested, np.zeros(len(rested)), linestyle="none", marker="X", markersize=11.0,
            color=palette.PRICE, markerfacecolor="none", label="simulated",
        )  # fmt: skip
        axes.set_title(f"Date {date}")
        if panel // columns == rows - 1:
            axes.set_xlabel("funding premium (it rises where margin is missing)")
        if panel % columns == 0:
            axes.set_ylabel("margin missing, cash")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=4)
    return palette.laid_out(figure)


def rule_line(rule: str, number: int) -> dict[str, Any]:
    """Colour, dash and marker of a margin rule; of one by another name by its place."""
    return RULE_LINES.get(rule, OTHER_RULE_LINES[number % len(OTHER_RULE_LINES)])


@palette.styled()
def margins_by_rule(dates: pd.DataFrame) -> Figure:
    """Price and margin over dates under each rule."""
    figure = Figure(figsize=(10.0, 8.0))
    upper, lower = figure.subplots(2, 1, sharex=True)
    for number, (rule, path) in enumerate(dates.groupby("case", sort=False)):
        spacing = max(len(path) // MARKED, 1)
        first = number * spacing // len(RULE_LINES)
        line = {**rule_line(str(rule), number), "linewidth": 1.5, "markevery": (first, spacing)}
        upper.plot(path["date"], path["security_price"], **line, label=rule)
        lower.plot(path["date"], path["margin"], **line)
    news = dates[dates["case"] == dates["case"].iloc[0]]
    upper.plot(
        news["date"], news["fundamental"], color=palette.PRICE, linewidth=1.0, linestyle=":",
        label="fundamental value",
    )  # fmt: skip
    upper.set_ylabel("price, cash")
    upper.set_title("Price: the same news under each margin rule")
    lower.set_title("Margin under each rule")
    lower.set_ylabel("margin on one asset, cash")
    lower.set_xlabel("date")
    lower.xaxis.set_major_locator(MaxNLocator(integer=True))
    longest = max(len(str(line.get_label())) for line in upper.get_lines())
    figure.legend(
        loc="outside lower center", ncols=min(5, max(1, LEGEND_LETTERS // (longest + 8))),
        handlelength=4.0,
    )  # fmt: skip
    return palette.laid_out(figure)
