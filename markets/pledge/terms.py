r"""Repo terms: haircut, repo rate, and the value of the call that a repo contains.

A borrower in repo gives a security worth :math:`p` as collateral for a loan of :math:`(1-h) p`, to
be repaid with interest :math:`r`, and may default and leave the collateral to the lender. So it
holds a call on its own collateral with strike :math:`(1-h)(1+r)` per unit of price, whose value per
unit of price is

.. math:: \chi = N(d_1) - (1-h)(1+r)\, N(d_2), \qquad
          d_{1,2} = \frac{-\ln[(1-h)(1+r)]}{\sigma} \pm \frac{\sigma}{2},

at a risk-free return of zero, with :math:`\sigma` the standard deviation of the log value. Each
unit of haircut buys one such call, so pledging pays if and only if :math:`h < \chi`; otherwise the
repo market is shut.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", Lemma 4 and
Proposition 7.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from markets.quote import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class RepoTerms:
    """Terms on which securities can be pledged, each array of shape ``(securities,)``.

    Attributes
    ----------
    haircut
        Share of the price that a loan leaves out, in (0, 1).
    repo_rate
        Interest on the loan, per period.
    call_value
        Value of the borrower's call, per unit of price.
    """

    haircut: FloatArray
    repo_rate: FloatArray
    call_value: FloatArray

    @classmethod
    def of(cls, haircut: FloatArray, repo_rate: FloatArray, value_precision: float) -> RepoTerms:
        """Terms with the value of the call worked out; ``value_precision`` is that of ln v."""
        strike = (1.0 - haircut) * (1.0 + repo_rate)
        sigma = value_precision**-0.5
        d1 = -np.log(strike) / sigma + 0.5 * sigma
        return cls(haircut, repo_rate, ndtr(d1) - strike * ndtr(d1 - sigma))

    @property
    def active(self) -> BoolArray:
        """Whether pledging pays: h < chi."""
        return np.asarray(self.haircut < self.call_value, dtype=np.bool_)

    @property
    def log_pledge_value(self) -> FloatArray:
        """ln(chi/h); 0 where the repo market is shut."""
        return np.where(self.active, np.log(self.call_value / self.haircut), 0.0)

    @property
    def leverage(self) -> FloatArray:
        """Securities that can be bought by pledging one, (1 - h)/h."""
        return (1.0 - self.haircut) / self.haircut
