"""What the columns mean that the scenarios of repo margins add to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

HAIRCUT: Final = Variable("haircut", "share of the price", "haircut charged")

DATES: Final = (
    HAIRCUT,
    Variable("marginal_long", "share of traders", "traders with beliefs below the marginal long's"),
    Variable(
        "marginal_short", "share of traders", "traders with beliefs below the marginal short's"
    ),
    Variable("marginal_belief_long", "probability", "belief in the low payoff, marginal long"),
    Variable("marginal_belief_short", "probability", "belief in the low payoff, marginal short"),
    Variable("regime", "", "what constrains longs and shorts"),
    Variable("verdict", "", "side whose net trade is more elastic: short, long or neither"),
    Variable("long_elasticity", "number", "elasticity of the longs' net trade in 1 - haircut"),
    Variable("short_elasticity", "number", "elasticity of the shorts' net trade in 1 - haircut"),
    Variable("longs_constrained_by", "", "constraint that binds the longs"),
    Variable("shorts_constrained_by", "", "constraint that binds the shorts"),
    Variable("marginal_from_net_trades", "share of traders", "longs, by the ratio of net trades"),
)
"""Columns of the table of dates."""

MARGIN_HIKE: Final = {
    "dates": DATES,
    "closed_form_by_haircut": (
        Variable("market", "", "short or long market, by the traders' incomes", key=True),
        Variable("loan_to_value", "share of the price", "1 - haircut", key=True),
    ),
    "isoleverage": (
        Variable("market", "", "short or long market, by the traders' incomes", key=True),
        Variable("haircut", "share of the price", "haircut of the curve", key=True),
        Variable("security_price", "cash per security", "price on the curve"),
        Variable("marginal_belief", "probability", "belief in the low payoff, marginal trader"),
        Variable("box_slack", "share of supply", "slack of the box; it binds below zero"),
    ),
}
"""By table, of the scenario ``margin-hike``."""

EURO_CRISIS: Final = {
    "dates": (
        *DATES,
        Variable("market", "", "short or long market", key=True),
        Variable("episode", "", "country and month of the haircut increase", key=True),
        Variable("moment", "", "before or after the increase", key=True),
    ),
    "report": (
        Variable("episode", "", "country and month of the haircut increase", key=True),
        Variable("haircut_before", "share of the price", "haircut before the increase"),
        Variable("haircut_after", "share of the price", "haircut after the increase"),
        Variable("observed_yield_change_percent", "per cent", "observed change of the yield"),
        Variable(
            "observed_price_change_percent", "per cent", "change of the 10-year price that implies"
        ),
        Variable("short_price_change_percent", "per cent", "simulated change, short market"),
        Variable("long_price_change_percent", "per cent", "simulated change, long market"),
        Variable("matching", "", "markets whose price moved in the observed direction"),
        Variable("discriminates", "", "whether the two markets moved in different directions"),
        Variable("reason", "", "why the markets moved as they did"),
        Variable("low_payoff", "cash per security", "low payoff of the security"),
        Variable("high_payoff", "cash per security", "high payoff of the security"),
    ),
}
"""By table, of the scenario ``euro-crisis``."""
