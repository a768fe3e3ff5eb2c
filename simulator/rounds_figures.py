"""Figures that every run can have: quotes and excess demand by round.

Rounds of all dates and cases follow one another on one axis; a vertical line opens each date. All
numbers come from ``results.rounds`` and ``results.ends``.
"""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from markets.quote import FloatArray
from simulator import palette
from simulator.outcome import Outcome
from simulator.point import DateEnd
from simulator.results import P, Results

Label = Callable[[str, int], str]
"""What to call a date, from the name of its case and its number; no label if it is empty."""

MOST_NAMED: Final = 8
"""Curves of a panel that have a style and a name of their own; more can't be told apart."""

MOST_PANELS: Final = 4
"""Panels of quotes; of more units the last panel shows the rest, each curve with its unit."""

MARKED_ROUNDS: Final = 120
"""Up to so many rounds each has a marker."""

MARKERS_OF_MORE: Final = 40
"""Markers of a curve with more rounds than that, at even distances."""

RASTER_FROM: Final = 5_000
"""From so many rounds on, vector files hold the curves as an image."""

SMALLEST_SHOWN: Final = 1e-16
"""Excess demand, as a share, below which rounding is all there is; drawn at this value."""

NUMBERED: Final = 6
"""Up to so many dates the quotes at rest are written beside a single curve."""

MOST_LINES: Final = 60
"""Up to so many dates each is opened by a line with a label; of more, only cases are."""

TALL: Final = 24
"""Characters of the longest label that is written upright."""

Dash = str | tuple[int, tuple[int, ...]]
"""A line style of Matplotlib."""

DASHES: Final[tuple[Dash, ...]] = ("-", (0, (6, 2)), (0, (1, 1)), (0, (6, 2, 1, 2)))
MARKERS: Final = "osD^vP*X"
"""Each curve has a dash and a marker besides its colour."""

COLOURS: Final = (
    palette.PRICE,
    palette.REPO_RATE,
    palette.HOUSE,
    palette.GOOD,
    palette.LONG,
    palette.SHORT,
    palette.BAD,
    palette.CASH,
)
"""Colours of curves in their order; that of the closed form is not among them."""


@dataclass(frozen=True)
class _Stretch:
    """The rounds of one date on the common axis, from ``first`` to ``last``, both included."""

    case: str
    date: int
    first: int
    last: int
    end: DateEnd | None

    @property
    def rows(self) -> slice:
        return slice(self.first - 1, self.last)


@palette.styled()
def quotes(
    results: Results[P], names: Sequence[str] | None = None, label: Label | None = None
) -> Figure:
    """Quotes by round, one panel per unit, against the closed form of each date.

    Parameters
    ----------
    results : Results
        The run.
    names : sequence of str, optional
        Quotes to draw; all unless given.
    label : callable, optional
        What to call a date, from the name of its case and its number, for instance its haircut;
        unless given, the case at its first date and the number of the date.

    Raises
    ------
    ValueError
        If there has been no round, or a name is not that of a quote.
    """
    rounds, stretches = results.rounds, _stretches(results)
    names = _quote_names(results) if names is None else list(names)
    missing = [name for name in names if name not in rounds]
    if missing or not names:
        raise ValueError(f"rounds has no quote named {', '.join(missing)}")
    units = list(dict.fromkeys(results.units.get(name, "") for name in names))
    several = units[MOST_PANELS - 1 :] if len(units) > MOST_PANELS else []
    groups = [[unit] for unit in units if unit not in several] + ([several] if several else [])

    figure = Figure(figsize=(12.0, min(2.5 + 2.9 * len(groups), 10.0)))
    panels = figure.subplots(len(groups), 1, sharex=True, squeeze=False)[:, 0]
    for axes, group in zip(panels, groups, strict=True):
        shown = [name for name in names if results.units.get(name, "") in group]
        _draw_quotes(axes, results, stretches, shown)
        if len(group) > 1:
            axes.set_ylabel("quote\n(unit beside its name)")
        elif len(shown) == 1:
            axes.set_ylabel(_spoken(shown[0]) + (f"\n({group[0]})" if group[0] else ""))
        else:
            axes.set_ylabel(group[0] or "quote")
    _finish(figure, list(panels), stretches, "Quotes by round", results, label)
    return palette.laid_out(figure)


