"""Quotes, their limits, and the excess demand that moves them."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from markets.refused import Refused

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Quote:
    """A number that a market posts.

    Parameters
    ----------
    name : str
        The name under which records, tables and figures show it, for instance ``security_price``.
    unit : str
        Its unit, for instance ``cash per security`` or ``per period``.
    meaning : str
        One sentence for help pages.
    pattern : str
        Its name with ``{instrument}`` and ``{node}`` in place of what it is a quote of, see
        :class:`markets.variable.Variable`; empty where the name says neither.
    """

    name: str
    unit: str
    meaning: str
    pattern: str = ""


@dataclass(frozen=True, slots=True)
class Limits:
    """The box in which a market's coordinates live.

    A limit that can be *attained* is a resting place: a coordinate that sits there while excess
    demand pushes outward has settled (complementarity; a repo rate at zero is the example).
    A limit that cannot be attained is only approached.

    ``grain`` is the distance over which orders come in steps because traders are finitely many
    (0 where they do not). All arrays have shape ``(n,)``.
    """

    lower: FloatArray
    upper: FloatArray
    lower_attained: BoolArray
    upper_attained: BoolArray
    grain: float = 0.0

    def __post_init__(self) -> None:
        """Refuse an empty box."""
        if np.any(self.lower > self.upper):
            raise Refused("limits: a lower limit exceeds its upper limit")

    def held(self, coordinates: FloatArray, residual: FloatArray) -> BoolArray:
        """Tell which coordinates rest at an attained limit while excess demand pushes outward."""
        below = self.lower_attained & (coordinates <= self.lower) & (residual <= 0.0)
        above = self.upper_attained & (coordinates >= self.upper) & (residual >= 0.0)
        return np.asarray(below | above, dtype=np.bool_)

    def clip(self, coordinates: FloatArray) -> FloatArray:
        """Move coordinates into the box."""
        return np.minimum(np.maximum(coordinates, self.lower), self.upper)


@dataclass(frozen=True, slots=True)
class Excess:
    """What the orders of a round say about each coordinate, arrays of shape ``(n,)``.

    Attributes
    ----------
    residual
        What moves the coordinate: positive where it should rise. Any increasing function of
        excess demand will do; a logarithm of demand over supply is the usual one.
    share
        Excess demand as a share of what is traded, in [-1, 1]. Clearing is judged by it.
    units
        Excess demand in units of the instrument.
    unrest
        How far traders with inertia still move their plans, as a share of their wealth; markets
        have not cleared before it is small. Zero where orders answer quotes at once.
    """

    residual: FloatArray
    share: FloatArray
    units: FloatArray
    unrest: float = field(default=0.0, kw_only=True)
