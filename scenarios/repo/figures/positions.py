"""Positions along the line of beliefs."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, NullLocator

from markets.quote import FloatArray
from scenarios.repo.figures.tables import column, value_at
from scenarios.repo.summary import percent
from simulator import palette

MOST_PANELS: Final = 4
"""Dates shown in ``positions_by_belief``."""


MOST_TRADERS: Final = 20_000
"""Traders drawn in a panel; of more, an even selection along the line of beliefs."""


RUINED: Final = ("defaulted", "closed out")
"""Statuses of traders who hold nothing, where positions are carried."""

COLOURS: Final = {**palette.HOLDERS, "closed out": palette.NEUTRAL[1]}
"""Colour of a trader by the side it is on."""


RASTER_FROM: Final = 1_000
"""From so many traders on, vector files hold a panel's traders as an image."""


@palette.styled()
def positions_by_belief(agents: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """Position of every trader in the security along the line of beliefs, one panel per date.

    Of more than four dates the first two and the last two are shown. The scale of positions is
    common to all panels; it is logarithmic on both sides of zero where leverage differs widely.
    """
    known = sorted({int(date) for date in agents["date"]})
    if not known:
        raise ValueError("agents has no rows to draw")
    shown = known if len(known) <= MOST_PANELS else [*known[:2], *known[-2:]]
    rows, columns = (2, 2) if len(shown) == 4 else (1, len(shown))
    width = (9.0, 14.0, 16.0)[columns - 1]
    figure = Figure(figsize=(width, 9.0 if rows > 1 else 6.5))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)

    drawn = agents[agents["date"].isin(shown)]
    _scale_positions(panels[0, 0], column(drawn, "security"))
    thinned = False
    for axes, date in zip(panels.flat, shown, strict=True):
        here = drawn[drawn["date"] == date].sort_values("belief", kind="stable")
        thinned |= len(here) > MOST_TRADERS
        _draw_positions(axes, here)
        _mark_marginal(
            axes,
            value_at(dates, date, "marginal_belief_long"),
            value_at(dates, date, "marginal_belief_short"),
            label_width=(0.13, 0.19, 0.25)[columns - 1],
        )
        haircut = value_at(dates, date, "haircut")
        axes.set_title(
            f"date {date}" + (f", haircut {percent(haircut)}" if np.isfinite(haircut) else "")
        )
    for axes in panels[-1]:
        axes.set_xlabel("belief (probability of the low payoff)")
    for axes in panels[:, 0]:
        folded = ", log scale" if axes.get_yscale() == "symlog" else ""
        axes.set_ylabel(f"security held\n(units, below 0 if sold short{folded})")
    ruined = "status" in drawn and drawn["status"].isin(RUINED).any()
    labels = {"long": "long", "cash": "cash alone", "short": "short"}
    labels |= {"closed out": "defaulted or closed out, holds nothing"} if ruined else {}
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=COLOURS[side], marker="o", linestyle="None", label=label)
        for side, label in labels.items()
    ]
    handles.append(Line2D([], [], color=palette.INK, linewidth=1.2, label="marginal trader"))
    note = f"an even selection of {MOST_TRADERS:,} traders" if thinned else None
    figure.legend(handles=handles, loc="outside lower center", ncols=5, title=note)
    figure.suptitle("Positions by belief")
    return palette.laid_out(figure)


def _scale_positions(axes: Axes, positions: FloatArray) -> None:
    """Linear where the largest position is within some twenty times the typical smaller one."""
    sizes = np.abs(positions[np.isfinite(positions) & (positions != 0.0)])
    axes.margins(x=0.0)
    axes.set_xlim(0.0, 1.0)
    if sizes.size == 0:
        axes.set_ylim(-1.0, 1.0)
        return
    typical = max(float(np.quantile(sizes, 0.05)), 1e-3 * float(sizes.max()))
    longest = max(float(np.nanmax(positions)), 0.0)
    shortest = max(-float(np.nanmin(positions)), 0.0)
    if sizes.max() <= 20.0 * typical:
        room = 0.12 * (longest + shortest)
        axes.set_ylim(-shortest - room, longest + room)
        return
    linear = 10.0 ** np.floor(np.log10(typical))
    axes.set_yscale("symlog", linthresh=linear, linscale=0.6)
    axes.set_ylim(-2.5 * max(shortest, linear), 2.5 * max(longest, linear))
    powers = linear * 10.0 ** np.arange(int(np.log10(2.5 * sizes.max() / linear)) + 1)
    axes.set_yticks(np.r_[-powers[::-1], 0.0, powers])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(_signed))


