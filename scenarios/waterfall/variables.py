"""What the columns mean that the scenario ``default-waterfall`` adds to the tables."""

from __future__ import annotations

from typing import Final

from markets.variable import Variable

VARIABLES: Final = {
    "dates": (
        Variable("margin_required", "cash", "initial margin required of all members"),
        Variable("fund_required", "cash", "default fund that all members must hold"),
        Variable("margin[{instrument}]", "share of the price", "initial margin on {instrument}"),
        Variable("extreme", "", "how sure the greatest, or least, is: proved, one way, turned"),
    ),
    "who_pays": (
        Variable("defaulter", "", "the member who defaults", key=True),
        Variable("payer", "", "who bears a part of what it leaves", key=True),
        Variable("fund_used", "cash", "borne by the payer's contribution"),
        Variable("assessed", "cash", "borne by an assessment on the payer"),
        Variable("gains_cut", "cash", "borne by a cut of the payer's gains"),
        Variable("capital_used", "cash", "borne by the house's capital"),
        Variable("cash", "cash", "borne by the payer in all"),
    ),
    "reverse_stress": (
        Variable("exhausted", "", "what happens: a first default, or a layer is used up", key=True),
        Variable("multiple", "multiple", "smallest multiple of the direction at which it does"),
        Variable("change[{instrument}]", "share", "change of what {instrument} is worth there"),
        Variable("price[{instrument}]", "cash per security", "price of {instrument} there"),
        Variable("defaulted", "members", "members who default there"),
    ),
}
"""By table."""
