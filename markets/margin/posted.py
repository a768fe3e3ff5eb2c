"""A margin rule as a clearing house asks it, date after date."""

from __future__ import annotations

import inspect
import math
import traceback
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Self

import numpy as np

from markets.margin.flat import FlatMargin
from markets.margin.known import Known, log_returns
from markets.margin.rule import NEARBY, MarginRule
from markets.quote import FloatArray
from markets.refused import Infeasible


@dataclass(frozen=True)
class PostedMargin:
    r"""The margin that a rule charges at a date, at any price.

    *Once per date*, the rule is asked at the price of the last close, and the charge stays for the
    date: the haircut :math:`h`, so that the margin on one security is :math:`h q`; or, ``in_cash``,
    the margin itself. *In every round*, the rule is asked at the posted price :math:`q`, and the
    margin is :math:`h(q)\, q`.

    Parameters
    ----------
    rule : MarginRule
        The rule.
    closes : array of shape (n,)
        Closing prices so far, the oldest first, see :meth:`opened`; at least one.
    charged : float, optional
        Haircut charged at the last close.
    position : float
        See :class:`~markets.margin.known.Known`.
    every_round : bool, optional
        When the rule is asked; as the rule itself says unless given.
    in_cash : bool
        Whether what stays for a date is the margin in cash; it must be above 0, and may be more
        than the price.
    repo_rate : float
        See :class:`~markets.margin.known.Known`.
    """

    rule: MarginRule
    closes: FloatArray
    charged: float | None = None
    position: float = 0.0
    every_round: bool | None = None
    in_cash: bool = False
    repo_rate: float = 0.0

    @classmethod
    def opened(
        cls,
        rule: MarginRule,
        price: float,
        history: FloatArray | None = None,
        *,
        position: float = 0.0,
        every_round: bool | None = None,
        in_cash: bool = False,
    ) -> Self:
        """The margin at the first date, whose rounds start from ``price``.

        That counts as the last close. Prices before the first date are scaled to end there, since
        rules read returns.
        """
        closes = np.array([price])
        if history is not None and history.size:
            closes = history * (price / history[-1])
        return cls(rule, closes, None, position, every_round, in_cash)

    @property
    def follows(self) -> bool:
        """Whether the margin follows the posted price by its rule."""
        if isinstance(self.rule, FlatMargin) and not self.in_cash:
            return False  # the haircut is the same either way
        return self.rule.every_round if self.every_round is None else self.every_round

    def haircut(self, price: float) -> float:
        """Haircut at a price.

        Raises
        ------
        Infeasible
            If the rule fails, or its answer is no haircut.
        """
        if self.in_cash:
            return self.margin(price) / price  # below zero where the price is
        return self._in_range(self.asked(price), price) if self.follows else self._fixed

    def margin(self, price: float) -> float:
        """Margin on one security at a price, cash."""
        if self.follows:
            if not self.in_cash:
                return self.haircut(price) * price
            return self._in_range(self._answer(self.rule.margin, self._known(price)), price)
        return self._fixed if self.in_cash else self._fixed * price

    def asked(self, price: float) -> float:
        """What the rule answers at a price, whether or not that is a haircut.

        Rounds may pass prices at which a rule that follows them asks for less than nothing, or for
        more than the whole value; only where they rest has it to be a haircut.

        Raises
        ------
        Infeasible
            If the rule fails, or answers no finite number.
        """
        return self._answer(self.rule.haircut, self._known(price))

    def asked_slope(self, price: float, asked: float) -> float:
        """Derivative of :meth:`asked` by the price, where its value is known already.

        Of a rule that does not know its slope it is measured, to one side.
        """
        if type(self.rule).slope is not MarginRule.slope:
            return (self.rule.slope(self._known(price)) - asked) / price
        step = NEARBY * price
        return (self.asked(price + step) - asked) / step

    def slope(self, price: float) -> float:
        """Derivative of :meth:`margin` by the price."""
        if self.follows:
            return self.rule.slope(self._known(price))
        return 0.0 if self.in_cash else self._fixed

    def closed_at(self, price: float) -> Self:
        """The margin at the next date, after a date that closed at ``price``."""
        return replace(self, closes=np.append(self.closes, price), charged=self.haircut(price))

    @cached_property
    def announced(self) -> float:
        """Haircut at the price from which the rounds of this date start."""
        return self.haircut(self._last)

    @cached_property
    def _fixed(self) -> float:
        """Haircut, or margin in cash, that stays for the date."""
        before, returns = self.closes[:-1], self._past_returns
        known = replace(
            self._known(self._last),
            past=before,
            past_returns=None if returns is None else returns[: max(before.size - 1, 0)],
        )
        if self.in_cash:
            return self._in_range(self._answer(self.rule.margin, known), known.price)
        return self._in_range(self._answer(self.rule.haircut, known), known.price)

    @property
    def _last(self) -> float:
        """Price of the last close."""
        return float(self.closes[-1])

    def _known(self, price: float) -> Known:
        closed = None if self.charged is None else self._last
        return Known(
            price,
            self.closes,
            self.charged,
            closed,
            self.position,
            self.repo_rate,
            self._past_returns,
        )

    @cached_property
    def _past_returns(self) -> FloatArray | None:
        """Log returns of the closes, worked out once a date; None where a price is not above 0."""
        return log_returns(self.closes) if np.all(self.closes > 0.0) else None

    def _answer(self, answer: Callable[[Known], float], known: Known) -> float:
        """What the rule answers, if that is a number."""
        name = type(self.rule).__name__
        try:
            value = float(answer(known))
        except Exception as error:
            raise Infeasible(
                f"margin rule {name} fails at a price of {known.price:.6g}"
                f"{_line(self.rule, error)}: {type(error).__name__}:"
                f" {str(error).partition(chr(10))[0]}"
            ) from error
        if not math.isfinite(value):
            raise Infeasible(
                f"margin rule {name} answers {value} at a price of {known.price:.6g}; a haircut"
                " lies in [0, 1)"
            )
        return value

    def _in_range(self, value: float, price: float) -> float:
        """An answer that is a haircut, or, in cash, a margin."""
        name = type(self.rule).__name__
        if self.in_cash and not value > 0.0:
            raise Infeasible(
                f"margin rule {name} answers a margin of {value:.6g} at a price of {price:.6g};"
                " this market needs one above 0"
            )
        if not (self.in_cash or 0.0 <= value < 1.0):
            raise Infeasible(
                f"margin rule {name} answers a haircut of {value:.6g} at a price of {price:.6g}; a"
                " haircut lies in [0, 1)"
            )
        return value


def _line(rule: MarginRule, error: BaseException) -> str:
    """The line of the rule's own file on the way to an error, in words."""
    file = inspect.getfile(type(rule))
    frames = traceback.extract_tb(error.__traceback__)
    lines = [frame.lineno for frame in frames if frame.filename == file]
    return f" ({file}, line {lines[-1]})" if lines else ""
