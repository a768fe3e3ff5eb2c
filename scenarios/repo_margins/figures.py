"""Figures of a repo market with margins, drawn from plain tables.

Tables are those of a run. ``rounds``: date, round, security_price, repo_rate,
security_excess_share, reinvestment_excess_share. ``dates``: date, haircut, security_price,
repo_rate and, where known, closed_security_price, closed_repo_rate, marginal_belief_long,
marginal_belief_short. ``agents``: date, weight, belief, security. More columns do no harm.

Prices are in cash per security, haircuts and repo rates fractions in the tables and percent in the
figures, beliefs are probabilities of the low payoff. Every function returns a new ``Figure`` and
keeps nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from types import MappingProxyType
from typing import Final

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullLocator
from numpy.typing import NDArray

from scenarios.repo_margins.closed_form import ClosedForm, price_curve
from scenarios.repo_margins.published import CASES, SLIDES
from simulator import palette

FloatArray = NDArray[np.float64]

SMALLEST_SHOWN: Final = 1e-16
"""Excess demand, as a share, below which rounding is all there is; drawn at this value."""

MARKED_ROUNDS: Final = 120
"""Up to so many rounds, each is marked by a dot."""

MOST_PANELS: Final = 4
"""Dates shown in ``positions_by_belief``."""

MOST_TRADERS: Final = 20_000
"""Traders drawn in a panel; of more, an even selection along the line of beliefs."""

RASTER_FROM: Final = 1_000
"""From so many traders on, vector files hold a panel's traders as an image."""

LEVERED_INCOMES: Final[Mapping[str, tuple[float, float]]] = MappingProxyType(
    {"short": (0.0, 2000.0), "long": (2000.0, 0.0)}
)
"""Incomes (up, down) at which the rich side is stopped by margin down to a haircut of 0.1%."""

LEAST_HAIRCUT: Final = 0.001
MOST_HAIRCUT: Final = 0.8
"""Ends of the grid of ``haircut_grid``: loan-to-value ratios from .999 to .2."""

BORDER_WIDTH: Final = 1e-9
"""Haircuts between which a regime changes are found to lie this close together."""

_MARKETS: Final = {"short": palette.SHORT, "long": palette.LONG}
_REGIMES: Final = {
    "I": ("I: repo rate of zero", palette.NEUTRAL[3]),
    "II": ("II: solvency stops a side", palette.NEUTRAL[2]),
    "III": ("III: margin stops both sides", palette.NEUTRAL[1]),
}


@dataclass(frozen=True)
class _Stretch:
    """The rounds of one date on the common axis, from ``first`` to ``last``, both included."""

    date: int
    haircut: float
    first: int
    last: int


