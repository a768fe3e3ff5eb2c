"""The picture that pages of credit show: the event tree, filled with what borrowers do.

It shares places, colours and hatches with :mod:`scenarios.credit.figures`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from agents.credit.households import Households
from markets.credit.market import CreditMarket
from simulator import card, palette
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BORROWS = 0.01
"""Share of all debt from which a household counts as a borrower."""

HALF = (0.3, 0.47, 0.3)
"""Half the width of a node's box by date, where dates are one apart."""

LINE, BAR, TALL = 0.155, 0.15, 2.35
"""Heights of a line and of a bar, and of the whole tree, in inches."""

ACTS = ("paid", "prepaid", "defaulted")


@card.styled()
def event_tree(so_far: SoFar) -> Figure:
    """The tree with prices, and at date 1 a bar per borrower of what it does with its debt."""
    from scenarios.credit.figures.event_tree import places
    from scenarios.credit.figures.style import ACTIONS

    market = _market(so_far)
    tree = market.tree
    figure, (axes,) = card.frame(left=0.01, right=0.99, bottom=0.1, top=0.99)
    axes.set_axis_off()
    where = places(tree)
    height = max(len(tree.last), 1)
    axes.set_xlim(-0.31, 2.31)
    axes.set_ylim(-0.5, height - 0.12)
    for node in tree.names:
        if node != tree.root:
            before = tree.before(node)
            ends = zip(where[before], where[node], strict=True)
            (x0, x1), (y0, y1) = ends
            axes.plot([x0 + HALF[tree.date(before)], x1 - HALF[tree.date(node)]], [y0, y1],
                      color=palette.NEUTRAL[1], linewidth=1.2, zorder=0)  # fmt: skip
    inch = (height + 0.38) / TALL
    lines = {node: _lines(so_far, node) for node in tree.names}
    found = shares(so_far)
    for node in tree.names:
        _draw_node(axes, where[node], tree.date(node), node, lines[node],
                   found[found["node"] == node], inch)  # fmt: skip
    for date, said in enumerate(("price", "what borrowers do", "pays")):
        axes.text(date, height - 0.14, f"date {date}: {said}", ha="center", va="top",
                  fontsize=7.5, color=palette.NEUTRAL[0])  # fmt: skip
    handles = [action.patch() for action in ACTIONS.values()]
    figure.legend(handles=handles, loc="lower center", ncols=3, frameon=False, handlelength=1.4,
                  columnspacing=1.2, borderaxespad=0.1)  # fmt: skip
    return figure


def _draw_node(
    axes: Axes,
    place: tuple[float, float],
    date: int,
    name: str,
    lines: list[str],
    rows: pd.DataFrame,
    inch: float,
) -> None:
    """A box with a node's name and numbers, and a bar per borrower; ``inch`` is one in height.

    At date 1 the first number stands beside the name, so that there is room for the bars.
    """
    from matplotlib.patches import FancyBboxPatch

    from scenarios.credit.figures.event_tree import draw_actions

    (x, y), half = place, HALF[date] - 0.02
    beside, lines = (lines[:1], lines[1:]) if date == 1 else ([], lines)
    tall = inch * (LINE * (1 + len(lines)) + BAR * len(rows) + 0.05)
    axes.add_patch(
        FancyBboxPatch(
            (x - half, y - tall / 2), 2 * half, tall, boxstyle="round,pad=0.005",
            facecolor="white", edgecolor=palette.NEUTRAL[0], linewidth=0.8,
        )
    )  # fmt: skip
    top = y + tall / 2 - inch * (0.02 + LINE / 2)
    axes.text(x - half + 0.03, top, name, weight="bold", va="center", fontsize=8.5)
    axes.text(x + half - 0.03, top, "".join(beside), va="center", ha="right", fontsize=7.5)
    for k, line in enumerate(lines, start=1):
        axes.text(x - half + 0.02, top - k * inch * LINE, line, va="center", fontsize=7.0)
    for k, row in enumerate(rows.to_dict("records"), start=1):
        middle = y - tall / 2 + inch * (0.02 + BAR * (len(rows) - k + 0.5))
        axes.text(x - half + 0.03, middle, str(row["borrower"])[:10], va="center", fontsize=7.5)
        draw_actions(
            axes, (x - half + 0.37, middle - 0.4 * inch * BAR),
            (2 * half - 0.4, 0.8 * inch * BAR), {act: float(row[act]) for act in ACTS}, 7.0,
        )  # fmt: skip


