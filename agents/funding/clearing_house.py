"""A clearing house that funds experts: it lends against positions and keeps margin on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from markets.funding.book import FundedBook
from markets.funding.quotes import FundedQuotes
from markets.funding.terms import MarginTerms
from markets.margin import PriceMargin
from markets.quote import FloatArray

TINY = 1e-300
"""Cash; stands for the value of assets where nobody brings any, so that it can be divided by."""


@dataclass(frozen=True, slots=True)
class FundedSettlement:
    """What the clearing house accepts of a netted book, and its accounts on it.

    Orders without a counterpart are not accepted, nor positions beyond the experts' funding: so
    the balances are zero in every round, whether or not the markets have cleared.

    Attributes
    ----------
    margin_held : float
        Margin on the accepted positions, cash.
    financed : float
        Value of the accepted positions beyond their margin: cash lent to longs, and proceeds of
        short sales kept back, less margin, cash.
    funding_left : float
        Experts' funds less the margin held; never negative.
    walras : float
        Value of the excess demand for assets and for cash together, as a share of what is
        traded; zero.
    balance_cash : float
        Cash received from buyers less cash paid to sellers on the accepted book; zero.
    """

    margin_held: float
    financed: float
    funding_left: float
    walras: float
    balance_cash: float

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        return asdict(self)


class MarginClearingHouse(ClearingHouse[MarginTerms, FundedQuotes, FundedBook]):
    """A clearing house that charges margin asset by asset, and whose rules learn.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    margins : mapping
        A rule for each asset, by the name of its quote, in the market's order.

    Attributes
    ----------
    deposits : array, optional
        Cash that experts will have with the house at the next date, below zero where it is a debt;
        announce it to change their wealth.
    """

    def __init__(self, model: mesa.Model, margins: Mapping[str, PriceMargin]) -> None:
        super().__init__(model)
        self.margins = dict(margins)
        self.deposits: FloatArray | None = None
        self.date = 0
        self._closed = False

    def wake(self, date: int) -> None:
        """Begin a date; from the second on, rules have a close to learn from."""
        self._closed, self.date = self.date > 0 and date > self.date, date

    def charge(self, quotes: Mapping[str, float]) -> MarginTerms:
        """Terms of a date: from the second on every rule first learns where the last one closed."""
        if self._closed:
            self.margins = {
                name: rule.closed_at(quotes[name]) for name, rule in self.margins.items()
            }
        deposits, self.deposits = self.deposits, None
        return MarginTerms(self.date - 1, tuple(self.margins.values()), deposits)

    def settle(self, posted: FundedQuotes, book: FundedBook) -> FundedSettlement:
        """Accept what is matched and funded, keep margin on it, and draw up the accounts.

        1. Accept the shorter side of each asset, where both point the same way.
        2. Scale down to what the experts' funds carry.
        3. Buyers pay sellers; the house lends what the buyers' margin leaves open.
        """
        matched = np.where(
            book.bought * book.sold > 0.0,
            np.sign(book.sold) * np.minimum(np.abs(book.sold), np.abs(book.bought)),
            0.0,
        )
        needed = float(posted.margin @ np.abs(matched))
        accepted = matched * min(1.0, book.funds / needed) if needed > 0.0 else matched
        margin_held = float(posted.margin @ np.abs(accepted))
        received = math.fsum(posted.price * np.maximum(accepted, 0.0))
        received += math.fsum(posted.price * np.maximum(-accepted, 0.0))
        paid = math.fsum(np.abs(posted.price * accepted))
        excess = float(posted.price @ (book.bought - book.sold))
        return FundedSettlement(
            margin_held=margin_held,
            financed=float(posted.price @ np.abs(accepted)) - margin_held,
            funding_left=max(book.funds - margin_held, 0.0),
            walras=(excess + book.cash) / _value(posted, book),
            balance_cash=received - paid,
        )

    def redundant(self, posted: FundedQuotes, book: FundedBook) -> Mapping[str, float]:
        """Cash that traders are left with less the cash that they came with.

        Every order is paid in cash at the posted price, so in value cash clears where the assets
        do. Customers have no budget and experts may be in debt: there is no amount of cash to
        compare with, and the excess is a share of the value of the assets brought to the market.
        """
        return {"cash": book.cash / _value(posted, book)}


def _value(posted: FundedQuotes, book: FundedBook) -> float:
    """Value of customers' exposures and experts' positions, cash."""
    return max(float(np.abs(posted.price) @ (book.gross + np.abs(book.bought))), TINY)
