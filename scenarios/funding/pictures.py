"""Pictures that the pages of margin spirals show, drawn as it happens.

They share lines and colours with :mod:`scenarios.funding.figures`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from markets.funding.quotes import FundedQuotes
from markets.margin import VolatilityMargin
from markets.quote import FloatArray
from scenarios.funding.closed_form import Spiral
from scenarios.funding.economy import sided
from scenarios.funding.traders import Traders
from simulator import card, palette
from simulator.page_plan import SoFar
from simulator.population.given_cohort import draws

if TYPE_CHECKING:
    from matplotlib.figure import Figure

ROOM = 0.15
"""Wealth drawn beyond that of the market and of the fold, as a share of their range."""

MOST_MARKED = 24
"""Dates up to which each has a marker."""


# ---------------------------------------------------------------------- margin-spiral
@card.styled()
def price_against_wealth(so_far: SoFar) -> Figure:
    """Every equilibrium at every wealth of the experts, and where the market has rested so far."""
    from scenarios.funding import figures

    figure, (axes,) = card.frame(top=0.77)
    found, dates = _market(so_far), so_far.dates
    market, planned = (None, so_far.parameters.experts_wealth) if found is None else found
    now, price = _now(so_far), so_far.quotes["security_price"]
    wealth = [*planned, *dates.get("experts_wealth", [])]
    prices = [*dates.get("security_price", []), *([price] if len(so_far.rounds) else [])]
    if market is not None:
        fold = market.fold()
        wealth += [market.edge(), *([] if fold is None else [fold[1]])]
        prices += [market.fundamental, market.price(market.widest)]
    low, high = card.reach(np.array(wealth, dtype=np.float64), ROOM)
    if market is not None:
        branches = market.branches(low, high)
        figures.draw_branches(axes, branches, low, high)
        prices = [*branches.loc[branches["experts_wealth"].between(low, high), "security_price"]]
    if len(dates):
        _draw_path(axes, dates)
    if len(so_far.rounds) and not so_far.ended:
        today = so_far.rounds[so_far.rounds["date"] == so_far.date]
        axes.plot(np.full(len(today), now), today["security_price"], color=palette.INK,
                  linestyle=":", linewidth=1.2)  # fmt: skip
        axes.plot(now, price, marker="o", markersize=8.0, markerfacecolor="none",
                  color=palette.INK, linestyle="none", label="now")  # fmt: skip
    axes.set_xlim(low, high)
    axes.set_ylim(card.reach(np.array(prices), 0.08))
    axes.set_xlabel("experts' cash (below zero: debt)")
    card.upright(axes, "price (cash per asset)", 5)
    card.legend(axes, 2, handlelength=2.2)
    return figure


def _draw_path(axes: Any, dates: pd.DataFrame) -> None:
    """From date to date, down where wealth falls and up where it rises."""
    wealth, price = (dates[name].to_numpy(np.float64) for name in ("experts_wealth",
                                                                   "security_price"))  # fmt: skip
    for falls, colour, marker, label in (
        (True, palette.SHORT, "v", "wealth falls"),
        (False, palette.LONG, "^", "wealth rises"),
    ):
        after = np.flatnonzero((np.diff(wealth) < 0.0) == falls) + 1
        for k in after.tolist():
            axes.plot(wealth[k - 1 : k + 1], price[k - 1 : k + 1], color=colour, linewidth=1.2)
        if after.size:
            axes.plot(wealth[after], price[after], color=colour, marker=marker, linestyle="none",
                      markersize=6.0, label=label)  # fmt: skip
    axes.plot(wealth[0], price[0], marker="o", color=palette.INK, linestyle="none", label="start")
    card.missed(axes, wealth, price, dates["outcome"])


def spiral_text(so_far: SoFar) -> str:
    """Where the price stands among the equilibria."""
    now, found = _now(so_far), _market(so_far)
    where = f"Experts' cash is {now:g}"
    if len(so_far.rounds):
        where += f", and the price {so_far.quotes['security_price']:.4f}"
    if found is None:
        return f"{where}."
    roots = ", ".join(
        f"{root.price:.4f} ({'stable' if root.stable else 'unstable'})"
        for root in found[0].equilibria(now)
    )
    return f"{where}. At that wealth the equilibrium prices are {roots}."


def _market(so_far: SoFar) -> tuple[Spiral, list[float]] | None:
    """The market as the equations know it, and its experts' cash by date; None if they do not.

    Traders who are drawn are those that the last table shows; before the first there are none.
    """
    parameters = so_far.parameters
    traders, date = None, 0
    if not (draws(parameters.customers) or draws(parameters.experts)):
        traders = parameters.traders(np.random.default_rng(0))
    elif so_far.ends and len(so_far.ends[-1].point.agents):
        point = so_far.ends[-1].point
        traders, date = Traders.of(point.agents), point.date - 1
    if traders is None:
        return None
    found: tuple[Spiral, list[float]] | None = parameters.market(
        traders, date, len(parameters.experts_wealth) - 1
    )
    return found


def _now(so_far: SoFar) -> float:
    """Cash of the experts at the date that is on."""
    market = _market(so_far)
    wealth = so_far.parameters.experts_wealth if market is None else market[1]
    return float(wealth[so_far.date - 1])


# ---------------------------------------------------------------------- funding-contagion
@card.styled()
def contagion(so_far: SoFar) -> Figure:
    """Margin and price of every asset by date; hollow while rounds go on."""
    from scenarios.funding import figures

    assets = so_far.parameters.assets
    dates = so_far.dates
    figure, (upper, lower) = card.frame(2, top=0.9, ratios=[1.0, 1.5])
    for axes, what in ((upper, "margin"), (lower, "price")):
        if len(dates):
            figures.draw_assets(axes, dates, assets, what)
            days = dates["date"].to_numpy(np.float64)
            for name in assets:
                values = dates[f"{what}_{name}"].to_numpy(np.float64)
                card.missed(axes, days, values, dates["outcome"])
        if len(so_far.rounds) and not so_far.ended:
            for (colour, marker), value in zip(figures.ASSET_MARKS, _by_asset(so_far, what),
                                               strict=False):  # fmt: skip
                axes.plot(so_far.date, value, marker=marker, color=colour,
                          markerfacecolor="none", linestyle="none")  # fmt: skip
        axes.margins(y=0.15)
        card.upright(axes, what)
    lower.set_xlim(0.8, max(so_far.date, 4) + 0.2)
    lower.set_xlabel("date (all in cash per asset)")
    card.whole(lower)
    card.legend(upper, 4)
    return figure


def contagion_text(so_far: SoFar) -> str:
    """Margins and prices now."""
    if not len(so_far.rounds):
        return "Margin and price of each asset, date by date; nobody has traded yet."
    each = ", ".join(
        f"{name}: margin {margin:.4g}, price {price:.4f}"
        for name, margin, price in zip(
            so_far.parameters.assets, _by_asset(so_far, "margin"), _by_asset(so_far, "price"),
            strict=True,
        )
    )  # fmt: skip
    shocked = so_far.parameters.shocked
    return f"Date {so_far.date}, when only the margin on {shocked} changes. {each}."


def _by_asset(so_far: SoFar, what: str) -> list[float]:
    """Margin or price of every asset in the last round."""
    posted = so_far.posted
    assert isinstance(posted, FundedQuotes)
    values: list[float] = (posted.margin if what == "margin" else posted.price).tolist()
    return values


# ---------------------------------------------------------------------- margin-procyclicality
@card.styled()
def margin_by_date(so_far: SoFar) -> Figure:
    """Price, margin and volatility of the price by date, under the rule that is watched."""
    from scenarios.funding import figures

    figure, panels = card.frame(3, top=0.9, ratios=[1.4, 1.0, 1.0])
    dates, rules = so_far.dates, list(so_far.parameters.named_rules)
    colour = figures.rule_line(so_far.case, rules.index(so_far.case))["color"]
    marker = "o" if len(dates) <= MOST_MARKED else "None"
    if len(dates):
        panels[0].plot(dates["date"], dates["fundamental"], color=palette.PRICE, linestyle=":",
                       linewidth=1.2, label="fundamental value")  # fmt: skip
        prices, margins = (dates[n].to_numpy(np.float64) for n in ("security_price", "margin"))
        days = dates["date"].to_numpy(np.float64)
        series = (prices, margins, volatility(so_far))
        for axes, values in zip(panels, series, strict=True):
            axes.plot(days, values, color=colour, marker=marker, markersize=3.0)
            card.missed(axes, days, values, dates["outcome"])
        panels[0].get_lines()[1].set_label(f"rule: {so_far.case}")
    for axes, label in zip(panels, ("price", "margin", "volatility"), strict=True):
        axes.margins(y=0.15)
        card.upright(axes, label, 3)
    panels[2].set_xlim(0.5, max(so_far.date, 10) + 0.5)
    panels[2].set_xlabel("date (all in cash per asset)")
    card.whole(panels[2])
    card.legend(panels[0])
    return figure


def volatility(so_far: SoFar) -> FloatArray:
    """Standard deviation expected of the next change of the price, after every date.

    By the moving average of the rule ``volatility``, whatever rule is watched.
    """
    parameters = so_far.parameters
    base = VolatilityMargin.charging(
        sided(parameters.margin_base)[0],
        confidence=sided(parameters.confidence)[0],
        horizon=parameters.horizon,
        memory=parameters.memory,
    )
    first, closes = so_far.first_quotes["security_price"], so_far.dates["security_price"]
    changes = np.diff(closes.to_numpy(np.float64), prepend=first)
    return np.array([base.expected(changes[:k]) for k in range(1, len(changes) + 1)])


def margin_text(so_far: SoFar) -> str:
    """Price and margin of the last date."""
    if not so_far.ends:
        return f"Price, margin and volatility by date under the rule {so_far.case}."
    last = so_far.dates.iloc[-1]
    return (
        f"Rule {so_far.case}: at date {last['date']} the fundamental value is"
        f" {last['fundamental']:.3f}, the price {last['security_price']:.3f}, and the margin"
        f" {last['margin']:.3f}."
    )
