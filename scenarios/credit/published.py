"""Published and reference numbers of economies with credit on an event tree."""

from __future__ import annotations

from fractions import Fraction

from scenarios.credit import SOURCE
from simulator.published import Published

ROUNDED = 1e-15
"""Exact numbers are rounded once where tables show them."""

EXAMPLE = Published(
    case="the example of section 3, the good keeping 9/22 in state d",
    scenario="prepayment",
    citation=SOURCE,
    place="section 3; utilities and rates follow from its consumption and figure",
    expected={
        name: Fraction(value)
        for name, value in {
            "price[j0@0]": "3/4",
            "price[jm@m]": "1/2",
            "resale[j0@u]": "1/4",
            "resale[j0@m]": "0",
            "resale[j0@d]": "1/4",
            "unit_payment[j0@u]": "9/8",
            "unit_payment[j0@m]": "3/2",
            "unit_payment[j0@d]": "17/16",
            "unit_payment[j0@u+]": "1/2",
            "unit_payment[j0@m+]": "0",
            "unit_payment[j0@d+]": "1/2",
            "unit_payment[jm@m+]": "1",
            "utility[A]": "65/16",
            "utility[B]": "1507/384",
            "utility[C]": "31/8",
            "paid[j0@u]": "1/2",
            "prepaid[j0@u]": "1/2",
            "defaulted[j0@u]": "0",
            "paid[j0@m]": "0",
            "prepaid[j0@m]": "1",
            "defaulted[j0@m]": "0",
            "paid[j0@d]": "1/2",
            "prepaid[j0@d]": "0",
            "defaulted[j0@d]": "1/2",
        }.items()
    },
    tolerance=ROUNDED,
)
"""The paper's example; the good "depreciates a 13/22" in state d, which means by as much."""

LOGARITHMIC = Published(
    case="two states, a patient and an impatient household with logarithmic utility",
    scenario="credit-tree",
    citation="this project",
    place="solved from first-order conditions to twelve digits",
    expected={
        "price[j0@0]": 0.277874781437,
        "price[ju@u]": 0.224055792246,
        "resale[j0@u]": 0.134433475348,
        "resale[j0@d]": 0.149120435742,
        "unit_payment[j0@u]": 0.3,
        "unit_payment[j0@d]": 0.3,
        "unit_payment[j0@u+]": 0.3,
        "unit_payment[j0@d+]": 0.3,
        "utility[P]": 2.492201270936,
        "utility[Q]": 0.832326172675,
    },
    tolerance=1e-9,
)
"""A strictly concave economy."""

PUBLISHED = (EXAMPLE, LOGARITHMIC)
