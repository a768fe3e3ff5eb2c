"""What sets the members of a cohort apart, and where they stand on the ladder of prices."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Self

import numpy as np
from numpy.typing import NDArray

from agents.beliefs import Beliefs
from agents.cohort import Population, one_or_each, total
from agents.repo.carried import Carried
from markets.instruments import Security
from markets.ladder import Rung
from markets.quote import FloatArray
from markets.refused import Refused

Rows = NDArray[np.int64] | slice
"""Some of the members."""

FIRST = 0.0
"""Price at which the cash of endowments is counted: none of it came from securities."""


class Primitives:
    """Beliefs, endowments and incomes of members, in rising order of belief.

    So longs are the first rows and shorts the last, whatever order they were given in.

    Parameters
    ----------
    beliefs, members, cash, securities, income_up, income_down, population, names
        As in :class:`agents.repo.traders.Traders`.

    Attributes
    ----------
    cash, securities, income_up, income_down : array of shape (members,) or (1,)
        One row per member, or a single row if members are alike in it.
    counted_at : float
        Price at which ``cash`` is a member's whole wealth: 0 for endowments of the first date, and
        for what was carried the price of the last one, see :meth:`at`.
    carried : Carried or None
        What members bring from the last date, where dates are linked.
    edges : array of shape (rows + 1,) or None
        Number of members of a continuum below the ends of its rows, where positions were carried:
        slices are cut where some members were long and others not. Rows then hold the sum over
        their members. None where rows are members.
    names, given
        Names of the members in the order in which they were given, and the place of each row in
        that order; None if they have no names.
    alike : bool
        Whether members differ in beliefs only.
    total_cash, supply : float
        Cash and securities endowed at the first date, over all members.
    """

    def __init__(
        self,
        beliefs: Beliefs | str | Sequence[float] | FloatArray,
        members: int,
        population: Population,
        *,
        cash: float | Sequence[float] | FloatArray,
        securities: float | Sequence[float] | FloatArray,
        income_up: float | Sequence[float] | FloatArray,
        income_down: float | Sequence[float] | FloatArray,
        names: Sequence[str] | None = None,
    ) -> None:
        self.population: Population = population
        self.beliefs = beliefs if isinstance(beliefs, Beliefs) else Beliefs(beliefs)
        if self.beliefs.values is not None:
            members = int(self.beliefs.values.size)
        if members < 2:
            raise Refused(f"traders is {members}; a market needs at least two traders")
        if population == "continuum":
            self.beliefs.refuse_ties()
        self.members = members
        values = {
            "cash": cash,
            "securities": securities,
            "income_up": income_up,
            "income_down": income_down,
        }
        fields = {name: one_or_each(name, value, members) for name, value in values.items()}
        self.alike = all(field.size == 1 for field in fields.values())
        self.names = names
        self.given = np.arange(members) if names is not None else None
        if self.beliefs.values is not None and not (self.alike and names is None):
            order = self.beliefs.order(*fields.values())
            fields = {
                name: field if field.size == 1 else field[order] for name, field in fields.items()
            }
            self.given = order if names is not None else None
        self.cash, self.securities = fields["cash"], fields["securities"]
        self.income_up, self.income_down = fields["income_up"], fields["income_down"]
        self.total_cash, self.supply = total(self.cash, members), total(self.securities, members)
        self.counted_at = FIRST
        self.carried: Carried | None = None
        self.edges: FloatArray | None = None

    # ------------------------------------------------------------------ what they own
    def carrying(self, carried: Carried) -> Self:
        """The same members with what they bring from a date that has closed."""
        after = copy.copy(self)
        after.carried, after.alike, after.edges = carried, False, carried.edges
        return after

    def at(self, price: float) -> Self:
        """The members as they stand at a price once calls are settled; changes nothing.

        What was carried takes the place of endowments: ``cash`` is what the wealth of each member
        would be at ``counted_at``, and ``securities`` how it moves with the price. Endowments of
        the first date stand as they are at every price.
        """
        if self.carried is None:
            return self
        there = copy.copy(self)
        there.cash, there.securities = self.carried.settled(price)
        there.counted_at = self.carried.price
        if self.edges is not None:
            slices, mass = self.edges[:-1].astype(np.int64), np.diff(self.edges)
            there.income_up = pick(self.income_up, slices) * mass
            there.income_down = pick(self.income_down, slices) * mass
        return there

    @property
    def rows(self) -> int:
        """Number of rows of what members own."""
        return self.members if self.edges is None else self.edges.size - 1

    def row_of(self, places: FloatArray) -> NDArray[np.int64]:
        """Row of the members just above some places, which are counted in members."""
        if self.edges is None:
            return places.astype(np.int64)
        return np.asarray(self.edges.searchsorted(places, side="right") - 1, dtype=np.int64)

    def mass(self, rows: Rows) -> FloatArray:
        """Number of members in each of the rows, one entry if there is one in all."""
        return np.ones(1) if self.edges is None else np.diff(self.edges)[rows]

    def wealth(self, price: float, rows: Rows = slice(None)) -> FloatArray:
        """Wealth of the chosen rows at a price, of members as they stand there (:meth:`at`)."""
        moved = price - self.counted_at
        return pick(self.cash, rows) + moved * pick(self.securities, rows)

    def total_wealth(self, price: float) -> float:
        """Wealth of all members at a price, as they stand there."""
        if self.carried is None:
            return self.total_cash + price * self.supply
        return float(np.sum(self.wealth(price)))

    def open(self, security: Security) -> None:
        """Work out the reservation prices at the payoffs of ``security``."""
        self.security = security
        self.expected = security.expected(
            self.beliefs.means(np.linspace(0.0, 1.0, self.members + 1))
            if self.population == "continuum"
            else self.beliefs.members(self.members)
        )
        self.rising = self.expected[::-1]

    def reservation_prices(self) -> FloatArray:
        """Reservation prices: of each trader, or at the edges of each slice of the continuum."""
        if self.population == "continuum":
            return self.security.expected(self.beliefs.edges(self.members))
        return self.expected

    # ------------------------------------------------------------------ places on the ladder
    def edge(self, rung: Rung) -> tuple[int, int]:
        """Number of rows surely above a rung, and of those at it or above."""
        if self.edges is not None:
            ends = self.edges.searchsorted(self.above(rung), side="right") - 1
            return int(ends), int(self.edges.searchsorted(self.above(rung), side="left"))
        if self.population == "continuum":
            count = self.above(rung)
            return int(count), int(np.ceil(count))
        return (
            self.members - int(self.rising.searchsorted(rung.price, side="right")),
            self.members - int(self.rising.searchsorted(rung.price, side="left")),
        )

    def above(self, rung: Rung) -> float:
        """Number of members whose reservation price is above a rung, with those filled at it."""
        if self.population == "continuum":
            spread = self.security.high_payoff - self.security.low_payoff
            depth = self.security.high_payoff - rung.price if rung.depth is None else rung.depth
            return self.members * self.beliefs.below(depth / spread)
        above, upto = self.edge(rung)
        return above + rung.filled * (upto - above)

    def filled(self, rung: Rung) -> FloatArray:
        """Share of each row that counts as above a rung, shape (rows,)."""
        if self.edges is not None:
            width = np.diff(self.edges)
            return np.clip((self.above(rung) - self.edges[:-1]) / width, 0.0, 1.0)
        if self.population == "continuum":
            places = np.arange(0, self.members, dtype=np.float64)
            return np.clip(self.above(rung) - places, 0.0, 1.0)
        return np.where(self.expected == rung.price, rung.filled, self.expected > rung.price)


def pick(field: FloatArray, rows: Rows) -> FloatArray:
    """Rows of a field; the one row where members are alike in it."""
    return field if field.size == 1 else field[rows]