@palette.styled()
def excess(results: Results[P], label: Label | None = None) -> Figure:
    """Size of excess demand by round, as a share of what is traded, on a logarithmic scale.

    Excess demand that pushes a coordinate out of its range, at a limit that an equilibrium may
    attain (a repo rate of zero, say), is no gap to be closed: it is drawn as hollow markers
    without a line. All else is solid and has to fall below the tolerance of the rule.

    Parameters
    ----------
    results : Results
        The run.
    label : callable, optional
        As in :func:`quotes`.

    Raises
    ------
    ValueError
        If there has been no round.
    """
    rounds, stretches = results.rounds, _stretches(results)
    tolerance = results.parameters.adjuster(0.1).share_tolerance
    markets = [
        name
        for share in rounds.columns
        if share.endswith("_share") and (name := share.removesuffix("_share")) in rounds
    ]
    inward = _column(rounds, "share")
    sizes = {name: np.abs(_column(rounds, f"{name}_share")) for name in markets}
    with np.errstate(invalid="ignore"):
        excused = {name: size > inward * (1.0 + 1e-9) for name, size in sizes.items()}
    gaps = {name: np.where(excused[name], np.nan, sizes[name]) for name in markets}
    breaks = [stretch.first for stretch in stretches[1:]]

    figure = Figure(figsize=(12.0, 6.5))
    axes = figure.subplots()
    number = np.arange(1.0, len(rounds) + 1.0)
    styles = _styles(markets, {name: _largest(gaps[name]) for name in markets})
    for name in sorted(markets, key=lambda name: name in styles):
        style = styles.get(name, _UNNAMED)
        x, y = _broken(number, np.maximum(gaps[name], SMALLEST_SHOWN), breaks)
        _plot(axes, x, y, style, _spoken(name) if name in styles else None)
        hollow = excused[name]
        if hollow.any() and name in styles:
            axes.plot(
                number[hollow],
                np.maximum(sizes[name][hollow], SMALLEST_SHOWN),
                linestyle="None",
                marker=style.marker,
                markerfacecolor="none",
                markeredgecolor=style.colour,
                markevery=_every(int(hollow.sum())),
                label=f"{_spoken(name)}: allowed at a limit",
            )
    _name_the_rest(axes, len(markets) - len(styles), "further markets")
    axes.axhline(
        tolerance,
        color=palette.NEUTRAL[0],
        linestyle=(0, (4, 2)),
        linewidth=1.2,
        label=f"cleared: below {tolerance:.0e}",
    )
    axes.set_yscale("log")
    highest = max(_largest(np.concatenate(list(sizes.values()) or [inward])), tolerance)
    axes.set_ylim(0.4 * min(SMALLEST_SHOWN, tolerance), 10.0 * highest)
    axes.set_ylabel("size of excess demand\n(share of what is traded)")
    _finish(figure, [axes], stretches, "Excess demand by round", results, label)
    return palette.laid_out(figure)


# ---------------------------------------------------------------------- dates on one axis
def _stretches(results: Results[P]) -> list[_Stretch]:
    """Where each date begins and ends when rounds are counted through."""
    rounds = results.rounds
    if rounds.empty:
        raise ValueError("rounds has no rows to draw")
    ends = {(end.point.case, end.point.date): end for end in results.ends}
    cases = rounds["case"].to_numpy(dtype=object)
    dates = rounds["date"].to_numpy(dtype=np.int64)
    new = np.r_[True, (cases[1:] != cases[:-1]) | (dates[1:] != dates[:-1])]
    firsts = np.flatnonzero(new)
    lasts = np.r_[firsts[1:], len(rounds)]
    return [
        _Stretch(
            str(cases[first]),
            int(dates[first]),
            int(first) + 1,
            int(last),
            ends.get((str(cases[first]), int(dates[first]))),
        )
        for first, last in zip(firsts, lasts, strict=True)
    ]


