"""Equilibria of a known example with numbers, as data.

Beliefs uniform on [0, 1], one unit of cash and one of the asset each, the asset pays 1 or .2.
The survey (Brunnermeier, Eisenbach and Sannikov, section 3.3) defines collateral equilibrium and
prints no numbers; the example is the one known from Geanakoplos. Its numbers were recomputed from
the equations, independently of :mod:`scenarios.promises.closed_form`, and rounded to six decimals.
"""

from __future__ import annotations

from scenarios.promises import COLLATERAL_EQUILIBRIUM, SOURCE
from simulator.published import Published

ROUNDING = 5.1e-7
"""Half a unit of the sixth decimal, the last that is given (absolute)."""

FINITE = 100_000
"""Traders of the cases with finitely many."""


OPTIMISTIC = "beta(1, 0.5)"
"""Trader h of a uniform line gives good news the probability 1 - (1 - h)^2: its distribution."""


def _case(
    assets: str, *, traders: int = 0, beliefs: str = "uniform", **expected: float
) -> Published:
    """One equilibrium: of a continuum, or of finitely many traders."""
    finite = {"population": "individuals", "traders": traders} if traders else {}
    who = f"{traders:,} traders" if traders else "continuum"
    return Published(
        case=f"{assets}, {who}" if beliefs == "uniform" else f"{assets}, {who}, optimistic",
        scenario=COLLATERAL_EQUILIBRIUM.name,
        citation=SOURCE,
        place="two-state example, recomputed from the equations",
        parameters={"assets": assets, "low_payoff": 0.2, "beliefs": beliefs, **finite},
        expected=expected,
        tolerance=ROUNDING,
    )


CASES = (
    _case("none", asset_price=0.677033, marginal_buyer=0.596291),
    _case("borrowing", asset_price=0.748913, marginal_buyer=0.686141, margin=0.732946),
    _case("tranching", asset_price=0.826462, marginal_buyer=0.646201, marginal_short=0.098694),
    _case("default-swaps", asset_price=0.549193, marginal_buyer=0.436492),
    _case(
        "loans-and-swaps",
        asset_price=0.527515,
        marginal_buyer=0.486673,
        marginal_short=0.369476,
        price_loan_low=0.2 * 0.895098,
    ),
    _case("none", beliefs=OPTIMISTIC, asset_price=0.834466),
    _case("borrowing", beliefs=OPTIMISTIC, asset_price=0.892820),
    _case("tranching", beliefs=OPTIMISTIC, asset_price=0.995687),
    _case("default-swaps", beliefs=OPTIMISTIC, asset_price=0.640043),
    _case("none", traders=FINITE, asset_price=0.677036),
    _case("borrowing", traders=FINITE, asset_price=0.748914),
)
"""From no credit to complete markets; swaps without tranches; optimistic beliefs.

``expected`` has columns of the table of dates."""

FOSTEL_GEANAKOPLOS = "Fostel and Geanakoplos, Leverage and default in binomial economies (2015)"
