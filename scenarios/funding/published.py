"""Equilibria of the market that experts fund, as data.

The source prints the derivative of the price by wealth and no numbers. These were computed from
the model's equations, apart from :mod:`scenarios.funding.closed_form`, and rounded to ten decimals,
at v = 10, gamma = 2, sigma^2 = 1/2 (so s = 2) and Z = 3, the defaults.
"""

from __future__ import annotations

from collections.abc import Mapping

from simulator.published import Published

ROUNDING = 5.1e-11
"""Half a unit of the tenth decimal, the last that is given (absolute)."""

AT_REST = 1e-8
"""Cash per asset, and assets: as near to the equilibrium do rounds rest."""

CITATION = "Brunnermeier, Eisenbach and Sannikov, Macroeconomics with financial frictions: a survey"

BRUNNERMEIER_PEDERSEN = (
    "Brunnermeier and Pedersen, Market liquidity and funding liquidity, Review of Financial Studies"
    " 22 (2009)"
)

PLACE = "section 3.2, recomputed from the equations"


def _stable(case: str, endowment: float, slope: float, cash: float, *numbers: float) -> Published:
    """A stable equilibrium at m0 = 1.5 and x0, t, eta; ``numbers`` are q, x1, m and dq/deta."""
    price, position, margin, total = numbers
    return Published(
        case=case,
        scenario="margin-spiral",
        citation=CITATION,
        place=PLACE,
        parameters={
            "experts_endowment": endowment,
            "margin_slope": slope,
            "margin_base": 1.5,
            "experts_wealth": [cash],
        },
        expected={
            "security_price": price,
            "experts_position": position,
            "margin": margin,
            "amplification": total,
        },
        tolerance=ROUNDING,
        at_rest=AT_REST,
    )


CASES = (
    _stable("no spiral", 0.0, 0.0, 3.0, 9.5, 2.0, 1.5, 0.3333333333),
    _stable("loss spiral", 0.8, 0.0, -5.5, 9.0909090909, 1.1818181818, 1.5, 0.4545454545),
    _stable(
        "loss and margin spiral", 0.8, 0.3, -5.5, 8.9603767995, 0.9207535990, 1.8118869601,
        0.3925343360,
    ),
)  # fmt: skip
"""The stable equilibria with and without spirals."""

SIDED = (
    Published(
        case="short experts pay the margin on short positions",
        scenario="margin-spiral",
        citation=BRUNNERMEIER_PEDERSEN,
        place="margins on long and on short positions; by hand: 1.5 x 2 assets take up a wealth of"
        " 3, and customers buy 3 - 2 (q - 10) = 2",
        parameters={
            "experts_endowment": 0.0,
            "margin_slope": 0.0,
            "margin_base": [0.5, 1.5],
            "experts_wealth": [3.0],
            "customers_supply": -3.0,
        },
        expected={
            "security_price": 10.5,
            "experts_position": -2.0,
            "margin": 1.5,
            "amplification": -0.3333333333,
        },
        tolerance=ROUNDING,
        at_rest=AT_REST,
    ),
    Published(
        case="long experts pay the margin on long positions",
        scenario="margin-spiral",
        citation=BRUNNERMEIER_PEDERSEN,
        place="margins on long and on short positions; by hand: .5 x 3 assets are below a wealth of"
        " 3, so that the price is the fundamental value",
        parameters={
            "experts_endowment": 0.0,
            "margin_slope": 0.0,
            "margin_base": [0.5, 1.5],
            "experts_wealth": [3.0],
        },
        expected={"security_price": 10.0, "experts_position": 3.0, "margin": 0.5},
        tolerance=ROUNDING,
        at_rest=AT_REST,
    ),
    Published(
        case="loss and margin spiral of short experts",
        scenario="margin-spiral",
        citation=BRUNNERMEIER_PEDERSEN,
        place="the loss and margin spiral above, mirrored at v: prices are 20 - q, x0 is -.8 and"
        " eta is -5.5 + .8 x 20, so that wealth is the same",
        parameters={
            "experts_endowment": -0.8,
            "margin_slope": [0.1, -0.3],
            "margin_base": [0.5, 1.5],
            "experts_wealth": [10.5],
            "customers_supply": -3.0,
        },
        expected={
            "security_price": 11.0396232005,
            "experts_position": -0.9207535990,
            "margin": 1.8118869601,
            "amplification": -0.3925343360,
        },
        tolerance=ROUNDING,
        at_rest=AT_REST,
    ),
)
"""Margins that differ by the sign of the experts' position, in the order long, short."""

