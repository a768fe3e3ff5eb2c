"""One margin rule for long positions and one for short positions."""

from __future__ import annotations

from dataclasses import dataclass

from markets.margin.rule import PriceMargin


@dataclass(frozen=True, slots=True)
class SidedMargin:
    r"""Margins that differ by the sign of a position: :math:`x^+ m^+ + x^- m^-`.

    A position :math:`x = x^+ - x^-` needs :math:`m^+` for each security held and :math:`m^-` for
    each one sold short (Brunnermeier and Pedersen, 2009, equation 5).

    Parameters
    ----------
    long, short : PriceMargin
        The rules behind :math:`m^+` and :math:`m^-`.
    """

    long: PriceMargin
    short: PriceMargin

    def on(self, side: float) -> PriceMargin:
        """The rule for positions of a sign; short ones are negative."""
        return self.short if side < 0.0 else self.long

    def closed_at(self, price: float) -> SidedMargin:
        """The rules at the next date, after a date that closed at ``price``."""
        return SidedMargin(self.long.closed_at(price), self.short.closed_at(price))


def both_sides(rule: PriceMargin | SidedMargin) -> SidedMargin:
    """The rules for each side; a rule that knows no sides stands for both."""
    return rule if isinstance(rule, SidedMargin) else SidedMargin(rule, rule)
