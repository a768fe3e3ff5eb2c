"""What the columns mean that the scenarios of collateralised promises add to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

INSTRUMENTS: Final = (
    Variable("instrument", "", "the asset, or a promise", key=True),
    Variable("collateral", "", "what backs a unit of the promise"),
    Variable("price", "cash per unit", "price of the instrument"),
    Variable("owed_{node}", "cash per unit", "promised in state {node}"),
    Variable("delivered_{node}", "cash per unit", "paid in state {node}"),
    Variable("traded", "units", "units held"),
    Variable("promised_return", "per period", "return if the promise is kept after good news"),
    Variable("margin", "share of the collateral", "1 - price / collateral: paid by the issuer"),
    Variable("held_by", "", "side that holds it"),
    Variable("issued_by", "", "side that issues it"),
    Variable("pledged_asset", "units per unit", "asset that backs a unit"),
    Variable("pledged_cash", "cash per unit", "cash that backs a unit"),
    Variable("defaults", "states", "states in which it pays less than promised"),
)

DATES: Final = (
    Variable("low_payoff", "cash", "payoff of the asset after bad news"),
    Variable("marginal_buyer", "probability", "belief in good news, least optimistic long"),
    Variable("marginal_short", "probability", "belief in good news, least pessimistic short"),
    Variable("margin", "share of the price", "what holders of the asset put down themselves"),
    Variable("leverage", "multiple", "asset held over own funds: 1 / margin"),
    Variable("default", "share of what is owed", "not delivered in the worst state"),
    Variable("interest", "per period", "rate on promises that pay the same in every state"),
)

VARIABLES: Final = {
    "dates": DATES,
    "instruments": INSTRUMENTS,
    "report": (
        Variable("side", "", "long, lender, cash or short", key=True),
        Variable("belief_low", "probability", "lowest belief on the side"),
        Variable("belief_high", "probability", "highest belief on the side"),
        Variable("traders", "traders", "traders on the side"),
        Variable("wealth", "cash", "their wealth, in total"),
        Variable("cash", "cash", "cash they hold, pledged cash included"),
        Variable("asset", "assets", "asset they hold, pledged units included"),
        Variable("promises_bought", "cash", "value of the promises they hold"),
        Variable("promises_sold", "cash", "value of the promises they issued"),
    ),
}
"""By table, of both scenarios."""
