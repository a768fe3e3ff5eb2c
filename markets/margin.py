"""Margin rules: how much of a position's value a clearing house keeps as margin."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

import numpy as np
from scipy.special import ndtri

from markets.refused import Refused


class MarginRule(Protocol):
    """A rule that a clearing house charges margin by."""

    def haircut(self, price: float) -> float:
        """Haircut (one less the loan-to-value ratio), a share in [0, 1), at the last price."""
        ...


class PriceMargin(MarginRule, Protocol):
    """A margin rule that also says its margin in cash, and how it moves with price and date."""

    def margin(self, price: float) -> float:
        """Margin on one security, long or short, in cash: the haircut times the price."""
        ...

    def slope(self, price: float) -> float:
        """Derivative of :meth:`margin` by the price; negative where margins destabilise."""
        ...

    def closed_at(self, price: float) -> PriceMargin:
        """The rule at the next date, when a date has closed at ``price``."""
        ...


@dataclass(frozen=True, slots=True)
class FlatMargin:
    """The same haircut at every price.

    Parameters
    ----------
    rate : float
        The haircut, a share in [0, 1).

    Raises
    ------
    Refused
        If the rate is not a number in [0, 1).
    """

    rate: float

    def __post_init__(self) -> None:
        """Refuse a haircut outside [0, 1)."""
        if not 0.0 <= self.rate < 1.0:
            raise Refused(f"haircut is {self.rate}; a haircut lies in [0, 1)")

    def haircut(self, price: float) -> float:
        """Return the flat rate, whatever the price."""
        return self.rate

    def margin(self, price: float) -> float:
        """Margin in cash, in proportion to the price."""
        return self.rate * price

    def slope(self, price: float) -> float:
        """Return the flat rate: the margin falls with the price."""
        return self.rate

    def closed_at(self, price: float) -> FlatMargin:
        """Return the rule itself; it does not learn."""
        return self


@runtime_checkable
class HistoricalMargin(MarginRule, Protocol):
    """A rule that reads the security's past."""

    def after(self, log_return: float) -> Self:
        """The rule with one more return in its past."""
        ...


@dataclass(frozen=True, slots=True)
class ValueAtRiskMargin:
    r"""A haircut at which the lender loses principal with a given small probability.

    A loan of :math:`(1-h) p` is covered by collateral that turns out to be worth :math:`v` if
    :math:`\ln(v/p) \ge \ln(1-h)`. By the past of the security that fails with probability
    ``tail`` at :math:`h = 1 - e^{Q}`, where :math:`Q` is the ``tail`` quantile of the last
    ``window`` log returns (historical simulation).

    Parameters
    ----------
    tail : float
        Probability with which the lender may lose principal, in (0, 1).
    least : float
        The haircut charged while the past is shorter than 1/``tail`` returns, and never gone
        below; in [0, 1).
    window : int
        Number of returns remembered.
    past : tuple of float
        The log returns remembered, the last one at the end.

    Raises
    ------
    Refused
        If a number is outside its range.

    Examples
    --------
    >>> rule = ValueAtRiskMargin(tail=0.25, least=0.1, past=(-0.5, 0.1, 0.2, 0.3))
    >>> round(rule.haircut(price=1.0), 6)
    0.1
    >>> round(rule.after(-0.6).haircut(price=1.0), 6)
    0.393469
    """

    tail: float
    least: float = 0.0
    window: int = 250
    past: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        """Refuse numbers outside their range."""
        if not 0.0 < self.tail < 1.0:
            raise Refused(f"tail is {self.tail}; it must lie strictly between 0 and 1")
        if not 0.0 <= self.least < 1.0:
            raise Refused(f"haircut is {self.least}; a haircut lies in [0, 1)")
        if self.window < 1:
            raise Refused(f"window is {self.window}; it must be at least 1 return")

    def after(self, log_return: float) -> Self:
        """The rule with one more return in its past."""
        return replace(self, past=(*self.past, log_return)[-self.window :])

    def haircut(self, price: float) -> float:
        """Haircut by the past, whatever the price."""
        if len(self.past) * self.tail < 1.0:
            return self.least
        return max(self.least, 1.0 - float(np.exp(np.quantile(self.past, self.tail))))


