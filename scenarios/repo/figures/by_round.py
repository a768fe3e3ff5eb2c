"""Quotes and excess demand by round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from scenarios.repo.figures.tables import column, percent, value_at
from simulator import palette

SMALLEST_SHOWN: Final = 1e-16
"""Excess demand, as a share, below which rounding is all there is; drawn at this value."""


MARKED_ROUNDS: Final = 120
"""Up to so many rounds, each is marked by a dot."""


@dataclass(frozen=True)
class _Stretch:
    """The rounds of one date on the common axis, from ``first`` to ``last``, both included."""

    date: int
    haircut: float
    first: int
    last: int


@palette.styled()
def quotes_by_round(rounds: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """Security price and repo rate by round, against the closed form of each date.

    Rounds of all dates follow one another on one axis; a vertical line opens each date and names
    its haircut. The number at the end of a date is the quote at which the rounds came to rest.
    """
    stretches = _stretches(rounds, dates)
    figure = Figure(figsize=(12.0, 8.0))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.3, 1.0])
    _draw_quote(upper, rounds, dates, stretches, "security_price", palette.PRICE, "{:.4f}")
    _draw_quote(lower, rounds, dates, stretches, "repo_rate", palette.REPO_RATE, "{:.2f}%")
    upper.set_ylabel("security price\n(cash per security)")
    lower.set_ylabel("repo rate\n(percent a period)")
    bottom, top = lower.get_ylim()
    lower.set_ylim(min(bottom, -1.0), max(top, 0.06 * abs(min(bottom, -1.0))))
    lower.set_xlabel("round (number, counted through all dates)")
    _open_dates((upper, lower), stretches)
    for axes in (upper, lower):
        axes.legend(loc="best")
    figure.suptitle("Quotes by round")
    return palette.laid_out(figure)


@palette.styled()
def excess_by_round(
    rounds: pd.DataFrame, tolerance: float = 1e-10, dates: pd.DataFrame | None = None
) -> Figure:
    """Size of excess demand by round, as a share of what is traded, on a log scale.

    The clearing house may have less to reinvest than traders would take as long as the repo rate
    is zero: that negative excess is slack and no gap to be closed. It is drawn as hollow markers
    without a line. Everything else is solid and has to fall below ``tolerance``.

    Parameters
    ----------
    rounds : pandas.DataFrame
        As above.
    tolerance : float
        Share at which a market counts as cleared.
    dates : pandas.DataFrame, optional
        As above, to name each date by its haircut.
    """
    stretches = _stretches(rounds, dates)
    number = np.arange(1, len(rounds) + 1)
    security = np.abs(column(rounds, "security_excess_share"))
    reinvestment = column(rounds, "reinvestment_excess_share")
    slack = (reinvestment < 0.0) & (column(rounds, "repo_rate") >= 0.0)
    gap = np.where(slack, np.nan, np.abs(reinvestment))

    figure = Figure(figsize=(12.0, 6.5))
    axes = figure.subplots()
    for values, colour, marker, label in (
        (security, palette.EXCESS[0], "o", "security"),
        (gap, palette.EXCESS[1], "s", "reinvested margin in repo"),
    ):
        shown = np.maximum(values, SMALLEST_SHOWN)
        style = marker if len(rounds) <= MARKED_ROUNDS else "None"
        for index, stretch in enumerate(stretches):
            part = slice(stretch.first - 1, stretch.last)
            axes.plot(
                number[part],
                shown[part],
                color=colour,
                marker=style,
                label=label if index == 0 else None,
            )
    axes.plot(
        number[slack],
        np.abs(reinvestment[slack]),
        linestyle="None",
        marker="s",
        markerfacecolor="none",
        markeredgecolor=palette.EXCESS[1],
        label="reinvested margin: slack, allowed at a repo rate of zero",
    )
    axes.axhline(
        tolerance,
        color=palette.NEUTRAL[0],
        linestyle=(0, (4, 2)),
        label=f"cleared: below {tolerance:.0e}",
    )
    axes.set_yscale("log")
    largest = np.nanmax(np.concatenate([security, np.abs(reinvestment), [tolerance]]))
    axes.set_ylim(0.4 * min(SMALLEST_SHOWN, tolerance), 10.0 * max(float(largest), tolerance))
    axes.set_ylabel("size of excess demand\n(share of what is traded)")
    axes.set_xlabel("round (number, counted through all dates)")
    _open_dates((axes,), stretches)
    figure.legend(loc="outside lower center", ncols=2)
    figure.suptitle("Excess demand by round")
    return palette.laid_out(figure)


def _stretches(rounds: pd.DataFrame, dates: pd.DataFrame | None) -> list[_Stretch]:
    """Where each date begins and ends when rounds are counted through."""
    if rounds.empty:
        raise ValueError("rounds has no rows to draw")
    days = rounds["date"].to_numpy(dtype=np.int64)
    firsts = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
    lasts = np.r_[firsts[1:], len(days)]
    return [
        _Stretch(
            date=int(days[first]),
            haircut=np.nan if dates is None else value_at(dates, int(days[first]), "haircut"),
            first=int(first) + 1,
            last=int(last),
        )
        for first, last in zip(firsts, lasts, strict=True)
    ]


def _open_dates(panels: tuple[Axes, ...], stretches: list[_Stretch]) -> None:
    """Draw a vertical line where a date begins and name its haircut above the upper panel."""
    begin, end = 0.5, stretches[-1].last + 0.5
    width = end - begin
    crowded = min(each.last - each.first + 1 for each in stretches[:-1] or stretches) / width < 0.1
    reached = -np.inf
    for index, stretch in enumerate(stretches):
        edge = stretch.first - 0.5
        for axes in panels:
            axes.axvline(edge, color=palette.NEUTRAL[1], linewidth=1.0, zorder=1)
        if np.isfinite(stretch.haircut):
            name = percent(stretch.haircut)
            label = name if crowded and index else f"haircut {name}"
        else:
            label = f"{stretch.date}" if crowded and index else f"date {stretch.date}"
        if edge < reached:
            continue
        reached = edge + width * (0.01 + 0.0085 * len(label))
        panels[0].annotate(
            label,
            (edge, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 4),
            textcoords="offset points",
            color=palette.NEUTRAL[0],
            fontsize=10,
        )
    for axes in panels:
        axes.set_xlim(begin, end)
        axes.grid(visible=False, axis="x")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=14, min_n_ticks=1))


def _draw_quote(
    axes: Axes,
    rounds: pd.DataFrame,
    dates: pd.DataFrame,
    stretches: list[_Stretch],
    name: str,
    colour: str,
    number: str,
) -> None:
    """One quote by round, the closed form of each date, and the values at rest."""
    scale = 100.0 if name == "repo_rate" else 1.0
    values = scale * column(rounds, name)
    axes.plot(
        np.arange(1, len(values) + 1),
        values,
        color=colour,
        marker="o" if len(values) <= MARKED_ROUNDS else "None",
        label="simulated",
        zorder=3,
    )
    label: str | None = "closed form"
    for stretch in stretches:
        closed = scale * value_at(dates, stretch.date, f"closed_{name}")
        if np.isfinite(closed):
            axes.plot(
                [stretch.first - 0.5, stretch.last + 0.5],
                [closed, closed],
                color=palette.CLOSED_FORM,
                linestyle=(0, (5, 2)),
                label=label,
                zorder=4,
            )
            label = None
    axes.margins(y=0.16)
    if len(stretches) > 6:
        return
    for stretch in stretches:
        here = values[stretch.first - 1 : stretch.last]
        if not np.isfinite(here[-1]):
            continue
        below = np.nanmean(here) > here[-1] or (name == "repo_rate" and here[-1] >= 0.0)
        axes.annotate(
            number.format(here[-1] + 0.0).replace("-", "\N{MINUS SIGN}"),
            (stretch.last, here[-1]),
            xytext=(4, -9 if below else 9),
            textcoords="offset points",
            ha="right",
            va="top" if below else "bottom",
            fontsize=10,
            zorder=5,
        )
