"""Published and reference numbers of economies with credit on an event tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

CITATION = (
    "Iraola and Torres-Martinez, Liquidity contractions and prepayment risk on collateralized"
    " asset markets (SDT 364, 2012)"
)


@dataclass(frozen=True, slots=True)
class Published:
    """Numbers that an equilibrium is compared with.

    Attributes
    ----------
    source : str
        Where they stand, or how they were found.
    values : mapping
        By name of the quote or read-out.
    tolerance : float
        Largest difference of a simulated number, zero where arithmetic is exact.
    """

    source: str
    values: Mapping[str, Fraction | float]
    tolerance: float


def _fractions(values: Mapping[str, str]) -> dict[str, Fraction | float]:
    return {name: Fraction(value) for name, value in values.items()}


EXAMPLE = Published(
    source=f"{CITATION}, section 3; utilities and rates follow from its consumption and figure",
    values=_fractions(
        {
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
        }
    ),
    tolerance=0.0,
)
"""The paper's example, with the good losing 13/22 (keeping 9/22) in state d."""

LOGARITHMIC = Published(
    source="our own reference, solved from first-order conditions to twelve digits",
    values={
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
"""A strictly concave economy: two households with logarithmic utility, two states."""
