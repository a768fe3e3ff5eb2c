"""Figures of margin spirals, drawn from plain tables.

Every function returns a new ``Figure`` and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from scenarios.funding.closed_form import Spiral
from simulator import palette

RULE_LINES: Final = {
    "flat": (palette.CASH, "-"),
    "linear": (palette.REPO_RATE, "--"),
    "value-at-risk": (palette.SHORT, "-"),
    "anti-procyclical": (palette.GOOD, "-."),
}
"""Colour and dash of each margin rule."""

ASSET_MARKS: Final = tuple(
    zip(palette.EXCESS, ("o", "s", "^", "D", "v", "P", "X", "*"), strict=True)
)
"""Colour and marker of the assets, in turn."""

PARTS: Final = (
    ("direct", palette.CASH, "", "direct: $1/(s\\,m)$"),
    ("loss", palette.LONG, "//", "losses on what experts hold"),
    ("margin", palette.HOUSE, "..", "margins that rise as the price falls"),
)
"""Parts of the amplification, in the order in which they are stacked."""


@palette.styled()
def price_against_wealth(dates: pd.DataFrame, spiral: Spiral) -> Figure:
    """Every equilibrium at every wealth, and the way that the run took among them."""
    figure = Figure(figsize=(9.0, 5.6))
    axes = figure.subplots()
    concessions = np.linspace(0.0, spiral.widest, 401)
    prices = spiral.fundamental - spiral.side * concessions
    needed = np.array([spiral.wealth_needed(price) for price in prices])
    stable = np.array([spiral.denominator(price) > 0.0 for price in prices])
    wealth = dates["experts_wealth"].to_numpy(dtype=np.float64)
    taken = dates["security_price"].to_numpy(dtype=np.float64)
    margin = 0.15 * max(float(np.ptp(wealth)), 0.1)
    low, high = wealth.min() - margin, wealth.max() + margin
    solid: dict[str, Any] = {"color": palette.CLOSED_FORM, "linestyle": "--", "linewidth": 2.2}
    axes.plot(np.where(stable, needed, np.nan), prices, **solid, label="stable, by the equations")
    axes.plot([spiral.edge(), max(high, spiral.edge())], [spiral.fundamental] * 2, **solid)
    gone = -spiral.endowment * spiral.price(spiral.widest)
    axes.plot([min(low, gone), gone], [spiral.price(spiral.widest)] * 2, **solid)
    axes.plot(
        np.where(stable, np.nan, needed), prices, color=palette.BAD, linestyle=":", label="unstable"
    )
    lowest = int(np.argmin(wealth))
    for part, colour, marker, label in (
        (slice(0, lowest + 1), palette.SHORT, "v", "simulated, as wealth falls"),
        (slice(lowest, None), palette.LONG, "^", "simulated, as wealth recovers"),
    ):
        if wealth[part].size < 2 and part.start:
            continue
        axes.plot(
            wealth[part], taken[part], color=colour, marker=marker, linewidth=1.2, label=label
        )
    fold = spiral.fold()
    if fold is not None and low <= fold[1] <= high:
        axes.plot([fold[1]], [fold[0]], marker="D", color=palette.INK, linestyle="none")
        axes.annotate(
            f"fold at {fold[1]:.4f}",
            (fold[1], fold[0]),
            xytext=(10, -4),
            textcoords="offset points",
        )
    axes.set_xlim(low, high)
    shown = prices[(needed >= low) & (needed <= high)]
    reached = np.concatenate([shown, taken, [spiral.fundamental]])
    room = 0.08 * max(float(np.ptp(reached)), 1e-3)
    axes.set_ylim(reached.min() - room, reached.max() + room)
    axes.set_xlabel("cash of the experts $\\eta$ (below zero: debt)")
    axes.set_ylabel("price of the security")
    axes.set_title("The price that experts' wealth supports")
    axes.legend(loc="lower right")
    return palette.laid_out(figure)


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
    step = max(1, len(parts) // 17)
    axes.set_xticks(dates[::step], [f"{date}\n{wealth[date - 1]:g}" for date in dates[::step]])
    axes.set_xlabel("date, and cash of the experts; no bar: wealth does not move the price")
    axes.set_ylabel("rise of the price\nfor one more unit of cash")
    axes.set_title("Losses and margins amplify what wealth does to the price")
    axes.legend(loc="upper left")
    return palette.laid_out(figure)


@palette.styled()
def contagion(dates: pd.DataFrame, assets: Sequence[str], shocked: str) -> Figure:
    """Price and margin of every asset, by date."""
    figure = Figure(figsize=(10.0, 4.8))
    left, right = figure.subplots(1, 2)
    for number, name in enumerate(assets):
        colour, marker = ASSET_MARKS[number % len(ASSET_MARKS)]
        label = f"{name} (its margin is raised)" if name == shocked else name
        line: dict[str, Any] = {"color": colour, "marker": marker, "label": label}
        left.plot(dates["date"], dates[f"margin_{name}"], **line)
        right.plot(dates["date"], dates[f"price_{name}"], **line)
    left.set_title("Margin: one of them is raised")
    left.set_ylabel("margin on one asset, cash")
    right.set_title("Price: all of them fall")
    right.set_ylabel("price, cash")
    for axes in (left, right):
        axes.set_xlabel("date")
        axes.set_xticks(dates["date"].to_numpy()[:: max(1, len(dates) // 12)])
    handles, labels = left.get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=min(len(assets), 4))
    return palette.laid_out(figure)


@palette.styled()
def margins_by_rule(dates: pd.DataFrame) -> Figure:
    """Price and margin over dates under each rule, with the measures of procyclicality."""
    figure = Figure(figsize=(10.0, 8.0))
    upper, lower = figure.subplots(2, 1, sharex=True)
    for rule, part in dates.groupby("case", sort=False):
        colour, dash = RULE_LINES[str(rule)]
        last = part.iloc[-1]
        upper.plot(
            part["date"], part["security_price"], color=colour, linestyle=dash, linewidth=1.5,
            label=f"{rule}: excess volatility {last['excess_volatility']:.2f}",
        )  # fmt: skip
        lower.plot(
            part["date"], part["margin"], color=colour, linestyle=dash, linewidth=1.8,
            label=f"{rule}: peak/trough {last['peak_to_trough']:.2f},"
            f" largest call {last['largest_call']:.2f}",
        )  # fmt: skip
    first = dates[dates["case"] == dates["case"].iloc[0]]
    upper.plot(
        first["date"], first["fundamental"], color=palette.PRICE, linewidth=1.0, linestyle=":",
        label="fundamental value",
    )  # fmt: skip
    upper.set_ylabel("price, cash")
    upper.set_title("The same news under each margin rule")
    lower.set_ylabel("margin on one asset, cash")
    lower.set_xlabel("date")
    for axes in (upper, lower):
        axes.legend(loc="upper center", bbox_to_anchor=(0.5, -0.2), ncols=2, fontsize=9)
    return palette.laid_out(figure)
