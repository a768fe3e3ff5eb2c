"""What the scenarios of pledgeable securities show in the browser."""

from __future__ import annotations

from scenarios.pledge import pictures
from simulator import palette
from simulator.page_plan import Account, Control, Curve, Page, Picture

BY_HAIRCUT = Picture(
    "Price against the haircut", pictures.price_against_haircut, pictures.price_text
)

PAGE = Page(
    controls=(
        Control("haircut", 0.11, 0.95, 0.01),
        Control("repo_rate", 0.0, 0.3, 0.01),
        Control("belief"),
        Control("learning"),
        Control("margin_rule"),
        Control("signal_precision", 0.5, 8.0, 0.5),
        Control("noise_precision", 0.5, 12.0, 0.5),
        Control("risk_aversion", 1.25, 6.0, 0.25),
        Control("days", choices=(20, 60, 120)),
        Control("investors", choices=(100, 1_000, 10_000)),
    ),
    curves=(Curve("log_price", "log price", "cash", palette.PRICE),),
    accounts=(
        Account("volume", "securities traded", "securities"),
        Account("beyond_limits", "investors beyond limits", "share of investors"),
        Account("repo_excess", "excess demand for repo", "securities"),
    ),
    pictures=(
        Picture("Coefficients by day", pictures.coefficients, pictures.coefficients_text),
        BY_HAIRCUT,
    ),
    day_by_day=True,
)

SECURITIES_PAGE = Page(
    controls=(
        Control("haircuts", 0.11, 0.95, 0.01, label="haircut of the first security"),
        Control("payoffs"),
        Control("swing", 0.0, 0.3, 0.05),
        Control("repo_rate", 0.0, 0.3, 0.01),
        Control("belief"),
        Control("signal_precision", 0.5, 8.0, 0.5),
        Control("noise_precision", 0.5, 12.0, 0.5),
        Control("days", choices=(20, 40, 120)),
        Control("investors", choices=(100, 1_000, 10_000)),
    ),
    pictures=(
        BY_HAIRCUT,
        Picture("Prices and haircuts by day", pictures.prices_by_day, pictures.by_day_text),
    ),
    day_by_day=True,
)