@palette.styled()
def quotes_by_round(rounds: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """Security price and repo rate by round, against the closed form of each date.

    Rounds of all dates follow one another on one axis; a vertical line opens each date and names
    its haircut. The number at the end of a date is the quote at which the rounds came to rest.
    """
    stretches = _stretches(rounds, dates)
    figure = Figure(figsize=(12.0, 8.0))
    upper, lower = figure.subplots(2, 1, sharex=True, height_ratios=[1.3, 1.0])
    _draw_quote(upper, rounds, dates, stretches, "security_price", palette.PRICE, "{:.4f}")
    _draw_quote(lower, rounds, dates, stretches, "repo_rate", palette.REPO_RATE, "{:.2f}%")
    upper.set_ylabel("security price\n(cash per security)")
    lower.set_ylabel("repo rate\n(percent a period)")
    bottom, top = lower.get_ylim()
    lower.set_ylim(min(bottom, -1.0), max(top, 0.06 * abs(min(bottom, -1.0))))
    lower.set_xlabel("round (number, counted through all dates)")
    _open_dates((upper, lower), stretches)
    for axes in (upper, lower):
        axes.legend(loc="best")
    figure.suptitle("Quotes by round")
    return palette.laid_out(figure)


@palette.styled()
def excess_by_round(
    rounds: pd.DataFrame, tolerance: float = 1e-10, dates: pd.DataFrame | None = None
) -> Figure:
    """Size of excess demand by round, as a share of what is traded, on a log scale.

    The clearing house may have less to reinvest than traders would take as long as the repo rate
    is zero: that negative excess is slack and no gap to be closed. It is drawn as hollow markers
    without a line. Everything else is solid and has to fall below ``tolerance``.

    Parameters
    ----------
    rounds : pandas.DataFrame
        As above.
    tolerance : float
        Share at which a market counts as cleared.
    dates : pandas.DataFrame, optional
        As above, to name each date by its haircut.
    """
    stretches = _stretches(rounds, dates)
    number = np.arange(1, len(rounds) + 1)
    security = np.abs(_column(rounds, "security_excess_share"))
    reinvestment = _column(rounds, "reinvestment_excess_share")
    slack = (reinvestment < 0.0) & (_column(rounds, "repo_rate") >= 0.0)
    gap = np.where(slack, np.nan, np.abs(reinvestment))

    figure = Figure(figsize=(12.0, 6.5))
    axes = figure.subplots()
    for values, colour, marker, label in (
        (security, palette.EXCESS[0], "o", "security"),
        (gap, palette.EXCESS[1], "s", "reinvested margin in repo"),
    ):
        shown = np.maximum(values, SMALLEST_SHOWN)
        style = marker if len(rounds) <= MARKED_ROUNDS else "None"
        for index, stretch in enumerate(stretches):
            part = slice(stretch.first - 1, stretch.last)
            axes.plot(
                number[part],
                shown[part],
                color=colour,
                marker=style,
                label=label if index == 0 else None,
            )
    axes.plot(
        number[slack],
        np.abs(reinvestment[slack]),
        linestyle="None",
        marker="s",
        markerfacecolor="none",
        markeredgecolor=palette.EXCESS[1],
        label="reinvested margin: slack, allowed at a repo rate of zero",
    )
    axes.axhline(
        tolerance,
        color=palette.NEUTRAL[0],
        linestyle=(0, (4, 2)),
        label=f"cleared: below {tolerance:.0e}",
    )
    axes.set_yscale("log")
    largest = np.nanmax(np.concatenate([security, np.abs(reinvestment), [tolerance]]))
    axes.set_ylim(0.4 * min(SMALLEST_SHOWN, tolerance), 10.0 * max(float(largest), tolerance))
    axes.set_ylabel("size of excess demand\n(share of what is traded)")
    axes.set_xlabel("round (number, counted through all dates)")
    _open_dates((axes,), stretches)
    figure.legend(loc="outside lower center", ncols=2)
    figure.suptitle("Excess demand by round")
    return palette.laid_out(figure)


@palette.styled()
def positions_by_belief(agents: pd.DataFrame, dates: pd.DataFrame) -> Figure:
    """Position of every trader in the security along the line of beliefs, a panel a date.

    Of more than four dates the first two and the last two are shown. The scale of positions is
    common to all panels; it is logarithmic on both sides of zero where leverage differs widely.
    """
    known = sorted({int(date) for date in agents["date"]})
    if not known:
        raise ValueError("agents has no rows to draw")
    shown = known if len(known) <= MOST_PANELS else [*known[:2], *known[-2:]]
    rows, columns = (2, 2) if len(shown) == 4 else (1, len(shown))
    width = (9.0, 14.0, 16.0)[columns - 1]
    figure = Figure(figsize=(width, 9.0 if rows > 1 else 6.5))
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False)

    drawn = agents[agents["date"].isin(shown)]
    _scale_positions(panels[0, 0], _column(drawn, "security"))
    thinned = False
    for axes, date in zip(panels.flat, shown, strict=True):
        here = drawn[drawn["date"] == date].sort_values("belief", kind="stable")
        thinned |= len(here) > MOST_TRADERS
        _draw_positions(axes, here)
        _mark_marginal(
            axes,
            _value(dates, date, "marginal_belief_long"),
            _value(dates, date, "marginal_belief_short"),
            label_width=(0.13, 0.19, 0.25)[columns - 1],
        )
        haircut = _value(dates, date, "haircut")
        axes.set_title(
            f"date {date}" + (f", haircut {_percent(haircut)}" if np.isfinite(haircut) else "")
        )
    for axes in panels[-1]:
        axes.set_xlabel("belief (probability of the low payoff)")
    for axes in panels[:, 0]:
        folded = ", log scale" if axes.get_yscale() == "symlog" else ""
        axes.set_ylabel(f"security held\n(units, below 0 if sold short{folded})")
    handles: list[Line2D | Patch] = [
        Line2D([], [], color=palette.HOLDERS[side], marker="o", linestyle="None", label=label)
        for side, label in (("long", "long"), ("cash", "cash alone"), ("short", "short"))
    ]
    handles.append(Line2D([], [], color=palette.INK, linewidth=1.2, label="marginal trader"))
    note = f"an even selection of {MOST_TRADERS:,} traders" if thinned else None
    figure.legend(handles=handles, loc="outside lower center", ncols=4, title=note)
    figure.suptitle("Positions by belief")
    return palette.laid_out(figure)


