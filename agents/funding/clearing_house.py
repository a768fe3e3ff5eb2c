"""A clearing house that funds experts: it lends against positions and keeps margin on them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from markets.funding.book import FundedBook, exposures, filled
from markets.funding.quotes import FundedQuotes
from markets.funding.terms import MarginTerms
from markets.margin import MarginRule, PostedSides
from markets.quote import FloatArray
from markets.variable import Variable


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


class MarginClearingHouse(
    ClearingHouse[MarginTerms, FundedQuotes, FundedBook, FundedBook, FloatArray]
):
    """A clearing house that charges margin asset by asset, and whose rules learn.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    margins : mapping
        A rule for each asset by the name of its quote, in the market's order; one that differs by
        the side of a position is a :class:`~markets.margin.sided.SidedMargin`.
    every_round : bool, optional
        Whether rules are asked in every round at the posted price, or once per date at the last
        close; as each rule itself says unless given.
    history : mapping, optional
        Closing prices before the first date, the oldest first, by the name of the quote.

    Attributes
    ----------
    deposits : float, optional
        Cash that all experts together will have with the house at the next date, below zero where
        it is a debt; announce it to change their wealth.
    """

    variables = (
        Variable("margin_held", "cash", "margin on the accepted positions"),
        Variable("financed", "cash", "value of the accepted positions beyond their margin"),
        Variable("funding_left", "cash", "experts' funds less the margin held"),
        Variable("walras", "share", "violation of Walras' law as a share of what there is; zero"),
        Variable("balance_cash", "cash", "received from buyers less paid to sellers; zero"),
    )

    def __init__(
        self,
        model: mesa.Model,
        margins: Mapping[str, MarginRule],
        *,
        every_round: bool | None = None,
        history: Mapping[str, FloatArray] | None = None,
    ) -> None:
        super().__init__(model)
        self.margins = dict(margins)
        self.every_round = every_round
        self.history = dict(history or {})
        self.posted: dict[str, PostedSides] = {}
        self.deposits: float | None = None

    def charge(self, quotes: Mapping[str, float]) -> MarginTerms:
        """Terms of a date: from the second on every rule first learns where the last one closed."""
        for name, rule in self.margins.items():
            if name not in self.posted:
                self.posted[name] = PostedSides.opened(
                    rule, quotes[name], self.history.get(name), every_round=self.every_round
                )
            elif self.after_another:
                self.posted[name] = self.posted[name].closed_at(quotes[name])
            self.posted[name] = self.posted[name].by(rule)
        deposits, self.deposits = self.deposits, None
        return MarginTerms(self.date - 1, tuple(self.posted.values()), deposits)

    def misses(self, posted: FundedQuotes) -> Mapping[str, float]:
        """Margin charged on each asset less what its rule asks for, on the side of experts."""
        rows = zip(self.posted.items(), posted.price, posted.side, posted.margin, strict=True)
        return {
            f"margin on {name}": float(margin - rule.on(side).margin(float(price))) / float(price)
            for (name, rule), price, side, margin in rows
        }

    def settle(self, posted: FundedQuotes, book: FundedBook) -> FundedSettlement:
        """Fill what experts take, keep margin on it, and draw up the accounts.

        Buyers pay sellers; the house lends what the buyers' margin leaves open.
        """
        accepted = filled(posted, book)
        margin_held = float(posted.margin @ np.abs(accepted))
        received = math.fsum(posted.price * np.maximum(accepted, 0.0))
        received += math.fsum(posted.price * np.maximum(-accepted, 0.0))
        paid = math.fsum(np.abs(posted.price * accepted))
        excess = float(posted.price @ (accepted - book.sold))
        return FundedSettlement(
            margin_held=margin_held,
            financed=float(posted.price @ np.abs(accepted)) - margin_held,
            funding_left=max(book.funds - margin_held, 0.0),
            walras=(excess + _unpaid(posted, book)) / _value(posted, book),
            balance_cash=received - paid,
        )

    def place(self, posted: FundedQuotes, book: FundedBook) -> FloatArray:
        """Position for each unit of an expert's wealth, shape (assets,)."""
        return filled(posted, book) / book.funds if book.funds > 0.0 else np.zeros_like(book.sold)

    def redundant(self, posted: FundedQuotes, book: FundedBook) -> Mapping[str, float]:
        """Cash that customers want less the cash that experts pay.

        Every order is paid in cash at the posted price, so in value cash clears where the assets
        do. Customers have no budget and experts may be in debt: there is no amount of cash to
        compare with, and the excess is a share of the value of the assets brought to the market.
        """
        return {"cash": _unpaid(posted, book) / _value(posted, book)}


def _unpaid(posted: FundedQuotes, book: FundedBook) -> float:
    """Cash that customers want less the cash that experts pay."""
    return book.cash - float(posted.price @ filled(posted, book))


def _value(posted: FundedQuotes, book: FundedBook) -> float:
    """Value of customers' exposures and experts' positions, cash."""
    traded = exposures(posted, book) + np.abs(filled(posted, book))
    return float(np.maximum(np.abs(posted.price), np.abs(posted.fundamental)) @ traded) or 1.0
