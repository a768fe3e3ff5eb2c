"""Pictures that the pages of ``margin-hike`` and ``euro-crisis`` show, drawn as it happens.

They share lines and colours with :mod:`scenarios.repo.figures`.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from markets.repo.quotes import RepoQuotes
from scenarios.repo.closed_form import price_curve
from scenarios.repo.economy import MarginHike, number
from scenarios.repo.episodes.episodes import Episode, episodes, observed_response
from scenarios.repo.isoleverage import isoleverage
from scenarios.repo.summary import percent
from simulator import card, palette
from simulator.page_plan import SoFar

if TYPE_CHECKING:
    from matplotlib.figure import Figure

HAIRCUTS = np.r_[np.geomspace(0.001, 0.12, 40), np.linspace(0.14, 0.6, 24)]
"""Haircuts at which the closed form is drawn."""

ROOM = 0.1
"""Haircuts drawn beyond the largest announced one."""


# ---------------------------------------------------------------------- margin-hike
@card.styled()
def price_against_haircut(so_far: SoFar) -> Figure:
    """The price by the closed form at every haircut, and where the market has rested so far."""
    figure, (axes,) = card.frame()
    parameters: MarginHike = so_far.parameters
    dates = so_far.dates
    reached = [*dates.get("haircut", []), *parameters.haircuts, *_now(so_far)]
    most = max(reached) + ROOM
    prices = [*dates.get("security_price", [])]
    if parameters.has_closed_form:
        curve = closed_form(parameters)
        inside = curve["haircut"] <= most
        prices += [*curve.loc[inside, "security_price"]]
        axes.plot(
            100.0 * curve.loc[inside, "haircut"], curve.loc[inside, "security_price"],
            color=palette.CLOSED_FORM, linestyle="--", label="closed form",
        )  # fmt: skip
    if len(dates):
        haircut = dates["haircut"].to_numpy(np.float64)
        price = dates["security_price"].to_numpy(np.float64)
        axes.plot(100.0 * haircut, price, color=palette.NEUTRAL[0], linewidth=1.0)
        axes.plot(100.0 * haircut, price, marker="o", color=palette.PRICE, linestyle="none",
                  label="rested", zorder=5)  # fmt: skip
        card.missed(axes, 100.0 * haircut, price, dates["outcome"])
        for k, place in enumerate(zip(100.0 * haircut, price, strict=True), start=1):
            axes.annotate(str(k), place, xytext=(4, 5), textcoords="offset points", fontsize=8.5)
    if not so_far.ended:
        for charged in _now(so_far):
            now = so_far.quotes["security_price"]
            prices.append(now)
            axes.plot(100.0 * charged, now, marker="o", markersize=8.0, color=palette.INK,
                      markerfacecolor="none", linestyle="none", label="now")  # fmt: skip
    axes.set_xlim(-100.0 * 0.03 * most, 100.0 * most)
    axes.set_ylim(card.reach(np.array(prices, dtype=np.float64)))
    axes.set_xlabel("haircut (percent); numbers: dates")
    card.upright(axes, "security price (cash)", 5)
    card.legend(axes, 3)
    return figure


def haircut_text(so_far: SoFar) -> str:
    """Haircut and price at every date so far."""
    each = [
        f"at a haircut of {percent(round(row['haircut'], 6))} the price rested at"
        f" {row['security_price']:.4f}"
        for row in so_far.dates.to_dict("records")
    ]
    market = so_far.parameters.market
    return f"Price against the haircut in a {market} market: {'; '.join(each) or 'no rest yet'}."


def closed_form(parameters: MarginHike) -> pd.DataFrame:
    """Price by the closed form over haircuts; columns ``haircut`` and ``security_price``."""
    up, down = parameters.incomes
    assert isinstance(parameters.beliefs, str)
    return _curve(
        parameters.low_payoff,
        parameters.high_payoff,
        number(parameters.cash),
        number(parameters.securities),
        number(up),
        number(down),
        parameters.beliefs,
        parameters.reuse,
    )


@lru_cache(maxsize=8)
def _curve(
    low: float,
    high: float,
    cash: float,
    securities: float,
    up: float,
    down: float,
    beliefs: str,
    reuse: bool,
) -> pd.DataFrame:
    spread = Beliefs(beliefs)
    solved = price_curve(
        HAIRCUTS.tolist(),
        low_payoff=low,
        high_payoff=high,
        cash=cash,
        securities=securities,
        income_up=up,
        income_down=down,
        cdf=spread.below,
        quantile=lambda share: float(spread.quantile(np.array([share]))[0]),
        reuse=reuse,
    )
    price = [point.security_price for point in solved]
    return pd.DataFrame({"haircut": HAIRCUTS, "security_price": price})


def _now(so_far: SoFar) -> list[float]:
    """The haircut that is charged, once somebody has traded."""
    if not so_far.traded:
        return []
    posted = so_far.posted
    assert isinstance(posted, RepoQuotes)
    return [posted.haircut]


@card.styled()
def isoleverage_lines(so_far: SoFar) -> Figure:
    """Isoleverage lines of the haircuts so far, and the marginal belief and price of the market."""
    figure, (axes,) = card.frame(top=0.8)
    parameters: MarginHike = so_far.parameters
    if parameters.reuse and parameters.margin is None and parameters.has_closed_form:
        from scenarios.repo.figures.isoleverage import draw_market

        haircuts = parameters.haircuts[: so_far.date]
        up, down = parameters.incomes
        lines = isoleverage(
            haircuts,
            low_payoff=parameters.low_payoff,
            high_payoff=parameters.high_payoff,
            cash=number(parameters.cash),
            securities=number(parameters.securities),
            incomes=dict.fromkeys(("short", "long"), (number(up), number(down))),
            quantile=Beliefs(parameters.beliefs).quantile,
        )
        draw_market(axes, lines[lines["market"] == parameters.market], haircuts)
    at_zero = so_far.quotes["repo_rate"] == 0.0
    if so_far.traded and at_zero:
        posted = so_far.posted
        assert isinstance(posted, RepoQuotes)
        axes.plot(
            posted.marginal_beliefs[0], posted.price, marker="o", color=palette.PRICE,
            markersize=8.0, markerfacecolor=palette.PRICE if so_far.ended else "none",
            linestyle="none", zorder=6, label="rested" if so_far.ended else "now",
        )  # fmt: skip
    elif not at_zero:
        axes.text(0.02, 0.02, "The repo rate is below zero:\nthe market is on no line.",
                  transform=axes.transAxes, fontsize=8.5)  # fmt: skip
    axes.set_xlim(0.0, 1.0)
    axes.set_ylim(parameters.low_payoff, parameters.high_payoff)
    axes.set_xlabel("marginal belief (probability of the low payoff)")
    card.upright(axes, "security price (cash)", 5)
    card.legend(axes, 2, handlelength=2.4)
    return figure


def isoleverage_text(so_far: SoFar) -> str:
    """Where the market stands."""
    said = "Isoleverage lines: an equilibrium at a repo rate of zero lies where one crosses the"
    said += " line on which the marginal trader is indifferent"
    if not so_far.traded:
        return f"{said}."
    if so_far.quotes["repo_rate"] < 0.0:
        return f"{said}; the repo rate is below zero now, and the market on no such line."
    posted = so_far.posted
    assert isinstance(posted, RepoQuotes)
    where = f"marginal belief is {posted.marginal_beliefs[0]:.4f} and the price {posted.price:.4f}"
    return f"{said}; the {where}."


# ---------------------------------------------------------------------- euro-crisis
@card.styled()
def episode(so_far: SoFar) -> Figure:
    """Haircut and yield as they were observed, and the simulated move of the price below them."""
    from scenarios.repo.episodes.figures import compare, draw_episode

    observed = _episode(so_far)
    figure, (panel, note) = card.frame(
        2,
        ratios=[1.0, 0.34],
        shared=False,
        left=0.15,
        right=0.86,
        top=0.92,
        bottom=0.02,
        hspace=0.42,
    )  # fmt: skip
    draw_episode(panel, observed, outer_left=True, outer_right=True)
    compare(note, pd.DataFrame([moves(so_far)]))
    return figure


def moves(so_far: SoFar) -> dict[str, object]:
    """Observed and simulated change of the price, in percent; not a number until both dates rest.

    Of the other market, which is another case, there is no simulated change here.
    """
    market = so_far.case.split(",")[0]
    observed = observed_response(_episode(so_far), so_far.parameters.horizon)
    change = np.nan
    if len(so_far.ends) > 1:
        before, after = (end.point.quotes["security_price"] for end in so_far.ends[:2])
        change = 100.0 * (after / before - 1.0)
    agrees = np.sign(change) == np.sign(observed.price_change_percent)
    said = market if agrees else f"the {market} market does not move it this way"
    return {
        "observed_price_change_percent": observed.price_change_percent,
        "short_price_change_percent": change if market == "short" else np.nan,
        "long_price_change_percent": change if market == "long" else np.nan,
        "matching": said if np.isfinite(change) else "",
    }


def episode_text(so_far: SoFar) -> str:
    """The episode, what was observed, and what was simulated."""
    seen, found, market = _episode(so_far), moves(so_far), so_far.case.split(",")[0]
    change = found[f"{market}_price_change_percent"]
    assert isinstance(change, float)
    simulated = f"{change:+.2f}%" if np.isfinite(change) else "not known yet"
    return (
        f"{seen.country}, {seen.announced:%B %Y}: the haircut goes from"
        f" {percent(seen.haircut_before)} to {percent(seen.haircut_after)}; the 10-year price"
        f" changed by {found['observed_price_change_percent']:+.2f}%, simulated in the"
        f" {market} market: {simulated}."
    )


def _episode(so_far: SoFar) -> Episode:
    """The episode of the case."""
    name = so_far.case.split(", ", 1)[1]
    return next(each for each in episodes() if each.name == name)