def _finish(
    figure: Figure,
    panels: list[Axes],
    stretches: list[_Stretch],
    heading: str,
    results: Results[P],
    label: Label | None,
) -> None:
    """What both figures share: dates, the common axis, legends and a title true of the run."""
    begin, end = 0.5, stretches[-1].last + 0.5
    cases = len({stretch.case for stretch in stretches}) > 1
    opened = [
        stretch
        for before, stretch in zip([None, *stretches[:-1]], stretches, strict=True)
        if len(stretches) <= MOST_LINES or before is None or before.case != stretch.case
    ]
    for stretch in opened:
        for axes in panels:
            axes.axvline(stretch.first - 0.5, color=palette.NEUTRAL[1], linewidth=1.0, zorder=1)
    for axes in panels:
        axes.set_xlim(begin, end)
        axes.grid(visible=False, axis="x")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=14, min_n_ticks=1))
        axes.legend(loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0)
    panels[-1].set_xlabel(
        "round (number" + (", counted through all dates)" if len(stretches) > 1 else ")")
    )
    if len(stretches) > 1 or label is not None:
        labels = [(stretch.first - 0.5, _called(stretch, cases, label)) for stretch in opened]
        _label_dates(panels[0], labels, end - begin)
    if results.outcome is Outcome.CLEARED:
        figure.suptitle(heading)
    else:
        reason = textwrap.fill(results.reason, 105)
        figure.suptitle(f"{heading}: {results.outcome}\n{reason}", fontsize=12.0)


def _called(stretch: _Stretch, cases: bool, label: Label | None) -> str:
    """The label of a date, with its outcome if it is none of an equilibrium."""
    if label is not None:
        text = label(stretch.case, stretch.date)
    elif cases and stretch.date == 1:
        text = stretch.case
    else:
        text = f"date {stretch.date}"
    if stretch.end is None or stretch.end.outcome is Outcome.CLEARED:
        return text
    return f"{text}: {stretch.end.outcome}".removeprefix(": ")


def _label_dates(axes: Axes, labels: list[tuple[float, str]], width: float) -> None:
    """Labels above the line that opens each date: level if they all fit, else upright.

    Upright labels that would overlap are left out.
    """
    named = [(edge, text) for edge, text in labels if text]
    rooms = np.diff([edge for edge, _ in named] + [0.5 + width]) / width
    needs = np.array([0.015 + 0.0105 * len(text) for _, text in named])
    level = bool(np.all(rooms[:-1] >= needs[:-1]))
    reached = -np.inf
    for edge, text in named:
        if not level and edge < reached:
            continue
        reached = edge + 0.022 * width
        short = text if level or len(text) <= TALL else text[: TALL - 1] + "\N{HORIZONTAL ELLIPSIS}"
        axes.annotate(
            short,
            (edge, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 4),
            textcoords="offset points",
            rotation=0 if level else 90,
            color=palette.NEUTRAL[0],
            fontsize=10 if level else 8,
            label=palette.MAY_GO,
        )


# ---------------------------------------------------------------------- curves
@dataclass(frozen=True)
class _Style:
    colour: str
    marker: str
    dash: Dash
    width: float = 2.0


_UNNAMED = _Style(palette.NEUTRAL[1], "None", "-", 0.8)


def _styles(names: list[str], size: dict[str, float]) -> dict[str, _Style]:
    """A style for each of at most :data:`MOST_NAMED` curves: the first, or the largest of many."""
    if len(names) > MOST_NAMED:
        largest = sorted(names, key=lambda name: -size[name])[:MOST_NAMED]
        names = [name for name in names if name in largest]
    return {
        name: _Style(COLOURS[k], MARKERS[k], DASHES[k % len(DASHES)])
        for k, name in enumerate(names)
    }


