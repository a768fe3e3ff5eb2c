"""What the scenarios ``collateral-equilibrium`` and ``endogenous-leverage`` show in the browser."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import cycle
from typing import Any

import pandas as pd

from agents.promises.believers import Believers
from agents.promises.state_believers import StateBelievers
from scenarios.promises import pictures
from simulator import palette
from simulator.page_plan import Account, Announcement, Control, Curve, Line, Page, Picture
from simulator.point import ScenarioEconomy

PROMISES = (palette.REPO_RATE, palette.HOUSE, palette.LONG, palette.SHORT, palette.BAD)
"""Colours of promises, in the order of the menu."""


def curves(economy: ScenarioEconomy) -> tuple[Curve, ...]:
    """The price of the asset, and on one axis those of all promises that are quoted."""
    names = [name for name in economy.quotes if name != "asset_price"]
    return (
        Curve("asset_price", "asset price", "cash per asset", palette.PRICE),
        *(
            Curve(name, "promises", "cash per unit", colour,
                  name=name.removeprefix("price_").replace("_", " "))
            for name, colour in zip(names, cycle(PROMISES), strict=False)
        ),
    )  # fmt: skip


def line_of_beliefs(economy: ScenarioEconomy, limit: int) -> pd.DataFrame:
    """Belief of traders, and payoff per unit of wealth after good news minus after bad news."""
    posted: Any = economy.posted
    tables = [cohort.exposures(posted, limit) for cohort in _believers(economy)]
    return pd.concat(tables, ignore_index=True)


def marginal_beliefs(economy: ScenarioEconomy) -> Mapping[str, float]:
    """The least optimistic belief that is long, and the least pessimistic that is short, if any."""
    posted: Any = economy.posted
    longs, shorts = zip(*(c.marginal(posted) for c in _believers(economy)), strict=True)
    marks = {"marginal buyer": min(longs), "marginal short": max(shorts)}
    return {name: belief for name, belief in marks.items() if 0.0 < belief < 1.0}


def _believers(economy: ScenarioEconomy) -> list[Believers | StateBelievers]:
    """The cohorts of traders, on a line of beliefs or trembling."""
    return [c for c in economy.cohorts if isinstance(c, Believers | StateBelievers)]


LINE = Line(
    along="belief",
    held="exposure",
    along_label="belief (probability of good news)",
    held_label="exposure to news (payoff per wealth)",
    traders=line_of_beliefs,
    marks=marginal_beliefs,
    names=("long", "cash or safe loans", "short"),
)

PROMISES_PICTURE = Picture(
    "Leverage and volume by promise", pictures.promises, pictures.promises_text
)

PAGE = Page(
    controls=(
        Control("low_payoff", 0.05, 0.45, 0.05, label="low payoff at the first date"),
        Control("high_payoff", 0.5, 2.0, 0.1),
        Control("promises"),
        Control("cash", 0.1, 3.0, 0.1),
        Control("asset", 0.1, 3.0, 0.1),
        Control("beliefs"),
        Control("population"),
        Control("traders", choices=(10, 100, 1_000, 10_000, 100_000)),
    ),
    curves=curves,
    line=LINE,
    accounts=(
        Account("pledged_asset", "assets pledged", "assets"),
        Account("pledged_cash", "cash pledged", "cash"),
        Account("balance_now", "balance now", "cash", "balance"),
        Account("balance_good", "balance after good news", "cash", "balance"),
        Account("balance_bad", "balance after bad news", "cash", "balance"),
        Account("unsecured", "delivery not backed by collateral", "cash", "balance"),
    ),
    announcement=Announcement("low_payoff", "low payoff", 0.05, 0.9, 0.05),
    case_label="what can be traded beside the asset",
    certify_rounds=True,
    pictures=(
        Picture("Who borrows, who lends", pictures.sides, pictures.sides_text),
        Picture("Price and margin by date", pictures.by_date, pictures.by_date_text),
        PROMISES_PICTURE,
    ),
)

ENDOGENOUS_PAGE = Page(
    controls=(
        Control("beliefs"),
        Control("payoffs"),
        Control("cash", 0.1, 3.0, 0.1),
        Control("asset", 0.1, 3.0, 0.1),
        Control("storable", choices=(True, False)),
        Control("traders", choices=(10, 100, 1_000)),
    ),
    curves=curves,
    line=replace(LINE, along_label="belief (probability of the best state)"),
    accounts=(
        Account("promises_matched", "promises traded", "units"),
        Account("pledged_asset", "assets pledged", "assets"),
        Account("balance_now", "balance now", "cash", "balance"),
        Account("unsecured", "delivery not backed by collateral", "cash", "balance"),
    ),
    pictures=(PROMISES_PICTURE,),
)
