"""The three-period example as published, and recomputed from its equations, as data.

The source prints two digits. Its equations were solved apart from
:mod:`scenarios.leverage.closed_form` and rounded to six decimals. It cuts .6165 short to .61.
"""

from __future__ import annotations

from scenarios.leverage import LEVERAGE_CYCLE, SOURCE
from simulator.published import Published

PRINTED = 5e-3
"""Half a unit of the second decimal."""

CUT_SHORT = 1e-2
"""A unit of the second decimal, where the source cuts a number short."""

RECOMPUTED = 5.1e-7
"""Half a unit of the sixth decimal."""

FINITE = 10_000
"""Traders of the cases with finitely many; each stands for a slice of 1e-4 of the line."""

SLICE = 1e-4
"""Largest difference of a marginal buyer, and of a price, with so many."""


def _case(
    case: str, place: str, tolerance: float, expected: dict[str, float], **parameters: object
) -> Published:
    """One number of the example, or one equilibrium of it."""
    return Published(
        case=case,
        scenario=LEVERAGE_CYCLE.name,
        citation=SOURCE,
        place=place,
        parameters={"leverage": "chosen", **parameters},
        expected=expected,
        tolerance=tolerance,
    )


EXACT = {
    "asset_price": 0.946519,
    "asset_price_after_bad": 0.693188,
    "marginal_buyer": 0.869854,
    "marginal_buyer_after_bad": 0.616485,
    "margin": 0.267645,
    "margin_after_bad": 0.711478,
}

LOWER = {
    "asset_price": 0.899667,
    "asset_price_after_bad": 0.575092,
    "marginal_buyer": 0.829141,
    "marginal_buyer_after_bad": 0.552728,
    "margin": 0.360773,
    "margin_after_bad": 0.913057,
}

CASES = (
    _case("as printed", "three-period example", PRINTED,
          {"asset_price": 0.95, "asset_price_after_bad": 0.69, "marginal_buyer": 0.87,
           "margin": 0.27, "margin_after_bad": 0.71}),
    _case("marginal buyer after bad news, as printed", "three-period example", CUT_SHORT,
          {"marginal_buyer_after_bad": 0.61}),
    _case("leverage, as printed", "three-period example", 5e-2,
          {"leverage": 3.7, "leverage_after_bad": 1.4}),
    _case("recomputed", "equations of the three-period example", RECOMPUTED, EXACT),
    _case("low payoff of .05", "equations of the three-period example", RECOMPUTED, LOWER,
          low_payoff=0.05),
    _case(f"{FINITE:,} traders", "equations of the three-period example", SLICE, EXACT,
          population="individuals", traders=FINITE),
)  # fmt: skip
"""``expected`` has columns of the table of dates, at the first date."""
