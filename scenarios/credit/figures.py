"""Figures of credit on an event tree, drawn from an economy and a resting point.

Every function returns a new ``Figure`` and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch, Rectangle

from scenarios.credit import conditions, exact
from scenarios.credit.certificate import plans_of
from scenarios.credit.reading import CreditEconomy
from simulator import palette
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

ACTIONS: Final = {
    "paid": ("pays the coupon", palette.GOOD),
    "prepaid": ("prepays", palette.HOUSE),
    "defaulted": ("defaults", palette.SHORT),
}
"""What borrowers do, in words and colour."""

FLOWS: Final = {
    "lending at issue": palette.LONG,
    "resale": palette.REPO_RATE,
    "coupons": palette.GOOD,
    "prepayment": palette.HOUSE,
    "seized collateral": palette.SHORT,
    "security payments": palette.CLOSED_FORM,
}
"""Kinds of payment between households and pools, with their colours."""

KINDS: Final = (
    ("price[", "prices of contracts and goods"),
    ("resale[", "resale prices"),
    ("unit_payment[", "unit payments"),
)
"""Panels of the quotes by round: how names begin, and the title."""

LINES: Final = ("-", "--", "-.", ":")
DUST: Final = 1e-9
"""Quotes that are shown as zero where none is proved."""


def of_case(resting: RestingPoint) -> str:
    """The case for the end of a title, where a run has several."""
    return "" if resting.case == "economy" else f": {resting.case}"


# ---------------------------------------------------------------------- the tree
@palette.styled()
def event_tree(economy: CreditEconomy, resting: RestingPoint, rates: Mapping[str, float]) -> Figure:
    """The event tree with quotes on its nodes and what borrowers do at date 1."""
    tree = economy.tree
    height = max(len(tree.last), 1)
    figure = Figure(figsize=(13.5, 1.4 + 2.3 * height))
    axes = figure.subplots()
    axes.set_axis_off()
    axes.set_xlim(-0.35, 2.55)
    axes.set_ylim(-0.75, height - 0.25)
    places = _places(economy)
    for node in tree.names:
        if node != tree.root:
            (x0, y0), (x1, y1) = places[tree.before(node)], places[node]
            axes.plot([x0 + 0.30, x1 - 0.30], [y0, y1], color=palette.NEUTRAL[1], zorder=0)
    for node in tree.names:
        _draw_node(axes, economy, resting, rates, node, places[node])
    for date in range(3):
        axes.text(date, height - 0.3, f"date {date}", ha="center", color=palette.NEUTRAL[0])
    handles = [Patch(color=colour, label=words) for words, colour in ACTIONS.values()]
    figure.legend(handles=handles, loc="outside lower center", ncols=3, frameon=False)
    figure.suptitle(f"Quotes and payment behaviour on the event tree{of_case(resting)}")
    return figure


def _places(economy: CreditEconomy) -> dict[str, tuple[float, float]]:
    """Where nodes are drawn: dates from left to right, leaves evenly from top to bottom."""
    tree = economy.tree
    ordered = [leaf for node in tree.middle for leaf in tree.after(node)]
    places = {leaf: (2.0, float(len(ordered) - 1 - row)) for row, leaf in enumerate(ordered)}
    for node in tree.middle:
        places[node] = (1.0, float(np.mean([places[leaf][1] for leaf in tree.after(node)])))
    places[tree.root] = (0.0, float(np.mean([places[node][1] for node in tree.middle])))
    return places


def _draw_node(
    axes: Axes,
    economy: CreditEconomy,
    resting: RestingPoint,
    rates: Mapping[str, float],
    node: str,
    place: tuple[float, float],
) -> None:
    """A box with a node's quotes, and at date 1 a bar of what borrowers do."""
    x, y = place
    ending = f"@{node}]"
    lines = []
    for name, value in resting.quotes.items():
        if name.endswith(ending):
            kind, _, instrument = name.removesuffix(ending).partition("[")
            lines.append(f"{kind.replace('_', ' ')} {instrument} = {number(value, resting)}")
    shown = [c for c in economy.contracts if f"paid[{c.name}@{node}]" in rates]
    tall = 0.16 + 0.105 * max(len(lines), 1) + 0.14 * len(shown)
    axes.add_patch(
        FancyBboxPatch(
            (x - 0.29, y - tall / 2),
            0.58,
            tall,
            boxstyle="round,pad=0.01,rounding_size=0.03",
            facecolor="white",
            edgecolor=palette.NEUTRAL[0],
        )
    )
    top = y + tall / 2 - 0.07
    axes.text(x - 0.27, top, node, weight="bold", va="center", fontsize=11)
    for row, line in enumerate(lines, start=1):
        axes.text(x - 0.27, top - 0.105 * row, line, va="center", fontsize=8.5)
    for row, contract in enumerate(shown):
        bottom = y - tall / 2 + 0.03 + 0.14 * row
        left = x - 0.27
        for action, (_, colour) in ACTIONS.items():
            share = rates[f"{action}[{contract.name}@{node}]"]
            if not share > 0.0:
                continue
            axes.add_patch(Rectangle((left, bottom), 0.54 * share, 0.09, color=colour, lw=0))
            if share > 0.12:
                axes.text(
                    left + 0.27 * share, bottom + 0.042, f"{100 * share:.0f}%",
                    ha="center", va="center", fontsize=8, color=palette.INK,
                )  # fmt: skip
            left += 0.54 * share


