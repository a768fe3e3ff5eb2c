"""The book of the markets for assets of one pool of funding."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.funding.quotes import FundedQuotes
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class FundedBook:
    """Orders of a cohort at the posted quotes, and their sum over cohorts.

    Attributes
    ----------
    sold, sold_by_price : array of shape (assets,)
        Assets that customers sell to experts, net, and the derivative of each by its own price.
    gross : array of shape (assets,)
        Exposures that customers bring to the market, in absolute value, in assets.
    cash : float
        Cash that customers want for what they sell, less what they pay.
    funds : float
        Wealth of the experts who have any, cash. On a rung an expert takes any position on its
        side up to wealth over margin; without a premium it is indifferent in all assets.
    funds_by_price : array of shape (assets,)
        Derivative of ``funds`` by each price.
    stake : float
        Value of what these experts own and owe, all in absolute value: of this size are the
        numbers of which ``funds`` is the difference.
    """

    sold: FloatArray
    sold_by_price: FloatArray
    gross: FloatArray
    cash: float
    funds: float
    funds_by_price: FloatArray
    stake: float


def filled(posted: FundedQuotes, book: FundedBook) -> FloatArray:
    """What experts hold, in assets, shape (assets,): what customers sell, as far as funds carry it.

    On the rung of its side, where experts are indifferent, an order is filled with what customers
    bring; orders beyond the experts' funds are all filled in the same proportion.
    """
    taken = np.where(posted.side * book.sold == np.abs(book.sold), book.sold, 0.0)
    needed = float(posted.margin @ np.abs(taken))
    return taken if needed <= book.funds else taken * (book.funds / needed)


def exposures(posted: FundedQuotes, book: FundedBook) -> FloatArray:
    """Assets with which an excess is compared, shape (assets,).

    What customers bring to the market; of an asset that nobody brings, what they would sell for a
    fall of the price by its fundamental value.
    """
    kept = book.sold_by_price * np.abs(posted.fundamental)
    return np.where(book.gross > 0.0, book.gross, np.where(kept > 0.0, kept, 1.0))
