"""Runs side by side: the figure, a folder of tables, and a document with both."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from pandas.api.types import is_numeric_dtype

from markets.refused import Refused
from simulator import palette
from simulator.compare import KEYS, Comparison
from simulator.document.document import Document, Facts, Picture, Section, Table
from simulator.document.files import write_into
from simulator.export import SCREEN, check_writable, save_figure
from simulator.new_folder import new_folder
from simulator.rounds_figures import COLOURS, DASHES, MARKERS

MOST_PANELS: Final = 5
"""Quotes that have a panel: those that differ most between runs."""

MOST_CURVES: Final = len(COLOURS)
"""Runs that are drawn; more can't be told apart."""


MOST_NAMED: Final = 6
"""Cases whose names have room beside one another."""


def export(compared: Comparison, folder: Path) -> None:
    """Write tables, figure and document (HTML and PDF) to a new folder, all of it or nothing.

    Raises
    ------
    Refused
        If the folder exists or can't be written.
    """
    if folder.exists():
        raise Refused(f"out is {folder}, which exists already; name a new folder")
    check_writable(folder.parent)
    with new_folder(folder, over=False) as fresh:
        for name in ("parameters", "outcomes", "results"):
            getattr(compared, name).to_csv(fresh / f"{name}.csv", index=False)
        with palette.styled():
            figure = side_by_side(compared)
            save_figure(figure, fresh / "quotes", SCREEN)
        write_into(document(compared, figure), fresh, "comparison")


def document(compared: Comparison, figure: Figure) -> Document:
    """What was asked, how the runs ended, what they found."""
    asked, names = compared.parameters, compared.names
    sections = [
        Section(
            "Asked differently" if len(asked) else "Asked the same",
            [
                Section(
                    str(row["parameter"]), [Facts({n: row[n] or "unknown to it" for n in names})]
                )
                for row in asked.to_dict("records")
            ],
        ),
        Section("How they ended", [Table(compared.outcomes, "Each run", keys=("run",))]),
    ]
    if len(reports := compared.reports):
        words = takewhile(lambda name: not is_numeric_dtype(reports[name]), reports.columns[:-1])
        table = Table(reports, "Beside the dates, each run reports", keys=tuple(words))
        sections.append(Section("What they report", [table]))
    last = Table(compared.last_quotes, "At the last date of each case", keys=KEYS)
    told = f"Curves by date of the quotes of {len(names)} runs; the numbers are in results.csv."
    sections += [Section("Quotes", [last, Picture(figure, "Quotes by date.", told)])]
    return Document("Comparison", f"{len(names)} runs of walras", "", sections)


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
