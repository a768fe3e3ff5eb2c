"""The panels of the page: small figures of a watched economy, redrawn after every round.

Every function takes a moment of what is watched and returns a new ``Figure`` of the size of a card;
before the first round it is an empty frame with its axes named. Colours are those of
:mod:`simulator.palette`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import cycle
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator

from markets.quote import FloatArray
from simulator import card, palette
from simulator.page_plan import Curve
from walras.moment import Moment

SMALLEST_SHOWN: Final = 1e-17
"""Excess demand, as a share, below which rounding is all there is; drawn at this value."""

LABEL: Final = (0.28, 0.2)
"""Width and height, as shares of the axes, of the name of a marginal trader."""

MARGIN: Final = 0.04
"""Share of the axes by which such a name may stand out on the right, where the panel has room."""

MOST_LONG_NAMES: Final = 2
"""Axes below each other up to which there is room for their names, and not only for units."""

MARKED_ROUNDS: Final = 60
"""Up to so many rounds, each is marked by a dot."""


MARKERS: Final = "os^vDPX*"
"""Of lines on one axis, so that they are told apart without colour."""


@palette.styled()
def quotes(moment: Moment) -> Figure:
    """Quotes by round, with the closed form of each date as a dashed line."""
    rounds = moment.rounds
    shared: dict[tuple[str, str], list[Curve]] = {}
    for curve in moment.curves:
        shared.setdefault((curve.label, curve.unit), []).append(curve)
    figure = _figure(top=0.92, hspace=0.14)
    panels = np.atleast_1d(figure.subplots(max(len(shared), 1), 1, sharex=True))
    for axes, ((label, unit), curves) in zip(panels, shared.items(), strict=False):
        for curve, marker in zip(curves, cycle(MARKERS), strict=False):
            values = curve.scale * _column(rounds, curve.quote)
            _by_round(axes, rounds, values, curve.colour, curve.name or "simulated", marker)
            _draw_closed_form(axes, moment, rounds, curve, None if curve.name else "closed form")
        _name(axes, label, unit, short=len(shared) > MOST_LONG_NAMES)
        axes.margins(y=0.15)
        low, high = axes.dataLim.intervaly
        if not high - low > 1e-9 * max(abs(low), abs(high)):  # a single value, or none
            middle = float(low) if np.isfinite(low) else 0.0
            axes.set_ylim(middle - 0.5, middle + 0.5)
        axes.yaxis.set_major_locator(MaxNLocator(nbins=4, steps=[1, 2, 5, 10]))
        axes.ticklabel_format(axis="y", useOffset=False)
        if any(curve.name for curve in curves):
            axes.legend(
                loc="best",
                ncols=3 if max(len(curve.name) for curve in curves) <= 12 else 2,
                fontsize=8.0 if len(shared) <= MOST_LONG_NAMES else 7.0,
                handlelength=1.0,
                columnspacing=0.8,
                borderpad=0.3,
            )
    _room_above(figure, panels[0], 0.92)
    _finish(list(panels), rounds)
    return figure


@palette.styled()
def excess(moment: Moment) -> Figure:
    """Excess demand by round as a share of what is traded, on a log scale.

    What an attained limit excuses (a repo rate at zero, say, with little to reinvest) is slack and
    no gap to be closed: hollow markers, no line.
    """
    rounds = moment.rounds
    figure = _figure(top=0.835)
    axes = figure.subplots()
    number = np.arange(1, len(rounds) + 1)
    inward = _column(rounds, "share")
    shown = moment.excess_names[: len(palette.EXCESS)]
    for name, colour, marker in zip(shown, palette.EXCESS, MARKERS, strict=False):
        share = np.abs(_column(rounds, f"{name}_share"))
        slack = share > inward * (1.0 + 1e-9)
        label = name.removesuffix("_excess").removeprefix("excess_").replace("_", " ")
        gap = np.where(slack, np.nan, np.maximum(share, SMALLEST_SHOWN))
        if not np.all(slack):
            style = marker if len(rounds) <= MARKED_ROUNDS else "None"
            for _, first, last in _dates(rounds):
                part = slice(first - 1, last)
                axes.plot(
                    number[part],
                    gap[part],
                    color=colour,
                    marker=style,
                    label=label if first == 1 else None,
                )
        if np.any(slack):
            axes.plot(
                number[slack],
                share[slack],
                linestyle="None",
                marker=marker,
                markerfacecolor="none",
                markeredgecolor=colour,
                label=f"{label}: slack at limit",
            )
    axes.axhline(moment.tolerance, color=palette.GOOD, linestyle=(0, (1, 1)), label="cleared")
    axes.set_yscale("log")
    axes.set_ylim(0.2 * SMALLEST_SHOWN, 10.0)
    axes.set_yticks([1.0, 1e-5, 1e-10, 1e-15], ["1", "10⁻⁵", "10⁻¹⁰", "10⁻¹⁵"])  # no slow mathtext
    axes.yaxis.set_minor_locator(NullLocator())
    _name(axes, "size of excess demand", "share of what is traded")
    if len(rounds):
        _room_above(figure, axes, 0.835)
    _finish([axes], rounds)
    return figure


@palette.styled()
def positions(moment: Moment) -> Figure:
    """What traders along the line want to hold at the posted quotes, marginal traders marked.

    Only for scenarios whose page declares such a line.
    """
    line = moment.line
    assert line is not None
    figure = _figure(top=0.9)
    axes = figure.subplots()
    axes.set_xlabel(line.along_label)
    axes.set_ylabel(line.held_label)
    axes.axhline(0.0, color=palette.NEUTRAL[0], linewidth=0.8, zorder=1)
    if moment.traders.empty:
        _small(axes)
        return figure
    traders = moment.traders
    along, held = _column(traders, line.along), _column(traders, line.held)
    threshold = 1e-12 * float(np.max(np.abs(held), initial=1.0))
    sides = {
        "long": held > threshold,
        "cash": np.abs(held) <= threshold,
        "short": held < -threshold,
    }
    few = len(traders) <= 40
    thin = 1.0 if few else 1.5  # of many, no gaps are seen between one and the next
    for (side, these), name in zip(sides.items(), line.names, strict=True):
        if not np.any(these):
            continue
        colour = palette.HOLDERS[side]
        axes.vlines(
            along[these], 0.0, held[these], color=palette.tint(colour, 0.35), linewidth=thin
        )
        axes.plot(
            along[these],
            held[these],
            color=colour,
            linestyle="None",
            marker="o",
            markersize=6.0 if few else 2.5,
            markeredgewidth=0.0,
            label=name,
            clip_on=False,
            zorder=3,
        )
    _scale(axes, held, wide=line.wide)
    axes.set_xlim(*(line.ends or (float(np.min(along)), float(np.max(along)))))
    _mark(axes, moment.marks, along, held)
    _above(axes, columns=3, markerscale=2.0)
    _small(axes)
    return figure


# ---------------------------------------------------------------------- inner workings
def _figure(height: float = card.SIZE[1], **margins: float) -> Figure:
    """An empty panel with fixed margins, so that axes stand still from round to round."""
    figure = Figure(figsize=(card.SIZE[0], height), layout="none")  # type: ignore[arg-type]
    figure.subplots_adjust(**({"left": 0.215, "right": 0.965, "bottom": 0.155} | margins))
    return figure


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64) if name in table else np.empty(0)


def _dates(rounds: pd.DataFrame) -> list[tuple[int, int, int]]:
    """Date, first and last round of each, rounds counted through."""
    if rounds.empty:
        return []
    days = rounds["date"].to_numpy()
    firsts = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
    lasts = np.r_[firsts[1:], len(days)]
    return [
        (int(days[first]), int(first) + 1, int(last))
        for first, last in zip(firsts, lasts, strict=True)
    ]


def _end(rounds: pd.DataFrame) -> float:
    """Right end of the axis of rounds."""
    return max(len(rounds), 5) + 0.5


def _draw_closed_form(
    axes: Axes, moment: Moment, rounds: pd.DataFrame, curve: Curve, label: str | None
) -> None:
    """The closed form of a quote at each date where there is one."""
    dates = _dates(rounds) or [(moment.date, 1, 1)]
    for date, first, last in dates:
        end = _end(rounds) if date == dates[-1][0] else last + 0.5
        known = moment.closed_forms.get(date, {}).get(curve.quote)
        if known is not None and np.isfinite(known):
            axes.plot(
                [first - 0.5, end],
                2 * [curve.scale * known],
                color=palette.CLOSED_FORM,
                linestyle=(0, (4, 2)),
                label=label,
                zorder=4,
            )
            label = None


def _by_round(
    axes: Axes, rounds: pd.DataFrame, values: FloatArray, colour: str, label: str, marker: str
) -> None:
    axes.plot(
        np.arange(1, len(values) + 1),
        values,
        color=colour,
        marker=marker if len(rounds) <= MARKED_ROUNDS else "None",
        markersize=4.0,
        label=label,
        zorder=3,
    )


def _name(axes: Axes, label: str, unit: str, *, short: bool = False) -> None:
    axes.set_ylabel(
        f"({unit.replace(' per ', chr(10) + 'per ', 1)})" if short else f"{label}\n({unit})"
    )
    axes.yaxis.set_label_coords(-0.2 if short else -0.165, 0.5)


def _room_above(figure: Figure, axes: Axes, top: float) -> None:
    """The legend above the axes, which begin lower where it has many names or long ones."""
    names = axes.get_legend_handles_labels()[1]
    longest = max((len(name) for name in names), default=0)
    columns = 3 if longest <= 14 else 2
    rows = -(-len(names) // columns)
    size = 8.5 if rows <= 2 else 7.5
    figure.subplots_adjust(top=min(top, 0.98 - 0.058 * rows))
    _above(axes, columns, size=size)


def _above(axes: Axes, columns: int, markerscale: float = 1.0, size: float = 8.5) -> None:
    """The legend above the axes."""
    axes.legend(
        loc="lower left",
        bbox_to_anchor=(-0.24, 1.0),
        fontsize=size,
        ncols=columns,
        markerscale=markerscale,
        frameon=False,
        borderaxespad=0.2,
        handlelength=1.6,
        columnspacing=1.0,
    )


def _small(axes: Axes) -> None:
    """Sizes that are read well on a card."""
    axes.xaxis.label.set_fontsize(9.5)
    axes.yaxis.label.set_fontsize(9.0)
    axes.tick_params(labelsize=9.0)


def _finish(panels: Sequence[Axes], rounds: pd.DataFrame, most_ticks: int = 8) -> None:
    """Name the rounds, and draw a vertical line where a date begins."""
    for axes in panels:
        for _, first, _ in _dates(rounds)[1:]:
            axes.axvline(first - 0.5, color=palette.NEUTRAL[1], linewidth=1.0, zorder=1)
        axes.set_xlim(0.5, _end(rounds))
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=most_ticks, min_n_ticks=1))
        axes.grid(visible=False, axis="x")
        _small(axes)
    panels[-1].set_xlabel("round (number)")


def _scale(axes: Axes, held: FloatArray, *, wide: bool) -> None:
    """Linear, or logarithmic on both sides of zero where positions may and do differ widely."""
    sizes = np.abs(held[held != 0.0])
    if sizes.size == 0:
        axes.set_ylim(-1.0, 1.0)
        return
    longest, shortest = max(float(held.max()), 0.0), max(-float(held.min()), 0.0)
    typical = max(float(np.quantile(sizes, 0.05)), 1e-3 * float(sizes.max()))
    if not wide or sizes.max() <= 20.0 * typical:
        room = 0.15 * (longest + shortest)
        axes.set_ylim(-shortest - room, longest + room)
        return
    linear = 10.0 ** np.floor(np.log10(typical))
    axes.set_yscale("symlog", linthresh=linear, linscale=0.6)
    axes.set_ylim(-3.0 * max(shortest, linear), 3.0 * max(longest, linear))
    powers = linear * 10.0 ** np.arange(int(np.log10(3.0 * sizes.max() / linear)) + 1)
    axes.set_yticks(np.r_[-powers[::-1], 0.0, powers])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(
        FuncFormatter(lambda value, _: f"{value:,g}".replace("-", "\N{MINUS SIGN}"))
    )


def _mark(axes: Axes, marks: Mapping[str, float], along: FloatArray, held: FloatArray) -> None:
    """Vertical lines at the marginal traders, each named in the corner with the least drawn in it.

    One that stands for several is named once.
    """
    places = list(marks.values())
    named = list(marks)
    start, end = axes.get_xlim()
    if len(places) > 1 and max(places) - min(places) < 5e-4 * (end - start):
        places, named = places[:1], ["marginal trader"]
    corners = [(left, top) for top in (False, True) for left in (True, False)]
    for name, place in zip(named, places, strict=True):
        axes.axvline(place, color=palette.INK, linewidth=1.2, zorder=2)
        left, top = min(corners, key=lambda corner: _drawn_in(axes, place, corner, along, held))
        corners = [corner for corner in corners if corner[1] != top]
        axes.annotate(
            f"{name} {place:.3f}".replace(" ", "\n", 1),
            (place, 0.97 if top else 0.03),
            xycoords=("data", "axes fraction"),
            xytext=(-4 if left else 4, 0),
            textcoords="offset points",
            ha="right" if left else "left",
            va="top" if top else "bottom",
            fontsize=9.0,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.8, "pad": 1.0},
            zorder=5,
        )


def _drawn_in(
    axes: Axes, place: float, corner: tuple[bool, bool], along: FloatArray, held: FloatArray
) -> float:
    """Share of a corner (left, top) of a mark in which positions are drawn; 2 if off the axes."""

    def seen(x: FloatArray, y: FloatArray) -> FloatArray:
        shown: FloatArray = axes.transAxes.inverted().transform(
            axes.transData.transform(np.column_stack([x, y]))
        )
        return shown

    (left, top), (width, height) = corner, LABEL
    here = float(seen(np.array([place]), np.zeros(1))[0, 0])
    low, high = (here - width, here) if left else (here, here + width)
    if low < 0.0 or high > 1.0 + MARGIN:
        return 2.0
    at, tip = seen(along, held).T
    foot = seen(along, np.zeros_like(held))[:, 1]
    beside = (at >= low) & (at <= high)
    upper, lower = np.maximum(tip, foot), np.minimum(tip, foot)
    inside = upper >= 1.0 - height if top else lower <= height
    return float(np.mean(inside[beside])) if np.any(beside) else 0.0
