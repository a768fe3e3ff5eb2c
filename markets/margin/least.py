"""Another rule's haircut, and never less than a given one."""

from __future__ import annotations

from dataclasses import dataclass

from markets.margin.known import Known
from markets.margin.rule import MarginRule, refuse_haircut


@dataclass(frozen=True, slots=True)
class LeastMargin(MarginRule):
    """Another rule's haircut, and never less than a given one.

    Parameters
    ----------
    rule : MarginRule
        The underlying rule.
    least : float
        Least haircut, in [0, 1).

    Raises
    ------
    Refused
        If the least haircut is not in [0, 1).
    """

    rule: MarginRule
    least: float

    def __post_init__(self) -> None:
        """Refuse a haircut outside [0, 1)."""
        refuse_haircut(self.least)

    def haircut(self, known: Known) -> float:
        """Return the larger of the two."""
        return max(self.least, self.rule.haircut(known))
