"""A lender's value-at-risk by historical simulation."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np

from markets.margin.rule import refuse_haircut
from markets.refused import Refused

WHOLE = float(np.nextafter(1.0, 0.0))
"""Largest haircut below 1: what a haircut of all but nothing rounds to."""


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
        The haircut charged while the past is shorter than 1/``tail`` returns, and the smallest
        one charged afterwards; in [0, 1).
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
        refuse_haircut(self.least)
        if self.window < 1:
            raise Refused(f"window is {self.window}; it must be at least 1 return")

    def after(self, log_return: float) -> Self:
        """The rule with one more return in its past."""
        return replace(self, past=(*self.past, log_return)[-self.window :])

    def haircut(self, price: float) -> float:
        """Haircut by the past returns, the same at any price."""
        if len(self.past) * self.tail < 1.0:
            return self.least
        worst = min(float(np.quantile(self.past, self.tail)), 0.0)
        return max(self.least, min(-float(np.expm1(worst)), WHOLE))
