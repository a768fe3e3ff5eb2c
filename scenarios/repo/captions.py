"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

MARGIN_HIKE: Final = {
    "positions_by_belief": "Securities held by belief in the low payoff, at each date; marginal"
    " traders are marked",
    "isoleverage": "Price against the belief of the marginal trader at constant leverage of longs"
    " (isoleverage), with the resting points of the run",
    "price_against_haircut": "Price and repo rate against the loan-to-value ratio (1 - haircut), in"
    " a short and in a long market: closed form, and the resting points of the run",
}

EURO_CRISIS: Final = {
    "haircuts_and_yields": "Ten-year yields and repo haircuts by trading day around increases of"
    " the haircut; below each panel the price change observed and simulated",
}
