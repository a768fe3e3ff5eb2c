"""What a clearing house may know when it works out a margin."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from markets.quote import FloatArray


def _none() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Known:
    """The price now, the prices before it, what was charged last, and the position.

    A rule that is asked once per date knows the price at which the last date closed; one that is
    asked in every round knows the price that is posted.

    Attributes
    ----------
    price : float
        The price now, cash per unit.
    past : array of shape (n,)
        Closing prices before it, the oldest first; may be empty.
    charged : float, optional
        The haircut charged at the close of the last date; None at the first.
    closed : float, optional
        The price of that close.
    position : float
        Sign of the position that is margined, 1 long and -1 short; 0 where one haircut is for both.
        Of a lender's rule the securities lent against on the last date.
    repo_rate : float
        Interest on repo loans on the last date, per period, where there are any.
    past_returns : array of shape (n - 1,), optional
        Log returns of ``past``, where they are known already.
    """

    price: float
    past: FloatArray = field(default_factory=_none)
    charged: float | None = None
    closed: float | None = None
    position: float = 0.0
    repo_rate: float = 0.0
    past_returns: FloatArray | None = None

    @property
    def returns(self) -> FloatArray:
        """Log returns up to the price now, the oldest first, shape (n,).

        Raises
        ------
        ValueError
            If a price is not above zero.
        """
        if not self.past.size:
            return np.empty(0)
        if not self.price > 0.0:
            raise ValueError(f"a price of {self.price:.6g} has no return")
        before = log_returns(self.past) if self.past_returns is None else self.past_returns
        return np.append(before, math.log(self.price) - math.log(self.past[-1]))


def log_returns(prices: FloatArray) -> FloatArray:
    """Log returns from each price to the next, shape (n - 1,).

    Raises
    ------
    ValueError
        If a price is not above zero.
    """
    if not np.all(prices > 0.0):
        raise ValueError(f"a price of {prices.min():.6g} has no return")
    return np.diff(np.log(prices))
