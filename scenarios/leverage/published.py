"""The three-period example as published, and recomputed from its equations, as data.

The source prints two digits. Its equations were solved apart from
:mod:`scenarios.leverage.closed_form` and rounded to six decimals.
"""

from __future__ import annotations

from scenarios.leverage import LEVERAGE_CYCLE, SOURCE
from simulator.published import Kind, Published

PRINTED = 5e-3
"""Half a unit of the second decimal."""

RECOMPUTED = 5.1e-7
"""Half a unit of the sixth decimal."""

FINITE = 10_000
"""Traders of the cases with finitely many; each stands for a slice of 1e-4 of the line."""

SLICE = 1e-4
"""Largest difference of a marginal buyer, and of a price, with so many."""


EXAMPLE = "three-period example"


def _case(
    case: str, tolerance: float, expected: dict[str, float], *,
    kind: Kind = "derived", errata: tuple[int, ...] = (), **parameters: object,
) -> Published:  # fmt: skip
    """Numbers of the example at its first date."""
    return Published(
        case=case,
        scenario=LEVERAGE_CYCLE.name,
        citation=SOURCE,
        place=EXAMPLE if kind == "printed" else f"{EXAMPLE}, recomputed from its equations",
        parameters={"leverage": "chosen", **parameters},
        expected=expected,
        tolerance=tolerance,
        kind=kind,
        errata=errata,
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
    _case("prices, marginal buyer and margins", PRINTED,
          {"asset_price": 0.95, "asset_price_after_bad": 0.69, "marginal_buyer": 0.87,
           "margin": 0.27, "margin_after_bad": 0.71}, kind="printed"),
    _case("marginal buyer after bad news", PRINTED, {"marginal_buyer_after_bad": 0.62},
          kind="printed", errata=(1,)),
    _case("leverage", 5e-2, {"leverage": 3.7, "leverage_after_bad": 1.4}, kind="printed"),
    _case("continuum", RECOMPUTED, EXACT),
    _case("low payoff of .05", RECOMPUTED, LOWER, low_payoff=0.05),
    _case(f"{FINITE:,} traders", SLICE, EXACT, population="individuals", traders=FINITE),
)  # fmt: skip
"""``expected`` has columns of the table of dates, at the first date."""
