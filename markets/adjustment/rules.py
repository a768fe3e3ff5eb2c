"""The rules by name, so that a user can choose one in every scenario."""

from __future__ import annotations

from typing import Literal

from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.extrapolated import ExtrapolatedTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.adjustment.successive import SuccessiveTatonnement
from markets.quote import FloatArray

RuleName = Literal[
    "safeguarded", "plain", "newton", "successive", "implicit", "anderson", "extrapolated"
]


def rule(name: RuleName, pace: float | FloatArray = 0.1, step: float = 1.0) -> Adjuster:
    """The rule of a name.

    Parameters
    ----------
    name : str
        ``safeguarded``: Newton's rule, and successive clearing where that goes astray;
        ``plain``: the textbook rule; ``newton``; ``successive``: one market after the other;
        ``implicit``: implicit steps; ``anderson``: the textbook rule, extrapolated from its last
        rounds; ``extrapolated``: the textbook rule on extrapolated excess demand.
    pace : float or array of shape (n,)
        Step of the textbook rule that suits the market, see :class:`markets.market.Market`.
    step : float
        Multiple of it to use in ``plain``, ``anderson`` and ``extrapolated``.
    """
    if name == "plain":
        return PlainTatonnement(step * pace)
    if name == "anderson":
        return AndersonTatonnement(step * pace)
    if name == "extrapolated":
        return ExtrapolatedTatonnement(step * pace)
    if name == "newton":
        return NewtonTatonnement()
    if name == "successive":
        return SuccessiveTatonnement()
    if name == "implicit":
        return ImplicitTatonnement()
    return SafeguardedTatonnement()
