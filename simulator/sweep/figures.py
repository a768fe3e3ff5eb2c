"""Pictures of a sweep: lines over a column with bands over seeds, and maps over two columns."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator

from markets.refused import Refused
from simulator import palette
from simulator.names import unknown
from simulator.outcome import Outcome
from simulator.results import EQUILIBRIA
from simulator.sweep.store import DATES
from simulator.sweep.table import KIND, joined, read_parts

MOST_LINES: Final = 8
"""Lines that can be told apart in one panel."""

MOST_PANELS: Final = 6
"""Columns in one figure of lines."""

MOST_WORDS: Final = 6
"""Words that a map tells apart."""

MOST_TICKS: Final = 12
"""Values of an axis up to which each is named on it."""

GRID: Final = 0.25
"""Least share of all combinations of two columns that a map fills with cells; below that, as of a
sample, each run is a dot."""

SEVERAL = "several"
"""Word of a cell whose runs differ."""

SEVERAL_EQUILIBRIA: Final = f"{Outcome.CLEARED}, several equilibria"
"""Outcome of a date at which more than one was found."""

SINGLE: Final = r"\[[-+.\de]+\]"
"""Text of a list of a single number."""

MARKERS: Final = "osD^vP*X"
DASHES: Final = ("-", "--", "-.", ":")


@dataclass(frozen=True)
class Shown:
    """The rows of a sweep that a figure shows.

    Attributes
    ----------
    rows : pandas.DataFrame
        One per date shown.
    quotes, parameters : list of str
        Which columns are quotes, and which are parameters with several values.
    """

    rows: pd.DataFrame
    quotes: list[str]
    parameters: list[str]


def lines(
    folder: Path, x: str, y: Sequence[str] = (), by: str | None = None, *, date: int | None = None
) -> Mapping[str, Figure]:
    """Columns over another one: means as lines, and from lowest to highest as bands.

    Means and bands are over the seeds, and over every other parameter that varies, which the title
    then says. Runs that did not clear are left out, and counted in the title.

    Parameters
    ----------
    folder : Path
        The folder of a sweep.
    x : str
        Column across.
    y : sequence of str
        Columns to show, a panel each; the quotes unless given.
    by : str, optional
        Column that tells lines apart.
    date : int, optional
        Date to show; unless given the last of each run, or all dates where ``x`` or ``by`` changes
        from date to date.

    Raises
    ------
    Refused
        If the folder holds no sweep, a column is unknown or no number, or there are too many lines.
    """
    shown = _read(folder, [x, *([by] if by is not None else [])], date)
    names = list(y) or shown.quotes
    _refuse_columns(shown.rows, [x, *names, *([by] if by is not None else [])])
    for name in names:
        if not _numeric(shown.rows[name]):
            raise Refused(f"y is {name}, which is words; --heat shows these")
    if len(names) > MOST_PANELS:
        raise Refused(f"{len(names)} columns are too many for a figure; name some: --y {names[0]}")
    cleared = shown.rows[shown.rows["outcome"] == str(Outcome.CLEARED)]
    groups = [(None, cleared)] if by is None else list(cleared.groupby(by, sort=True))
    if len(groups) > MOST_LINES:
        raise Refused(
            f"{by} has {len(groups)} values, and {MOST_LINES} lines can be told apart; show it"
            f" with --heat {x} {by}"
        )
    with palette.styled():
        figure = Figure(figsize=(9.0, 1.6 + 3.2 * len(names)))
        panels = figure.subplots(len(names), 1, sharex=True, squeeze=False)[:, 0]
        for axes, name in zip(panels, names, strict=True):
            places = _places(axes, cleared[x])
            for number, (value, rows) in enumerate(groups):
                _line(axes, rows, x, name, places, number, value)
            axes.set_ylabel(_words(name))
        panels[-1].set_xlabel(_words(x))
        if by is not None and groups:
            panels[0].legend(
                title=_words(by), loc="upper left", bbox_to_anchor=(1.005, 1.0), borderaxespad=0.0
            )
        figure.suptitle(_title(shown, names, {x, by}, "mean and range"), fontsize=11)
        return {f"{x}-lines": palette.laid_out(figure)}


def maps(
    folder: Path, a: str, b: str, y: Sequence[str] = (), *, date: int | None = None
) -> Mapping[str, Figure]:
    """A map per column over two parameters: means as colours, words with a legend.

    Parameters
    ----------
    folder : Path
        The folder of a sweep.
    a, b : str
        Columns across and up.
    y : sequence of str
        Columns to show; the outcome and the quotes unless given.
    date : int, optional
        Date to show; the last of each run unless given, or all where ``a`` or ``b`` changes from
        date to date.

    Raises
    ------
    Refused
        If the folder holds no sweep, or a column is unknown or has too many words.
    """
    shown = _read(folder, [a, b], date)
    names = list(y) or ["outcome", *shown.quotes]
    _refuse_columns(shown.rows, [a, b, *names])
    figures = {}
    with palette.styled():
        for name in names:
            figure = Figure(figsize=(8.0, 6.0))
            axes = figure.subplots()
            across, up = _places(axes, shown.rows[a]), _places(axes, shown.rows[b], up=True)
            rows = shown.rows
            if _numeric(rows[name]):
                rows = rows[rows["outcome"] == str(Outcome.CLEARED)]
                _numbers(figure, axes, rows, name, across, up)
            else:
                _legend_of_words(axes, rows.assign(**{name: _told(rows, name)}), name, across, up)
            axes.set_xlabel(_words(a))
            axes.set_ylabel(_words(b))
            axes.grid(visible=False)
            how = "mean" if _numeric(shown.rows[name]) else f'"{SEVERAL}" where they differ'
            figure.suptitle(_title(shown, [name], {a, b}, how), fontsize=11)
            figures[f"{a}-{b}-{name}"] = palette.laid_out(figure)
    return figures


# ---------------------------------------------------------------------- rows
def _read(folder: Path, keys: Sequence[str], date: int | None) -> Shown:
    paths = sorted((folder / DATES).glob("part-*.parquet"))
    if not paths:
        raise Refused(f"{folder} holds no table of a sweep; name the folder of one that is done")
    table = read_parts(folder / DATES).apply(_single)
    schema = joined([pq.read_schema(path) for path in paths])
    kinds = {field.name: field.metadata[KIND].decode() for field in schema}
    quotes = [name for name, kind in kinds.items() if kind == "quotes"]
    varied = [
        name
        for name, kind in kinds.items()
        if kind == "parameter" and name != "run_seed" and table[name].nunique(dropna=False) > 1
    ]
    _refuse_columns(table, keys)
    if date is not None:
        rows = table[table["date"] == date]
        if rows.empty:
            raise Refused(f"date is {date}; the last one of this sweep is {table['date'].max():g}")
    elif any(table.groupby("run")[key].nunique().max() > 1 for key in keys):
        rows = table
    else:
        last = ~table.duplicated(["run", "case"], keep="last")
        rows = table[last]
    return Shown(rows.reset_index(drop=True), quotes, varied)


def _single(column: pd.Series) -> pd.Series:
    """A parameter that is a list as numbers, if every value of it lists a single one."""
    if _numeric(column) or not column.astype(str).str.fullmatch(SINGLE).all():
        return column
    return column.str.strip("[]").astype(np.float64)


def _refuse_columns(table: pd.DataFrame, names: Sequence[str]) -> None:
    for name in names:
        if name not in table:
            raise Refused(unknown(name, [str(column) for column in table], "column of this sweep"))


def _told(rows: pd.DataFrame, name: str) -> pd.Series:
    """Words of a column; outcomes say where several equilibria were found."""
    words = rows[name].astype(object).where(rows[name].notna(), "none")
    if name == "outcome" and EQUILIBRIA in rows:
        many = (rows[EQUILIBRIA] > 1) & (words == str(Outcome.CLEARED))
        words = words.mask(many, SEVERAL_EQUILIBRIA)
    return words.astype(str)


def _title(shown: Shown, names: Sequence[str], used: set[str | None], how: str) -> str:
    """What is shown: over what means are taken, and what is left out."""
    alike = shown.rows.groupby([name for name in used if name is not None], dropna=False)
    over = [
        _words(name)
        for name in shown.parameters
        if name not in used and (alike[name].nunique(dropna=False) > 1).any()
    ]
    said = [", ".join(_words(name) for name in names)]
    if over:
        said.append(f"{how} over {', '.join(over)}")
    left_out = int((shown.rows["outcome"] != str(Outcome.CLEARED)).sum())
    if left_out and any(_numeric(shown.rows[name]) for name in names):
        said.append(f"{left_out} of {len(shown.rows)} dates that did not clear are left out")
    return "\n".join(said)


def _words(name: str) -> str:
    return name.replace("_", " ")


def _numeric(column: pd.Series) -> bool:
    return column.dtype.kind in "fiu"


# ---------------------------------------------------------------------- drawing
def _places(axes: Axes, column: pd.Series, *, up: bool = False) -> pd.Series:
    """Where the values of a column stand on an axis: numbers where they are, words in a row."""
    axis = axes.yaxis if up else axes.xaxis
    if _numeric(column):
        if column.dtype.kind in "iu":
            axis.set_major_locator(MaxNLocator(integer=True))
        return column.astype(np.float64)
    words = column.astype(str)
    order = list(dict.fromkeys(sorted(words)))
    if len(order) > MOST_TICKS:
        axis.set_ticks([])
    else:
        axis.set_ticks(range(len(order)), [word[:24] for word in order])
    return words.map({word: float(place) for place, word in enumerate(order)})


def _line(
    axes: Axes,
    rows: pd.DataFrame,
    x: str,
    name: str,
    places: pd.Series,
    number: int,
    value: object,
) -> None:
    """A line of means with its band."""
    grouped = rows[name].groupby(places[rows.index])
    mean, low, high = grouped.mean(), grouped.min(), grouped.max()
    colour = palette.HOLDERS.get(str(value), palette.EXCESS[number % len(palette.EXCESS)])
    axes.fill_between(mean.index, low, high, color=colour, alpha=0.18, linewidth=0)
    axes.plot(
        mean.index,
        mean,
        color=colour,
        marker=MARKERS[number % len(MARKERS)] if len(mean) <= 60 else "",
        linestyle=DASHES[number % len(DASHES)],
        label=f"{value:g}" if isinstance(value, float) else str(value),
    )


def _numbers(
    figure: Figure, axes: Axes, rows: pd.DataFrame, name: str, across: pd.Series, up: pd.Series
) -> None:
    """Means as colours: cells of a grid, or dots of a sample."""
    across, up = across[rows.index], up[rows.index]
    if rows.empty:
        axes.text(0.5, 0.5, "no run cleared", ha="center", transform=axes.transAxes)
        return
    wide = rows[name].groupby([up, across]).mean().unstack()
    if wide.notna().to_numpy().mean() >= GRID:
        drawn: ScalarMappable = axes.pcolormesh(
            wide.columns, wide.index, wide.to_numpy(), shading="nearest", cmap="cividis"
        )
    else:
        drawn = axes.scatter(across, up, c=rows[name], s=14, cmap="cividis")
    figure.colorbar(drawn, ax=axes, label=_words(name))


def _legend_of_words(
    axes: Axes, rows: pd.DataFrame, name: str, across: pd.Series, up: pd.Series
) -> None:
    """Words as colours and markers: cells of a grid, or dots of a sample."""
    cells = (
        rows[name].groupby([up, across]).agg(lambda w: w.iloc[0] if w.nunique() == 1 else SEVERAL)
    )
    found = sorted(set(cells), key=lambda word: (word != str(Outcome.CLEARED), word))
    if len(found) > MOST_WORDS:
        raise Refused(f"y is {name}, which has {len(found)} words; a map tells {MOST_WORDS} apart")
    known = {
        str(Outcome.CLEARED): palette.GOOD,
        SEVERAL_EQUILIBRIA: palette.REPO_RATE,
        **palette.HOLDERS,
    }
    others = iter([c for c in palette.EXCESS[::-1] if c not in known.values()] * len(found))
    colours = [known.get(word) or next(others) for word in found]
    code = cells.map({word: place for place, word in enumerate(found)})
    wide = code.unstack()
    grid = wide.notna().to_numpy().mean() >= GRID
    if grid:
        tints = ListedColormap([palette.tint(colour, 0.45) for colour in colours])
        axes.pcolormesh(
            wide.columns, wide.index, wide.to_numpy(dtype=np.float64), shading="nearest",
            cmap=tints, vmin=-0.5, vmax=len(found) - 0.5,
        )  # fmt: skip
    size = max(2.0, min(8.0, 160.0 / max(wide.shape if grid else (len(code) ** 0.5,))))
    for place, (word, colour) in enumerate(zip(found, colours, strict=True)):
        here = code[code == place].index
        axes.plot(
            here.get_level_values(1), here.get_level_values(0), linestyle="None",
            marker=MARKERS[place], color=colour, markersize=size, label=f"{word} ({len(here)})",
        )  # fmt: skip
    handles = [
        Line2D([], [], linestyle="None", marker=MARKERS[n], color=c, label=w)
        for n, (w, c) in enumerate(zip(found, colours, strict=True))
    ]
    axes.legend(
        handles=handles, loc="lower left", bbox_to_anchor=(0.0, 1.01), ncols=min(3, len(found)),
        borderaxespad=0.0, frameon=False,
    )  # fmt: skip
