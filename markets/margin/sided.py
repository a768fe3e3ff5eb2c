"""One margin rule for long positions and one for short positions."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

from markets.margin.known import Known
from markets.margin.posted import PostedMargin
from markets.margin.rule import MarginRule
from markets.quote import FloatArray


@dataclass(frozen=True)
class SidedMargin(MarginRule):
    r"""Margins that differ by the sign of a position: :math:`x^+ m^+ + x^- m^-`.

    A position :math:`x = x^+ - x^-` needs :math:`m^+` for each security held and :math:`m^-` for
    each one sold short (Brunnermeier and Pedersen, 2009, equation 5).

    Parameters
    ----------
    long, short : MarginRule
        The rules behind :math:`m^+` and :math:`m^-`.
    """

    long: MarginRule
    short: MarginRule

    def haircut(self, known: Known) -> float:
        """Haircut on the position."""
        return self.on(known.position).haircut(known)

    def on(self, position: float) -> MarginRule:
        """The rule for positions of a sign; short ones are negative."""
        return self.short if position < 0.0 else self.long


@dataclass(frozen=True)
class PostedSides:
    """What a house charges at a date on long and on short positions in a security, in cash.

    A charge that does not follow the price is an amount of cash that stays for the date.
    """

    long: PostedMargin
    short: PostedMargin

    @classmethod
    def opened(
        cls,
        rule: MarginRule,
        price: float,
        history: FloatArray | None = None,
        *,
        every_round: bool | None = None,
    ) -> Self:
        """The margins at the first date, see :meth:`PostedMargin.opened`."""
        long, short = (
            PostedMargin.opened(
                on_side(rule, sign), price, history,
                position=sign, every_round=every_round, in_cash=True,
            )
            for sign in (1.0, -1.0)
        )  # fmt: skip
        return cls(long, short)

    def on(self, side: float) -> PostedMargin:
        """The margin on positions of a sign; short ones are negative."""
        return self.short if side < 0.0 else self.long

    def closed_at(self, price: float) -> PostedSides:
        """The margins at the next date, after a date that closed at ``price``."""
        return PostedSides(self.long.closed_at(price), self.short.closed_at(price))

    def by(self, rule: MarginRule) -> PostedSides:
        """The margins that another rule charges from now on."""
        return PostedSides(
            replace(self.long, rule=on_side(rule, 1.0)),
            replace(self.short, rule=on_side(rule, -1.0)),
        )


def on_side(rule: MarginRule, position: float) -> MarginRule:
    """The rule for positions of a sign; a rule that knows no sides stands for both."""
    return rule.on(position) if isinstance(rule, SidedMargin) else rule
