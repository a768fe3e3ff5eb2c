"""What a clearing house may know when it works out a margin."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from markets.quote import FloatArray


def _none() -> FloatArray:
    return np.empty(0)


@dataclass(frozen=True, slots=True)
class Known:
    """The price now, the prices before it, and what was charged last.

    A rule that is asked once per date knows the price at which the last date closed; one that is
    asked in every round knows the price that is posted.

    Attributes
    ----------
    price : float
        The price now, cash per unit.
    past : array of shape (n,)
        Closing prices before it, the oldest first; may be empty.
    charged : float, optional
        The haircut charged at the last date; None at the first.
    """

    price: float
    past: FloatArray = field(default_factory=_none)
    charged: float | None = None

    @property
    def returns(self) -> FloatArray:
        """Log returns up to the price now, the oldest first, shape (n,)."""
        prices = np.append(self.past, self.price)
        return np.diff(np.log(prices))