@palette.styled()
def against_haircut(
    grid: pd.DataFrame,
    published: pd.DataFrame | None = None,
    dates: pd.DataFrame | None = None,
) -> Figure:
    """Security price and repo rate against the loan-to-value ratio, all three regimes.

    The right-hand column enlarges the stretch at a zero repo rate (regime I), where the slides'
    points lie. The bars on top say which regime holds in each market.

    Parameters
    ----------
    grid : pandas.DataFrame
        market, loan_to_value, security_price, repo_rate, regime; see ``haircut_grid``. Markets
        called "short" and "long" have their colours, any other name a neutral one.
    published : pandas.DataFrame, optional
        loan_to_value and security_price of published points; see ``slides_points``.
    dates : pandas.DataFrame, optional
        The resting points of a run: haircut, security_price, repo_rate.
    """
    if grid.empty:
        raise ValueError("grid has no rows to draw")
    ratio = _column(grid, "loan_to_value")
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
    for column, window in enumerate(windows):
        bars, upper, lower = panels[:, column]
        for axes in (bars, upper, lower):
            margin = 0.015 * (window[1] - window[0]) or 0.01
            axes.set_xlim(window[0] - margin, window[1] + margin)
        _draw_regimes(bars, grid, window, named=column == 0)
        _draw_curves(upper, grid, window, "security_price", 1.0)
        _draw_curves(lower, grid, window, "repo_rate", 100.0)
        if dates is not None:
            _draw_dots(upper, dates, window, "security_price", 1.0)
            _draw_dots(lower, dates, window, "repo_rate", 100.0)
        if published is not None:
            _draw_published(upper, published, window, annotated=column == len(windows) - 1)
        for axes in (upper, lower):
            axes.margins(y=0.08)
            axes.autoscale(axis="y")
        bottom, top = lower.get_ylim()
        lower.set_ylim(min(bottom, -1.0), max(top, 0.06 * abs(min(bottom, -1.0))))
        lower.set_xlabel("loan-to-value ratio h (one less the haircut)")
    panels[1, 0].set_ylabel("security price\n(cash per security)")
    panels[2, 0].set_ylabel("repo rate\n(percent a period)")
    if len(windows) == 2:
        panels[0, 1].set_title("enlarged: where the repo rate is zero", fontsize=11)
    panels[0, 0].set_title("regime", fontsize=11)
    handles = {
        label: handle
        for axes in (panels[1, -1], panels[1, 0])
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True)
    }
    figure.legend(list(handles.values()), list(handles), loc="outside lower center", ncols=4)
    figure.suptitle("Price and repo rate against the loan-to-value ratio")
    return palette.laid_out(figure)


