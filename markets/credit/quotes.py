"""What markets of goods and pooled credit post in a round."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class CreditQuotes:
    r"""What the markets post in a round; D nodes, M of them at date 1, T at date 2, L goods.

    Attributes
    ----------
    goods : array (D, L)
        :math:`p`; the first good's is one.
    price : array (J,)
        :math:`q` of every contract, in the order of the market's ``contracts``.
    resale, middle_payment : array (M, K)
        :math:`\pi` and :math:`N` at date 1 of the K contracts of date 0.
    last_payment : array (T, K)
        :math:`N` of the same at date 2.
    coupon, prepayment, seizure : array (M, K)
        :math:`A`, :math:`B` and :math:`p C` at date 1.
    delivery : array (T, J)
        :math:`R = \min(A, pC)` of every contract at date 2; zero where it has ended.
    tremble : bool
        Whether an empty pool is expected to deliver what a vanishing borrower would.
    """

    goods: FloatArray
    price: FloatArray
    resale: FloatArray
    middle_payment: FloatArray
    last_payment: FloatArray
    coupon: FloatArray
    prepayment: FloatArray
    seizure: FloatArray
    delivery: FloatArray
    tremble: bool


@dataclass(frozen=True, slots=True)
class NearbyQuotes:
    """Quotes at some coordinates, and at small moves of each of n coordinates.

    Attributes
    ----------
    posted : CreditQuotes
        The quotes there.
    above, below : list of CreditQuotes
        The quotes with one coordinate after the other a little higher, and lower.
    distances : array (n,)
        By how much.
    """

    posted: CreditQuotes
    above: list[CreditQuotes]
    below: list[CreditQuotes]
    distances: FloatArray
