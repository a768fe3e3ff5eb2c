"""A parametric value-at-risk of a position, by the volatility of past price changes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from markets.refused import Refused

LEAST = 1e-6
"""Volatility does not fall below this share of what a rule that was made for a margin began with:
without any news for long, positions would need no margin at all."""


@dataclass(frozen=True, slots=True)
class VolatilityMargin:
    r"""Margin in cash by the volatility of past price changes: a parametric value-at-risk.

    .. math:: m = \Phi^{-1}(\text{confidence})\, \sqrt{\text{horizon}}\; \sigma, \qquad
              \sigma_{t+1}^2 = \kappa\, \sigma_t^2 + (1 - \kappa) (q_t - q_{t-1})^2 .

    The volatility is that of the dates before, an exponentially weighted moving average; within a
    date the margin does not depend on the price. It bounds losses on a position, long or short, as
    if they were normal; :class:`~markets.margin.value_at_risk.ValueAtRiskMargin` bounds a lender's
    losses by the empirical law of returns.

    Parameters
    ----------
    volatility : float
        :math:`\sigma`, standard deviation of the price change from date to date, cash; positive.
    last_price : float
        The price at which the last date closed.
    confidence : float
        Share of dates on which the margin is to cover the loss, in (1/2, 1).
    horizon : float
        Dates that it takes to close a position out; positive.
    memory : float
        :math:`\kappa`, weight of the past in the estimate of the variance, in [0, 1).
    least : float
        Volatility below which the estimate does not fall, cash.

    Raises
    ------
    Refused
        If one of them lies outside what is allowed.
    """

    volatility: float
    last_price: float
    confidence: float = 0.99
    horizon: float = 1.0
    memory: float = 0.94
    least: float = 0.0

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
    def from_prices(
        cls,
        prices: Sequence[float],
        *,
        confidence: float = 0.99,
        horizon: float = 1.0,
        memory: float = 0.94,
    ) -> VolatilityMargin:
        """Make the rule from past prices, the oldest first.

        The estimate starts from the first change.
        """
        if len(prices) < 2:
            raise Refused(f"prices has {len(prices)} entries; a volatility needs at least two")
        rule = cls(abs(prices[1] - prices[0]), prices[1], confidence, horizon, memory)
        for price in prices[2:]:
            rule = rule.closed_at(price)
        return rule

    @classmethod
    def charging(
        cls, margin: float, last_price: float, *, confidence: float, horizon: float, memory: float
    ) -> VolatilityMargin:
        """Make the rule whose margin is now ``margin``, in cash."""
        volatility = margin / _multiple(confidence, horizon)
        return cls(volatility, last_price, confidence, horizon, memory, LEAST * volatility)

    def haircut(self, price: float) -> float:
        """Margin as a share of the price."""
        return self.margin(price) / price

    def margin(self, price: float) -> float:
        """Margin in cash."""
        return _multiple(self.confidence, self.horizon) * self.volatility

    def slope(self, price: float) -> float:
        """Return zero: within a date the margin does not depend on the price."""
        return 0.0

    def closed_at(self, price: float) -> VolatilityMargin:
        """Return the rule with the last price change in its volatility."""
        change = price - self.last_price
        variance = self.memory * self.volatility**2 + (1.0 - self.memory) * change**2
        return replace(self, volatility=max(math.sqrt(variance), self.least), last_price=price)


def _multiple(confidence: float, horizon: float) -> float:
    """Margin as a multiple of the volatility."""
    from scipy.special import ndtri

    return float(ndtri(confidence)) * math.sqrt(horizon)