SAME_STATE = (0.2759554051, 0.3541359996, 0.3925343360)
"""At the last case's state: dq/deta without spirals, with the loss spiral, with both."""


def _pool(case: str, place: str, given: Mapping[str, object], *numbers: float) -> Published:
    """Three assets in one pool, at the defaults but for what is given; margins are flat."""
    names = ("funding_premium", "price_stock", "price_twin", "price_other")
    return Published(
        case=case,
        scenario="funding-contagion",
        citation=CITATION,
        place=place,
        parameters={"margin_factors": [1.0], **given},
        expected=dict(zip(names, numbers, strict=True)),
        tolerance=ROUNDING,
        at_rest=AT_REST,
    )


CONTAGION = (
    _pool(
        "one payoff, two margins, two prices",
        "by hand: 3 x 5.5 - 2 x 10.75 p = -3 + .5 (30 - 5.5 p) for the premium p",
        {},
        0.24, 9.64, 9.4, 9.64,
    ),
    _pool(
        "a higher margin on one asset lowers the prices of all",
        "by hand: 3 x 6.625 - 2 x 15.390625 p = -3 + .5 (30 - 6.625 p)",
        {"margin_factors": [1.75]},
        0.2866894198, 9.2474402730, 9.2832764505, 9.5699658703,
    ),
    _pool(
        "short in one of three, at the margin on short positions",
        "by hand: 3 x 5.5 - 2 x 10.75 p = -3 + .5 (30 - 1.5 p - 1.5 p + 2.5 p)",
        {"margin_bases": [1.5, [0.5, 2.5], 1.5], "customers_supplies": [3.0, -3.0, 3.0]},
        0.2117647059, 9.6823529412, 10.5294117647, 9.6823529412,
    ),
)  # fmt: skip
"""Assets of one pool of funding: margin needed equals wealth, linear in the premium p."""

FRAGILE = Published(
    case="a fragile market, whose price jumps",
    scenario="margin-spiral",
    citation=CITATION,
    place=PLACE,
    parameters={"experts_endowment": 0.6, "margin_slope": 0.6, "margin_base": 0.5},
    expected={
        "fold": (9.4166666667, -4.0916666667),  # price and cash
        "edge": -4.5,  # cash at which the price leaves the fundamental value ...
        "price after the jump": 8.8333333333,  # ... and where it jumps to
        "three equilibria": (10.0, 9.8333333333, 9.0),  # stable, unstable, stable, at the cash ...
        "cash of the three": -4.3,
        "price falls by a jump at the edge": True,
        "price on the way back is the lower one": True,
        "price recovers above the fold only": True,
        "middle one is unstable": True,
    },
    tolerance=ROUNDING,
    at_rest=AT_REST,
)

KUPIEC_1995 = (
    "Kupiec, Techniques for verifying the accuracy of risk measurement models, Journal of"
    " Derivatives 3 (1995)"
)

KUPIEC = tuple(
    Published(
        f"{share:.0%} of {periods} days", "margin-procyclicality", KUPIEC_1995,
        "table of regions in which the model is not rejected, 95% confidence",
        {"periods": periods, "expected_share": share},
        {"region, ends left out": (least, most)},
        kind="printed",
    )
    for share, periods, least, most in (
        (0.01, 510, 1, 11), (0.01, 1000, 4, 17), (0.05, 255, 6, 21), (0.05, 1000, 37, 65),
    )
)  # fmt: skip
"""Breaches of a margin that are neither too few nor too many."""