def _lines(so_far: SoFar, node: str) -> list[str]:
    """Prices of credit and goods at a node, or what a security pays at date 2; none before."""
    market = _market(so_far)
    if not so_far.traded:
        return []
    quotes = so_far.ends[-1].point.quotes if so_far.ended else so_far.quotes
    found = []
    for name, value in quotes.items():
        kind, _, rest = name.removesuffix("]").partition("[")
        instrument, _, at = rest.partition("@")
        last = market.tree.date(node) == 2
        if at == node and (kind == "price" or (last and kind == "unit_payment")):
            found.append(f"{instrument[:9]} {value:.2f}")
    return found


def shares(so_far: SoFar) -> pd.DataFrame:
    """What borrowers do at each node of date 1: shares of their debt.

    Of the plans that households hold now, or of those that are certified at rest. One row per node
    and borrower, or of several contracts of date 0 per node and contract: ``node``, ``borrower``
    (or contract), ``paid``, ``prepaid``, ``defaulted``. Without rows where nobody owes anything.
    """
    columns = ["node", "borrower", *ACTS]
    table = _debts(so_far)
    if not len(table):
        return pd.DataFrame(columns=columns)
    by = "borrower" if table["contract"].nunique() == 1 else "contract"
    sums = table.groupby(["node", by], sort=False, as_index=False)[["debt", *ACTS]].sum()
    sums = sums.rename(columns={by: "borrower"})
    most = sums.groupby("borrower", sort=False)["debt"].max()
    kept = most.index[most >= BORROWS * most.sum()]
    if len(kept) > _most_rows(so_far):
        sums = sums.groupby("node", sort=False, as_index=False)[["debt", *ACTS]].sum()
        sums["borrower"] = "all"
    else:
        sums = sums[sums["borrower"].isin(kept)]
    for act in ACTS:
        sums[act] = (sums[act] / sums["debt"]).clip(0.0, 1.0)
    return sums[columns].reset_index(drop=True)


def _most_rows(so_far: SoFar) -> int:
    """Bars that there is room for at each node of date 1; of more borrowers one bar is drawn."""
    tree = _market(so_far).tree
    room = min(len(tree.after(node)) for node in tree.middle) * TALL / (len(tree.last) + 0.38)
    lines = max(len(_lines(so_far, node)) for node in tree.middle)
    return int((room - 0.05 - LINE * max(lines, 1)) / BAR)


def _debts(so_far: SoFar) -> pd.DataFrame:
    """Every household's debt of date 0 at each node of date 1, and what it does with it."""
    if so_far.ended and len(so_far.ends[-1].point.agents):
        plans = so_far.ends[-1].point.agents
        plans = plans[plans["part"].isin(("kept", "prepaid", "defaulted"))]
        where = ["household", "node", "instrument"]
        found = (
            plans.set_index([*where, "part"])["amount"].unstack("part", sort=False).reset_index()
        )
        rows: list[Any] = found[[*where, "kept", "prepaid", "defaulted"]].to_numpy().tolist()
    elif so_far.traded:
        rows = [row for each in so_far.cohorts if isinstance(each, Households)
                for row in _planned(each)]  # fmt: skip
    else:
        rows = []
    table = pd.DataFrame(rows, columns=["borrower", "node", "contract", *ACTS])
    return table.assign(debt=table[list(ACTS)].sum(axis=1))


def _planned(cohort: Households) -> list[tuple[str, str, str, float, float, float]]:
    """The same of the plans that a cohort holds now."""
    market, parts = cohort.plan.market, cohort.plan.parts
    kept, prepaid, defaulted = (
        cohort.plans[:, parts[name]] for name in ("kept", "prepaid", "defaulted")
    )
    first = [market.contracts[j].name for j in market.obligations.first.tolist()]
    return [
        (who, node, name, *(float(part[h, m, k]) for part in (kept, prepaid, defaulted)))
        for h, who in enumerate(cohort.households)
        for m, node in enumerate(market.tree.middle)
        for k, name in enumerate(first)
    ]


def _market(so_far: SoFar) -> CreditMarket:
    market = so_far.market
    assert isinstance(market, CreditMarket)
    return market


def event_tree_text(so_far: SoFar) -> str:
    """What every borrower does at every node of date 1."""
    words = dict(zip(ACTS, ("pays the coupon on", "prepays", "defaults on"), strict=True))
    each = "; ".join(
        f"at {row['node']} {row['borrower']} "
        + ", ".join(f"{words[act]} {row[act]:.0%}" for act in ACTS if row[act] >= 0.005)
        for row in shares(so_far).to_dict("records")
    )
    nodes = ", ".join(_market(so_far).tree.names)
    return f"The event tree with nodes {nodes}. {f'Of its debt, {each}.' if each else ''}".strip()
