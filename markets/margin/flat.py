"""The same haircut at every price."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from markets.margin.known import Known
from markets.margin.rule import MarginRule, refuse_haircut


@dataclass(frozen=True, slots=True)
class FlatMargin(MarginRule):
    """The same haircut at every price.

    Parameters
    ----------
    rate : float
        The haircut, a share in [0, 1).

    Raises
    ------
    Refused
        If the rate is not a number in [0, 1).
    """

    every_round: ClassVar[bool] = True
    rate: float

    def __post_init__(self) -> None:
        """Refuse a haircut outside [0, 1)."""
        refuse_haircut(self.rate)

    def haircut(self, known: Known) -> float:
        """Return the flat rate at any price."""
        return self.rate

    def slope(self, known: Known) -> float:
        """Return the flat rate: the margin is in proportion to the price."""
        return self.rate