def _draw_quotes(
    axes: Axes, results: Results[P], stretches: list[_Stretch], names: list[str]
) -> None:
    """The quotes of a panel by round, the closed form of each date, and a single one at rest."""
    rounds = results.rounds
    values = {name: _column(rounds, name) for name in names}
    swings = {name: _largest(values[name]) + _largest(-values[name]) for name in names}
    styles = _styles(names, swings)
    units = len({results.units.get(name, "") for name in names}) > 1
    cases = [after.first for before, after in pairwise(stretches) if before.case != after.case]
    number = np.arange(1.0, len(rounds) + 1.0)
    for name in sorted(names, key=lambda name: name in styles):
        text = _spoken(name) + (f" ({results.units.get(name, '')})" if units else "")
        x, y = _broken(number, values[name], cases)
        _plot(axes, x, y, styles.get(name, _UNNAMED), text if name in styles else None)
    _name_the_rest(axes, len(names) - len(styles), "further quotes")
    once: str | None = "closed form"
    for stretch in stretches:
        for name in styles:
            closed = stretch.end.closed_form.get(name, np.nan) if stretch.end else np.nan
            if not np.isfinite(closed):
                continue
            axes.plot(
                [stretch.first - 0.5, stretch.last + 0.5],
                [closed, closed],
                color=palette.CLOSED_FORM,
                linestyle=(0, (5, 2)),
                label=once,
                zorder=4,
            )
            once = None
    axes.margins(y=0.16)
    if len(names) == 1 and len(stretches) <= NUMBERED:
        _number_rests(axes, stretches, values[names[0]])


def _number_rests(axes: Axes, stretches: list[_Stretch], values: FloatArray) -> None:
    """Write the last quote of each date beside it, on the side away from the curve."""
    for stretch in stretches:
        path = values[stretch.rows]
        if not np.isfinite(path[-1]):
            continue
        below = float(np.nanmean(path)) > path[-1]
        axes.annotate(
            f"{path[-1] + 0.0:.5g}".replace("-", "\N{MINUS SIGN}"),
            (stretch.last, path[-1]),
            xytext=(4, -9 if below else 9),
            textcoords="offset points",
            ha="right",
            va="top" if below else "bottom",
            fontsize=10,
            zorder=5,
        )


def _plot(axes: Axes, x: FloatArray, y: FloatArray, style: _Style, label: str | None) -> None:
    axes.plot(
        x,
        y,
        color=style.colour,
        linestyle=style.dash,
        linewidth=style.width,
        marker=style.marker,
        markevery=_every(x.size),
        label=label,
        rasterized=x.size > RASTER_FROM,
        zorder=2 if label is None else 3,
    )


def _name_the_rest(axes: Axes, count: int, what: str) -> None:
    if count > 0:
        axes.plot([], [], color=_UNNAMED.colour, linewidth=_UNNAMED.width, label=f"{count} {what}")


def _broken(x: FloatArray, y: FloatArray, breaks: list[int]) -> tuple[FloatArray, FloatArray]:
    """A curve that is interrupted before the rounds in ``breaks`` (numbers from 1)."""
    places = [first - 1 for first in breaks]
    return np.insert(x, places, np.nan), np.insert(y, places, np.nan)


def _every(count: int) -> int:
    return 1 if count <= MARKED_ROUNDS else count // MARKERS_OF_MORE


def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64)


def _largest(values: FloatArray) -> float:
    """Largest finite value, 0 if there is none."""
    finite = values[np.isfinite(values)]
    return float(finite.max()) if finite.size else 0.0


def _quote_names(results: Results[P]) -> list[str]:
    names = list(results.units) or results.quote_names
    return [name for name in names if name in results.rounds]


def _spoken(name: str) -> str:
    return name.replace("_", " ")
