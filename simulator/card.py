"""Figures of the size of a card on the page, with type that is read well there.

A picture is drawn again after every round. So its axes have fixed margins, and stand still.
Matplotlib is loaded when the first one is drawn.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from markets.quote import FloatArray
from simulator import palette
from simulator.outcome import Outcome

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

SIZE: Final = (3.9, 3.1)
"""Width and height of a card's picture in inches."""

STYLE: Final[dict[str, Any]] = {
    "axes.labelsize": 9.5,
    "axes.titlesize": 9.5,
    "figure.constrained_layout.use": False,
    "font.size": 9.0,
    "legend.fontsize": 8.5,
    "lines.linewidth": 1.8,
    "text.hinting": "none",  # a fifth of the time of drawing a card
    "xtick.labelsize": 9.0,
    "ytick.labelsize": 9.0,
}
"""Matplotlib's settings where a card differs from a figure."""

LEAST_RANGE: Final = 1e-9
"""Smallest range of an axis, as a share of its numbers; below it is rounding."""


@contextmanager
def styled() -> Iterator[None]:
    """Build a picture in the style of a card; also a decorator."""
    from matplotlib import style

    with palette.styled(), style.context(STYLE):
        yield


def frame(
    rows: int = 1,
    columns: int = 1,
    *,
    ratios: Sequence[float] | None = None,
    shared: bool = True,
    **margins: float,
) -> tuple[Figure, list[Axes]]:
    """An empty picture with panels below and beside each other, and fixed margins.

    Panels below each other have one horizontal axis, unless it is not shared.
    """
    from matplotlib.figure import Figure

    figure = Figure(figsize=SIZE)
    figure.subplots_adjust(
        **{"left": 0.195, "right": 0.965, "bottom": 0.155, "top": 0.86, "hspace": 0.16} | margins
    )
    panels = figure.subplots(
        rows, columns, sharex="col" if shared else "none", squeeze=False, height_ratios=ratios
    )
    return figure, list(panels.flat)


def legend(axes: Axes, columns: int = 2, **look: Any) -> None:
    """The legend above the axes, each name once; none where nothing has a name."""
    drawn = dict(zip(*reversed(axes.get_legend_handles_labels()), strict=True))
    if drawn:
        axes.legend(
            list(drawn.values()), list(drawn), loc="lower left", ncols=columns, frameon=False,
            **{"bbox_to_anchor": (-0.2, 1.0), "borderaxespad": 0.2, "handlelength": 1.6,
               "columnspacing": 1.0} | look,
        )  # fmt: skip


def missed(axes: Axes, x: FloatArray, y: FloatArray, outcomes: Iterable[object]) -> None:
    """Cross out the dates that did not end in an equilibrium."""
    wrong = np.array([outcome != Outcome.CLEARED for outcome in outcomes], dtype=np.bool_)
    if wrong.any():
        axes.plot(x[wrong], y[wrong], marker="x", markersize=9.0, color=palette.BAD,
                  linestyle="none", label="no equilibrium", zorder=6)  # fmt: skip


def reach(values: FloatArray, room: float = 0.12) -> tuple[float, float]:
    """Ends of an axis on which some numbers lie, with room on both sides; 0 to 1 without any."""
    known = values[np.isfinite(values)]
    if not known.size:
        return 0.0, 1.0
    low, high = float(known.min()), float(known.max())
    if high - low <= LEAST_RANGE * max(abs(low), abs(high), 1.0):
        wide = 0.05 * max(abs(low), 1.0)
        return low - wide, high + wide
    return low - room * (high - low), high + room * (high - low)


def whole(axes: Axes, most: int = 8) -> None:
    """Whole numbers, of rounds or dates, along an axis."""
    from matplotlib.ticker import MaxNLocator

    axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=most, min_n_ticks=1))


def upright(axes: Axes, label: str, most: int = 4) -> None:
    """Name the vertical axis, where names stand still, and give it few round numbers."""
    from matplotlib.ticker import MaxNLocator

    axes.set_ylabel(label)
    axes.yaxis.set_label_coords(-0.175, 0.5)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=most, steps=[1, 2, 2.5, 5, 10]))
    axes.ticklabel_format(axis="y", useOffset=False)
    if not axes.has_data():
        axes.set_ylim(0.0, 1.0)
