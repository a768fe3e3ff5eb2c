r"""Spot markets for securities that may be pledged in repo.

A borrower in repo gives a security worth :math:`p` as collateral for a loan of :math:`(1-h) p`, to
be repaid with interest :math:`r`, and keeps the right not to repay. So it holds a call on its own
collateral, struck at :math:`(1-h)(1+r)` a unit of price, whose value a unit of price is

.. math:: \chi = N(d_1) - (1-h)(1+r)\, N(d_2), \qquad
          d_{1,2} = \frac{-\ln[(1-h)(1+r)]}{\sigma} \pm \frac{\sigma}{2},

at zero interest, with :math:`\sigma` the standard deviation of the log value. Each unit of haircut
buys one such call, so pledging pays if and only if :math:`h < \chi`; otherwise the repo market is
shut.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", Lemma 4 and
Proposition 7.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.special import ndtr

from markets.quote import (
    BoolArray,
    Excess,
    FloatArray,
    Limits,
    Quote,
)

LOG_PRICE_REACH = 700.0
"""Largest log price, either way; beyond it a price is no number in double precision."""


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
        high = -np.log(strike) / sigma + 0.5 * sigma
        return cls(haircut, repo_rate, ndtr(high) - strike * ndtr(high - sigma))

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


@dataclass(frozen=True, slots=True)
class SpotQuotes:
    """What the markets post in a round: log prices, shape ``(securities,)``, and repo terms."""

    log_price: FloatArray
    terms: RepoTerms


class SpotBook(Protocol):
    """What the markets read off the netted book, each of shape ``(securities,)``."""

    @property
    def bought(self) -> FloatArray:
        """Total of purchases."""
        ...

    @property
    def sold(self) -> FloatArray:
        """Total of sales."""
        ...

    @property
    def by_price(self) -> FloatArray:
        """Derivative of their difference with respect to the log price."""
        ...


class PledgeableMarket:
    """Spot markets for one or more pledgeable securities with independent values.

    The coordinates are the log prices and the residuals the securities bought less those sold, in
    which orders are linear as long as no investor is short of cash or securities.

    Parameters
    ----------
    mean_log_value : float or sequence of float
        Mean of the log value of each security, from which its log price starts.
    names : sequence of str, optional
        Names of the securities, needed where there are several.
    """

    def __init__(self, mean_log_value: float | FloatArray, names: Sequence[str] = ("",)) -> None:
        labels = [f"_{name}" if name else "" for name in names]
        self.names = tuple(names)
        self.first = np.broadcast_to(np.asarray(mean_log_value, np.float64), len(labels)).copy()
        self.quotes = tuple(
            Quote(
                f"log_price{label}",
                "log of cash per security",
                f"logarithm of the price of the security{f' {name}' if name else ''}",
            )
            for name, label in zip(names, labels, strict=True)
        )
        self.excess_names = tuple(f"security_excess{label}" for label in labels)

    def open(self, cohorts: Sequence[Any]) -> None:
        """Nothing to learn: orders tell all there is to know."""

    def limits(self, terms: RepoTerms) -> Limits:
        """Any log price whose exponential is a number is possible."""
        reach, never = (
            np.full(len(self.first), LOG_PRICE_REACH),
            np.zeros(len(self.first), np.bool_),
        )
        return Limits(-reach, reach, never, never)

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes, from the primitives alone: the mean log value."""
        return {quote.name: float(v) for quote, v in zip(self.quotes, self.first, strict=True)}

    def locate(self, quotes: dict[str, float], terms: RepoTerms) -> FloatArray:
        """Coordinates of some quotes."""
        return np.array([quotes[quote.name] for quote in self.quotes])

    def post(self, coordinates: FloatArray, terms: RepoTerms, moved: FloatArray) -> SpotQuotes:
        """The quotes to show to everybody."""
        return SpotQuotes(coordinates, terms)

    def named(self, posted: SpotQuotes) -> dict[str, float]:
        """The quotes by name."""
        return {q.name: float(v) for q, v in zip(self.quotes, posted.log_price, strict=True)}

    def excess(self, posted: SpotQuotes, book: SpotBook) -> Excess:
        """Securities bought less securities sold."""
        units = book.bought - book.sold
        volume = book.bought + book.sold
        share = np.divide(units, volume, out=np.zeros_like(units), where=volume > 0.0)
        return Excess(residual=units, share=share, units=units)

    def depth(
        self, posted: SpotQuotes, book: SpotBook, coordinates: FloatArray
    ) -> FloatArray | None:
        """Derivative of excess demand with respect to the log prices, a diagonal matrix."""
        return np.diag(book.by_price)
