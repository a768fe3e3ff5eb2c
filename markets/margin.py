"""Margin rules: how much of a position's value a clearing house keeps as margin."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


class MarginRule(Protocol):
    """A rule that a clearing house charges margin by."""

    def haircut(self, price: float) -> float:
        """Haircut (one less the loan-to-value ratio), a share in [0, 1), at the last price."""
        ...


@dataclass(frozen=True, slots=True)
class FlatMargin:
    """The same haircut at every price.

    Parameters
    ----------
    rate : float
        The haircut, a share in [0, 1).

    Raises
    ------
    ValueError
        If the rate is not a number in [0, 1).
    """

    rate: float

    def __post_init__(self) -> None:
        """Refuse a haircut outside [0, 1)."""
        if not 0.0 <= self.rate < 1.0:
            raise ValueError(f"haircut is {self.rate}; a haircut lies in [0, 1)")

    def haircut(self, price: float) -> float:
        """Return the flat rate, whatever the price."""
        return self.rate
