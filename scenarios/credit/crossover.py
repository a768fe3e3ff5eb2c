r"""From an equilibrium that has nearly settled to one in exact numbers.

1. The run shows which conditions bind (:mod:`~scenarios.credit.active_set`). Quotes that these
   leave free are held at a simple fraction nearby.
2. Newton's method solves the binding conditions to hundreds of decimal places
   (:mod:`~simulator.proof.newton`).
3. The quotes are recognised from their digits as fractions, or as numbers that the root of one
   polynomial generates (:mod:`~simulator.proof.recognition`).
4. Plans and multipliers follow in exact numbers (:mod:`~scenarios.credit.proof`).

Every step may fail, and then says why. None of them is relied on: a proof is what
:func:`scenarios.credit.exact.check` finds without fault.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal, localcontext
from fractions import Fraction

import numpy as np

from scenarios.credit import active_set
from scenarios.credit.active_set import ActiveSet, Point
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import Variable, program_at
from scenarios.credit.proof import NotProved, dual, fitted, prove_at
from simulator.point import UNPROVED
from simulator.proof.algebraic import NoField
from simulator.proof.newton import undetermined
from simulator.proof.recognition import HIGHEST_DEGREE, largest_denominator, recognised, simplest

LARGEST = 1000
"""Unknown quotes, plans and multipliers up to which a proof is attempted: some twenty households,
and half a minute at worst."""

AMOUNTS = (1e-7, 1e-6, 1e-5)
"""Smallest amounts of a plan that count, as shares of the largest endowment; tried in turn. Runs
that have settled need no more than the first."""

PLACES = (400, 1000)
"""Decimal places to which quotes are found; the second where the first do not suffice."""

NEARBY = 1e-8
"""Distance within which a quote that may move freely is held at a simple fraction."""

FARTHEST = 5e-2
"""Largest distance of a quote from where rounds ended; farther away is another equilibrium."""

SHOWN = 50
"""Digits that are kept of quotes that are not recognised."""


def prove(
    economy: CreditEconomy,
    quotes: Mapping[str, float],
    plans: Mapping[str, Mapping[Variable, float]],
) -> dict[str, object] | None:
    """A proof of the equilibrium that a run approaches, or why there is none.

    Parameters
    ----------
    quotes : mapping
        Quotes at rest.
    plans : mapping
        Every household's plan at rest.

    Returns
    -------
    dict, optional
        A proof as :func:`scenarios.credit.exact.read` reads it. Or a document with the key
        ``"not proved"`` and a sentence, and with ``"digits"`` where the quotes are known to many.
        None where utility is not linear, so that nothing could be proved.
    """
    if not economy.linear:
        return None
    problem = program_at(economy, quotes)
    size = len(quotes) + len(economy.households) * (len(problem.columns) + len(problem.rows))
    if size > LARGEST:
        return {UNPROVED: f"not attempted, {size} unknowns are more than {LARGEST}"}
    multipliers = {}
    for household in economy.households:
        prices = dual(problem, household)
        if prices is None:  # quotes that have not settled may leave room for arbitrage
            try:
                prices = fitted(problem, household, plans[household.name])
            except NotProved as reason:
                return {UNPROVED: str(reason)}
        multipliers[household.name] = dict(zip(problem.rows, prices.tolist(), strict=True))
    tried: list[ActiveSet] = []
    reasons: list[str] = []
    for smallest in AMOUNTS:
        active, point = active_set.read(economy, quotes, plans, multipliers, smallest)
        if active in tried:
            continue
        tried.append(active)
        try:
            return _prove_with(economy, active, point, quotes)
        except (NotProved, NoField, np.linalg.LinAlgError) as reason:
            reasons.append(str(reason))
    return {UNPROVED: reasons[0]}


def _prove_with(
    economy: CreditEconomy, active: ActiveSet, point: Point, quotes: Mapping[str, float]
) -> dict[str, object]:
    """A proof from what binds and a point nearby, or a document with digits."""
    names = list(quotes)  # the point begins with them
    jacobian = active_set.system(economy, active, quotes).jacobian(point)
    free = [names[place] for place in undetermined(jacobian, len(names))]
    pinned = {name: simplest(quotes[name], NEARBY) for name in free}
    system = active_set.system(economy, active_set.pin(active, pinned), quotes)
    digits: dict[str, Fraction] = {}
    start = point
    for places in PLACES:
        point, reached = system.refined(point, places)
        if reached < places:
            raise NotProved(f"what binds at rest contradicts itself in decimal place {reached + 1}")
        digits = {name: point[active_set.quote(name)] for name in names}
        drift = max(abs(digits[name] - start[active_set.quote(name)]) for name in names)
        if drift > FARTHEST:
            raise NotProved(
                f"the quotes that solve what binds at rest are {float(drift):.0e} away from rest"
            )
        recognition = recognised(digits, places)
        if recognition is not None:
            exactly, root = recognition
            remarks = {"quotes_held": free, "distance_from_rest": float(drift)}
            return prove_at(economy, exactly, root | remarks)
    return {
        UNPROVED: f"to {PLACES[-1]} decimal places not all quotes look like fractions with"
        f" denominators of up to {largest_denominator(PLACES[-1])} digits, or like numbers of"
        f" degree up to {HIGHEST_DEGREE}",
        "digits": {name: _decimals(value) for name, value in digits.items()},
    }


def _decimals(value: Fraction) -> str:
    """The first of its decimal places as text."""
    with localcontext(prec=SHOWN):
        return str(Decimal(value.numerator) / Decimal(value.denominator))
