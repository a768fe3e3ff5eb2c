"""Isoleverage lines, the region where the box holds, and where a run came to rest."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from scenarios.repo.figures.tables import column
from scenarios.repo.summary import percent
from simulator import palette

MOST_LINES: Final = 5
"""Haircuts whose lines are drawn."""

_DASHES: Final[tuple[tuple[float, tuple[float, ...]], ...]] = (
    (0.0, ()),
    (0.0, (6.0, 1.5)),
    (0.0, (3.0, 1.5)),
    (0.0, (6.0, 1.5, 1.0, 1.5)),
    (0.0, (1.0, 1.2)),
)


@palette.styled()
def isoleverage(
    lines: pd.DataFrame, haircuts: Sequence[float], market: str, dates: pd.DataFrame
) -> Figure:
    """One panel for a short market and one for a long one.

    Parameters
    ----------
    lines : pandas.DataFrame
        As from :func:`scenarios.repo.isoleverage.isoleverage`.
    haircuts : sequence of float
        Haircuts whose lines to draw, at most :data:`MOST_LINES` of them.
    market : str
        In which panel the run belongs, "short" or "long".
    dates : pandas.DataFrame
        Its resting points: haircut, security_price, repo_rate, marginal_belief_long. Those at a
        repo rate below zero lie on no line, and are left out.
    """
    if lines.empty:
        raise ValueError("lines has no rows to draw")
    shown = [haircut for haircut in dict.fromkeys(haircuts) if haircut > 0.0][:MOST_LINES]
    figure = Figure(figsize=(14.0, 7.0))
    panels = figure.subplots(1, 2, sharey=True)
    for axes, name in zip(panels, ("short", "long"), strict=True):
        draw_market(axes, lines[lines["market"] == name], shown)
        axes.set_title(f"{name} market")
        axes.set_xlabel("marginal belief m (probability of the low payoff)")
        axes.set_xlim(0.0, 1.0)
        if name == market:
            at_zero = dates[column(dates, "repo_rate") == 0.0]
            axes.plot(
                at_zero["marginal_belief_long"],
                at_zero["security_price"],
                linestyle="None",
                marker="o",
                markersize=9.0,
                color=palette.PRICE,
                zorder=6,
            )
    panels[0].set_ylabel("security price q (cash per security)")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=palette.HOUSE, linestyle=dash, label=f"haircut {percent(haircut)}")
        for haircut, dash in zip(shown, _DASHES, strict=False)
    ]
    handles += [
        Line2D(
            [], [], color=palette.CLOSED_FORM, linestyle="--",
            label="the marginal trader is indifferent",
        ),
        Patch(facecolor=palette.NEUTRAL[3], edgecolor=palette.NEUTRAL[1], label="the box holds"),
        Line2D(
            [], [], color=palette.PRICE, marker="o", linestyle="None",
            label="this run, at a repo rate of zero",
        ),
    ]  # fmt: skip
    figure.legend(handles=handles, loc="outside lower center", ncols=4)
    figure.suptitle(
        "Isoleverage lines: in equilibrium one crosses the indifference line in the shaded region"
    )
    return palette.laid_out(figure)


def draw_market(axes: Axes, lines: pd.DataFrame, haircuts: Sequence[float]) -> None:
    """Region, lines and indifference of one market."""
    levels = np.unique(column(lines, "haircut"))
    shape = (levels.size, -1)
    belief, price, slack = (
        column(lines, name).reshape(shape)
        for name in ("marginal_belief", "security_price", "box_slack")
    )
    known = np.isfinite(belief).all(axis=0)
    belief, price, slack = belief[:, known], price[:, known], slack[:, known]
    if known.sum() > 1 and slack.max() > 0.0:
        axes.contourf(
            belief, price, slack, levels=[0.0, np.inf], colors=[palette.NEUTRAL[3]], zorder=0
        )
        if slack.min() < 0.0:
            grey = palette.NEUTRAL[1]
            axes.contour(belief, price, slack, [0.0], colors=[grey], linewidths=1.0, zorder=1)
    for haircut, dash in zip(haircuts, _DASHES, strict=False):
        line = lines[lines["haircut"] == haircut]
        axes.plot(
            line["marginal_belief"],
            line["security_price"],
            color=palette.HOUSE,
            linestyle=dash,
            label=f"haircut {percent(haircut)}",
            zorder=3,
        )
    prices = np.unique(column(lines, "security_price"))
    step = prices[1] - prices[0]
    axes.plot(
        [1.0, 0.0],
        [prices[0] - step, prices[-1] + step],
        color=palette.CLOSED_FORM,
        linestyle="--",
        label="indifferent",
        zorder=4,
    )