def _draw_positions(axes: Axes, here: pd.DataFrame) -> None:
    """The traders of one date, sorted by belief."""
    belief, security = column(here, "belief"), column(here, "security")
    weight = column(here, "weight") if "weight" in here else np.ones_like(belief)
    threshold = 1e-12 * float(np.max(np.abs(security), initial=1.0))
    out = (
        here["status"].isin(RUINED).to_numpy()
        if "status" in here
        else np.zeros_like(security, np.bool_)
    )
    sides = {
        "long": security > threshold,
        "cash": (np.abs(security) <= threshold) & ~out,
        "short": security < -threshold,
    }
    if out.any():
        sides["closed out"] = out
    drawn = np.zeros(len(belief), dtype=np.bool_)
    drawn[np.linspace(0, len(belief) - 1, min(len(belief), MOST_TRADERS)).astype(np.int64)] = True
    count = int(drawn.sum())
    raster = count > RASTER_FROM
    few = count <= 40
    axes.axhline(0.0, color=palette.NEUTRAL[0], linewidth=0.8, zorder=1)
    total = float(weight.sum())
    shares = []
    for side, member in sides.items():
        shares.append(f"{_share(float(weight[member].sum()), total)} {side}")
        these = member & drawn
        if not these.any():
            continue
        colour = COLOURS[side]
        axes.vlines(
            belief[these],
            0.0,
            security[these],
            color=palette.tint(colour, 0.25),
            linewidth=3.0 if few else max(500.0 / count, 0.8),
            rasterized=raster,
            zorder=0.8,
        )
        axes.plot(
            belief[these],
            security[these],
            color=colour,
            linestyle="None",
            marker="o",
            markersize=8.0 if few else 3.0,
            markeredgewidth=0.0,
            rasterized=raster,
            clip_on=count > 40,
            zorder=3,
        )
    axes.set_title(" \N{MIDDLE DOT} ".join(shares), loc="right", fontsize=10)


def _mark_marginal(axes: Axes, long: float, short: float, *, label_width: float) -> None:
    """Vertical lines at the marginal traders, each with its belief, where no trader's dot lies.

    Longs stand on the left above zero, shorts on the right below: what is below zero on the left
    and above it on the right is empty.
    """
    found = [each for each in (long, short) if np.isfinite(each)]
    if len(found) == 2 and abs(long - short) < 5e-4:
        marks = [("marginal trader", long, long < 0.5)]
    else:
        marks = [
            (name, belief, above)
            for name, belief, above in (
                ("marginal long", long, long < label_width),
                ("marginal short", short, short < 1.0 - label_width),
            )
            if np.isfinite(belief)
        ]
    for index, (name, belief, above) in enumerate(marks):
        axes.axvline(belief, color=palette.INK, linewidth=1.2, zorder=2)
        # Two labels on the same side of zero that are close stand one above the other.
        near = belief - marks[0][1] < 1.2 * label_width
        second = index == 1 and above == marks[0][2] and near
        height = (0.82 if second else 0.96) if above else (0.18 if second else 0.04)
        axes.annotate(
            f"{name}\n{belief:.3f}",
            (belief, height),
            xycoords=("data", "axes fraction"),
            xytext=(6 if above else -6, 0),
            textcoords="offset points",
            ha="left" if above else "right",
            va="top" if above else "bottom",
            fontsize=10,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 0.5},
            zorder=5,
        )


def _share(part: float, total: float) -> str:
    """Whole percent, but never 0% of somebody nor 100% of less than all."""
    if not 0.0 < part < total:
        return "100%" if part else "0%"
    share = 100.0 * part / total
    return "<1%" if share < 1.0 else ">99%" if share > 99.0 else f"{share:.0f}%"


def _signed(value: float, _position: int | None = None) -> str:
    return f"{value:,g}".replace("-", "\N{MINUS SIGN}")
