"""What the figures have in common: how actions are drawn, and how titles end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from matplotlib.patches import Patch

from simulator import palette
from simulator.outcome import Outcome
from simulator.point import DateEnd

ONLY_CASE: Final = "economy"
"""Name of the case of a scenario with a single one; no title shows it."""


@dataclass(frozen=True, slots=True)
class Action:
    """What a borrower does with a debt: words, colour, hatch and marker."""

    words: str
    colour: str
    hatch: str
    marker: str

    def patch(self) -> Patch:
        """Its entry in a legend."""
        return Patch(facecolor=self.colour, edgecolor="white", hatch=self.hatch, label=self.words)


ACTIONS: Final = {
    "paid": Action("pays the coupon", palette.GOOD, "", "o"),
    "prepaid": Action("prepays", palette.HOUSE, "///", "s"),
    "defaulted": Action("defaults", palette.SHORT, "xxx", "X"),
}
"""By name of the read-out."""


def title_end(end: DateEnd) -> str:
    """The case, where a run has several, and how its rounds ended if not in an equilibrium."""
    case = "" if end.point.case == ONLY_CASE else f": {end.point.case}"
    return case if end.outcome is Outcome.CLEARED else f"{case} ({end.outcome})"
