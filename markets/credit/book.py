"""The book of the markets for goods and pooled credit."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class CreditBook:
    """Plans of all households, netted; D nodes, M at date 1, L goods, J contracts, K of date 0.

    Attributes
    ----------
    goods : array (D, L)
        Excess demand for goods: consumption less endowment and what earlier consumption left.
    lent, borrowed : array (J,)
        Securities bought at issue, and contracts issued.
    resold : array (M, K)
        Securities of date 0 held after resale.
    kept, prepaid, defaulted : array (M, K)
        Debt of date 0 on which the coupon is paid, which is prepaid, and which ends with the
        collateral handed over.
    unrest : float
        How far households still move their plans, as a share of wealth.
    """

    goods: FloatArray
    lent: FloatArray
    borrowed: FloatArray
    resold: FloatArray
    kept: FloatArray
    prepaid: FloatArray
    defaulted: FloatArray
    unrest: float
