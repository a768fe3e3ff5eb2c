"""A margin that rises, or falls, with the distance of the price from a reference."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class LinearMargin:
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

    def haircut(self, price: float) -> float:
        """Margin as a share of the price."""
        return self.margin(price) / price

    def margin(self, price: float) -> float:
        """Margin in cash."""
        return self.base + self.rise * (self.reference - price)

    def slope(self, price: float) -> float:
        """Return minus the rise, at every price."""
        return -self.rise

    def closed_at(self, price: float) -> LinearMargin:
        """Return the rule itself; it does not learn."""
        return self
