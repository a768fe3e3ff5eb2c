"""Runs side by side: the figure, a folder of tables, and a document with both."""

from __future__ import annotations

import tempfile
import textwrap
from collections.abc import Iterator, Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_pdf import PdfPages
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from pandas.api.types import is_numeric_dtype

from markets.refused import Refused
from simulator import palette
from simulator.compare import KEYS, Comparison
from simulator.export import SCREEN, check_writable, save_figure
from simulator.rounds_figures import COLOURS, DASHES, MARKERS

MOST_PANELS: Final = 5
"""Quotes that have a panel: those that differ most between runs."""

MOST_CURVES: Final = len(COLOURS)
"""Runs that are drawn; more can't be told apart."""


MOST_NAMED: Final = 6
"""Cases whose names have room beside one another."""

LINES, COLUMNS = 54, 145
"""Lines on a page of the document, and characters in a line: those of A4 on its side."""


def export(compared: Comparison, folder: Path) -> None:
    """Write tables, figure and ``comparison.pdf`` to a new folder, all of it or nothing.

    Raises
    ------
    Refused
        If the folder exists or can't be written.
    """
    if folder.exists():
        raise Refused(f"out is {folder}, which exists already; name a new folder")
    check_writable(folder.parent)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix=".walras-", dir=folder.parent) as temporary:
        fresh = Path(temporary) / "compared"
        fresh.mkdir()
        for name in ("parameters", "outcomes", "results"):
            getattr(compared, name).to_csv(fresh / f"{name}.csv", index=False)
        with palette.styled():
            figure = side_by_side(compared)
            save_figure(figure, fresh / "quotes", SCREEN)
            _save_document(compared, figure, fresh / "comparison.pdf")
        fresh.replace(folder)


def _save_document(compared: Comparison, figure: Figure, path: Path) -> None:
    """Pages of tables, then the figure; without the time of writing."""
    lines = [line for text in paragraphs(compared) for line in [*text.splitlines(), ""]]
    with PdfPages(path, metadata={"CreationDate": None, "Creator": "walras"}) as document:
        for first in range(0, len(lines), LINES):
            page = Figure(figsize=(11.69, 8.27))
            page.text(
                0.06, 0.94, "\n".join(lines[first : first + LINES]),
                family="DejaVu Sans Mono", fontsize=8.5, verticalalignment="top", parse_math=False,
            )  # fmt: skip
            document.savefig(page)
        document.savefig(figure)


def paragraphs(compared: Comparison) -> Iterator[str]:
    """The document's text: what was asked, how it ended, what was found."""
    yield f"Comparison of {len(compared.names)} runs of walras"
    yield "ASKED DIFFERENTLY" if len(compared.parameters) else "ASKED THE SAME"
    for row in compared.parameters.to_dict("records"):
        yield "\n".join(
            [str(row["parameter"])]
            + [
                textwrap.fill(
                    f"{name}: {row[name] or 'unknown to it'}", COLUMNS,
                    initial_indent="  ", subsequent_indent="    ",
                )
                for name in compared.names
            ]
        )  # fmt: skip
    yield from ("HOW THEY ENDED", _text(compared.outcomes))
    if len(compared.reports):
        yield from ("WHAT THEY REPORT", _text(compared.reports))
    yield from ("QUOTES AT THE LAST DATE OF EACH CASE", _text(compared.last_quotes, KEYS))


def _text(table: pd.DataFrame, keys: Sequence[str] = ()) -> str:
    """A table as text; what is too wide goes on below, its rows named again by their keys.

    Keys are the columns of words at the left unless given.
    """
    words = takewhile(lambda name: not is_numeric_dtype(table[name]), table.columns[:-1])
    named = table.set_index(list(keys or words))
    return named.rename(columns=lambda name: str(name).replace("_", " ")).to_string(
        na_rep="", float_format=lambda value: f"{value:.6g}", line_width=COLUMNS
    )


@palette.styled()
def side_by_side(compared: Comparison) -> Figure:
    """Quotes by date, a panel per quote and a curve per run."""
    quotes, names = compared.quotes, compared.names[:MOST_CURVES]
    spread = quotes[list(names)].max(axis=1) - quotes[list(names)].min(axis=1)
    scale = quotes[list(names)].abs().max(axis=1).clip(lower=1e-300)
    differ = (spread / scale).groupby(quotes["quantity"], sort=False).max()
    largest = set(differ.fillna(0.0).nlargest(MOST_PANELS).index)
    shown = [name for name in differ.index if name in largest]
    keys = list(dict.fromkeys(zip(quotes["case"], quotes["date"], strict=True)))
    at = {key: number for number, key in enumerate(keys, start=1)}
    several = len({case for case, _ in keys}) > 1

    figure = Figure(figsize=(12.0, 2.2 + 2.4 * max(1, len(shown))))
    panels = figure.subplots(max(1, len(shown)), 1, sharex=True, squeeze=False)[:, 0]
    for axes, quantity in zip(panels, shown, strict=False):
        rows = quotes[quotes["quantity"] == quantity]
        x = np.array([at[key] for key in zip(rows["case"], rows["date"], strict=True)])
        for k, name in enumerate(names):
            # side by side rather than on top of one another where quotes agree
            beside = 0.03 * (k - 0.5 * (len(names) - 1))
            axes.plot(
                x + beside,
                rows[name].to_numpy(dtype=np.float64),
                color=COLOURS[k],
                marker=MARKERS[k],
                linestyle=DASHES[k % len(DASHES)] if not several else "None",
                label=name,
            )
        axes.set_ylabel(quantity.replace("_", " "))
        axes.margins(y=0.16)
    if several:
        _mark_cases(panels.tolist(), [case for case, _ in keys])
    panels[-1].xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    panels[-1].set_xlim(0.5, len(keys) + 0.5)
    panels[-1].set_xlabel("case and date, in order" if several else "date")
    if shown:
        panels[0].legend(loc="lower left", bbox_to_anchor=(0.0, 1.02), ncols=2, borderaxespad=0.0)
    more = "" if len(names) == len(compared.names) else f" (the first {len(names)})"
    figure.suptitle(f"Quotes of {len(compared.names)} runs{more}")
    return palette.laid_out(figure)


def _mark_cases(panels: Sequence[Axes], cases: Sequence[str]) -> None:
    """A line where each case begins, and its name there if there is room for all."""
    names = list(dict.fromkeys(cases))
    for name in names:
        first = cases.index(name) + 0.5
        for axes in panels:
            axes.axvline(first, color=palette.NEUTRAL[2], linewidth=1.0)
        if len(names) <= MOST_NAMED:
            panels[0].annotate(
                name, (first, 1.0), xycoords=("data", "axes fraction"), xytext=(4.0, -2.0),
                textcoords="offset points", verticalalignment="top", fontsize=9.0,
            )  # fmt: skip
