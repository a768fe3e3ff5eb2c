r"""Trades in a bond and in equities: what members start with, what they trade, what they consume.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014), equation
(3).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from agents.bankruptcy.utility import Rows, Utility
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Endowment:
    """Endowments and utility of the members of a cohort.

    Attributes
    ----------
    utility : Utility
        Of every member.
    now : array of shape (members,)
        Goods at date 0.
    later : array of shape (members, states)
        Goods at date 1, with the payoffs of the equities owned.
    equities : array of shape (members, equities)
        Equities owned, which is also what can be sold.
    """

    utility: Utility
    now: FloatArray
    later: FloatArray
    equities: FloatArray

    def rows(self, rows: Rows) -> Endowment:
        """The same for some of the members."""
        return Endowment(
            self.utility.rows(rows), self.now[rows], self.later[rows], self.equities[rows]
        )


@dataclass(frozen=True, slots=True)
class Trades:
    """Trades of every member, and which of its bounds bind.

    Attributes
    ----------
    trade : array of shape (members, 1 + equities)
        Net bond position, then equity trades.
    side : array of shape (members,)
        1 for lenders, -1 for borrowers, 0 for members at the kink (no bonds).
    held : array of shape (members, 1 + equities)
        Whether the trade is held at a bound: the kink, the short limit, or all equities sold.
    spent : array of shape (members,)
        Whether nothing is left to consume at date 0, so that the budget binds the trades.
    """

    trade: FloatArray
    side: NDArray[np.int8]
    held: BoolArray
    spent: BoolArray

    @classmethod
    def none(cls, members: int, equities: int) -> Trades:
        """No trade at all, with equities free."""
        held = np.zeros((members, 1 + equities), dtype=np.bool_)
        held[:, 0] = True
        return cls(
            np.zeros((members, 1 + equities)),
            np.zeros(members, dtype=np.int8),
            held,
            np.zeros(members, dtype=np.bool_),
        )

    def rows(self, rows: Rows) -> Trades:
        """Copy of some of the members."""
        return Trades(
            self.trade[rows].copy(),
            self.side[rows].copy(),
            self.held[rows].copy(),
            self.spent[rows].copy(),
        )


@dataclass(frozen=True, slots=True)
class Consumption:
    """Consumption that follows from trades: ``now`` (members,), ``later`` (members, states)."""

    now: FloatArray
    later: FloatArray


def consumption(
    endowment: Endowment, trades: Trades, instruments: BondAndEquities, quotes: BondQuotes
) -> Consumption:
    """Consumption at both dates, equation (3) with equality; exactly zero where all is spent."""
    bond, equities = trades.trade[:, 0], trades.trade[:, 1:]
    now = endowment.now - quotes.bond_price * bond - equities @ quotes.equity_prices
    pays = np.maximum(bond, 0.0)[:, None] * quotes.repayment_rates
    later = endowment.later + pays + np.minimum(bond, 0.0)[:, None]
    return Consumption(np.where(trades.spent, 0.0, now), later + equities @ instruments.payoffs.T)
