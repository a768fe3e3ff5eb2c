"""A fit as a figure: moments observed and simulated, and the profile of the objective."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from matplotlib.figure import Figure

from simulator import palette
from simulator.names import counted
from simulator.results import P

if TYPE_CHECKING:
    from simulator.fit.fit import Fit

MOST_PROFILES: Final = 4
"""Parameters whose profiles are drawn, in their order."""


@palette.styled()
def fitted(found: Fit[P]) -> Figure:
    """Moments in a panel on the left, the profile of every parameter on the right."""
    keys = list(found.ranges)[:MOST_PROFILES]
    count = len(found.moments)
    figure = Figure(figsize=(13.0, 1.6 + max(0.42 * count, 2.4 * len(keys))))
    grid = figure.add_gridspec(len(keys), 2, width_ratios=[1.25, 1.0])
    axes = figure.add_subplot(grid[:, 0])
    at = np.arange(count)[::-1]
    moments = found.moments
    axes.errorbar(
        moments["observed"].to_numpy(),
        at,
        xerr=moments["error"].fillna(0.0).to_numpy(),
        fmt="o",
        color=palette.PRICE,
        ecolor=palette.NEUTRAL[1],
        label="observed",
    )
    axes.plot(
        moments["simulated"].to_numpy(),
        at,
        linestyle="None",
        marker="D",
        markerfacecolor="none",
        color=palette.CLOSED_FORM,
        label="simulated at the estimate",
    )
    axes.set_yticks(at, moments["moment"])
    axes.axvline(0.0, color=palette.NEUTRAL[1], linewidth=0.8)
    axes.legend(loc="lower left", bbox_to_anchor=(0.0, 1.0), ncols=2)
    for k, key in enumerate(keys):
        panel = figure.add_subplot(grid[k, 1])
        rows = found.profile[found.profile["parameter"] == key]
        (estimate,) = found.estimates[found.estimates["parameter"] == key].to_dict("records")
        panel.plot(rows["value"], rows["objective"], color=palette.PRICE, marker=".")
        panel.axvspan(estimate["low"], estimate["high"], color=palette.NEUTRAL[3])
        panel.axvline(estimate["estimate"], color=palette.CLOSED_FORM, linestyle="--")
        panel.set_xlabel(f"{key.replace('_', ' ')} (shaded: 95%)")
        panel.set_ylabel("objective")
    said = f"{counted(count, 'moment')}, {counted(len(found.ranges), 'parameter')}"
    figure.suptitle(f"{found.scenario.name}: {said}")
    return palette.laid_out(figure)
