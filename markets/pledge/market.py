"""Spot markets for securities that may be pledged in repo.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", equation (12).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from markets.market import Market
from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.quote import Excess, FloatArray, Limits, Quote

LOG_PRICE_REACH = 700.0
"""Largest absolute log price; beyond it the price overflows double precision."""


class PledgeableMarket(Market[RepoTerms, SpotQuotes, SpotBook]):
    """Spot markets for one or more pledgeable securities with independent values.

    The coordinates are the log prices and the residuals the excess demands in securities, which
    are linear in the log prices as long as no investor is short of cash or securities.

    Parameters
    ----------
    mean_log_value : float or array of shape (securities,)
        Mean of the log value of each security, from which its log price starts.
    names : sequence of str
        Names of the securities, needed where there are several.
    """

    def __init__(self, mean_log_value: float | FloatArray, names: Sequence[str] = ("",)) -> None:
        labels = [f"_{name}" if name else "" for name in names]
        self.mean_log_value = np.broadcast_to(
            np.asarray(mean_log_value, np.float64), len(labels)
        ).copy()
        self.quotes = tuple(
            Quote(
                f"log_price{label}",
                "log of cash per security",
                f"logarithm of the price of the security{f' {name}' if name else ''}",
            )
            for name, label in zip(names, labels, strict=True)
        )
        self.excess_names = tuple(f"security_excess{label}" for label in labels)

    def limits(self, terms: RepoTerms) -> Limits:
        """Any log price whose exponential is a number is possible."""
        reach = np.full(len(self.quotes), LOG_PRICE_REACH)
        never = np.zeros(len(self.quotes), np.bool_)
        return Limits(-reach, reach, never, never)

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes, from the primitives alone: the mean log value."""
        return self._by_name(self.mean_log_value)

    def locate(self, quotes: Mapping[str, float], terms: RepoTerms) -> FloatArray:
        """Coordinates of quotes by name: the log prices themselves."""
        return np.array([quotes[quote.name] for quote in self.quotes])

    def post(self, coordinates: FloatArray, terms: RepoTerms, moved: FloatArray) -> SpotQuotes:
        """The quotes at some log prices."""
        return SpotQuotes(coordinates, terms)

    def named(self, posted: SpotQuotes) -> dict[str, float]:
        """The log prices by name."""
        return self._by_name(posted.log_price)

    def excess(self, posted: SpotQuotes, book: SpotBook) -> Excess:
        """Excess demand: securities bought minus securities sold."""
        units = book.bought - book.sold
        volume = book.bought + book.sold
        share = np.divide(units, volume, out=np.zeros_like(units), where=volume > 0.0)
        return Excess(residual=units, share=share, units=units)

    def depth(self, posted: SpotQuotes, book: SpotBook, coordinates: FloatArray) -> FloatArray:
        """Derivative of excess demand with respect to the log prices, a diagonal matrix."""
        return np.diag(book.by_price)

    def _by_name(self, log_price: FloatArray) -> dict[str, float]:
        return {q.name: float(v) for q, v in zip(self.quotes, log_price, strict=True)}
