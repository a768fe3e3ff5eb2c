"""Who pays whom at each node: households, pools and the markets for securities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scenarios.credit.certificate import plans_of
from scenarios.credit.figures.style import title_end
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import program_at
from simulator import palette
from simulator.point import DateEnd, RestingPoint
from simulator.proof.algebraic import Exact

FLOWS: Final = {
    "lending at issue": (palette.LONG, ""),
    "resale": (palette.REPO_RATE, "..."),
    "coupons": (palette.GOOD, "---"),
    "prepayment": (palette.HOUSE, "///"),
    "seized collateral": (palette.SHORT, "xxx"),
    "security payments": (palette.CLOSED_FORM, "|||"),
}
"""Kinds of payment between households and pools, with their colours and hatches."""

DUST: Final = 1e-9
"""Payments, in units of the first good, that are not drawn."""


def payments(economy: CreditEconomy, point: RestingPoint) -> pd.DataFrame:
    """What each household receives from the pools and markets of credit at each node.

    Returns
    -------
    pandas.DataFrame
        ``node``, ``household``, ``flow`` and ``amount`` (what is paid is negative), in units of
        the first good. Amounts at a node add up to zero.
    """
    terms = program_at(economy, point.quotes).terms
    tree, rows = economy.tree, []
    for household, plan in plans_of(point.agents).items():

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
def flows(economy: CreditEconomy, end: DateEnd) -> Figure:
    """Who pays whom at each node: what each household pays to and receives from the pools."""
    table = payments(economy, end.point)
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
        at_node = table[table["node"] == node]
        _draw_flows(axes, at_node, names)
        paid = at_node["amount"].clip(upper=0.0).groupby(at_node["household"]).sum().to_numpy()
        received = at_node["amount"].clip(lower=0.0).groupby(at_node["household"]).sum().to_numpy()
        reach = 1.1 * max(-paid.min(initial=0.0), received.max(initial=0.0)) or 1.0
        axes.set_xlim(-reach, reach)
        axes.set_title(f"node {node}")
    note = figure.add_subplot(grid[0, 1:])
    note.set_axis_off()
    handles = [
        Patch(facecolor=colour, edgecolor="white", hatch=hatch, label=kind)
        for kind, (colour, hatch) in FLOWS.items()
    ]
    note.legend(handles=handles, loc="upper left", ncols=2, frameon=False)
    note.text(
        0.02, -0.06, "left of zero: pays into pools or for securities\nright of zero: receives\n"
        f"units of {tree.goods[0]}, which add up to zero at each node\n"
        "the scale differs between nodes",
        transform=note.transAxes, color=palette.NEUTRAL[0], fontsize=9.5,
    )  # fmt: skip
    figure.suptitle(f"Who pays whom{title_end(end)}")
    return figure


def _draw_flows(axes: Axes, table: pd.DataFrame, names: Sequence[str]) -> None:
    """Stacked bars of one node, payments to the left and receipts to the right."""
    for row, name in enumerate(names):
        left = {True: 0.0, False: 0.0}
        mine = table[table["household"] == name]
        for flow, amount in zip(mine["flow"], mine["amount"], strict=True):
            if abs(amount) < DUST:
                continue
            side, (colour, hatch) = bool(amount > 0.0), FLOWS[str(flow)]
            axes.barh(
                row, amount, left=left[side], height=0.62,
                color=colour, hatch=hatch, edgecolor="white", linewidth=0.0,
            )  # fmt: skip
            left[side] += amount
    axes.axvline(0.0, color=palette.INK, lw=1.0)
    axes.set_yticks(range(len(names)), names)
    axes.set_ylim(len(names) - 0.4, -0.6)
