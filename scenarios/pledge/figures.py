"""Figures of a pledgeable security, drawn from plain tables.

Every function returns a new ``Figure`` and keeps nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap, LogNorm
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from scenarios.pledge.closed_form import Version
from simulator import palette

VERSION_STYLES: Final[Mapping[Version, tuple[str, str, str]]] = {
    "printed": (palette.BAD, ":", "Proposition 8 as printed"),
    "printed-noise": (palette.REPO_RATE, "-.", "Proposition 8 with the signal's noise"),
    "corrected": (palette.CLOSED_FORM, "--", "corrected (consistent Bayes' rule)"),
}
"""Colour, dash and label of each closed form."""

MARKED: Final = 60
"""Days up to which each has a marker."""

PANELS: Final = {
    "b0": "constant $\\beta_0$",
    "b1": "coefficient of the value $\\beta_1$",
    "b2": "coefficient of noise $\\beta_2$",
    "tau_theta": "precision of the price as a signal $\\tau_\\theta$",
}
"""Coefficients shown; the fourth, beta_3, is the same in all closed forms."""


@palette.styled()
def coefficients_by_day(dates: pd.DataFrame, versions: Mapping[str, Mapping[str, float]]) -> Figure:
    """Conjectured and realised coefficients day by day, against the three closed forms.

    ``dates`` has date and, for each coefficient, conjecture_<name> and realised_<name>;
    ``versions`` has the coefficients of each closed form on the first day.
    """
    figure = Figure(figsize=(12.0, 8.0))
    panels = figure.subplots(2, 2, sharex=True).ravel()
    days = dates["date"].to_numpy()
    for axes, (name, label) in zip(panels, PANELS.items(), strict=True):
        draw_coefficient(axes, dates, name, versions)
        axes.set_title(label)
        if len(days) > 1:
            log_days(axes, int(days[-1]))
    for axes in panels[2:]:
        axes.set_xlabel("day")
    figure.legend(*panels[0].get_legend_handles_labels(), loc="outside lower center", ncols=3)
    figure.suptitle("Coefficients of the log price: conjectured, realised and by theory")
    return figure


def log_days(axes: Axes, last: int) -> None:
    """Days on a logarithmic axis: most is learned on the first."""
    axes.set_xscale("log")
    axes.set_xticks([t for t in (1, 2, 5, 10, 20, 50, 100, 1000, 10_000) if t <= last])
    axes.xaxis.set_major_formatter("{x:.0f}")
    axes.minorticks_off()


def draw_coefficient(
    axes: Axes, dates: pd.DataFrame, name: str, versions: Mapping[str, Mapping[str, float]]
) -> None:
    """A coefficient by day: the closed forms, what is conjectured, and what is realised."""
    every = max(1, len(dates) // MARKED)
    for version, (colour, dash, label) in VERSION_STYLES.items():
        axes.axhline(versions[version][name], color=colour, ls=dash, label=label)
    axes.plot(
        dates["date"], dates[f"conjecture_{name}"], color=palette.CASH, marker="s", ms=4.5, lw=1.2,
        mfc="none", markevery=every, label="conjectured by investors",
    )  # fmt: skip
    axes.plot(
        dates["date"], dates[f"realised_{name}"], color=palette.PRICE, marker="o", ms=3.0, lw=1.2,
        markevery=every, label="implied by their orders",
    )  # fmt: skip


@palette.styled()
def price_against_closed_form(dates: pd.DataFrame) -> Figure:
    """Simulated log price of each day against the corrected closed form, with a 2 sd band.

    ``dates`` has date, log_price, closed_log_price and price_error_sd, the standard deviation that
    theory gives the price of so many investors about the continuum's.
    """
    figure = Figure(figsize=(12.0, 5.8))
    left, right = figure.subplots(1, 2, width_ratios=[1.0, 1.15])
    expected = dates["closed_log_price"].to_numpy(np.float64)
    simulated = dates["log_price"].to_numpy(np.float64)
    spread = dates["price_error_sd"].to_numpy(np.float64)
    days = dates["date"].to_numpy()
    line = np.array([expected.min(), expected.max()])
    pad = 0.05 * max(float(np.ptp(line)), 0.1)
    line += np.array([-pad, pad])
    widest = float(spread.max())
    left.fill_between(
        line, line - 2 * widest, line + 2 * widest, color=palette.tint(palette.CLOSED_FORM, 0.3),
        lw=0, label="$\\pm 2$ standard deviations of a finite market",
    )  # fmt: skip
    left.plot(line, line, color=palette.CLOSED_FORM, ls="--", label="continuum (corrected)")
    left.plot(expected, simulated, "o", color=palette.PRICE, ms=4, alpha=0.8, label="one day")
    left.set_xlabel("log price by the closed form")
    left.set_ylabel("simulated log price")
    left.legend(loc="upper left")
    order = np.argsort(days)
    right.axhspan(-2.0, 2.0, color=palette.tint(palette.CLOSED_FORM, 0.3), lw=0)
    right.axhline(0.0, color=palette.CLOSED_FORM, ls="--")
    right.plot(
        days[order], ((simulated - expected) / spread)[order], "o", color=palette.PRICE, ms=4
    )
    right.set_yscale("symlog", linthresh=3.0)
    right.set_yticks([-100, -30, -10, -3, -2, -1, 0, 1, 2, 3, 10, 30, 100])
    right.yaxis.set_major_formatter("{x:g}")
    right.minorticks_off()
    reach = max(4.0, 1.2 * float(np.max(np.abs((simulated - expected) / spread))))
    right.set_ylim(-reach, reach)
    right.set_xlabel("day")
    right.set_ylabel("distance from the closed form\n(standard deviations of a finite market)")
    figure.suptitle("Simulated log price against the closed form")
    return figure


@palette.styled()
def bias_map(table: pd.DataFrame, haircut: float, repo_rate: float) -> Figure:
    """Pledgeability bias over haircut and repo rate, and where the repo market is shut.

    ``table`` has haircut, repo_rate, bias, repo_market and shut_rate on a grid; the mark is the
    economy's own haircut and repo rate.
    """
    grid = table.pivot(index="repo_rate", columns="haircut", values="bias")
    haircuts, rates = grid.columns.to_numpy(np.float64), grid.index.to_numpy(np.float64)
    bias = grid.to_numpy(np.float64)
    border = table.groupby("haircut")["shut_rate"].first().to_numpy(np.float64)
    shut = rates[:, None] >= border
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
    for text in axes.clabel(lines, [v for v in levels if v > 0.005], fmt="%g", fontsize=9):
        text.set_label(palette.MAY_GO)
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
    figure.suptitle("Pledgeability bias by haircut and repo rate")
    return figure


@palette.styled()
def informativeness(
    simulated: pd.DataFrame, curve: pd.DataFrame, *, against: str, label: str
) -> Figure:
    """Price variance, value variance and bias: simulated with 2 sd bars beside the closed form.

    Parameters
    ----------
    simulated : pandas.DataFrame
        One row per simulated market: ``against``, and each measure with <measure>_sd.
    curve : pandas.DataFrame
        The closed form: ``against`` and the measures.
    against : str
        Column on the horizontal axis.
    label : str
        Its label.
    """
    figure = Figure(figsize=(12.0, 4.8))
    for axes, (measure, title) in zip(
        figure.subplots(1, len(MEASURES)), MEASURES.items(), strict=True
    ):
        _measure(axes, simulated, curve, measure, against)
        axes.set_title(title)
        axes.set_xlabel(label)
    handles, labels = figure.axes[0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=2)
    figure.suptitle(f"Informativeness and bias by {label.split(' $')[0]}")
    return figure


MEASURES: Final = {
    "price_variance": "variance of $\\ln p$ given $v$",
    "value_variance": "variance of $\\ln v$ given $p$",
    "bias": "pledgeability bias",
}
"""Measures of informativeness, in the order of the panels."""


def _measure(
    axes: Axes, simulated: pd.DataFrame, curve: pd.DataFrame, measure: str, against: str
) -> None:
    axes.plot(
        curve[against], curve[measure], color=palette.CLOSED_FORM, ls="--", label="closed form"
    )
    axes.errorbar(
        simulated[against], simulated[measure], 2.0 * simulated[f"{measure}_sd"], fmt="o", ms=5,
        color=palette.PRICE, capsize=3, lw=1.3, label="simulated, $\\pm 2$ standard errors",
    )  # fmt: skip


SECURITY_COLOURS: Final = (
    palette.LONG, palette.SHORT, palette.GOOD, palette.REPO_RATE, palette.HOUSE
)  # fmt: skip
SECURITY_MARKERS: Final = ("o", "s", "^", "D", "v", "P", "X")
"""Colour and marker of a security; no two of 26 have both in common."""


@palette.styled()
def prices_by_day(dates: pd.DataFrame, names: Sequence[str]) -> Figure:
    """Log prices and haircuts of several securities, day by day.

    ``dates`` has date and log_price_<name>, haircut_<name>, closed_log_price_<name>.
    """
    figure = Figure(figsize=(12.0, 6.5))
    axes, below = figure.subplots(2, 1, sharex=True, height_ratios=[2.0, 1.0])
    draw_prices(axes, below, dates, names)
    axes.set_ylabel("log price")
    below.set_ylabel("haircut")
    below.set_xlabel("day")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside right upper", ncols=1)
    figure.suptitle("Log prices and haircuts of the securities")
    return figure


def draw_prices(
    above: Axes, below: Axes, dates: pd.DataFrame, names: Sequence[str], markersize: float = 4.0
) -> None:
    """Log prices of securities above, with the closed form if ``dates`` has it; haircuts below."""
    every = max(1, len(dates) // MARKED)
    for number, name in enumerate(names):
        style: dict[str, Any] = {
            "color": SECURITY_COLOURS[number % len(SECURITY_COLOURS)],
            "marker": SECURITY_MARKERS[number % len(SECURITY_MARKERS)],
            "markevery": every,
            "ms": markersize,
        }
        above.plot(
            dates["date"], dates[f"log_price_{name}"], lw=1.5, label=f"security {name}", **style
        )
        if f"closed_log_price_{name}" in dates:
            above.plot(
                dates["date"], dates[f"closed_log_price_{name}"], "--", lw=1.2,
                color=palette.CLOSED_FORM, label="closed form" if number == 0 else None,
            )  # fmt: skip
        below.step(dates["date"], dates[f"haircut_{name}"], where="mid", lw=1.5, **style)
