"""Instruments that more than one economy trades."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray
from markets.refused import Refused


@dataclass(frozen=True, slots=True)
class Security:
    """A security with two possible payoffs at date 1.

    Parameters
    ----------
    low_payoff, high_payoff : float
        Payoff in state U and in state D, in cash; 0 <= low < high. (The source calls the *bad*
        state U.)

    Raises
    ------
    Refused
        If the payoffs are not two different non-negative numbers in that order.
    """

    low_payoff: float
    high_payoff: float

    def __post_init__(self) -> None:
        """Refuse payoffs that nobody could disagree about."""
        if not 0.0 <= self.low_payoff < self.high_payoff < np.inf:
            raise Refused(
                f"low_payoff is {self.low_payoff} and high_payoff is {self.high_payoff};"
                " a security pays 0 <= low_payoff < high_payoff"
            )

    def expected(self, belief: FloatArray) -> FloatArray:
        """Expected payoff at the probabilities ``belief`` of the low payoff."""
        return self.high_payoff - belief * (self.high_payoff - self.low_payoff)
