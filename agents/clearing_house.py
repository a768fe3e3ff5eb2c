"""Clearing houses: the one agent that stands between all others."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from typing import Generic, Protocol, cast

import mesa
import numpy as np
from typing_extensions import TypeVar

from agents.cohort import Placed
from markets.market import Book, Quotes, Terms
from markets.variable import Variable

Orders = TypeVar("Orders", default=Book)
"""What cohorts order; the book unless the house nets orders of another kind."""


class Settlement(Protocol):
    """What a clearing house accepts and delivers in a round."""

    def accounts(self) -> dict[str, float]:
        """Its numbers by name, for the record of rounds; balances are zero."""
        ...


@dataclass(frozen=True, slots=True)
class NothingSettled:
    """The settlement of a house that takes no part in trade."""

    def accounts(self) -> dict[str, float]:
        """No accounts."""
        return {}


class ClearingHouse(mesa.Agent, Generic[Terms, Quotes, Book, Orders, Placed]):
    """Base of every clearing house, and a house that only nets orders.

    At a new date it looks at what is new (:meth:`wake`) and announces its terms (:meth:`charge`).
    In a round it nets the orders of all cohorts (:meth:`net`) and settles the book
    (:meth:`settle`); when the rounds rest, it tells traders what they need to know to take their
    positions (:meth:`place`).
    """

    variables: tuple[Variable, ...] = ()
    """Unit and meaning of each account of its settlement."""

    date = 0
    """The date, counted from 1; 0 before the first."""

    after_another = False
    """Whether a date before this one has closed, which rules can learn from."""

    linked = False
    """Whether dates are linked; the economy says so when it opens."""

    def wake(self, date: int) -> None:
        """Begin a date; the same one may begin again before its first round."""
        self.after_another, self.date = 0 < self.date < date, date

    def carry(self, posted: Quotes, book: Book) -> None:
        """Close a date of an economy whose dates are linked, before its cohorts carry.

        Nothing unless overridden.
        """

    def charge(self, quotes: Mapping[str, float]) -> Terms:
        """Terms announced at the last quotes, before anybody trades; none unless overridden."""
        return cast(Terms, None)

    def net(self, orders: Sequence[Orders]) -> Book:
        """Add up orders, exactly rounded: numbers, arrays, or dataclasses of them.

        Exact rounding makes the order of cohorts irrelevant to the last bit.

        Raises
        ------
        TypeError
            If two cohorts' orders can't be added up, with the field and its shapes.
        """
        return cast(Book, orders[0] if len(orders) == 1 else total(orders))

    def settle(self, posted: Quotes, book: Book) -> Settlement:
        """Work out what is accepted and delivered, and the accounts; nothing unless overridden."""
        return NothingSettled()

    def place(self, posted: Quotes, book: Book) -> Placed:
        """What traders must know to take their positions; nothing unless overridden."""
        return cast(Placed, None)

    def misses(self, posted: Quotes) -> Mapping[str, float]:
        """How far what is charged is from what its rules ask for at these quotes, by name.

        As a share of the price; zero, or where the rounds rest the precision of clearing. None
        unless overridden.
        """
        return {}

    def redundant(self, posted: Quotes, book: Book) -> Mapping[str, float]:
        """Excess demand in the markets that Walras' law leaves over, by the market's name.

        Each as a share of what there is of the good (or cash) traded there, in value. No rule
        moves a quote by them: they vanish where all other markets clear in value, and are looked
        at when the rounds rest. None unless overridden.
        """
        return {}


def total(orders: Sequence[object]) -> object:
    """Sum of orders of one kind, see :meth:`ClearingHouse.net`."""
    kind = type(orders[0])
    if any(type(order) is not kind for order in orders):
        names = ", ".join(sorted({type(order).__name__ for order in orders}))
        raise TypeError(f"orders of different kinds can't be added up: {names}")
    if not is_dataclass(kind):
        return _sum(kind.__name__, orders)
    return kind(
        **{f.name: _sum(f.name, [getattr(order, f.name) for order in orders]) for f in fields(kind)}
    )


def _sum(name: str, parts: Sequence[object]) -> object:
    arrays = [np.asarray(part) for part in parts]
    shapes = {array.shape for array in arrays}
    if len(shapes) > 1 or not all(np.issubdtype(array.dtype, np.number) for array in arrays):
        kinds = ", ".join(f"{array.dtype}{list(array.shape)}" for array in arrays)
        raise TypeError(f"orders: {name} can't be added up over cohorts, they are {kinds}")
    if arrays[0].ndim == 0:
        return math.fsum(float(array) for array in arrays)
    stacked = np.stack(arrays)
    flat = stacked.reshape(len(parts), -1)
    return np.array([math.fsum(column) for column in flat.T]).reshape(stacked.shape[1:])
