"""What a margin rule answers: a haircut, a margin in cash, and how it learns."""

from __future__ import annotations

from typing import Protocol, Self, runtime_checkable

from markets.refused import Refused


class MarginRule(Protocol):
    """A rule by which a clearing house charges margin."""

    def haircut(self, price: float) -> float:
        """Haircut (1 - loan-to-value ratio), a share in [0, 1), at the last price."""
        ...


class PriceMargin(MarginRule, Protocol):
    """A margin rule that also gives its margin in cash, and how it moves with price and date."""

    def margin(self, price: float) -> float:
        """Margin on one security, long or short, in cash: the haircut times the price."""
        ...

    def slope(self, price: float) -> float:
        """Derivative of :meth:`margin` by the price; negative where margins destabilise."""
        ...

    def closed_at(self, price: float) -> PriceMargin:
        """The rule at the next date, after a date that closed at ``price``."""
        ...


@runtime_checkable
class HistoricalMargin(MarginRule, Protocol):
    """A rule that reads past returns of the security."""

    def after(self, log_return: float) -> Self:
        """The rule with one more return in its past."""
        ...


def refuse_haircut(value: float) -> None:
    """Refuse a haircut outside [0, 1)."""
    if not 0.0 <= value < 1.0:
        raise Refused(f"haircut is {value}; a haircut lies in [0, 1)")