@dataclass(frozen=True, slots=True)
class LinearMargin:
    r"""A margin that rises as the price falls below a reference: :math:`m(q) = m_0 + t (v - q)`.

    Parameters
    ----------
    base : float
        :math:`m_0`, margin at the reference price, cash a security; positive.
    rise : float
        :math:`t`, rise of the margin as the price falls by one; 0 is a flat margin in cash, below
        0 the margin stabilises.
    reference : float
        :math:`v`, the reference price.

    Raises
    ------
    Refused
        If the base is not positive, or a number is not finite.
    """

    base: float
    rise: float
    reference: float

    def __post_init__(self) -> None:
        """Refuse a margin that is none."""
        if not 0.0 < self.base < math.inf:
            raise Refused(f"margin base is {self.base}; it must be a positive number")
        if not (math.isfinite(self.rise) and math.isfinite(self.reference)):
            raise Refused(
                f"margin rise is {self.rise} and its reference {self.reference};"
                " both must be finite numbers"
            )

    def haircut(self, price: float) -> float:
        """Margin as a share of the price."""
        return self.margin(price) / price

    def margin(self, price: float) -> float:
        """Margin in cash."""
        return self.base + self.rise * (self.reference - price)

    def slope(self, price: float) -> float:
        """Return minus the rise, at every price."""
        return -self.rise

    def closed_at(self, price: float) -> LinearMargin:
        """Return the rule itself; it does not learn."""
        return self


@dataclass(frozen=True, slots=True)
class VolatilityMargin:
    r"""Margin in cash by the volatility of past price changes: a parametric value-at-risk.

    .. math:: m = \Phi^{-1}(\text{confidence})\, \sqrt{\text{horizon}}\; \sigma, \qquad
              \sigma_{t+1}^2 = \kappa\, \sigma_t^2 + (1 - \kappa) (q_t - q_{t-1})^2 .

    The volatility is that of the dates before; the margin does not move within a date. It bounds
    losses on a position, long or short, as if they were normal; :class:`ValueAtRiskMargin` bounds
    a lender's losses by the empirical law of returns.

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

    def haircut(self, price: float) -> float:
        """Margin as a share of the price."""
        return self.margin(price) / price

    def margin(self, price: float) -> float:
        """Margin in cash."""
        return float(ndtri(self.confidence)) * math.sqrt(self.horizon) * self.volatility

    def slope(self, price: float) -> float:
        """Return zero: the margin rests within a date."""
        return 0.0

    def closed_at(self, price: float) -> VolatilityMargin:
        """Return the rule with the last price change in its volatility."""
        change = price - self.last_price
        variance = self.memory * self.volatility**2 + (1.0 - self.memory) * change**2
        return replace(self, volatility=math.sqrt(variance), last_price=price)


@dataclass(frozen=True, slots=True)
class AntiProcyclicalMargin:
    r"""Another rule's margin with a floor and a buffer that can be drawn down.

    In calm times the house charges :math:`(1 + b)` times the margin :math:`w` that the rule below
    wants. When that rises, the charge rests and the buffer is drawn down; only when the buffer is
    used up does the charge rise with :math:`w`. When :math:`w` falls the charge rests until the
    buffer is full again. Never does it fall below the floor:

    .. math:: m_t = \max\{ f,\ \min\{ \max\{ m_{t-1}, w_t \}, (1 + b) w_t \} \} .

    Parameters
    ----------
    rule : PriceMargin
        The rule below.
    floor : float
        :math:`f`, least margin, cash a security; not negative.
    buffer : float
        :math:`b`, the buffer as a share of the margin; not negative.
    charged : float, optional
        :math:`m_{t-1}`, the margin charged at the last date; a full buffer if not given.

    Raises
    ------
    Refused
        If floor or buffer is negative.
    """

    rule: PriceMargin
    floor: float = 0.0
    buffer: float = 0.25
    charged: float | None = None

    def __post_init__(self) -> None:
        """Refuse a negative floor or buffer."""
        for name in ("floor", "buffer"):
            value = getattr(self, name)
            if not 0.0 <= value < math.inf:
                raise Refused(f"{name} is {value}; it must be a number of at least 0")

    def haircut(self, price: float) -> float:
        """Margin as a share of the price."""
        return self.margin(price) / price

    def margin(self, price: float) -> float:
        """Margin in cash."""
        wanted = self.rule.margin(price)
        full = (1.0 + self.buffer) * wanted
        charged = full if self.charged is None else self.charged
        return max(self.floor, min(max(charged, wanted), full))

    def slope(self, price: float) -> float:
        """Slope of the rule below where it decides; zero where floor or buffer does."""
        wanted = self.rule.margin(price)
        full = (1.0 + self.buffer) * wanted
        margin = self.margin(price)
        if margin <= self.floor:
            return 0.0
        if margin == full:
            return (1.0 + self.buffer) * self.rule.slope(price)
        return self.rule.slope(price) if margin == wanted else 0.0

    def closed_at(self, price: float) -> AntiProcyclicalMargin:
        """Return the rule at the next date, which remembers what was charged."""
        return replace(self, rule=self.rule.closed_at(price), charged=self.margin(price))
