"""Figures of a pledgeable security, drawn from plain tables.

Every function returns a new ``Figure`` and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scenarios.pledge import closed_form as theory
from simulator import palette

VERSION_STYLES: Final[Mapping[theory.Version, tuple[str, str, str]]] = {
    "printed": (palette.BAD, ":", "Proposition 8 as printed"),
    "printed-noise": (palette.REPO_RATE, "-.", "the same with the signal's noise restored"),
    "corrected": (palette.CLOSED_FORM, "--", "corrected: consistent Bayes"),
}
"""Colour, dash and label of each closed form."""

PANELS: Final = {
    "b0": "constant $\\beta_0$",
    "b1": "weight of the value $\\beta_1$",
    "b2": "weight of noise $\\beta_2$",
    "tau_theta": "precision of the price as a signal $\\tau_\\theta$",
}
"""Coefficients shown; the fourth, beta_3, is the same in all closed forms."""


@palette.styled()
def coefficients_by_day(
    dates: pd.DataFrame, versions: Mapping[theory.Version, theory.Coefficients]
) -> Figure:
    """Conjectured and realised coefficients day by day, against the three closed forms.

    ``dates`` has date and, for each coefficient, conjecture_<name> and realised_<name>.
    """
    figure = Figure(figsize=(12.0, 8.0))
    panels = figure.subplots(2, 2, sharex=True).ravel()
    days = dates["date"].to_numpy()
    marker = "o" if len(days) <= 80 else "None"
    for axes, (name, label) in zip(panels, PANELS.items(), strict=True):
        for version, found in versions.items():
            colour, dash, told = VERSION_STYLES[version]
            axes.axhline(getattr(found, name), color=colour, ls=dash, label=told)
        axes.plot(
            days, dates[f"conjecture_{name}"], color=palette.CASH, marker=marker, ms=3.5, lw=1.2,
            label="what investors conjecture",
        )  # fmt: skip
        axes.plot(
            days, dates[f"realised_{name}"], color=palette.PRICE, marker=marker, ms=3.5, lw=1.5,
            label="what their orders amount to",
        )  # fmt: skip
        axes.set_title(label)
        if len(days) > 1:
            axes.set_xscale("log")
            axes.set_xticks([t for t in (1, 2, 5, 10, 20, 50, 100, 1000, 10_000) if t <= days[-1]])
            axes.xaxis.set_major_formatter("{x:.0f}")
            axes.minorticks_off()
    for axes in panels[2:]:
        axes.set_xlabel("day")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle("What the price reveals: belief, market and theory")
    return figure


@palette.styled()
def price_against_closed_form(dates: pd.DataFrame) -> Figure:
    """Simulated log price of each day against the corrected closed form, with a 2 sd band.

    ``dates`` has date, log_price, closed_log_price and price_error_sd, the standard deviation that
    theory gives the price of so many investors about the continuum's.
    """
    figure = Figure(figsize=(12.0, 5.8))
    left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.15])
    theory_says = dates["closed_log_price"].to_numpy(np.float64)
    simulated = dates["log_price"].to_numpy(np.float64)
    spread = dates["price_error_sd"].to_numpy(np.float64)
    days = dates["date"].to_numpy()
    line = np.array([theory_says.min(), theory_says.max()])
    pad = 0.05 * max(float(np.ptp(line)), 0.1)
    line += np.array([-pad, pad])
    widest = float(spread.max())
    left.fill_between(
        line, line - 2 * widest, line + 2 * widest, color=palette.tint(palette.CLOSED_FORM, 0.3),
        lw=0, label="$\\pm 2$ standard deviations of a finite market",
    )  # fmt: skip
    left.plot(line, line, color=palette.CLOSED_FORM, ls="--", label="continuum (corrected)")
    left.plot(theory_says, simulated, "o", color=palette.PRICE, ms=4, alpha=0.8, label="a day")
    left.set_xlabel("log price by the closed form")
    left.set_ylabel("simulated log price")
    left.legend(loc="upper left")
    order = np.argsort(days)
    right.axhspan(-2.0, 2.0, color=palette.tint(palette.CLOSED_FORM, 0.3), lw=0)
    right.axhline(0.0, color=palette.CLOSED_FORM, ls="--")
    right.plot(
        days[order], ((simulated - theory_says) / spread)[order], "o", color=palette.PRICE, ms=4
    )
    right.set_yscale("symlog", linthresh=3.0)
    right.set_yticks([-100, -30, -10, -3, -2, -1, 0, 1, 2, 3, 10, 30, 100])
    right.yaxis.set_major_formatter("{x:g}")
    right.minorticks_off()
    reach = max(4.0, 1.2 * float(np.max(np.abs((simulated - theory_says) / spread))))
    right.set_ylim(-reach, reach)
    right.set_xlabel("day")
    right.set_ylabel("distance from the closed form\n(standard deviations of a finite market)")
    figure.suptitle("Simulated price against the closed form")
    return figure


@palette.styled()
def bias_map(primitives: theory.Primitives, haircut: float, repo_rate: float) -> Figure:
    """Pledgeability bias over haircut and repo rate, and where the repo market is shut.

    The mark is the economy's own haircut and repo rate.
    """
    least = 1.0 - primitives.spot_share
    most = max(0.7, least + 0.5 * (1.0 - least), min(1.1 * haircut, 0.99))
    haircuts = np.linspace(least + 0.01 * (1.0 - least), most, 141)
    highest = theory.shut_rate(float(haircuts[0]), primitives.value_precision)
    rates = np.linspace(0.0, max(1.1 * highest, 1.3 * repo_rate), 101)
    bias = np.array(
        [[theory.pledgeability_bias(primitives, h, r) for h in haircuts] for r in rates]
    )
    shut = np.array(
        [[not theory.active(h, r, primitives.value_precision) for h in haircuts] for r in rates]
    )
    figure = Figure(figsize=(10.5, 6.8))
    axes = figure.subplots()
    colours = LinearSegmentedColormap.from_list(
        "bias", [palette.tint(palette.LONG, 0.06), palette.LONG, palette.INK]
    )
    shown = np.ma.masked_where(shut | (bias <= 0.0), bias)
    top = float(shown.max())
    image = axes.pcolormesh(
        haircuts, rates, shown, cmap=colours, norm=LogNorm(max(1e-3, 1e-4 * top), top),
        shading="nearest", rasterized=True,
    )  # fmt: skip
    levels = [v for v in (0.001, 0.01, 0.03, 0.1, 0.3, 1.0, 3.0) if v < top]
    lines = axes.contour(
        haircuts, rates, np.where(shut, 0.0, bias), levels=levels, colors="white", linewidths=1.0
    )
    axes.clabel(lines, levels=[v for v in levels if v > 0.005], fmt="%g", fontsize=9)
    border = np.array([theory.shut_rate(float(h), primitives.value_precision) for h in haircuts])
    axes.fill_between(
        haircuts, border, rates[-1], fc=palette.NEUTRAL[3], ec=palette.NEUTRAL[2], hatch="//", lw=0
    )
    axes.plot(haircuts, border, color=palette.INK, lw=2.0)
    axes.plot(
        haircut, repo_rate, "o", ms=10, mfc=palette.CLOSED_FORM, mec="white", mew=1.5, clip_on=False
    )
    axes.annotate(
        "this economy", (haircut, repo_rate), xytext=(12, 10), textcoords="offset points",
        color=palette.INK, bbox={"fc": "white", "ec": "none", "alpha": 0.8, "pad": 2},
    )  # fmt: skip
    axes.set_xlim(haircuts[0], haircuts[-1])
    axes.set_ylim(rates[0], rates[-1])
    axes.set_xlabel("haircut $h$ (share of the price)")
    axes.set_ylabel("repo rate $r$ (per period)")
    axes.grid(visible=False)
    axes.legend(
        handles=[
            Patch(
                fc=palette.NEUTRAL[3],
                ec=palette.NEUTRAL[2],
                hatch="//",
                label="repo market shut: $\\chi \\leq h$, no bias",
            )
        ],
        loc="upper right",
    )
    figure.colorbar(image, ax=axes, label="bias $\\beta_3 \\ln(\\chi/h)$ in the log price")
    figure.suptitle("Cheap loans and low haircuts lift the price")
    return figure


@palette.styled()
def informativeness(
    found: pd.DataFrame, curve: pd.DataFrame, *, against: str, label: str, title: str
) -> Figure:
    """Price variance, value variance and bias: simulated with 2 sd bars beside the closed form.

    Parameters
    ----------
    found : pandas.DataFrame
        A row a simulated economy: ``against``, and for each measure its value and <measure>_sd.
    curve : pandas.DataFrame
        The closed form: ``against`` and the measures.
    against : str
        Column on the horizontal axis.
    label : str
        Its name there.
    title : str
        What is to be seen.
    """
    figure = Figure(figsize=(12.0, 4.8))
    for axes, (measure, told) in zip(
        figure.subplots(1, len(MEASURES)), MEASURES.items(), strict=True
    ):
        _measure(axes, found, curve, measure, against)
        axes.set_title(told)
        axes.set_xlabel(label)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    figure.suptitle(title)
    return figure


MEASURES: Final = {
    "price_variance": "variance of $\\ln p$ given $v$",
    "value_variance": "variance of $\\ln v$ given $p$",
    "bias": "pledgeability bias",
}
"""Measures of informativeness, in the order of the panels."""


def _measure(
    axes: Axes, found: pd.DataFrame, curve: pd.DataFrame, measure: str, against: str
) -> None:
    axes.plot(
        curve[against], curve[measure], color=palette.CLOSED_FORM, ls="--", label="closed form"
    )
    axes.errorbar(
        found[against], found[measure], 2.0 * found[f"{measure}_sd"], fmt="o", ms=5,
        color=palette.PRICE, capsize=3, lw=1.3, label="simulated, $\\pm 2$ standard errors",
    )  # fmt: skip


@palette.styled()
def prices_by_day(dates: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Log prices of securities with the same payoff and different haircuts, day by day.

    ``dates`` has date and log_price_<name>, haircut_<name>, closed_log_price_<name>.
    """
    figure = Figure(figsize=(12.0, 6.5))
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.0, 1.0])
    colours = (palette.LONG, palette.SHORT, palette.GOOD, palette.REPO_RATE, palette.HOUSE)
    for place, name in enumerate(names):
        colour = colours[place % len(colours)]
        axes.plot(
            dates["date"], dates[f"log_price_{name}"], "-o", ms=4, lw=1.5, color=colour,
            label=f"security {name}",
        )  # fmt: skip
        axes.plot(
            dates["date"], dates[f"closed_log_price_{name}"], "--", lw=1.2,
            color=palette.CLOSED_FORM, label="closed form" if place == 0 else None,
        )  # fmt: skip
        below.step(dates["date"], dates[f"haircut_{name}"], where="mid", color=colour)
    axes.set_ylabel("log price")
    below.set_ylabel("haircut")
    below.set_xlabel("day")
    axes.legend(loc="upper left", bbox_to_anchor=(1.0, 1.0))
    figure.suptitle("Securities under different haircuts")
    return figure
