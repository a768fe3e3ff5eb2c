"""Price and repo rate against the loan-to-value ratio."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from scenarios.repo.figures.tables import column
from simulator import palette

_MARKETS: Final = {"short": palette.SHORT, "long": palette.LONG}


_REGIMES: Final = {
    "I": ("I: repo rate of zero", palette.NEUTRAL[3]),
    "II": ("II: solvency constrains a side", palette.NEUTRAL[2]),
    "III": ("III: margin constrains both sides", palette.NEUTRAL[1]),
}


@palette.styled()
def against_haircut(
    grid: pd.DataFrame,
    published: pd.DataFrame | None = None,
    dates: pd.DataFrame | None = None,
    *,
    reuse: bool = True,
    carried: bool = False,
) -> Figure:
    """Security price and repo rate against the loan-to-value ratio, all three regimes.

    The right-hand column enlarges the stretch at a zero repo rate (regime I), where the slides'
    points lie. The bars on top say which regime holds in each market.

    Parameters
    ----------
    grid : pandas.DataFrame
        market, loan_to_value, security_price, repo_rate, regime, as from
        :func:`scenarios.repo.over_haircuts.haircut_grid`. Markets called "short" and "long" have
        their colours, any other name a neutral one.
    published : pandas.DataFrame, optional
        loan_to_value and security_price of published points.
    dates : pandas.DataFrame, optional
        The resting points of a run: haircut, security_price, repo_rate.
    reuse : bool
        Whether collateral is reused in these economies; the title says so if not.
    carried : bool
        Whether the run carries positions from date to date, which the closed form does not.
    """
    if grid.empty:
        raise ValueError("grid has no rows to draw")
    ratio = column(grid, "loan_to_value")
    at_zero = ratio[(grid["regime"] == "I").to_numpy()]
    windows = [(float(ratio.min()), float(ratio.max()))]
    if at_zero.size > 1 and at_zero.min() > ratio.min():
        width = float(at_zero.max() - at_zero.min())
        windows.append((float(at_zero.min()) - 0.04 * width, float(at_zero.max())))

    figure = Figure(figsize=(14.0, 9.0))
    panels = figure.subplots(
        3,
        len(windows),
        sharex="col",
        squeeze=False,
        height_ratios=[0.11 * grid["market"].nunique(), 1.2, 1.0],
        width_ratios=[1.7, 1.0][: len(windows)],
    )
    for place, window in enumerate(windows):
        bars, upper, lower = panels[:, place]
        for axes in (bars, upper, lower):
            margin = 0.015 * (window[1] - window[0]) or 0.01
            axes.set_xlim(window[0] - margin, window[1] + margin)
        _draw_regimes(bars, grid, window, named=place == 0)
        _draw_curves(upper, grid, window, "security_price", 1.0)
        _draw_curves(lower, grid, window, "repo_rate", 100.0)
        if dates is not None:
            _draw_dots(upper, dates, window, "security_price", 1.0)
            _draw_dots(lower, dates, window, "repo_rate", 100.0)
        if published is not None:
            _draw_published(upper, published, window, annotated=place == len(windows) - 1)
        for axes in (upper, lower):
            axes.margins(y=0.08)
            axes.autoscale(axis="y")
        bottom, top = lower.get_ylim()
        lower.set_ylim(min(bottom, -1.0), max(top, 0.06 * abs(min(bottom, -1.0))))
        lower.set_xlabel("loan-to-value ratio h (1 - haircut)")
    panels[1, 0].set_ylabel("security price\n(cash per security)")
    panels[2, 0].set_ylabel("repo rate\n(percent per period)")
    if len(windows) == 2:
        panels[0, 1].set_title("enlarged: where the repo rate is zero", fontsize=11)
    panels[0, 0].set_title("regime", fontsize=11)
    handles = {
        label: handle
        for axes in (panels[1, -1], panels[1, 0])
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4)
    title = "Price and repo rate against the loan-to-value ratio"
    title += ", without reuse of collateral" * (not reuse)
    figure.suptitle(title + "; the run carries positions, the closed form does not" * carried)
    return palette.laid_out(figure)


def _draw_regimes(
    axes: Axes, grid: pd.DataFrame, window: tuple[float, float], *, named: bool
) -> None:
    """One bar per market, divided where the regime changes."""
    markets = list(dict.fromkeys(grid["market"]))
    for row, market in enumerate(markets):
        curve = grid[grid["market"] == market].sort_values("loan_to_value")
        ratio, regime = column(curve, "loan_to_value"), curve["regime"].to_numpy()
        change = np.flatnonzero(regime[1:] != regime[:-1])
        edges = np.r_[ratio[0], 0.5 * (ratio[change] + ratio[change + 1]), ratio[-1]]
        kinds = [regime[0], *regime[change + 1]]
        for kind, left, right in zip(kinds, edges[:-1], edges[1:], strict=True):
            left, right = max(left, window[0]), min(right, window[1])
            if left >= right:
                continue
            text, colour = _REGIMES.get(str(kind), (str(kind), palette.NEUTRAL[3]))
            axes.barh(row, right - left, 0.86, left=left, color=colour, edgecolor="white")
            part = (right - left) / (window[1] - window[0])
            if part < 0.025:
                continue
            axes.text(
                0.5 * (left + right),
                row,
                text if part > (0.225 if named else 0.4) else str(kind),
                ha="center",
                va="center",
                fontsize=9,
                clip_on=True,
                label=palette.MAY_GO,
            )
    axes.set_ylim(len(markets) - 0.5, -0.5)
    axes.set_yticks(range(len(markets)), [f"{market} market" for market in markets])
    axes.tick_params(length=0, labelbottom=False, labelleft=named)
    axes.grid(visible=False)
    axes.spines[:].set_visible(False)


def _draw_curves(
    axes: Axes, grid: pd.DataFrame, window: tuple[float, float], name: str, scale: float
) -> None:
    """The closed form of each market inside a window."""
    for index, (market, curve) in enumerate(grid.groupby("market", sort=False)):
        inside = curve[curve["loan_to_value"].between(*window)].sort_values("loan_to_value")
        axes.plot(
            inside["loan_to_value"],
            scale * inside[name],
            color=_MARKETS.get(str(market), palette.NEUTRAL[0]),
            linestyle="-" if index % 2 == 0 else (0, (6, 1.5)),
            label=f"{market} market, closed form",
        )


def _draw_dots(
    axes: Axes, dates: pd.DataFrame, window: tuple[float, float], name: str, scale: float
) -> None:
    """The resting points of a run inside a window."""
    ratio = 1.0 - column(dates, "haircut")
    inside = (ratio >= window[0]) & (ratio <= window[1])
    axes.plot(
        ratio[inside],
        scale * column(dates, name)[inside],
        linestyle="None",
        marker="o",
        markersize=8.0,
        color=palette.PRICE,
        label="this run, date by date",
        zorder=5,
    )


def _draw_published(
    axes: Axes, published: pd.DataFrame, window: tuple[float, float], *, annotated: bool
) -> None:
    """Published points inside a window, with their price where there is room."""
    ratio, price = column(published, "loan_to_value"), column(published, "security_price")
    inside = (ratio >= window[0]) & (ratio <= window[1])
    axes.plot(
        ratio[inside],
        price[inside],
        linestyle="None",
        marker="D",
        markersize=12.0,
        markerfacecolor="none",
        markeredgecolor=palette.CLOSED_FORM,
        markeredgewidth=2.2,
        label="published (slides)",
        zorder=6,
    )
    for left, height in zip(ratio[inside & annotated], price[inside & annotated], strict=True):
        early = left < 0.5 * (window[0] + window[1])
        axes.annotate(
            f"h = {left:.2f}, q = {height:.3f}",
            (left, height),
            xytext=(-8 if early else 0, 13),
            textcoords="offset points",
            ha="left" if early else "center",
            fontsize=10,
        )
