r"""Repo terms: haircut, repo rate, and the value of the call that a repo contains.

A borrower in repo gives a security worth :math:`p` as collateral for a loan of :math:`(1-h) p`, to
be repaid with interest :math:`r`, and may default and leave the collateral to the lender. So it
holds a call on its own collateral with strike :math:`(1-h)(1+r)` per unit of price, whose value per
unit of price is

.. math:: \chi = N(d_1) - (1-h)(1+r)\, N(d_2), \qquad
          d_{1,2} = \frac{-\ln[(1-h)(1+r)]}{\sigma} \pm \frac{\sigma}{2},

at a risk-free return of zero, with :math:`\sigma` the standard deviation of the log value. Each
unit of haircut buys one such call, so pledging pays if and only if :math:`h < \chi`; otherwise the
repo market is shut. The call is worth :math:`1 - K` more than the put with the same strike
:math:`K = (1-h)(1+r)`, so that :math:`\chi - h` is that put less the interest :math:`(1-h) r`: in
this form it is not lost in rounding where both are all but equal.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", Lemma 4 and
Proposition 7.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from scipy.special import ndtr

from markets.quote import BoolArray, FloatArray

LONGEST_SEARCH = 200
"""Newton steps at most in search of a repo rate; most searches take a few."""

RATE_ROUNDING = 2e-16
"""Share of the repo rate: rounding."""

SMALLEST_SLOPE = 1e-300
"""Keeps a slope that underflows from being divided by."""


WORTHLESS = -1.0 + 1e-15
"""chi/h - 1 of a call without value, but for rounding: its logarithm is still a number."""


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
    worth
        ln(chi/h), what being pledgeable is worth; not above 0 where pledging does not pay.
    value_precision : float
        Precision of ln v, the inverse of the squared volatility of the call.
    """

    haircut: FloatArray
    repo_rate: FloatArray
    call_value: FloatArray
    worth: FloatArray
    value_precision: float

    @classmethod
    def of(cls, haircut: FloatArray, repo_rate: FloatArray, value_precision: float) -> RepoTerms:
        """Terms with the value of the call worked out; ``value_precision`` is that of ln v."""
        strike = (1.0 - haircut) * (1.0 + repo_rate)
        call, gain, _ = _option(strike, haircut, repo_rate, value_precision)
        worth = np.log1p(np.maximum(gain / haircut, WORTHLESS))
        return cls(haircut, repo_rate, call, worth, value_precision)

    def at(self, repo_rate: FloatArray) -> RepoTerms:
        """The same haircuts at other repo rates."""
        return RepoTerms.of(self.haircut, repo_rate, self.value_precision)

    def worth_of(self, worth: FloatArray) -> RepoTerms:
        r"""The same haircuts, at the repo rates at which being pledgeable is worth as given.

        :math:`\chi - h` is convex and falls in :math:`r`, so that Newton's steps from
        :math:`r = 0` toward :math:`h (e^{\text{worth}} - 1)` approach the solution from below.
        ``worth`` lies between 0 and its value at a rate of zero, shape ``(securities,)``; the
        result has it to the last digit, which the repo rate may be too coarse to tell.
        """
        rest = 1.0 - self.haircut
        wanted = self.haircut * np.expm1(worth)
        rate = np.zeros_like(worth)
        for _ in range(LONGEST_SEARCH):
            strike = rest * (1.0 + rate)
            _, gain, falls = _option(strike, self.haircut, rate, self.value_precision)
            step = np.maximum(gain - wanted, 0.0) / (rest * np.maximum(falls, SMALLEST_SLOPE))
            rate = rate + step
            if np.all(step <= RATE_ROUNDING * rate):
                break
        highest = self.at(np.zeros_like(worth)).worth
        return replace(self.at(np.where(worth < highest, rate, 0.0)), worth=worth)

    def shut(self) -> RepoTerms:
        """The same haircuts where nobody pledges: a call without value."""
        nothing = np.zeros_like(self.haircut)
        return replace(self, call_value=nothing, worth=np.full_like(nothing, np.log1p(WORTHLESS)))

    def opened(self) -> RepoTerms:
        """The same haircuts where pledging pays most: a call with a strike of zero."""
        return replace(self, call_value=np.ones_like(self.haircut), worth=-np.log(self.haircut))

    @property
    def active(self) -> BoolArray:
        """Whether pledging pays: h < chi."""
        return np.asarray(self.worth > 0.0, dtype=np.bool_)

    @property
    def log_pledge_value(self) -> FloatArray:
        """ln(chi/h); 0 where the repo market is shut."""
        return np.where(self.active, self.worth, 0.0)

    @property
    def leverage(self) -> FloatArray:
        """Securities that can be bought by pledging one, (1 - h)/h."""
        return (1.0 - self.haircut) / self.haircut


def _option(
    strike: FloatArray, haircut: FloatArray, repo_rate: FloatArray, value_precision: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Value of the call, what it is worth beyond the haircut, and how fast it falls in its strike.

    Up to a strike of 1 the second is worked out from the put, above it from the call: from the
    smaller of the two.
    """
    sigma = value_precision**-0.5
    d2 = -np.log(strike) / sigma - 0.5 * sigma
    call = ndtr(d2 + sigma) - strike * ndtr(d2)
    put = np.maximum(strike * ndtr(-d2) - ndtr(-d2 - sigma), 0.0)
    by_put = put - (1.0 - haircut) * repo_rate
    return call, np.where(strike > 1.0, call - haircut, by_put), ndtr(d2)
