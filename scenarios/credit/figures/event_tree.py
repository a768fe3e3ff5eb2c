"""The event tree with the quotes on its nodes and what borrowers do at date 1."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import FancyBboxPatch, Rectangle

from markets.credit.event_tree import EventTree
from scenarios.credit import exact
from scenarios.credit.figures.style import ACTIONS, title_end
from scenarios.credit.primitives import CreditEconomy
from simulator import palette
from simulator.point import DateEnd, RestingPoint

DUST: Final = 1e-9
"""Quotes that are shown as zero where none is proved."""

SHORTEST_LABELLED: Final = 0.12
"""Share of a bar from which there is room for a number in it."""

SHORT_FRACTION: Final = 7
"""Characters of the longest fraction that is shown as one."""


HALF: Final = 0.37
"""Half the width of a node; dates are one apart."""


@palette.styled()
def event_tree(economy: CreditEconomy, end: DateEnd, rates: Mapping[str, float]) -> Figure:
    """The event tree with quotes on its nodes and what borrowers do at date 1."""
    tree = economy.tree
    height = max(len(tree.last), 1)
    figure = Figure(figsize=(13.5, 1.4 + 2.3 * height))
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-HALF - 0.06, 2.0 + HALF + 0.06)
    axes.set_ylim(-0.75, height - 0.25)
    where = places(tree)
    for node in tree.names:
        if node != tree.root:
            (x0, y0), (x1, y1) = where[tree.before(node)], where[node]
            axes.plot([x0 + HALF, x1 - HALF], [y0, y1], color=palette.NEUTRAL[1], zorder=0)
    for node in tree.names:
        _draw_node(axes, economy, end.point, rates, node, where[node])
    for date in range(3):
        axes.text(date, height - 0.3, f"date {date}", ha="center", color=palette.NEUTRAL[0])
    handles = [action.patch() for action in ACTIONS.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(f"Quotes and payment behaviour on the event tree{title_end(end)}")
    return figure


def places(tree: EventTree) -> dict[str, tuple[float, float]]:
    """Where nodes are drawn: dates from left to right, leaves evenly from top to bottom."""
    ordered = [leaf for node in tree.middle for leaf in tree.after(node)]
    where = {leaf: (2.0, float(len(ordered) - 1 - row)) for row, leaf in enumerate(ordered)}
    for node in tree.middle:
        where[node] = (1.0, float(np.mean([where[leaf][1] for leaf in tree.after(node)])))
    where[tree.root] = (0.0, float(np.mean([where[node][1] for node in tree.middle])))
    return where


def _draw_node(
    axes: Axes,
    economy: CreditEconomy,
    point: RestingPoint,
    rates: Mapping[str, float],
    node: str,
    place: tuple[float, float],
) -> None:
    """A box with a node's quotes, and at date 1 a bar of what borrowers do."""
    x, y = place
    ending = f"@{node}]"
    lines = []
    for name, value in point.quotes.items():
        if name.endswith(ending):
            kind, _, instrument = name.removesuffix(ending).partition("[")
            lines.append(f"{kind.replace('_', ' ')} {instrument} = {number(value, point)}")
    shown = [c for c in economy.contracts if f"paid[{c.name}@{node}]" in rates]
    tall = 0.16 + 0.105 * max(len(lines), 1) + 0.14 * len(shown)
    axes.add_patch(
        FancyBboxPatch(
            (x - HALF + 0.01, y - tall / 2),
            2.0 * HALF - 0.02,
            tall,
            boxstyle="round,pad=0.01,rounding_size=0.03",
            facecolor="white",
            edgecolor=palette.NEUTRAL[0],
        )
    )
    top = y + tall / 2 - 0.07
    axes.text(x - HALF + 0.03, top, node, weight="bold", va="center", fontsize=11)
    for row, line in enumerate(lines, start=1):
        axes.text(x - HALF + 0.03, top - 0.105 * row, line, va="center", fontsize=8.5)
    for row, contract in enumerate(shown):
        bottom = y - tall / 2 + 0.03 + 0.14 * row
        found = {name: rates[f"{name}[{contract.name}@{node}]"] for name in ACTIONS}
        draw_actions(axes, (x - HALF + 0.03, bottom), (2.0 * HALF - 0.06, 0.09), found, 8.0)


def draw_actions(
    axes: Axes,
    corner: tuple[float, float],
    size: tuple[float, float],
    shares: Mapping[str, float],
    fontsize: float,
) -> None:
    """A bar from its lower left corner, divided by what is done with a debt."""
    (left, bottom), (width, height) = corner, size
    for name, action in ACTIONS.items():
        share = shares[name]
        if not share > 0.0:
            continue
        axes.add_patch(
            Rectangle(
                (left, bottom), width * share, height,
                facecolor=action.colour, hatch=action.hatch, edgecolor="white", lw=0,
            )
        )  # fmt: skip
        if share > SHORTEST_LABELLED:
            axes.text(
                left + width * share / 2, bottom + 0.467 * height, f"{100 * share:.0f}%",
                ha="center", va="center", fontsize=fontsize, color=palette.INK,
                bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.6},
            )  # fmt: skip
        left += width * share


def number(value: float, point: RestingPoint) -> str:
    """A quote as text: the fraction itself where it is proved and short."""
    if exact.is_proof(point.proof):
        exactly = str(Fraction(value).limit_denominator(1000))
        if float(Fraction(exactly)) == value and len(exactly) <= SHORT_FRACTION:
            return exactly
    return f"{value:.4g}" if abs(value) > DUST else "0"
