"""What the scenario ``margin-spiral`` shows in the browser."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.quotes import FundedQuotes
from simulator import palette
from simulator.page_plan import Account, Announcement, Control, Curve, Line, Page
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
    accounts=(
        Account("margin_held", "margin held", "cash"),
        Account("financed", "lent beyond margin", "cash"),
        Account("balance_cash", "buyers' less sellers' cash", "cash", "balance"),
    ),
    announcement=Announcement("experts_wealth", "experts' wealth", -5.9, 3.0, 0.1),
    certify_rounds=True,
)
