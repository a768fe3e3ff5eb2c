"""Pictures that the page of ``default-waterfall`` shows, drawn as it happens.

They share columns, colours and names with :mod:`scenarios.waterfall.figures`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from markets.quote import FloatArray
from scenarios.waterfall import figures
from simulator import card, palette
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.figure import Figure

SHOWN = 1e-6
"""Cash below which what a layer bears is the error at which rounds settle."""

MOST_MEMBERS = 30
"""Members whose balance sheets are drawn; of more, those with the largest losses."""


@card.styled()
def waterfall(so_far: SoFar) -> Figure:
    """Losses that defaulters leave unpaid, by the layer that bears them, one bar per date."""
    figure, (axes,) = card.frame(top=0.72)
    last = _last_rounds(so_far)
    bottom = np.zeros(len(last))
    for column, colour, hatch, label in figures.LAYERS:
        height = _column(last, column)
        axes.bar(last["date"], height, bottom=bottom, color=colour, hatch=hatch,
                 edgecolor="white", linewidth=0.5, label=label)  # fmt: skip
        bottom += height
    if not bottom.any():
        axes.set_ylim(0.0, 1.0)
    axes.set_xlim(0.4, max(so_far.date, 3) + 0.6)
    axes.set_xlabel("date")
    card.whole(axes)
    card.upright(axes, "unpaid losses (cash)")
    if len(last):
        card.legend(axes, 2, fontsize=7.5)
    return figure


def waterfall_text(so_far: SoFar) -> str:
    """Who bore how much of the last date's losses."""
    last = _last_rounds(so_far)
    if last.empty:
        return "Losses that defaulters leave unpaid, by the layer that bears them. Nothing yet."
    borne = [
        f"{label} {last[column].iloc[-1]:.4g}"
        for column, _, _, label in figures.LAYERS
        if last[column].iloc[-1] > SHOWN
    ]
    return f"Unpaid losses at date {last['date'].iloc[-1]}: {', '.join(borne) or 'none'}."


@card.styled()
def timeline(so_far: SoFar) -> Figure:
    """Calls due and paid, and members who default, by date."""
    figure, (calls, defaults) = card.frame(2, ratios=(2.0, 1.0))
    last = _last_rounds(so_far)
    for column, colour, marker, label in (
        ("calls", palette.INK, "o", "calls due"),
        ("calls_paid", palette.GOOD, "^", "paid"),
    ):
        calls.plot(last["date"], _column(last, column), color=colour, marker=marker, label=label)
    defaults.bar(last["date"], _column(last, "defaulted"), color=palette.BAD, width=0.6)
    most = max(_column(last, "defaulted").max(initial=0.0), 1.0)
    defaults.set_yticks([0.0, most])
    defaults.set_ylim(0.0, 1.05 * most)
    if last.empty:
        calls.set_ylim(0.0, 1.0)
    defaults.set_xlim(0.4, max(so_far.date, 3) + 0.6)
    defaults.set_xlabel("date")
    card.whole(defaults)
    card.upright(calls, "cash")
    defaults.set_ylabel("defaults")
    defaults.yaxis.set_label_coords(-0.175, 0.5)
    card.legend(calls, 2)
    return figure


def timeline_text(so_far: SoFar) -> str:
    """Calls and defaults of the last date."""
    last = _last_rounds(so_far)
    if last.empty:
        return "Calls due and paid, and defaults, by date. Nothing yet."
    now = last.iloc[-1]
    return (
        f"Date {now['date']:.0f}: calls of {now['calls']:.4g}, paid {now['calls_paid']:.4g},"
        f" {now['defaulted']:.0f} members default."
    )


@card.styled()
def balance_sheets(so_far: SoFar) -> Figure:
    """What each member owns before the date and after it, those who lose most first."""
    figure, panels = card.frame(2)
    here = _members(so_far)
    place = np.arange(len(here))
    titles = ("before (cash)", "after (cash)")
    for axes, suffix, label in zip(panels, ("_before", ""), titles, strict=True):
        bottom = np.zeros(len(here))
        for column, colour, hatch, name in figures.OWNED:
            height = _column(here, column + suffix)
            axes.bar(place, height, bottom=bottom, color=colour, hatch=hatch, edgecolor="white",
                     linewidth=0.3, label=name)  # fmt: skip
            bottom += height
        axes.set_xticks([])
        card.upright(axes, label, 3)
    if len(here):
        failed = (here["status"] == "defaulted").to_numpy()
        panels[1].plot(place[failed], np.zeros(int(failed.sum())), "x", color=palette.BAD,
                       clip_on=False, zorder=5)  # fmt: skip
        high = max(axes.get_ylim()[1] for axes in panels)
        for axes in panels:
            axes.set_ylim(0.0, high)
        card.legend(panels[0], 3)
    panels[1].set_xlabel("members, largest loss first (x: defaulted)")
    return figure


def balance_sheets_text(so_far: SoFar) -> str:
    """How many members default, and what all own."""
    here = _members(so_far)
    if here.empty:
        return "What members own before and after the date; shown when the markets rest."
    failed = int((here["status"] == "defaulted").sum())
    return f"What {len(here)} members own before and after the date; {failed} of them default."


def _last_rounds(so_far: SoFar) -> pd.DataFrame:
    """The last round of every date."""
    return so_far.rounds.drop_duplicates("date", keep="last")


def _members(so_far: SoFar) -> pd.DataFrame:
    """Members as they stand, or at the last date that ended; the largest loss first."""
    import pandas as pd

    point = so_far.point or (so_far.ends[-1].point if so_far.ends else None)
    if point is None or "repaid" not in point.agents:
        return pd.DataFrame()
    here = point.agents[point.agents["repaid"].notna()]
    return here.sort_values("profit", kind="stable").head(MOST_MEMBERS)


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    """A column; nothing where there is none yet."""
    return table[name].to_numpy(dtype=np.float64) if name in table else np.zeros(len(table))
