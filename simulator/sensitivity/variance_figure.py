"""Sobol' indices as bars with intervals."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure

from simulator import palette
from simulator.results import P

if TYPE_CHECKING:
    from simulator.sensitivity.variance import Variances

MOST_PANELS: Final = 4
"""Outputs that have a panel, in their order."""

KINDS: Final = (
    ("first", -0.19, palette.NEUTRAL[1], "", "alone (first order)"),
    ("total", 0.19, palette.NEUTRAL[2], "///", "with interactions (total)"),
)
"""Column, place beside the tick, colour, hatch and name of both indices."""


@palette.styled()
def shares(found: Variances[P]) -> Figure:
    """First-order and total index of each parameter, a panel per output that varies."""
    varying = found.indices.dropna(subset=["total"])
    names = list(dict.fromkeys(varying["output"]))[:MOST_PANELS]
    figure = Figure(figsize=(10.0, 1.6 + 2.6 * max(1, len(names))))
    panels = figure.subplots(max(1, len(names)), 1, squeeze=False)[:, 0]
    for axes, name in zip(panels, names, strict=False):
        rows = varying[varying["output"] == name]
        at = np.arange(len(rows))
        for column, beside, colour, hatch, label in KINDS:
            axes.bar(
                at + beside,
                rows[column].to_numpy(dtype=np.float64),
                yerr=rows[f"{column}_interval"].to_numpy(dtype=np.float64),
                width=0.36,
                color=colour,
                hatch=hatch,
                ecolor=palette.INK,
                capsize=3.0,
                label=label,
            )
        axes.set_xticks(at, [key.replace("_", " ") for key in rows["parameter"]])
        axes.set_ylabel("share of variance")
        axes.set_title(name.replace("_", " "))
        axes.grid(visible=False, axis="x")
    if names:
        panels[0].legend(loc="lower right", bbox_to_anchor=(1.0, 1.0), ncols=2)
    figure.suptitle(f"Where the variance of {found.scenario.name} comes from: {found.case}")
    return palette.laid_out(figure)
