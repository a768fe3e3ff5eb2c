"""Margin rules: how much of a position's value a clearing house keeps as margin."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Protocol, Self, runtime_checkable

import numpy as np


class MarginRule(Protocol):
    """A rule that a clearing house charges margin by."""

    def haircut(self, price: float) -> float:
        """Haircut (one less the loan-to-value ratio), a share in [0, 1), at the last price."""
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
    ValueError
        If the rate is not a number in [0, 1).
    """

    rate: float

    def __post_init__(self) -> None:
        """Refuse a haircut outside [0, 1)."""
        if not 0.0 <= self.rate < 1.0:
            raise ValueError(f"haircut is {self.rate}; a haircut lies in [0, 1)")

    def haircut(self, price: float) -> float:
        """Return the flat rate, whatever the price."""
        return self.rate


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
    ValueError
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
            raise ValueError(f"tail is {self.tail}; it must lie strictly between 0 and 1")
        if not 0.0 <= self.least < 1.0:
            raise ValueError(f"haircut is {self.least}; a haircut lies in [0, 1)")
        if self.window < 1:
            raise ValueError(f"window is {self.window}; it must be at least 1 return")

    def after(self, log_return: float) -> Self:
        """The rule with one more return in its past."""
        return replace(self, past=(*self.past, log_return)[-self.window :])

    def haircut(self, price: float) -> float:
        """Haircut by the past, whatever the price."""
        if len(self.past) * self.tail < 1.0:
            return self.least
        return max(self.least, 1.0 - float(np.exp(np.quantile(self.past, self.tail))))
