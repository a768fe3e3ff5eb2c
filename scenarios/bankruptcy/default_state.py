"""A resting point where debtors choose what they deliver, as arrays."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
import pandas as pd

from markets.bankruptcy.instruments import BondAndEquities
from markets.quote import FloatArray
from scenarios.bankruptcy.state import State, columns, read
from simulator.outcome import Ending, Outcome
from simulator.point import RestingPoint


@dataclass(frozen=True, slots=True, kw_only=True)
class DefaultState(State):
    r"""Quotes, primitives, choices and deliveries; ``bond`` is the net position.

    Attributes
    ----------
    bought, sold : arrays of shape (N,)
        :math:`z^+` and :math:`z^-`, which may both be positive.
    delivered, penalty : arrays of shape (N, S)
        :math:`d` and :math:`\lambda`.
    """

    bought: FloatArray
    sold: FloatArray
    delivered: FloatArray
    penalty: FloatArray

    @property
    def lent(self) -> FloatArray:
        """:math:`z^+`."""
        return self.bought

    @property
    def promised(self) -> FloatArray:
        """:math:`z^-`."""
        return self.sold

    @property
    def paid(self) -> FloatArray:
        """:math:`d`."""
        return self.delivered

    @property
    def unpromised(self) -> FloatArray:
        """Where nobody borrows, nothing is owed, and every rate is consistent with that."""
        return self.rates


def read_either(instruments: BondAndEquities, short_limit: float, point: RestingPoint) -> State:
    """Read a state: with deliveries if the table of members has them."""
    state = read(instruments, short_limit, point)
    table: pd.DataFrame = point.agents
    if "promised" not in table:
        return state
    names = instruments.state_names
    return DefaultState(
        **{field.name: getattr(state, field.name) for field in fields(state)},
        bought=table["lent"].to_numpy(),
        sold=table["promised"].to_numpy(),
        delivered=columns(table, "delivered", names),
        penalty=columns(table, "penalty", names),
    )


def without_trade(state: State) -> Ending | None:
    """How a run ended in which nobody lends because too little would be delivered, if it did."""
    if not isinstance(state, DefaultState) or state.promises > 0.0 or np.min(state.rates) == 1.0:
        return None
    return Ending(Outcome.NO_TRADE, "nobody lends at what debtors would deliver on a first promise")