def haircut_grid(
    *,
    low_payoff: float = 0.70,
    high_payoff: float = 1.15,
    cash: float = 1.0,
    securities: float = 1.0,
    incomes: Mapping[str, tuple[float, float]] = LEVERED_INCOMES,
    cdf: Callable[[float], float] | None = None,
    quantile: Callable[[float], float] | None = None,
) -> pd.DataFrame:
    """Solve the closed form for markets over a grid of haircuts.

    Parameters
    ----------
    low_payoff, high_payoff, cash, securities : float
        As in :func:`scenarios.repo_margins.closed_form.solve`.
    incomes : mapping
        For each market by name, income in state U and in state D.
    cdf, quantile : callable, optional
        Distribution of beliefs and its inverse; uniform unless both are given.

    Returns
    -------
    pandas.DataFrame
        market, loan_to_value, security_price, repo_rate, regime: by market, then by rising
        loan-to-value ratio; finer where the haircut is small.

    Raises
    ------
    ValueError
        If a parameter is out of range or only one of ``cdf`` and ``quantile`` is given.
    """
    if (cdf is None) != (quantile is None):
        raise ValueError("cdf and quantile are given together or not at all")
    haircuts = np.union1d(
        np.geomspace(LEAST_HAIRCUT, MOST_HAIRCUT, 140), np.linspace(0.02, MOST_HAIRCUT, 79)
    )
    tables = []
    for market, (income_up, income_down) in incomes.items():
        solve = partial(
            price_curve,
            low_payoff=low_payoff,
            high_payoff=high_payoff,
            cash=cash,
            securities=securities,
            income_up=income_up,
            income_down=income_down,
            cdf=_identity if cdf is None else cdf,
            quantile=_identity if quantile is None else quantile,
        )
        curve = _with_borders([float(haircut) for haircut in haircuts], solve)
        tables.append(
            pd.DataFrame(
                {
                    "market": market,
                    "loan_to_value": [1.0 - haircut for haircut, _ in curve],
                    "security_price": [point.security_price for _, point in curve],
                    "repo_rate": [point.repo_rate for _, point in curve],
                    "regime": [point.regime for _, point in curve],
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


def slides_points() -> pd.DataFrame:
    """The two points that the slides print, both of a short market: loan_to_value, security_price.

    They hold for the payoffs and endowments that are the defaults of ``haircut_grid``.
    """
    cases = [case for case in CASES if case.source.startswith(SLIDES)]
    return pd.DataFrame(
        {
            "loan_to_value": [1.0 - case.haircut for case in cases],
            "security_price": [case.expected["security_price"] for case in cases],
        }
    )


# ---------------------------------------------------------------------- rounds and dates
def _stretches(rounds: pd.DataFrame, dates: pd.DataFrame | None) -> list[_Stretch]:
    """Where each date begins and ends when rounds are counted through."""
    if rounds.empty:
        raise ValueError("rounds has no rows to draw")
    days = rounds["date"].to_numpy(dtype=np.int64)
    firsts = np.flatnonzero(np.r_[True, days[1:] != days[:-1]])
    lasts = np.r_[firsts[1:], len(days)]
    return [
        _Stretch(
            date=int(days[first]),
            haircut=np.nan if dates is None else _value(dates, int(days[first]), "haircut"),
            first=int(first) + 1,
            last=int(last),
        )
        for first, last in zip(firsts, lasts, strict=True)
    ]


def _open_dates(panels: tuple[Axes, ...], stretches: list[_Stretch]) -> None:
    """Draw a vertical line where a date begins and name its haircut above the upper panel."""
    begin, end = 0.5, stretches[-1].last + 0.5
    width = end - begin
    crowded = min(each.last - each.first + 1 for each in stretches[:-1] or stretches) / width < 0.1
    reached = -np.inf
    for index, stretch in enumerate(stretches):
        edge = stretch.first - 0.5
        for axes in panels:
            axes.axvline(edge, color=palette.NEUTRAL[1], linewidth=1.0, zorder=1)
        if np.isfinite(stretch.haircut):
            name = _percent(stretch.haircut)
            label = name if crowded and index else f"haircut {name}"
        else:
            label = f"{stretch.date}" if crowded and index else f"date {stretch.date}"
        if edge < reached:
            continue
        reached = edge + width * (0.01 + 0.0085 * len(label))
        panels[0].annotate(
            label,
            (edge, 1.0),
            xycoords=("data", "axes fraction"),
            xytext=(2, 4),
            textcoords="offset points",
            color=palette.NEUTRAL[0],
            fontsize=10,
        )
    for axes in panels:
        axes.set_xlim(begin, end)
        axes.grid(visible=False, axis="x")
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=14, min_n_ticks=1))


def _draw_quote(
    axes: Axes,
    rounds: pd.DataFrame,
    dates: pd.DataFrame,
    stretches: list[_Stretch],
    name: str,
    colour: str,
    number: str,
) -> None:
    """One quote by round, the closed form of each date, and the values at rest."""
    scale = 100.0 if name == "repo_rate" else 1.0
    values = scale * _column(rounds, name)
    axes.plot(
        np.arange(1, len(values) + 1),
        values,
        color=colour,
        marker="o" if len(values) <= MARKED_ROUNDS else "None",
        label="simulated",
        zorder=3,
    )
    label: str | None = "closed form"
    for stretch in stretches:
        closed = scale * _value(dates, stretch.date, f"closed_{name}")
        if np.isfinite(closed):
            axes.plot(
                [stretch.first - 0.5, stretch.last + 0.5],
                [closed, closed],
                color=palette.CLOSED_FORM,
                linestyle=(0, (5, 2)),
                label=label,
                zorder=4,
            )
            label = None
    axes.margins(y=0.16)
    if len(stretches) > 6:
        return
    for stretch in stretches:
        here = values[stretch.first - 1 : stretch.last]
        if not np.isfinite(here[-1]):
            continue
        below = np.nanmean(here) > here[-1] or (name == "repo_rate" and here[-1] >= 0.0)
        axes.annotate(
            number.format(here[-1] + 0.0).replace("-", "\N{MINUS SIGN}"),
            (stretch.last, here[-1]),
            xytext=(4, -9 if below else 9),
            textcoords="offset points",
            ha="right",
            va="top" if below else "bottom",
            fontsize=10,
            zorder=5,
        )


# ---------------------------------------------------------------------- positions
def _scale_positions(axes: Axes, positions: FloatArray) -> None:
    """Linear where the largest position is within some twenty times the typical smaller one."""
    sizes = np.abs(positions[np.isfinite(positions) & (positions != 0.0)])
    axes.margins(x=0.0)
    axes.set_xlim(0.0, 1.0)
    if sizes.size == 0:
        axes.set_ylim(-1.0, 1.0)
        return
    typical = max(float(np.quantile(sizes, 0.05)), 1e-3 * float(sizes.max()))
    longest = max(float(np.nanmax(positions)), 0.0)
    shortest = max(-float(np.nanmin(positions)), 0.0)
    if sizes.max() <= 20.0 * typical:
        room = 0.12 * (longest + shortest)
        axes.set_ylim(-shortest - room, longest + room)
        return
    linear = 10.0 ** np.floor(np.log10(typical))
    axes.set_yscale("symlog", linthresh=linear, linscale=0.6)
    axes.set_ylim(-2.5 * max(shortest, linear), 2.5 * max(longest, linear))
    powers = linear * 10.0 ** np.arange(int(np.log10(2.5 * sizes.max() / linear)) + 1)
    axes.set_yticks(np.r_[-powers[::-1], 0.0, powers])
    axes.yaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_formatter(FuncFormatter(_signed))


def _draw_positions(axes: Axes, here: pd.DataFrame) -> None:
    """The traders of one date, sorted by belief."""
    belief, security = _column(here, "belief"), _column(here, "security")
    weight = _column(here, "weight") if "weight" in here else np.ones_like(belief)
    threshold = 1e-12 * float(np.max(np.abs(security), initial=1.0))
    sides = {
        "long": security > threshold,
        "cash": np.abs(security) <= threshold,
        "short": security < -threshold,
    }
    drawn = np.zeros(len(belief), dtype=np.bool_)
    drawn[np.linspace(0, len(belief) - 1, min(len(belief), MOST_TRADERS)).astype(np.int64)] = True
    count = int(drawn.sum())
    raster = count > RASTER_FROM
    few = count <= 40
    axes.axhline(0.0, color=palette.NEUTRAL[0], linewidth=0.8, zorder=1)
    total = float(weight.sum())
    shares = []
    for side, member in sides.items():
        shares.append(f"{_share(float(weight[member].sum()), total)} {side}")
        these = member & drawn
        if not these.any():
            continue
        colour = palette.HOLDERS[side]
        axes.vlines(
            belief[these],
            0.0,
            security[these],
            color=palette.tint(colour, 0.25),
            linewidth=3.0 if few else max(500.0 / count, 0.8),
            rasterized=raster,
            zorder=0.8,
        )
        axes.plot(
            belief[these],
            security[these],
            color=colour,
            linestyle="None",
            marker="o",
            markersize=8.0 if few else 3.0,
            markeredgewidth=0.0,
            rasterized=raster,
            clip_on=count > 40,
            zorder=3,
        )
    axes.set_title(" \N{MIDDLE DOT} ".join(shares), loc="right", fontsize=10)


def _mark_marginal(axes: Axes, long: float, short: float, *, label_width: float) -> None:
    """Vertical lines at the marginal traders, each with its belief, where no trader's dot lies.

    Longs stand on the left above zero, shorts on the right below: what is below zero on the left
    and above it on the right is empty.
    """
    found = [each for each in (long, short) if np.isfinite(each)]
    if len(found) == 2 and abs(long - short) < 5e-4:
        marks = [("marginal trader", long, long < 0.5)]
    else:
        marks = [
            (name, belief, above)
            for name, belief, above in (
                ("marginal long", long, long < label_width),
                ("marginal short", short, short < 1.0 - label_width),
            )
            if np.isfinite(belief)
        ]
    for index, (name, belief, above) in enumerate(marks):
        axes.axvline(belief, color=palette.INK, linewidth=1.2, zorder=2)
        # Two labels on the same side of zero that are close stand one above the other.
        near = belief - marks[0][1] < 1.2 * label_width
        second = index == 1 and above == marks[0][2] and near
        height = (0.82 if second else 0.96) if above else (0.18 if second else 0.04)
        axes.annotate(
            f"{name}\n{belief:.3f}",
            (belief, height),
            xycoords=("data", "axes fraction"),
            xytext=(6 if above else -6, 0),
            textcoords="offset points",
            ha="left" if above else "right",
            va="top" if above else "bottom",
            fontsize=10,
            bbox={"facecolor": "white", "edgecolor": "none", "alpha": 0.9, "pad": 0.5},
            zorder=5,
        )


# ---------------------------------------------------------------------- over haircuts
def _with_borders(
    haircuts: list[float], solve: Callable[[list[float]], list[ClosedForm]]
) -> list[tuple[float, ClosedForm]]:
    """Solve at rising haircuts and beside each change of regime; by falling haircut.

    The curves have a kink where the regime changes; halving finds it to ``BORDER_WIDTH``.
    """
    curve = list(zip(haircuts, solve(haircuts), strict=True))
    borders = []
    for (low, before), (high, after) in pairwise(curve):
        if before.regime == after.regime:
            continue
        below, above = (low, before), (high, after)
        while above[0] - below[0] > BORDER_WIDTH:
            middle = 0.5 * (below[0] + above[0])
            found = solve([middle])[0]
            if found.regime == below[1].regime:
                below = (middle, found)
            else:
                above = (middle, found)
        borders += [below, above]
    return sorted(curve + borders, key=lambda point: -point[0])


def _draw_regimes(
    axes: Axes, grid: pd.DataFrame, window: tuple[float, float], *, named: bool
) -> None:
    """One bar a market, divided where the regime changes."""
    markets = list(dict.fromkeys(grid["market"]))
    for row, market in enumerate(markets):
        curve = grid[grid["market"] == market].sort_values("loan_to_value")
        ratio, regime = _column(curve, "loan_to_value"), curve["regime"].to_numpy()
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
    ratio = 1.0 - _column(dates, "haircut")
    inside = (ratio >= window[0]) & (ratio <= window[1])
    axes.plot(
        ratio[inside],
        scale * _column(dates, name)[inside],
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
    ratio, price = _column(published, "loan_to_value"), _column(published, "security_price")
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


# ---------------------------------------------------------------------- small words
def _column(table: pd.DataFrame, name: str) -> FloatArray:
    return table[name].to_numpy(dtype=np.float64)


def _value(table: pd.DataFrame, date: int, name: str) -> float:
    """Number of a date, NaN if the table has no such column, date or number."""
    if name not in table:
        return float("nan")
    found = _column(table[table["date"] == date], name)
    return float(found[0]) if found.size else float("nan")


def _identity(value: float) -> float:
    return value


def _percent(share: float) -> str:
    return f"{round(100.0 * share, 2):g}%"


def _share(part: float, total: float) -> str:
    """Whole percent, but never 0% of somebody nor 100% of less than all."""
    if not 0.0 < part < total:
        return "100%" if part else "0%"
    share = 100.0 * part / total
    return "<1%" if share < 1.0 else ">99%" if share > 99.0 else f"{share:.0f}%"


def _signed(value: float, _position: int | None = None) -> str:
    return f"{value:,g}".replace("-", "\N{MINUS SIGN}")
