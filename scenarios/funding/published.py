"""Equilibria of the market that experts fund, as data.

Source of the economy: Brunnermeier, Eisenbach and Sannikov (survey), section 3.2, which prints the
derivative of the price and no numbers. These were computed from the model's equations, apart from
:mod:`scenarios.funding.closed_form`, and rounded to ten decimals.
"""

from dataclasses import dataclass

ROUNDING = 5.1e-11
"""Half a unit of the tenth decimal, the last that is given (absolute)."""


@dataclass(frozen=True, slots=True)
class Published:
    """One equilibrium at v = 10, gamma = 2, sigma^2 = 1/2 (so s = 2) and Z = 3.

    Attributes
    ----------
    case : str
        Name, unique in :data:`CASES`.
    endowment, slope, cash, base : float
        x0, t, eta and m0.
    price, position, margin, total : float
        q, x1, m and dq/deta.
    """

    case: str
    endowment: float
    slope: float
    cash: float
    base: float
    price: float
    position: float
    margin: float
    total: float


CASES = (
    Published("no spiral", 0.0, 0.0, 3.0, 1.5, 9.5, 2.0, 1.5, 0.3333333333),
    Published(
        "loss spiral", 0.8, 0.0, -5.5, 1.5, 9.0909090909, 1.1818181818, 1.5, 0.4545454545
    ),
    Published(
        "loss and margin spiral", 0.8, 0.3, -5.5, 1.5,
        8.9603767995, 0.9207535990, 1.8118869601, 0.3925343360,
    ),
)  # fmt: skip
"""The stable equilibria with and without spirals."""

SAME_STATE = (0.2759554051, 0.3541359996, 0.3925343360)
"""At the last case's state: dq/deta without spirals, with the loss spiral, with both."""

FRAGILE = {"endowment": 0.6, "slope": 0.6, "base": 0.5}
"""x0, t and m0 of a market whose price jumps."""

FOLD = (9.4166666667, -4.0916666667)
"""Price and cash at its fold."""

EDGE = (-4.5, 8.8333333333)
"""Cash at which its price leaves the fundamental value, and the price to which it jumps."""

THREE = (-4.3, (10.0, 9.8333333333, 9.0))
"""Cash at which it has three equilibria, and their prices: stable, unstable, stable."""
