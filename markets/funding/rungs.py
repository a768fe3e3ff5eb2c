r"""Prices at which experts are indifferent, the two rungs of each asset at a funding premium.

At the premium :math:`\lambda` an expert is indifferent to a long position at
:math:`q^+ = v - \lambda m^+(q^+)` and to a short one at :math:`q^- = v + \lambda m^-(q^-)`, with
:math:`m^+` and :math:`m^-` the margins on long and short positions. Neither rung is farther
from the fundamental value :math:`v` than the *reach*, beyond which customers need no expert. Arrays
of two rows have the short sale (above v) first, then the long position (below).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from markets.margin import PostedMargin, PostedSides
from markets.quote import FloatArray

ROOM = 1.25
"""Reach as a multiple of the concession at which customers need no expert."""

LEAST_ROOM = 1e-3
"""Least reach as a share of the fundamental value, on a side where nobody trades."""

SIDES = (-1.0, 1.0)
"""Short positions, above the fundamental value, and long ones, below it."""

STEPS = 60
"""Newton steps allowed to the price of a rung; a margin that is affine in the price takes one."""

STEP_TOLERANCE = 1e-15
"""Share of the reach; a Newton step below it is rounding."""


def reach(concession: FloatArray, fundamental: FloatArray) -> FloatArray:
    """How far above and below the fundamental value prices may be posted, shape (2, assets)."""
    return ROOM * np.maximum(concession, LEAST_ROOM * np.abs(fundamental))


def margins(
    rules: Sequence[PostedSides], prices: FloatArray, sides: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Margin on one of each asset at its price and on its side, and its slope, both (assets,)."""
    charged = [rule.on(side) for rule, side in zip(rules, sides, strict=True)]
    margin = np.array([rule.margin(q) for rule, q in zip(charged, prices, strict=True)])
    slope = np.array([rule.slope(q) for rule, q in zip(charged, prices, strict=True)])
    return margin, slope


@dataclass(frozen=True, slots=True)
class Rungs:
    """The rungs of every asset at a date.

    Attributes
    ----------
    rules : sequence of PostedSides
        One per asset.
    fundamental : array of shape (assets,)
        v.
    widest : array of shape (2, assets)
        The reach, see :func:`reach`.
    """

    rules: Sequence[PostedSides]
    fundamental: FloatArray
    widest: FloatArray

    def premia(self) -> FloatArray:
        """Premium at which each rung is as far from the value as it may be, shape (2, assets)."""
        return np.array(
            [
                [
                    most / rule.on(side).margin(v - side * most)
                    for rule, v, most in zip(self.rules, self.fundamental, widest, strict=True)
                ]
                for side, widest in zip(SIDES, self.widest, strict=True)
            ]
        )

    def prices(self, premium: float) -> FloatArray:
        """Prices at which experts are indifferent to a short sale and to a long position."""
        return np.array(
            [
                [
                    v - side * _distance(rule.on(side), v, premium, side, most)
                    for rule, v, most in zip(self.rules, self.fundamental, widest, strict=True)
                ]
                for side, widest in zip(SIDES, self.widest, strict=True)
            ]
        )

    def margins(self, prices: FloatArray) -> tuple[FloatArray, FloatArray]:
        """Margins on short and long positions at prices, and their slopes, all (2, assets)."""
        pairs = [
            margins(self.rules, rung, np.full_like(rung, side))
            for side, rung in zip(SIDES, prices, strict=True)
        ]
        return np.stack([pair[0] for pair in pairs]), np.stack([pair[1] for pair in pairs])

    def slopes(self, premium: float, prices: FloatArray) -> FloatArray:
        """Derivative of :meth:`prices` by the premium; zero where a rung is as far as it may be."""
        side = np.array(SIDES)[:, None]
        margin, slope = self.margins(prices)
        inside = prices != self.fundamental - side * self.widest
        moved = -side * margin
        return np.divide(
            moved, 1.0 + side * premium * slope, out=np.zeros_like(prices), where=inside
        )


def _distance(rule: PostedMargin, value: float, premium: float, side: float, most: float) -> float:
    """Solve d = premium * margin(value - side * d) for the distance d of a rung, up to ``most``."""
    if premium * rule.margin(value - side * most) >= most:
        return most
    distance = 0.0
    for _ in range(STEPS):
        price = value - side * distance
        error = distance - premium * rule.margin(price)
        step = error / (1.0 + premium * side * rule.slope(price))
        distance -= step
        if abs(step) <= STEP_TOLERANCE * most:
            break
    return min(max(distance, 0.0), most)
