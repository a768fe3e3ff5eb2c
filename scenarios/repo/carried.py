r"""What traders carried into a date, worked out again from the table of traders.

Closing out all repo at the last quotes left a trader with cash :math:`e` and securities :math:`z`,
either of them below zero. At the price :math:`q'` of that close it was worth
:math:`W = e + q' z`, at :math:`q` it is worth :math:`e + q z`: if that is below zero the trader
has defaulted, is left with nothing, and holds nothing. What defaulters can't pay is taken from the
gains :math:`(q - q') z > 0` of the others, from all in the same proportion.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scenarios.repo.measures import largest, ratio, share_of
from scenarios.repo.program import BoolArray, FloatArray
from simulator.certificate import Condition

CARRIED_TOLERANCE = 1e-9
"""Share of wealth, or of the cash and securities there are: like the accounts of a date."""

ON_THE_EDGE = 1e-12
"""Share of the position's value: a trader worth less than that, or whose call is less than that, is
on the edge of two statuses, and may have either."""

STATUSES = ("solvent", "called", "defaulted", "closed out")
"""Pays without a call; is called for margin; is worth less than nothing; defaulted before."""


NAMES = {
    "weight": "weight",
    "cash": "endowed_cash",
    "securities": "endowed_securities",
    "first_cash": "first_cash",
    "first_securities": "first_securities",
    "wealth": "wealth",
    "profit_and_loss": "profit_and_loss",
    "call": "call",
}
"""Columns of the table of traders that are read as numbers, by what they are called here."""


@dataclass(frozen=True)
class Carried:
    """What each row of a table of traders brought to its date, one row each.

    Attributes
    ----------
    price, closing_price : float
        Price of the security at this date, and where the last one closed.
    weight : array
        Number of traders that a row stands for.
    cash, securities : array
        What closing out all repo at the last close left.
    first_cash, first_securities : array
        Endowments of the first date.
    wealth, profit_and_loss, call : array
        What the table says of them.
    status : array of int
        Number of the status in :data:`STATUSES`; -1 for another.
    complete : bool
        Whether the rows are all traders, or a sample of them.
    """

    price: float
    closing_price: float
    weight: FloatArray
    cash: FloatArray
    securities: FloatArray
    first_cash: FloatArray
    first_securities: FloatArray
    wealth: FloatArray
    profit_and_loss: FloatArray
    call: FloatArray
    status: NDArray[np.int64]
    complete: bool

    @classmethod
    def read(cls, agents: pd.DataFrame, price: float, *, complete: bool) -> Carried | None:
        """Read a table of traders; None if it says nothing of a date before.

        Raises
        ------
        ValueError
            If a column is missing, or traders carried from different prices.
        """
        if "closing_price" not in agents.columns or agents["closing_price"].isna().all():
            return None
        missing = [name for name in (*NAMES.values(), "status") if name not in agents.columns]
        if missing:
            raise ValueError(f"the table of traders lacks {', '.join(missing)}")
        closing = agents["closing_price"].to_numpy(dtype=np.float64)
        if not np.all(closing == closing[0]):
            raise ValueError("traders carried positions from different prices; there was one")
        rows: dict[str, Any] = {
            name: agents[column].to_numpy(dtype=np.float64) for name, column in NAMES.items()
        }
        status = pd.Index(STATUSES).get_indexer(pd.Index(agents["status"])).astype(np.int64)
        return cls(price, float(closing[0]), **rows, status=status, complete=complete)

    def __getitem__(self, rows: NDArray[np.int64]) -> Carried:
        """Some of the rows."""
        some: dict[str, Any] = {name: getattr(self, name)[rows] for name in (*NAMES, "status")}
        return replace(self, **some, complete=False)

    # ------------------------------------------------------------------ worked out again
    @cached_property
    def gross(self) -> FloatArray:
        """Value of positions carried, at the higher of the two prices."""
        return np.abs(self.securities) * max(self.price, self.closing_price)

    @cached_property
    def worth(self) -> FloatArray:
        """What each row is worth at this date's price before gains are cut, e + q z."""
        return self.cash + self.price * self.securities

    @cached_property
    def before(self) -> FloatArray:
        """What each row was worth at the last close."""
        return self.cash + self.closing_price * self.securities

    @cached_property
    def gain(self) -> FloatArray:
        """What each row gains before gains are cut, 0 if it loses."""
        return np.maximum((self.price - self.closing_price) * self.securities, 0.0)

    @cached_property
    def unpaid(self) -> float:
        """What defaulters can't pay."""
        return float(self.weight @ np.maximum(-self.worth, 0.0))

    @cached_property
    def cut(self) -> float:
        """Share of gains that is not paid; of a sample, the one that its own gains show."""
        gains = float(self.weight @ self.gain)
        if not gains > 0.0:
            return 0.0
        lost = self.unpaid
        if not self.complete:
            lost = float(self.weight @ np.where(self.gain > 0.0, self.worth - self.wealth, 0.0))
        return min(max(lost / gains, 0.0), 1.0)

    @cached_property
    def settled(self) -> FloatArray:
        """Wealth of each row once calls are settled."""
        return np.maximum(self.worth, 0.0) - self.cut * self.gain

    @cached_property
    def settled_cash(self) -> FloatArray:
        """Cash that goes with it, if what was carried of the security is kept."""
        return np.where(
            self.worth < 0.0,
            -self.price * self.securities,
            self.cash - self.cut * self.gain,
        )

    def conditions(self, unit: FloatArray, haircut: float, holds: BoolArray) -> list[Condition]:
        """Conditions across dates.

        Parameters
        ----------
        unit : array
            Cash by which accounts of each row are measured.
        haircut : float
            Haircut of this date.
        holds : array of bool
            Rows that hold any cash, security or repo.
        """
        everyone = f"all {self.weight.size}" if self.complete else "the rows of a sample"
        known = share_of(np.abs(self.wealth - self.settled), unit)
        moved = np.abs(self.wealth - self.profit_and_loss - self.before)
        conditions = [
            Condition(
                "carried, wealth",
                largest(np.maximum(known, share_of(moved, unit))),
                CARRIED_TOLERANCE,
                "wealth is what was carried at the posted price, less what is not paid of gains;"
                " profit and loss is its change (share of wealth)",
                everyone,
            ),
            Condition(
                "carried, status",
                self._wrong_statuses(unit, haircut),
                0.0,
                "who is worth less than nothing has defaulted, who lacks margin for what it carried"
                " is called for it (rows with another status or call)",
                everyone,
            ),
            Condition(
                "carried, closed out",
                float(np.sum(holds & (self.status >= STATUSES.index("defaulted")))),
                0.0,
                "who defaulted, at this date or before, holds nothing (rows that do)",
                everyone,
            ),
        ]
        if not self.complete:
            return conditions
        total = self.weight @ np.column_stack(
            [self.cash, self.securities, self.first_cash, self.first_securities, self.settled]
        )
        cash, securities, first_cash, first_securities, settled = total.tolist()
        paid = self.closing_price * float(self.weight @ np.abs(self.securities))
        there_is = first_cash + self.price * first_securities
        return [
            *conditions,
            Condition(
                "carried, cash",
                ratio(cash - first_cash, first_cash + paid),
                CARRIED_TOLERANCE,
                "cash carried is the cash of the first date (share of it and of the value of"
                " positions)",
            ),
            Condition(
                "carried, securities",
                ratio(securities - first_securities, first_securities + paid / self.closing_price),
                CARRIED_TOLERANCE,
                "securities carried are those of the first date (share of them and of positions)",
            ),
            Condition(
                "carried, calls",
                ratio(settled - there_is, there_is + paid),
                CARRIED_TOLERANCE,
                "the house pays as much of gains as it gets of losses: once calls are settled"
                " traders own the cash and securities of the first date (share of them and of the"
                " value of positions)",
            ),
        ]

    def _wrong_statuses(self, unit: FloatArray, haircut: float) -> float:
        """Number of rows whose status or call is not what the numbers say."""
        edge = ON_THE_EDGE * np.maximum(self.gross, unit)
        margin = haircut * self.price * np.abs(self.securities)
        lacking = margin - np.where(self.worth < 0.0, self.worth, self.settled)
        out = (self.cash == 0.0) & (self.securities == 0.0)
        out &= self.first_cash + self.first_securities > 0.0
        right = np.select([out, self.worth < 0.0, lacking > 0.0], [3, 2, 1], 0)
        near = (np.abs(self.worth) <= edge) | (np.abs(lacking) <= edge)
        called = np.abs(self.call - np.maximum(lacking, 0.0)) <= CARRIED_TOLERANCE * np.maximum(
            self.gross, unit
        )
        return float(np.sum(~((right == self.status) | near & ~out) | ~called))
