"""Pools: what borrowers' orders deliver to each pass-through security."""

from __future__ import annotations

import numpy as np

from markets.credit.book import CreditBook
from markets.credit.obligations import Obligations
from markets.credit.quotes import CreditQuotes
from markets.quote import BoolArray, FloatArray


def deliveries(
    obligations: Obligations, posted: CreditQuotes, book: CreditBook
) -> tuple[FloatArray, FloatArray]:
    """What borrowers of date 0 deliver to each pool, at date 1 (M, K) and date 2 (T, K)."""
    first = obligations.first
    seized = book.borrowed[first] - book.kept - book.prepaid
    delivered = (
        posted.coupon * book.kept + posted.prepayment * book.prepaid + posted.seizure * seized
    )
    return delivered, posted.delivery[:, first] * book.kept[obligations.last_after]


def pooled(
    obligations: Obligations, posted: CreditQuotes, book: CreditBook, empty: BoolArray
) -> tuple[FloatArray, FloatArray]:
    r"""Deliveries per unit of debt that the book implies, at date 1 (M, K) and date 2 (T, K).

    Equilibrium condition (iv). An ``empty`` pool, shape (K,), delivers nothing per nothing: with
    the *tremble* it is expected to pay what a vanishing borrower would, :math:`\min(B, pC)` at
    date 1 and :math:`R` at date 2, otherwise what was quoted.
    """
    debt = book.borrowed[obligations.first]
    delivered, later = deliveries(obligations, posted, book)
    owed = np.where(empty, 1.0, debt)
    if posted.tremble:
        middle = np.minimum(posted.prepayment, posted.seizure)
        last = posted.delivery[:, obligations.first]
    else:
        middle, last = posted.middle_payment, posted.last_payment
    return np.where(empty, middle, delivered / owed), np.where(empty, last, later / owed)
