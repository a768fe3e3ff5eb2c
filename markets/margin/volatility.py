"""A parametric value-at-risk of a position, by the volatility of past price changes."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from markets.margin.known import Known
from markets.margin.measures import exponential_variance
from markets.margin.rule import MarginRule
from markets.quote import FloatArray
from markets.refused import Refused

LEAST = 1e-6
"""Volatility does not fall below this share of what the rule began with: without any news for long,
positions would need no margin at all."""


@dataclass(frozen=True, slots=True)
class VolatilityMargin(MarginRule):
    r"""Margin in cash by the volatility of past price changes: a parametric value-at-risk.

    .. math:: m = \Phi^{-1}(\text{confidence})\, \sqrt{\text{horizon}}\; \sigma, \qquad
              \sigma_{t+1}^2 = \kappa\, \sigma_t^2 + (1 - \kappa) (q_t - q_{t-1})^2 ,

    an exponentially weighted moving average over the changes up to the price now (J.P. Morgan,
    *RiskMetrics Technical Document*, 1996, section 5.2, of changes instead of returns).

    Parameters
    ----------
    volatility : float
        :math:`\sigma_1`, standard deviation of the price change from date to date before any
        news, cash; positive.
    confidence : float
        Share of dates on which the margin is to cover the loss, in (1/2, 1).
    horizon : float
        Dates that it takes to close a position out; positive.
    memory : float
        :math:`\kappa`, weight of the past in the estimate of the variance, in [0, 1).

    Raises
    ------
    Refused
        If one of them lies outside what is allowed.
    """

    volatility: float
    confidence: float = 0.99
    horizon: float = 1.0
    memory: float = 0.94

    def __post_init__(self) -> None:
        """Refuse settings that give no margin."""
        if not 0.0 < self.volatility < math.inf:
            raise Refused(f"volatility is {self.volatility}; it must be a positive number")
        if not 0.5 < self.confidence < 1.0:
            raise Refused(f"confidence is {self.confidence}; it must lie between 1/2 and 1")
        if not 0.0 < self.horizon < math.inf:
            raise Refused(f"horizon is {self.horizon}; it must be a positive number of dates")
        if not 0.0 <= self.memory < 1.0:
            raise Refused(f"memory is {self.memory}; it must lie in [0, 1)")

    @classmethod
    def charging(
        cls, margin: float, *, confidence: float, horizon: float, memory: float
    ) -> VolatilityMargin:
        """Make the rule whose margin before any news is ``margin``, in cash."""
        volatility = margin / _multiple(confidence, horizon)
        return cls(volatility, confidence, horizon, memory)

    def haircut(self, known: Known) -> float:
        """Margin as a share of the price."""
        return self.margin(known) / known.price

    def margin(self, known: Known) -> float:
        """Margin in cash."""
        changes = np.diff(known.past, append=known.price)
        return _multiple(self.confidence, self.horizon) * self.expected(changes)

    def expected(self, changes: FloatArray) -> float:
        """Standard deviation expected of the next change, cash."""
        first = np.array([self.volatility**2])
        variance = float(exponential_variance(first, changes**2, self.memory)[-1])
        return max(math.sqrt(variance), LEAST * self.volatility)


def _multiple(confidence: float, horizon: float) -> float:
    """Margin as a multiple of the volatility."""
    from scipy.special import ndtri

    return float(ndtri(confidence)) * math.sqrt(horizon)
