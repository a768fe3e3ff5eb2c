"""What the scenarios of margin spirals show in the browser."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.quotes import FundedQuotes
from scenarios.funding import pictures
from simulator import palette
from simulator.page_plan import Account, Announcement, Control, Curve, Line, Page, Picture
from simulator.point import ScenarioEconomy


def schedules(economy: ScenarioEconomy, limit: int) -> pd.DataFrame:
    """What experts could fund, and what customers would sell, at every price where both trade.

    The wealth of experts and the margin are those of the price asked about: where the two
    schedules mirror each other the market clears.
    """
    posted = economy.posted
    assert isinstance(posted, FundedQuotes)
    customers = next(c for c in economy.cohorts if isinstance(c, Customers))
    experts = next(c for c in economy.cohorts if isinstance(c, Experts))
    assert isinstance(economy.house, MarginClearingHouse)
    (rule,) = economy.house.posted.values()
    (value,), (above,), (below,) = posted.fundamental, *customers.concession()
    # at either end nobody trades, or every position is equally good
    prices = np.linspace(value - below, value + above, max(limit // 2, 2) + 2)[1:-1]
    orders = []
    for price in prices.tolist():
        side = np.sign(posted.fundamental - price)
        margin = np.array([rule.on(float(side[0])).margin(price)])
        asked = replace(posted, price=np.array([price]), margin=margin, side=side)
        for positions in (customers.positions(asked), experts.capacity(asked)):
            orders.append((price, float(np.sum(positions))))
    return pd.DataFrame(orders, columns=["price", "order"])


ACCOUNTS = (
    Account("margin_held", "margin held", "cash"),
    Account("financed", "lent beyond margin", "cash"),
    Account("balance_cash", "buyers' less sellers' cash", "cash", "balance"),
)

PAGE = Page(
    controls=(
        Control("experts_wealth", -5.9, 3.0, 0.1, label="experts' wealth at the first date"),
        Control("experts_endowment", 0.4, 1.0, 0.05),
        Control("margin_base", 0.1, 3.0, 0.1),
        Control("margin_slope", -0.2, 1.0, 0.05),
        Control("customers_supply", 0.5, 6.0, 0.25),
        Control("fundamental_value", 7.0, 20.0, 0.5),
        Control("risk_aversion", 0.5, 5.0, 0.25),
        Control("volatility"),
    ),
    curves=(
        Curve("security_price", "security price", "cash per asset", palette.PRICE),
        Curve("funding_premium", "funding premium", "gain per margin", palette.HOUSE),
    ),
    line=Line(
        along="price",
        held="order",
        along_label="price (cash per asset)",
        held_label="order at that price (assets)",
        traders=schedules,
        marks=lambda economy: {"posted price": economy.quotes["security_price"]},
        names=("buyers", "neither", "sellers"),
        ends=None,
        wide=False,
    ),
    accounts=ACCOUNTS,
    announcement=Announcement("experts_wealth", "experts' wealth", -5.9, 3.0, 0.1),
    certify_rounds=True,
    pictures=(
        Picture(
            "Price against experts' wealth", pictures.price_against_wealth, pictures.spiral_text
        ),
    ),
)

CONTAGION_PAGE = Page(
    controls=(
        Control("experts_wealth", -12.0, 20.0, 0.5, label="experts' wealth at the first date"),
        Control("shocked"),
        Control("margin_bases", 0.5, 4.0, 0.25, label="margin on the first asset"),
        Control("margin_slopes", -0.1, 0.5, 0.05, label="rise of that margin as the price falls"),
        Control("customers_supplies", 0.5, 6.0, 0.25, label="customers' supply of the first asset"),
        Control("risk_aversion", 0.5, 5.0, 0.25),
    ),
    accounts=ACCOUNTS,
    announcement=Announcement("margin_factors", "margin, times its base,", 0.5, 3.0, 0.05),
    certify_rounds=True,
    pictures=(Picture("Margins and prices by date", pictures.contagion, pictures.contagion_text),),
)

PROCYCLICALITY_PAGE = Page(
    controls=(
        Control("dates", choices=(20, 60, 120, 250)),
        Control("margin_base", 0.5, 2.0, 0.1),
        Control("margin_slope", 0.0, 0.6, 0.05),
        Control("memory", 0.5, 0.99, 0.01),
        Control("floor", 0.0, 2.0, 0.1),
        Control("buffer", 0.0, 1.0, 0.05),
        Control("experts_wealth", 0.0, 6.0, 0.2),
        Control("recapitalised", 0.0, 1.0, 0.05),
        Control("news_volatility", 0.0, 0.3, 0.01),
        Control("supply_volatility", 0.0, 1.0, 0.05),
    ),
    curves=PAGE.curves,
    accounts=ACCOUNTS,
    case_label="margin rule",
    pictures=(Picture("Price, margin, volatility", pictures.margin_by_date, pictures.margin_text),),
    day_by_day=True,
)
