"""The same haircut at every price."""

from __future__ import annotations

from dataclasses import dataclass

from markets.margin.rule import refuse_haircut


@dataclass(frozen=True, slots=True)
class FlatMargin:
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

    rate: float

    def __post_init__(self) -> None:
        """Refuse a haircut outside [0, 1)."""
        refuse_haircut(self.rate)

    def haircut(self, price: float) -> float:
        """Return the flat rate at any price."""
        return self.rate

    def margin(self, price: float) -> float:
        """Margin in cash, in proportion to the price."""
        return self.rate * price

    def slope(self, price: float) -> float:
        """Return the flat rate: the margin falls with the price."""
        return self.rate

    def closed_at(self, price: float) -> FlatMargin:
        """Return the rule itself; it does not learn."""
        return self
