"""What the page shows of one moment of a watched economy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import pandas as pd

from simulator.certificate import Certificate
from simulator.page_plan import Account, Curve, Line, SoFar


@dataclass(frozen=True, slots=True)
class Moment(SoFar):
    """A watched economy after a round: the last one, or the last one of a date before.

    It is what pictures are drawn from, with what the panels of every page need beside that.

    Attributes
    ----------
    round : int
        Rounds at this date.
    past : bool
        Whether the market has gone on to another date since.
    curves : tuple of Curve
        Quotes to plot.
    excess_names : tuple of str
        Names of the markets' excess demand.
    tolerance : float
        Share of excess demand at which the markets count as cleared.
    closed_forms : mapping
        Closed form of each date, by date; empty where there is none.
    line : Line, optional
        How positions are plotted.
    traders : pandas.DataFrame
        Their positions, for that line; without rows before the first round.
    marks : mapping
        Where on that line the marginal traders stand, by name.
    lines : tuple of Account
        Lines of the clearing house's balance sheet.
    accounts : mapping
        Its numbers by name; empty before the first round.
    certificate : Certificate or None
        Of the last certified state.
    current : bool
        Whether that is a certificate of the last round.
    term : float or None
        Value in force of what can be announced.
    """

    round: int
    past: bool
    curves: tuple[Curve, ...]
    excess_names: tuple[str, ...]
    tolerance: float
    closed_forms: Mapping[int, Mapping[str, float]]
    line: Line | None
    traders: pd.DataFrame
    marks: Mapping[str, float]
    lines: tuple[Account, ...]
    accounts: Mapping[str, float]
    certificate: Certificate | None
    current: bool
    term: float | None

    @property
    def state(self) -> str:
        """Open, trading, or how the date ended."""
        if self.end is None:
            return "trading" if self.round else "open"
        sound = self.certificate is not None and self.certificate.holds
        return f"{self.end.outcome}{' and certified' if sound else ''}"
