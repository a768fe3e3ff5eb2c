"""What the figures show, in a sentence for a caption."""

from __future__ import annotations

from typing import Final

PLEDGEABILITY: Final = {
    "coefficients_by_day": "Coefficients of the log price by day: conjectured by investors, implied"
    " by their orders, and by theory",
    "price_against_closed_form": "Simulated log price against the closed form, day by day",
    "bias_by_haircut_and_rate": "Pledgeability bias of the log price by haircut and repo rate, by"
    " theory; hatched where the repo market is shut",
    "informativeness_by_haircut": "Informativeness of the price, and its bias, by haircut:"
    " simulated, with two standard errors, and closed form",
    "informativeness_by_rate": "Informativeness of the price, and its bias, by repo rate:"
    " simulated, with two standard errors, and closed form",
}

PLEDGEABLE_SECURITIES: Final = {
    "prices_by_day": "Log prices and haircuts of the securities by day",
}
