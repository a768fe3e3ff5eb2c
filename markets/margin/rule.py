"""What a margin rule answers: a haircut, from what the clearing house knows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from typing import ClassVar

from markets.margin.known import Known
from markets.refused import Refused

NEARBY = 1e-6
"""Distance, as a share of the price, over which the slope of a margin is measured."""


class MarginRule(ABC):
    """Base of margin rules. A rule of your own is a subclass with a method :meth:`haircut`.

    Rules keep no state: all they may use is in :class:`~markets.margin.known.Known`. The house
    remembers prices and charges, see :class:`~markets.margin.posted.PostedMargin`.

    Attributes
    ----------
    every_round : bool
        Whether the rule is asked in every round, at the posted price, unless its house is told
        otherwise; if not, once per date, at the price at which the last date closed.
    """

    every_round: ClassVar[bool] = False

    @abstractmethod
    def haircut(self, known: Known) -> float:
        """Haircut (1 - loan-to-value ratio), the share of a position's value kept as margin."""

    def margin(self, known: Known) -> float:
        """Margin on one security, long or short, in cash: the haircut times the price."""
        return self.haircut(known) * known.price

    def slope(self, known: Known) -> float:
        """Derivative of :meth:`margin` by the price now; negative where margins destabilise.

        Measured between two prices nearby unless a rule knows it.
        """
        step = NEARBY * known.price
        above, below = (
            self.margin(replace(known, price=known.price + side * step)) for side in (1.0, -1.0)
        )
        return (above - below) / (2.0 * step)


def refuse_haircut(value: float) -> None:
    """Refuse a haircut outside [0, 1)."""
    if not 0.0 <= value < 1.0:
        raise Refused(f"haircut is {value}; a haircut lies in [0, 1)")
