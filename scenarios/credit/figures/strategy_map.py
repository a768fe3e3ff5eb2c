"""What borrowers do at every collateral value and prepayment cost."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from markets.quote import BoolArray, FloatArray
from scenarios.credit.certificate import plans_of
from scenarios.credit.figures.style import ACTIONS, title_end
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import program_at
from simulator import palette
from simulator.point import DateEnd

GRID: Final = 240
"""Points on each axis of a strategy map."""

TINT: Final = 0.55
HATCH: Final = "////"

LEAST_NAMED: Final = 0.01
"""Share of a map from which a region has its name written in."""


@palette.styled()
def strategy_map(table: pd.DataFrame, economy: CreditEconomy, end: DateEnd) -> Figure:
    """What borrowers of a contract do at each collateral value and prepayment cost.

    Beside it, with a marker, what each did. Where Propositions 1 and 2 do not say what is done, the
    map is hatched.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`scenarios.credit.strategies.payment_strategies` found at this resting point.
    """
    contract = str(table["contract"].iloc[0])
    table = table[table["contract"] == contract]
    people, nodes = list(table["household"].unique()), list(table["node"].unique())
    figure = Figure(figsize=(4.3 * len(nodes) + 0.6, 3.7 * len(people) + 1.2))
    grid = np.atleast_2d(figure.subplots(len(people), len(nodes), squeeze=False))
    terms, plans = program_at(economy, end.point.quotes).terms, plans_of(end.point.agents)
    for row, person in enumerate(people):
        for column, node in enumerate(nodes):
            axes, plan, place = grid[row, column], plans[person], (contract, node)
            mine = table[(table["household"] == person) & (table["node"] == node)]
            if mine.empty:
                axes.set_axis_off()
                continue
            _map(axes, mine, float(terms.coupon[place]))
            shares = {
                "paid": plan["kept", node, contract],
                "prepaid": plan["prepaid", node, contract],
            }
            shares["defaulted"] = plan["borrowed", economy.tree.root, contract] - sum(
                shares.values()
            )
            action = ACTIONS[max(ACTIONS, key=lambda name: shares[name])]
            axes.plot(
                float(terms.seizure[place]), float(terms.prepayment[place]), action.marker, ms=11,
                color=action.colour, markeredgecolor=palette.INK, markeredgewidth=1.4,
            )  # fmt: skip
            axes.set_title(f"{person} at node {node}")
            if row == len(people) - 1:
                axes.set_xlabel("collateral value $pC$")
            if column == 0:
                axes.set_ylabel("prepayment cost $B$")
    figure.legend(
        handles=_legend(table),
        loc="outside lower center",
        ncols=min(4, 2 * len(nodes) + 1),
        frameon=False,
    )
    how = "" if (table["by"] == "program").all() else ", by the propositions"
    figure.suptitle(f"Payment strategies of borrowers of {contract}{how}{title_end(end)}")
    return figure


def _map(axes: Axes, table: pd.DataFrame, coupon: float) -> None:
    """The regions of one borrower at one node."""
    reach = float(table["cost"].max())
    across = np.linspace(0.0, reach, GRID)
    up = np.linspace(coupon, max(reach, 1.3 * coupon), GRID)
    closing = np.minimum(across[None, :], up[:, None])
    nearest = np.rint(closing / reach * (len(table) - 1)).astype(int)
    kept = table["kept"].to_numpy()[nearest]
    unsaid = (table["proposition"] == "does not say").to_numpy()[nearest]
    defaults = across[None, :] < up[:, None]
    axes.pcolormesh(across, up, _colours(kept, defaults), rasterized=True, zorder=0)
    if unsaid.any():
        hatched = axes.contourf(
            across, up, unsaid.astype(float), levels=[0.5, 1.5], colors="none", hatches=[HATCH]
        )
        hatched.set_edgecolor(palette.NEUTRAL[0])
        hatched.set_linewidth(0.0)
    regions = {
        "pays": kept > 0.5,
        "defaults": (kept <= 0.5) & defaults,
        "prepays": (kept <= 0.5) & ~defaults,
        "can't pay": np.isnan(kept),
    }
    for words, region in regions.items():
        _name(axes, across, up, region, words)
    axes.axline((coupon, coupon), slope=1.0, color=palette.INK, lw=0.8, ls=":")
    axes.set_xlim(0.0, across[-1])
    axes.set_ylim(up[0], up[-1])
    axes.grid(visible=False)


def _name(axes: Axes, across: FloatArray, up: FloatArray, region: BoolArray, words: str) -> None:
    """Write the name of a region near its middle, if it has room for it."""
    if region.mean() < LEAST_NAMED:
        return
    rows, columns = np.nonzero(region)
    off_centre = (rows - rows.mean()) ** 2 + (columns - columns.mean()) ** 2
    middle = int(np.argmin(off_centre))
    axes.text(
        across[columns[middle]], up[rows[middle]], words,
        ha="center", va="center", fontsize=9, clip_on=True,
        bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.85, "pad": 1.0},
    )  # fmt: skip


def _colours(kept: FloatArray, defaults: BoolArray) -> FloatArray:
    """Colour of every point: of what is done with most, mixed where the debt is kept in part."""
    paid, prepaid, defaulted = (
        np.array(to_rgb(palette.tint(action.colour, TINT))) for action in ACTIONS.values()
    )
    closed = np.where(defaults[..., None], defaulted, prepaid)
    share = np.nan_to_num(kept)[..., None]
    colours = share * paid + (1.0 - share) * closed
    colours[np.isnan(kept)] = to_rgb(palette.NEUTRAL[2])
    return np.asarray(colours)


def _legend(table: pd.DataFrame) -> list[Patch | Line2D]:
    """Regions, and the markers of what was done."""
    handles: list[Patch | Line2D] = []
    for action in ACTIONS.values():
        handles.append(Patch(color=palette.tint(action.colour, TINT), label=action.words))
    if (table["proposition"] == "does not say").any():
        unsaid = Patch(facecolor="white", edgecolor=palette.NEUTRAL[0], hatch=HATCH)
        unsaid.set_label("the propositions do not say")
        handles.append(unsaid)
    if table["kept"].isna().any():
        handles.append(Patch(color=palette.NEUTRAL[2], label="no plan is affordable"))
    for action in ACTIONS.values():
        mark = Line2D([], [], ls="", marker=action.marker, ms=9, color=action.colour)
        mark.set_markeredgecolor(palette.INK)
        mark.set_label(f"the borrower {action.words}")
        handles.append(mark)
    return handles