def number(value: float, resting: RestingPoint) -> str:
    """A quote as text: the fraction itself where it is proved and short."""
    if exact.proved(resting.proof):
        exactly = str(Fraction(value).limit_denominator(1000))
        if float(Fraction(exactly)) == value and len(exactly) < 8:
            return exactly
    return f"{value:.4g}" if abs(value) > DUST else "0"


# ---------------------------------------------------------------------- who pays whom
def payments(economy: CreditEconomy, resting: RestingPoint) -> pd.DataFrame:
    """What each household receives from the pools and markets of credit at each node.

    Returns
    -------
    pandas.DataFrame
        ``node``, ``household``, ``flow`` and ``amount`` (what is paid is negative), in units of
        the first good. Amounts at a node add up to zero.
    """
    quotes = {name: Fraction(value) for name, value in resting.quotes.items()}
    terms = conditions.terms_at(economy, quotes)
    tree, rows = economy.tree, []
    for household, plan in plans_of(resting.agents).items():

        def note(node: str, flow: str, value: Exact, amount: float, who: str = household) -> None:
            rows.append((node, who, flow, float(value) * amount))

        for contract in economy.contracts:
            name, issue = contract.name, contract.issued_at
            lent, borrowed = plan["lent", issue, name], plan["borrowed", issue, name]
            note(issue, "lending at issue", terms.price[name], borrowed - lent)
            if issue != tree.root:
                for node in tree.after(issue):
                    note(node, "coupons", -terms.delivery(name, node), borrowed)
                    note(node, "security payments", terms.payment[name, node], lent)
                continue
            for node in tree.middle:
                kept, prepaid = plan["kept", node, name], plan["prepaid", node, name]
                held = plan["held after resale", node, name]
                place = (name, node)
                note(node, "coupons", -terms.coupon[place], kept)
                note(node, "prepayment", -terms.prepayment[place], prepaid)
                note(node, "seized collateral", -terms.seizure[place], borrowed - kept - prepaid)
                note(node, "security payments", terms.payment[place], lent)
                note(node, "resale", terms.resale[place], lent - held)
                for last in tree.after(node):
                    note(last, "coupons", -terms.delivery(name, last), kept)
                    note(last, "security payments", terms.payment[name, last], held)
    table = pd.DataFrame(rows, columns=["node", "household", "flow", "amount"])
    return table.groupby(["node", "household", "flow"], sort=False, as_index=False).sum()


