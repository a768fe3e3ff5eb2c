r"""The market for a bond on whose promises debtors deliver what they choose to.

It differs from the market of the bankrupt in two points. A repayment rate may be zero: where a good
is worth more to every debtor than the penalty, nobody delivers. And where nobody borrows, equation
(4) of Eichberger, Rheinberger and Summer (2014) would say that a first promise is kept, which it
need not be. There every member trembles: it promises :data:`TREMBLE`, and delivers on it where a
good is worth less to it than the penalty.

Source: Dubey, Geanakoplos and Shubik, "Default and Punishment in General Equilibrium" (2005), who
refine away equilibria without trade that rest on pessimism about such promises.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from markets.bankruptcy.bond_excess import BondExcess
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.market import BondMarket
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray, Limits

TREMBLE = 1e-13
"""A trembling member's promise, as a share of its goods at date 0. It moves the rate of a bond that
is traded by less than the rounds can see."""


@dataclass(frozen=True, slots=True)
class DefaultBook(BondBook):
    """The book, trembles, and how far plans moved since the round before.

    Attributes
    ----------
    moved : float
        Goods at date 0, the value of all changes of plans.
    trembled : float
        Bonds promised by trembling members.
    kept : array of shape (S,)
        What they deliver on them.
    """

    moved: float
    trembled: float
    kept: FloatArray

    @property
    def recovery(self) -> FloatArray:
        """Repayment rate of every state that orders and trembles imply, shape (S,)."""
        paid = (self.repaid + self.kept) / (self.promised + self.trembled)
        return np.clip(paid, 0.0, 1.0)


class DefaultMarket(BondMarket):
    """The markets for the bond and the equities where debtors choose what they deliver."""

    def limits(self, short_limit: float) -> Limits:
        """As where debtors go bankrupt, but a repayment rate of zero can be attained."""
        limits = super().limits(short_limit)
        return replace(limits, lower_attained=limits.upper_attained)

    def excess(self, posted: BondQuotes, book: BondBook) -> BondExcess:
        """Excess demand, errors of the rates, and how far plans move."""
        assert isinstance(book, DefaultBook)
        found = super().excess(posted, book)
        return replace(found, unrest=book.moved / book.endowed_now)
