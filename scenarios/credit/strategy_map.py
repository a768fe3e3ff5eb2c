"""The figure of what borrowers do at every collateral value and prepayment cost."""

from __future__ import annotations

from fractions import Fraction
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from markets.quote import BoolArray, FloatArray
from scenarios.credit import conditions
from scenarios.credit.figures import ACTIONS, of_case
from scenarios.credit.reading import CreditEconomy
from scenarios.credit.strategies import by_closing_cost
from simulator import palette
from simulator.point import RestingPoint

GRID: Final = 240
"""Points on each axis of a strategy map."""

COSTS: Final = 121
"""Costs of closing a debt at which a borrower chooses again."""

TINT: Final = 0.55
HATCH: Final = "////"


@palette.styled()
def strategy_map(table: pd.DataFrame, economy: CreditEconomy, resting: RestingPoint) -> Figure:
    """What a borrower does at each collateral value and prepayment cost, beside what was done.

    With linear utility the borrower chooses again at every cost of closing its debt
    (:mod:`scenarios.credit.strategies`); where Propositions 1 and 2 say nothing at the
    multipliers of that choice, the map is hatched. With concave utility the regions are those of
    the propositions at the multipliers of the resting point.

    Parameters
    ----------
    table : pandas.DataFrame
        What :func:`scenarios.credit.propositions.evaluate` found.
    """
    terms = conditions.terms_at(economy, {n: Fraction(v) for n, v in resting.quotes.items()})
    people, nodes = list(dict.fromkeys(table["household"])), list(dict.fromkeys(table["node"]))
    contract = str(table["contract"].iloc[0])
    mine = table[table["contract"] == contract].set_index(["household", "node"])
    figure = Figure(figsize=(4.3 * len(nodes) + 0.6, 3.7 * len(people) + 1.2))
    grid = np.atleast_2d(figure.subplots(len(people), len(nodes), squeeze=False))
    beyond = False
    for row, person in enumerate(people):
        for column, node in enumerate(nodes):
            axes, found = grid[row, column], mine.loc[(person, node)]
            value = float(terms.seizure[contract, node])
            cost = float(terms.prepayment[contract, node])
            coupon = float(terms.coupon[contract, node])
            reach = 1.25 * max(value, cost, coupon)
            across = np.linspace(0.0, reach, GRID)
            up = np.linspace(coupon, max(reach, 1.3 * coupon), GRID)
            closing = np.minimum(across[None, :], up[:, None])
            if economy.linear:
                costs = np.linspace(0.0, reach, COSTS)
                household = next(h for h in economy.households if h.name == person)
                owed = next(c for c in economy.contracts if c.name == contract)
                chosen = by_closing_cost(economy, resting, household, owed, node, costs.tolist())
                nearest = np.rint(closing / reach * (COSTS - 1)).astype(int)
                kept = chosen["kept"].to_numpy()[nearest]
                beyond = beyond or bool(np.isnan(kept).any())
                silent = (chosen["proposition"] == "silent").to_numpy()[nearest]
                _hatch(axes, across, up, silent)
            else:
                kept = np.where(closing > _ceiling(found, coupon) + 1e-12, 1.0, 0.0)
            defaults = across[None, :] < up[:, None]
            axes.pcolormesh(across, up, _colours(kept, defaults), rasterized=True, zorder=0)
            taken = max(ACTIONS, key=lambda action: float(mine.loc[(person, node), action]))
            axes.plot(value, cost, "o", ms=11, color=ACTIONS[taken][1],
                      markeredgecolor=palette.INK, markeredgewidth=1.4)  # fmt: skip
            axes.axline((coupon, coupon), slope=1.0, color=palette.INK, lw=0.8, ls=":")
            axes.set_xlim(0.0, across[-1])
            axes.set_ylim(up[0], up[-1])
            axes.grid(visible=False)
            axes.set_title(f"{person} at node {node}")
            if row == len(people) - 1:
                axes.set_xlabel("collateral value $pC$")
            if column == 0:
                axes.set_ylabel("prepayment cost $B$")
    handles = [
        *(Patch(color=palette.tint(c, TINT), label=words) for words, c in ACTIONS.values()),
        Line2D([], [], ls="", marker="o", ms=9, color="white", markeredgecolor=palette.INK,
               label="the borrower, in the colour of what it did"),
    ]  # fmt: skip
    if economy.linear:
        silence = Patch(facecolor="white", edgecolor=palette.NEUTRAL[0], hatch=HATCH)
        silence.set_label("propositions silent")
        handles.append(silence)
    if beyond:
        handles.append(Patch(color=palette.NEUTRAL[2], label="no plan is affordable"))
    columns = min(len(handles), 2 * len(nodes) + 1)
    figure.legend(handles=handles, loc="outside lower center", ncols=columns, frameon=False)
    how = "" if economy.linear else ", by the propositions"
    figure.suptitle(f"Payment strategies of borrowers of {contract}{how}{of_case(resting)}")
    return figure


def _colours(kept: FloatArray, defaults: BoolArray) -> FloatArray:
    """Colour of every point: of what is done with most, mixed where the debt is kept in part."""
    paid, prepaid, defaulted = (
        np.array(to_rgb(palette.tint(colour, TINT))) for _, colour in ACTIONS.values()
    )
    closed = np.where(defaults[..., None], defaulted, prepaid)
    share = np.nan_to_num(kept)[..., None]
    colours = share * paid + (1.0 - share) * closed
    colours[np.isnan(kept)] = to_rgb(palette.NEUTRAL[2])
    return np.asarray(colours)


def _hatch(axes: Axes, across: FloatArray, up: FloatArray, silent: BoolArray) -> None:
    """Hatch where the propositions are silent, with an outline."""
    if not silent.any():
        return
    shown = axes.contourf(
        across, up, silent.astype(float), levels=[0.5, 1.5], colors="none", hatches=[HATCH]
    )
    shown.set_edgecolor(palette.NEUTRAL[0])
    shown.set_linewidth(0.0)


def _ceiling(found: pd.Series, coupon: float) -> float:
    """Cost up to which the propositions say that a debt is closed, at given multipliers."""
    worth = coupon + float(found["psi"]) - float(found["phi"])
    if found["proposition_2"] == "closes":
        return max(worth, coupon + float(found["psi"]))
    return worth
