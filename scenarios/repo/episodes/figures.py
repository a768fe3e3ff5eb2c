"""The figure of the seven episodes: yield and haircut by day, observed and simulated price.

Yields are in percent per year, haircuts fractions in the tables and percent in the figure, changes
of the 10-year zero-coupon price in percent of the price before.
"""

from __future__ import annotations

import textwrap
from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scenarios.repo.episodes.episodes import CAUTION, Episode
from simulator import palette

COLUMNS: Final = 4
"""Panels in a row."""

LEAST_HAIRCUT_RANGE: Final = 0.06
"""Smallest range of haircuts that an axis spans, so that a small step looks small."""

LEAST_YIELD_RANGE: Final = 0.8
"""Smallest range of yields that an axis spans, in percentage points."""

MOST_DAY_LABELS: Final = 4
"""Days named under a panel."""

_AGREES: Final = {
    "short": "the short market moves it this way",
    "long": "the long market moves it this way",
    "both": "both markets move it this way",
    "neither": "neither market moves it this way",
}


@palette.styled()
def euro_crisis(observed: Sequence[Episode], simulated: pd.DataFrame) -> Figure:
    """Yield and haircut by day, one panel per episode, and which market moves the price that way.

    In each panel the yield is read on the left axis and the haircut on the right one; a dotted
    line marks the day of the announcement, shading the days at the new haircut. The lines below a
    panel compare the observed change of the 10-year zero-coupon price with those simulated for
    the same haircuts.

    Parameters
    ----------
    observed : sequence of Episode
        From :func:`scenarios.repo.episodes.episodes.episodes`, in the order of the panels.
    simulated : pandas.DataFrame
        One row per episode: episode, observed_price_change_percent, short_price_change_percent,
        long_price_change_percent, and ``matching``, one of short, long, both, neither. Episodes
        without a row have no comparison.
    """
    if not observed:
        raise ValueError("there is no episode to draw")
    columns = min(COLUMNS, len(observed))
    rows = -(-(len(observed) + 1) // columns)
    figure = Figure(figsize=(4.0 * max(columns, 2), 4.55 * rows + 0.4))
    cells = figure.add_gridspec(rows, columns)
    for index, episode in enumerate(observed):
        cell = cells[index // columns, index % columns].subgridspec(
            2, 1, height_ratios=[1.0, 0.34], hspace=0.0
        )
        panel = figure.add_subplot(cell[0])
        draw_episode(
            panel,
            episode,
            outer_left=index % columns == 0,
            outer_right=index % columns == columns - 1 or index == len(observed) - 1,
        )
        compare(figure.add_subplot(cell[1]), simulated[simulated["episode"] == episode.name])
    _explain(figure.add_subplot(cells[rows - 1, len(observed) % columns :]))
    figure.suptitle("Increases of repo haircuts: 10-year yield and haircut by trading day")
    return palette.laid_out(figure)


def draw_episode(panel: Axes, episode: Episode, *, outer_left: bool, outer_right: bool) -> None:
    """Yield in the upper part of the panel, haircut in the lower, announcement and start."""
    days = episode.days
    trading_days = pd.DatetimeIndex(days["day"])
    place = np.arange(len(days), dtype=np.float64)
    yields = days["yield"].to_numpy(dtype=np.float64)
    haircuts = days["haircut"].to_numpy(dtype=np.float64)
    started = int(np.sum(trading_days < pd.Timestamp(episode.effective)))
    edges = np.r_[place - 0.5, place[-1] + 0.5]

    panel.axvspan(started - 0.5, edges[-1], color=palette.NEUTRAL[3], linewidth=0.0, zorder=0)
    # The last trading day no later than the announcement, for one made on a day without a close.
    told = max(int(np.sum(trading_days <= pd.Timestamp(episode.announced))) - 1, 0)
    panel.axvline(place[told], color=palette.INK, linestyle=":", linewidth=1.6, zorder=1)
    panel.plot(place, yields, color=palette.PRICE, marker="o", zorder=4)
    corrected = days["yield_corrected"].to_numpy(dtype=np.bool_)
    panel.plot(
        place[corrected],
        yields[corrected],
        linestyle="None",
        marker="o",
        markersize=9.0,
        markerfacecolor="white",
        markeredgecolor=palette.PRICE,
        zorder=5,
    )
    low, high = _widened(yields, LEAST_YIELD_RANGE)
    panel.set_ylim(low - 1.15 * (high - low), high + 0.1 * (high - low))
    panel.set_yticks([tick for tick in panel.get_yticks() if tick >= low - 0.3 * (high - low)])
    panel.set_xlim(edges[0], edges[-1])
    every = -(-len(days) // MOST_DAY_LABELS)
    shown = place[started % every :: every].astype(np.int64)
    panel.set_xticks(shown, [f"{day.day} {day:%b}" for day in trading_days[shown]])
    panel.set_xlabel("trading day", labelpad=1.0, fontsize=10)
    panel.grid(visible=False, axis="x")
    panel.set_title(f"{episode.country}, {episode.announced:%B %Y}", fontweight="bold")

    other = panel.twinx()
    steps = 100.0 * haircuts
    other.stairs(steps, edges, baseline=None, color=palette.HOUSE, linewidth=2.5, zorder=3)
    least, most = _widened(steps, 100.0 * LEAST_HAIRCUT_RANGE)
    other.set_ylim(least - 0.35 * (most - least), most + 1.75 * (most - least))
    approximate = days["haircut_approximate"].to_numpy(dtype=np.bool_)
    levels = [max(started - 1, 0), started]
    other.set_yticks(
        [steps[row] for row in levels],
        [f"{'≈' if approximate[row] else ''}{round(steps[row], 2):g}" for row in levels],
    )
    if np.ptp(steps[levels]) < 0.12 * np.ptp(other.get_ylim()):
        # Too close for two numbers side by side: the lower one below its tick, the other above.
        other.get_yticklabels()[0].set_verticalalignment("top")
        other.get_yticklabels()[-1].set_verticalalignment("bottom")
    other.grid(visible=False)
    other.spines["right"].set_visible(True)
    other.tick_params(axis="y", labelcolor=palette.INK, color=palette.HOUSE)
    if outer_left:
        panel.set_ylabel("yield (percent per year)")
    if outer_right:
        other.set_ylabel("haircut (percent)")


def compare(note: Axes, row: pd.DataFrame) -> None:
    """Observed and simulated change of the price in two lines, and the verdict, if any, in a third.

    ``matching`` may also be a verdict in words, on a market that does not agree.
    """
    note.set_axis_off()
    note.set_xlim(0.0, 1.0)
    note.set_ylim(0.0, 1.0)
    if row.empty:
        return
    matching = str(row["matching"].iloc[0])
    agrees = {"short": matching in ("short", "both"), "long": matching in ("long", "both")}
    for left, heading, column, colour in (
        (0.0, "observed", "observed", palette.INK),
        (0.30, "short market", "short", palette.SHORT),
        (0.67, "long market", "long", palette.LONG),
    ):
        change = float(row[f"{column}_price_change_percent"].iloc[0])
        note.text(left, 0.86, heading, color=colour, fontsize=9, va="center")
        note.text(
            left,
            0.53,
            _change(change),
            fontsize=10.5,
            fontweight="bold" if agrees.get(column) else "normal",
            va="center",
        )
    if not matching:
        return
    holds = matching in ("short", "long", "both")
    sign = "\N{CHECK MARK}" if holds else "\N{BALLOT X}"
    note.text(
        0.0,
        0.18,
        f"{sign} {_AGREES.get(matching, matching)}",
        color=palette.GOOD if holds else palette.BAD,
        fontsize=10,
        va="center",
    )


def _explain(cell: Axes) -> None:
    """The legend and what the figure does not show."""
    cell.set_axis_off()
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=palette.PRICE, marker="o", label="10-year yield (left)"),
        Line2D(
            [],
            [],
            color=palette.PRICE,
            marker="o",
            markersize=9.0,
            markerfacecolor="white",
            linestyle="None",
            label="misprint in the source, corrected",
        ),
        Line2D([], [], color=palette.HOUSE, linewidth=2.5, label="haircut (right)"),
        Line2D([], [], color=palette.INK, linestyle=":", linewidth=1.6, label="announced"),
        Patch(color=palette.NEUTRAL[3], label="new haircut in force"),
    ]
    cell.legend(handles=handles, loc="upper left", borderaxespad=0.0)
    text = (
        "Below each panel: change of the price of a 10-year zero-coupon bond after the"
        " announcement, and of the simulated security taken through the same haircuts.\n" + CAUTION
    )
    lines = [textwrap.fill(part, 48) for part in text.split("\n")]
    cell.text(0.0, 0.64, "\n\n".join(lines), fontsize=10, va="top", transform=cell.transAxes)


def _widened(values: np.ndarray, least: float) -> tuple[float, float]:
    """Range of some values, about its middle at least so wide."""
    low, high = float(np.min(values)), float(np.max(values))
    missing = max(least - (high - low), 0.0)
    return low - 0.5 * missing, high + 0.5 * missing


def _change(percent: float) -> str:
    """A change with its sign, or a dash if there is none to tell."""
    if not np.isfinite(percent):
        return "\N{EN DASH}"
    return f"{percent:+.2f}%".replace("-", "\N{MINUS SIGN}")
