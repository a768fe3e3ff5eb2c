"""What the spot and repo markets for pledgeable securities post in a round."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np

from markets.pledge.terms import RepoTerms
from markets.quote import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class SpotQuotes:
    """Log prices beside the repo terms, arrays of shape ``(securities,)``.

    Attributes
    ----------
    log_price
        Logarithm of the price of each security.
    terms
        Haircuts, repo rates and what the call in a repo is worth at them.
    pledging
        Share of their orders that repo investors pledge rather than sell: 1 where pledging pays
        (h < chi), 0 where repo is shut, anything in between where they are indifferent (h = chi).
    """

    log_price: FloatArray
    terms: RepoTerms
    pledging: FloatArray

    @classmethod
    def on(cls, log_price: FloatArray, terms: RepoTerms) -> Self:
        """Log prices on given terms: repo investors pledge where that pays, and all that pays."""
        return cls(log_price, terms, terms.active.astype(np.float64))

    @property
    def open(self) -> BoolArray:
        """Whether anybody pledges."""
        return np.asarray(self.pledging > 0.0, dtype=np.bool_)

    @property
    def log_pledge_value(self) -> FloatArray:
        """ln(chi/h); 0 where the repo market is shut."""
        return np.where(self.open, self.terms.worth, 0.0)
