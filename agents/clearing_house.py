"""Clearing houses: the one agent that stands between all others."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import fields
from typing import Any, Protocol

import mesa
import numpy as np


class Settlement(Protocol):
    """What a clearing house accepts and delivers in a round."""

    def accounts(self) -> dict[str, float]:
        """Its numbers by name, for the record of rounds; balances are zero."""
        ...


class ClearingHouse(mesa.Agent):
    """Base of every clearing house.

    At a new date it looks at what is new (:meth:`wake`) and announces its terms (:meth:`charge`).
    In a round it nets the orders of all cohorts (:meth:`net`) and settles the book
    (:meth:`settle`); when the rounds rest, it tells traders what they need to know to take their
    positions (:meth:`place`).
    """

    def wake(self, date: int) -> None:
        """Begin a date, counted from 1; nothing unless overridden."""

    def charge(self, quotes: dict[str, float]) -> Any:
        """Terms announced at the last quotes, before anybody trades; none unless overridden."""
        return None

    def net(self, orders: Sequence[Any]) -> Any:
        """Add up orders, dataclasses of numbers or arrays, exactly rounded.

        Exact rounding makes the order of cohorts irrelevant to the last bit.
        """
        if len(orders) == 1:
            return orders[0]
        kind = type(orders[0])
        return kind(**{f.name: _sum([getattr(o, f.name) for o in orders]) for f in fields(kind)})

    def settle(self, posted: Any, book: Any) -> Settlement:
        """Work out what is accepted and delivered, and the accounts."""
        raise NotImplementedError

    def place(self, posted: Any, book: Any) -> Any:
        """What traders must know to take their positions; nothing unless overridden."""
        return None


def _sum(parts: Sequence[Any]) -> Any:
    if np.ndim(parts[0]) == 0:
        return math.fsum(parts)
    stacked = np.stack(parts)
    flat = stacked.reshape(len(parts), -1)
    return np.array([math.fsum(column) for column in flat.T]).reshape(stacked.shape[1:])
