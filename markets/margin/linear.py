"""A margin that rises, or falls, with the distance of the price from a reference."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import ClassVar

from markets.margin.known import Known
from markets.margin.rule import MarginRule
from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class LinearMargin(MarginRule):
    r"""A margin that rises as the price falls below a reference: :math:`m(q) = m_0 + t (v - q)`.

    Parameters
    ----------
    base : float
        :math:`m_0`, margin at the reference price, cash per security; positive.
    rise : float
        :math:`t`, rise of the margin as the price falls by 1; 0 is a flat margin in cash, below
        0 the margin stabilises.
    reference : float
        :math:`v`, the reference price.

    Raises
    ------
    Refused
        If the base is not positive, or a number is not finite.
    """

    every_round: ClassVar[bool] = True
    base: float
    rise: float
    reference: float

    def __post_init__(self) -> None:
        """Refuse a base that is not positive and numbers that are not finite."""
        if not 0.0 < self.base < math.inf:
            raise Refused(f"margin base is {self.base}; it must be a positive number")
        if not (math.isfinite(self.rise) and math.isfinite(self.reference)):
            raise Refused(
                f"margin rise is {self.rise} and its reference {self.reference};"
                " both must be finite numbers"
            )

    def haircut(self, known: Known) -> float:
        """Margin as a share of the price."""
        return self.margin(known) / known.price

    def margin(self, known: Known) -> float:
        """Margin in cash."""
        return self.base + self.rise * (self.reference - known.price)

    def slope(self, known: Known) -> float:
        """Return minus the rise, at every price."""
        return -self.rise
