"""An example with numbers, as data.

Beliefs uniform on [0, 1], one unit of cash and one of the asset each, the asset pays 1 or .2.
The survey (Brunnermeier, Eisenbach and Sannikov, section 3.3) defines collateral equilibrium and
prints no numbers; the example is the one known from Geanakoplos. Its numbers were worked out from
the equations, apart from :mod:`scenarios.promises.closed_form`, and rounded to six decimals.
"""

from dataclasses import dataclass

ROUNDING = 5.1e-7
"""Half a unit of the sixth decimal, the last that is given (absolute)."""


@dataclass(frozen=True, slots=True)
class Published:
    """One equilibrium.

    Attributes
    ----------
    assets : str
        The scenario's parameter.
    price, buyer : float
        Price of the asset, and the least optimistic belief that is long.
    margin : float or None
        Share of the price that buyers pay themselves, where it is given.
    short : float or None
        The least pessimistic belief that buys what pays after bad news, where it is given.
    finite : float or None
        The price with 100,000 traders, where it is given.
    """

    assets: str
    price: float
    buyer: float
    margin: float | None = None
    short: float | None = None
    finite: float | None = None


CASES = (
    Published("none", 0.677033, 0.596291, finite=0.677036),
    Published("borrowing", 0.748913, 0.686141, margin=0.732946, finite=0.748914),
    Published("tranching", 0.826462, 0.646201, short=0.098694),
    Published("default-swaps", 0.549193, 0.436492),
)
"""One line a market, from no credit to complete markets."""
