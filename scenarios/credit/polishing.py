r"""Hundreds of decimal places of an equilibrium from the ten that a run ends with.

Newton's method on the equations of an active set, :math:`x \leftarrow x - J^+ r(x)`, with the
residual :math:`r` in fractions and the pseudo-inverse :math:`J^+` of the first Jacobian in floating
point, or of another one where that brings too little. Each round adds about as many places as the
start had, since only the *next* digits of the step need be known. The pseudo-inverse solves
equations of which some are redundant, and moves nothing in directions that they leave free.
"""

from __future__ import annotations

from fractions import Fraction
from math import log10

import numpy as np

from markets.quote import FloatArray
from scenarios.credit.active_set import SINGULAR, ActiveSet, Point, equations, jacobian, residuals
from scenarios.credit.reading import CreditEconomy

GUARD = 20
"""Places that are carried beyond those asked for."""

SLOWEST = 2
"""Places that a round with a new Jacobian must add; where what binds contradicts itself, the
residual stays where it is."""


def polished(
    economy: CreditEconomy, active: ActiveSet, point: Point, places: int
) -> tuple[Point, int]:
    """A point at which the equations hold to so many places, or as many as they can.

    Returns
    -------
    point : dict
        Every unknown, rounded to some more places.
    reached : int
        Places to which all equations hold.
    """
    inverse, fresh = _inverse(economy, active, point), True
    reached = -1
    while True:
        missed = residuals(equations(economy, active, point), point)
        largest = max(abs(value) for value in missed)
        holds = _places(largest) if largest else places + GUARD
        slow = holds < reached + SLOWEST
        if holds >= places or (slow and fresh):
            return point, holds
        if slow:
            inverse = _inverse(economy, active, point)
        fresh, reached = slow, holds
        scale = 10**holds
        step = inverse @ np.array([float(value * scale) for value in missed])
        carried = 10 ** min(2 * max(holds, 0) + GUARD, places + GUARD)
        point = {
            unknown: Fraction(round((value - Fraction(move) / scale) * carried), carried)
            for (unknown, value), move in zip(point.items(), step.tolist(), strict=True)
        }


def _inverse(economy: CreditEconomy, active: ActiveSet, point: Point) -> FloatArray:
    """Pseudo-inverse of the Jacobian."""
    return np.asarray(np.linalg.pinv(jacobian(economy, active, point), rcond=SINGULAR))


def _places(value: Fraction) -> int:
    """Decimal places that are zero in a number below one, or one less."""
    bits = value.denominator.bit_length() - value.numerator.bit_length() - 1
    return max(0, int(bits * log10(2)))