@palette.styled()
def flows(economy: CreditEconomy, resting: RestingPoint) -> Figure:
    """Who pays whom at each node: what each household pays to and receives from the pools."""
    table = payments(economy, resting)
    tree = economy.tree
    nodes = [tree.root, *tree.middle, *(n for m in tree.middle for n in tree.after(m))]
    columns = max(len(tree.middle), 2)
    rows = 1 + -(-(len(nodes) - 1) // columns)
    figure = Figure(figsize=(3.9 * columns, 2.1 * rows + 1.2))
    grid = figure.add_gridspec(rows, columns)
    spots = [(0, 0), *((1 + i // columns, i % columns) for i in range(len(nodes) - 1))]
    names = [household.name for household in economy.households]
    for node, (row, column) in zip(nodes, spots, strict=True):
        axes = figure.add_subplot(grid[row, column])
        here = table[table["node"] == node]
        _draw_flows(axes, here, names)
        paid = here["amount"].clip(upper=0.0).groupby(here["household"]).sum().to_numpy()
        received = here["amount"].clip(lower=0.0).groupby(here["household"]).sum().to_numpy()
        reach = 1.1 * max(-paid.min(initial=0.0), received.max(initial=0.0)) or 1.0
        axes.set_xlim(-reach, reach)
        axes.set_title(f"node {node}")
    note = figure.add_subplot(grid[0, 1:])
    note.set_axis_off()
    handles = [Patch(color=colour, label=flow) for flow, colour in FLOWS.items()]
    note.legend(handles=handles, loc="upper left", ncols=2, frameon=False)
    note.text(
        0.02, -0.06, "left of zero: pays into pools or for securities\nright of zero: receives\n"
        f"units of {tree.goods[0]}, which add up to zero at each node\n"
        "the scale differs between nodes",
        transform=note.transAxes, color=palette.NEUTRAL[0], fontsize=9.5,
    )  # fmt: skip
    figure.suptitle(f"Who pays whom{of_case(resting)}")
    return figure


def _draw_flows(axes: Axes, table: pd.DataFrame, names: Sequence[str]) -> None:
    """Stacked bars of one node, payments to the left and receipts to the right."""
    for row, name in enumerate(names):
        left = {True: 0.0, False: 0.0}
        mine = table[table["household"] == name]
        for flow, amount in zip(mine["flow"], mine["amount"], strict=True):
            if abs(amount) < 1e-9:
                continue
            side = bool(amount > 0.0)
            axes.barh(row, amount, left=left[side], color=FLOWS[str(flow)], height=0.62)
            left[side] += amount
    axes.axvline(0.0, color=palette.INK, lw=1.0)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)


# ---------------------------------------------------------------------- rounds
@palette.styled()
def quotes_by_round(
    rounds: pd.DataFrame, names: Sequence[str], known: Mapping[str, float] | None
) -> Figure:
    """Every quote by round, with what theory says where it is known."""
    panels = [
        (title, [name for name in names if name.startswith(start) and name in rounds])
        for start, title in KINDS
    ]
    panels = [(title, found) for title, found in panels if found]
    figure = Figure(figsize=(12.0, 3.0 * len(panels) + 0.6))
    all_axes = np.atleast_1d(figure.subplots(len(panels), 1, sharex=True))
    for axes, (title, found) in zip(all_axes, panels, strict=True):
        for place, name in enumerate(found):
            colour = palette.EXCESS[place % len(palette.EXCESS)]
            style = LINES[(place // len(palette.EXCESS)) % len(LINES)]
            axes.plot(
                rounds["round"], rounds[name], style, color=colour, lw=1.6,
                label=name[name.index("[") + 1 : -1],
            )  # fmt: skip
            if known and name in known:
                axes.plot(
                    rounds["round"].iloc[-1], known[name], "D", color=palette.CLOSED_FORM,
                    markeredgecolor=palette.INK, clip_on=False, zorder=5,
                )  # fmt: skip
        _mark_auctions(axes, rounds)
        axes.set_title(title)
        axes.set_ylabel("units of the first good")
        axes.legend(loc="center left", bbox_to_anchor=(1.01, 0.5), frameon=False, fontsize=9)
    if known:
        mark = Line2D([], [], ls="", marker="D", color=palette.CLOSED_FORM,
                      markeredgecolor=palette.INK, label="closed form")  # fmt: skip
        figure.legend(handles=[mark], loc="outside lower right", frameon=False)
    all_axes[-1].set_xlabel("round")
    figure.suptitle("Quotes by round")
    return figure


@palette.styled()
def excess_by_round(rounds: pd.DataFrame, tolerance: float) -> Figure:
    """How far the worst market is from clearing, by round, on a log scale."""
    figure = Figure(figsize=(12.0, 4.2))
    axes = figure.subplots()
    for place, (case, table) in enumerate(rounds.groupby("case", sort=False)):
        axes.semilogy(
            table["round"], np.maximum(table["share"], 1e-16), LINES[place % len(LINES)],
            color=palette.EXCESS[place % len(palette.EXCESS)], label=str(case), lw=1.6,
        )  # fmt: skip
        _mark_auctions(axes, table)
    axes.axhline(tolerance, color=palette.CLOSED_FORM, ls="--", label="tolerance")
    axes.set_xlabel("round")
    axes.set_ylabel("largest excess demand or change of plan,\nshare of wealth")
    axes.legend()
    figure.suptitle("Distance from clearing by round")
    return figure


def _mark_auctions(axes: Axes, rounds: pd.DataFrame) -> None:
    """A line wherever an auction was held between two rounds."""
    held = rounds["round"][rounds["auction"].diff() > 0]
    for place in held:
        axes.axvline(place - 0.5, color=palette.NEUTRAL[1], ls=":", lw=1.2)
        axes.annotate(
            "auction", (place - 0.5, 1.0), xycoords=("data", "axes fraction"), ha="right", va="top",
            xytext=(-4, -4), textcoords="offset points", color=palette.NEUTRAL[0], fontsize=9,
        )  # fmt: skip
