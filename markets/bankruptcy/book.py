"""The book of the markets for a bond and for equities."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class BondBook:
    """Orders of a cohort at the posted quotes, and their sum over cohorts.

    With J equities, S states and K = 1 + J + S quotes: bond price, equity prices, repayment rates.

    Attributes
    ----------
    lent, promised : float
        Bonds bought, and bonds sold short.
    equities, held : array of shape (J,)
        Equities bought less sold, and equities owned before trade.
    repaid : array of shape (S,)
        What borrowers can and must pay of their promises, goods.
    lent_slope, promised_slope : array of shape (K,)
        Derivatives of ``lent`` and ``promised`` with respect to the quotes.
    equities_slope, repaid_slope : array of shape (J, K) and (S, K)
        Derivatives of ``equities`` and ``repaid`` with respect to the quotes.
    consumed_now, endowed_now : float
        Consumption at date 0, and the goods there are.
    consumed_later, endowed_later : array of shape (S,)
        Positive consumption in each state of date 1, and the goods there are, the payoffs of
        equities among them.
    """

    lent: float
    promised: float
    equities: FloatArray
    held: FloatArray
    repaid: FloatArray
    lent_slope: FloatArray
    promised_slope: FloatArray
    equities_slope: FloatArray
    repaid_slope: FloatArray
    consumed_now: float
    consumed_later: FloatArray
    endowed_now: float
    endowed_later: FloatArray

    @property
    def recovery(self) -> FloatArray:
        r"""Repayment rate of every state that the orders imply; one where nobody borrows.

        :math:`r_s = \sum_i \min\{z^-_i, w_{is} + Y_s(\delta_i + z_{e,i})\} / \sum_i z^-_i`,
        equation (4) of Eichberger, Rheinberger and Summer (2014); shape (S,).
        """
        if not self.promised > 0.0:
            return np.ones_like(self.repaid)
        return np.minimum(self.repaid / self.promised, 1.0)

    @property
    def promised_growth(self) -> FloatArray:
        """Derivatives of the log of promises with respect to the quotes; zero without promises."""
        if not self.promised > 0.0:
            return np.zeros_like(self.promised_slope)
        return self.promised_slope / self.promised
