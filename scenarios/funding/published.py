"""Equilibria of the market that experts fund, as data.

The source prints the derivative of the price by wealth and no numbers. These were computed from
the model's equations, apart from :mod:`scenarios.funding.closed_form`, and rounded to ten decimals,
at v = 10, gamma = 2, sigma^2 = 1/2 (so s = 2) and Z = 3, the defaults.
"""

from __future__ import annotations

from simulator.published import Published

ROUNDING = 5.1e-11
"""Half a unit of the tenth decimal, the last that is given (absolute)."""

CITATION = "Brunnermeier, Eisenbach and Sannikov, Macroeconomics with financial frictions: a survey"

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

SAME_STATE = (0.2759554051, 0.3541359996, 0.3925343360)
"""At the last case's state: dq/deta without spirals, with the loss spiral, with both."""

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
    },
    tolerance=ROUNDING,
)
