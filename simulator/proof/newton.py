r"""Hundreds of decimal places of a solution from the ten that floating point gives.

Equations are linear in some unknowns at given values of the others, as those of an equilibrium are
in plans and multipliers at given quotes. There may be more of them than unknowns, which agree with
each other at a solution, and directions in which a solution may move.

Newton's method, :math:`x \leftarrow x - J^+ r(x)`, has the residual :math:`r` exact and the
pseudo-inverse :math:`J^+` of the first Jacobian in floating point, or of another one where that
brings too little. Each step adds about as many places as the start had, since only the *next*
digits of the step need be known. The pseudo-inverse solves equations of which some are redundant,
and moves nothing in directions that they leave free.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Hashable, Mapping, Sequence
from fractions import Fraction
from math import log10
from typing import Generic, TypeVar, cast

import numpy as np
from flint import fmpq

from markets.quote import FloatArray
from simulator.proof.algebraic import Exact

Unknown = TypeVar("Unknown", bound=Hashable)

Equation = tuple[Mapping[Unknown, Exact], Exact]
"""Coefficients of the unknowns that it is linear in, and what they add up to."""

SINGULAR = 1e-9
"""Singular values below this, as a share of the largest, count as zero; those of credit economies
in which something moves freely are 1e-15, and all others were seen above 1e-5."""

DIFFERENCE = Fraction(1, 2**100)
"""Step of the difference quotients; in exact arithmetic they are derivatives to thirty digits."""

GUARD = 20
"""Places that are carried beyond those asked for."""

SLOWEST = 2
"""Places that a step with a new Jacobian must add; where equations contradict each other, the
residual stays where it is."""


class System(Generic[Unknown]):
    """Equations, of which Newton's method needs residuals and Jacobians.

    Parameters
    ----------
    equations : callable
        The equations at a point, always as many and in the same order.
    others : collection
        The unknowns that they are not linear in.
    """

    def __init__(
        self,
        equations: Callable[[Mapping[Unknown, Fraction]], Sequence[Equation[Unknown]]],
        others: Collection[Unknown],
    ) -> None:
        self._equations, self._others = equations, others

    def residuals(self, point: Mapping[Unknown, Fraction]) -> list[Fraction]:
        """By how much a point misses each equation."""
        return _missed(self._equations(point), point)

    def jacobian(self, point: Mapping[Unknown, Fraction]) -> FloatArray:
        """Derivative of the residuals (rows) in the unknowns, in the order of the point."""
        base = self._equations(point)
        missed = _missed(base, point)
        matrix = np.zeros((len(base), len(point)))
        places = {unknown: place for place, unknown in enumerate(point)}
        for row, (left, _) in enumerate(base):
            for unknown, amount in left.items():
                matrix[row, places[unknown]] = float(amount)
        for unknown in self._others:
            moved = {**point, unknown: point[unknown] + DIFFERENCE}
            pairs = zip(missed, self.residuals(moved), strict=True)
            matrix[:, places[unknown]] = [float((b - a) / DIFFERENCE) for a, b in pairs]
        return matrix

    def refined(
        self, point: Mapping[Unknown, Fraction], places: int
    ) -> tuple[dict[Unknown, Fraction], int]:
        """A point nearby at which the equations hold to so many places, or as many as they can.

        Returns
        -------
        point : dict
            Every unknown, rounded to some more places.
        reached : int
            Decimal places to which all equations hold.

        Raises
        ------
        numpy.linalg.LinAlgError
            If the pseudo-inverse of a Jacobian can't be computed.
        """
        inverse, fresh = _inverse(self.jacobian(point)), True
        refined, reached = dict(point), -1
        while True:
            missed = self.residuals(refined)
            largest = max(abs(value) for value in missed)
            holds = _places(largest) if largest else places + GUARD
            slow = holds < reached + SLOWEST
            if holds >= places or (slow and fresh):
                return refined, holds
            if slow:
                inverse = _inverse(self.jacobian(refined))
            fresh, reached = slow, holds
            scale = 10**holds
            step = inverse @ np.array([float(value * scale) for value in missed])
            carried = 10 ** min(2 * max(holds, 0) + GUARD, places + GUARD)
            refined = {
                unknown: Fraction(round((value - Fraction(move) / scale) * carried), carried)
                for (unknown, value), move in zip(refined.items(), step.tolist(), strict=True)
            }


def undetermined(jacobian: FloatArray, count: int) -> list[int]:
    """Which of the first ``count`` unknowns must be held so that equations determine them all.

    As many as there are directions in which those unknowns can move, and the ones that move
    furthest along them (pivots of a QR decomposition).
    """
    from scipy.linalg import qr

    _, sizes, directions = np.linalg.svd(jacobian)
    moving = directions[int(np.sum(sizes > SINGULAR * sizes[0])) :, :count]
    free = int(np.linalg.matrix_rank(moving, tol=1e-6)) if moving.size else 0
    if not free:
        return []
    _, _, order = qr(moving, mode="economic", pivoting=True)
    return [int(place) for place in order[:free]]


def _missed(
    equations: Sequence[Equation[Unknown]], point: Mapping[Unknown, Fraction]
) -> list[Fraction]:
    # fractions of hundreds of digits are added up much faster there than by the standard library
    values = {unknown: _of(value) for unknown, value in point.items()}
    missed = [
        sum((_of(amount) * values[unknown] for unknown, amount in left.items()), -_of(due))
        for left, due in equations
    ]
    return [Fraction(int(value.p), int(value.q)) for value in missed]


def _of(value: Exact) -> fmpq:
    return fmpq(*cast("Fraction", value).as_integer_ratio())  # at a point of fractions


def _inverse(jacobian: FloatArray) -> FloatArray:
    return np.asarray(np.linalg.pinv(jacobian, rcond=SINGULAR))


def _places(value: Fraction) -> int:
    """Decimal places that are zero in a number below one, or one less."""
    bits = value.denominator.bit_length() - value.numerator.bit_length() - 1
    return max(0, int(bits * log10(2)))
