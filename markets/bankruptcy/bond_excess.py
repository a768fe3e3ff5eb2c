"""Excess demand with what the volume of promises does as quotes move."""

from __future__ import annotations

from dataclasses import dataclass

from markets.quote import Excess, FloatArray


@dataclass(frozen=True, slots=True)
class BondExcess(Excess):
    """Excess demand for a bond and for equities, and errors of repayment rates.

    Attributes
    ----------
    promised_growth : array of shape (K,)
        Derivatives of the log of promised bonds with respect to the quotes; zero if there are none.
    """

    promised_growth: FloatArray
