"""The default rule: Newton steps, and successive clearing where they go astray."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.rule import Adjuster, Adjustment
from markets.adjustment.successive import SuccessiveTatonnement
from markets.quote import Excess, FloatArray, Limits

FRESH_REACH = 1e-3
"""Reach, in coordinates, over which depth is measured where Newton's rule takes over again."""


@dataclass(frozen=True, slots=True)
class SafeguardedState(Adjustment):
    """State of :class:`SafeguardedTatonnement`: that of the rule at work, and for how long."""

    inner: Adjustment | None = None
    successive: bool = False
    rounds: int = 0
    turns: int = 0


@dataclass(frozen=True, slots=True)
class SafeguardedTatonnement:
    """Newton's rule while it settles soon, one market after the other where it does not.

    A round of Newton's rule is worth many of any other close to an equilibrium; far from one, with
    few traders and so with large steps in their orders, it can go astray. After ``newton_rounds``
    the markets are cleared one after the other for ``successive_rounds``, from wherever the quotes
    are, and Newton's rule starts afresh from there; and so on, each time for twice as long. From
    the second time on it is the rule of ``last_resort`` instead, if there is one, for
    ``last_resort_rounds``.
    """

    newton: NewtonTatonnement = field(default_factory=NewtonTatonnement)
    successive: SuccessiveTatonnement = field(default_factory=SuccessiveTatonnement)
    newton_rounds: int = 40
    successive_rounds: int = 30
    last_resort: Adjuster | None = None
    last_resort_rounds: int = 600

    @property
    def share_tolerance(self) -> float:
        """Largest share of excess demand of a market that has cleared."""
        return self.newton.share_tolerance

    def start(self, coordinates: FloatArray, limits: Limits) -> SafeguardedState:
        """Begin at ``coordinates`` with Newton's rule."""
        inner = self.newton.start(coordinates, limits)
        return SafeguardedState(inner.coordinates, inner.moved, limits, inner=inner)

    def asks_depth(self, state: Adjustment) -> bool:
        """While Newton's rule is at work."""
        return not (isinstance(state, SafeguardedState) and state.successive)

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> SafeguardedState:
        """Answer one round, see the class."""
        if not isinstance(state, SafeguardedState) or state.inner is None:
            raise TypeError("SafeguardedTatonnement.adjust needs the state that its start() made")
        successive, rounds, turns = state.successive, state.rounds + 1, state.turns
        rule: Adjuster = self._slow(turns) if successive else self.newton
        inner: Adjustment = rule.adjust(state.inner, excess, depth)
        judged = (inner.share, inner.step, inner.settled)
        if not inner.settled and rounds >= self._allowed(successive, turns):
            successive, rounds = not successive, 0
            if successive:
                turns += 1
                inner = self._slow(turns).start(inner.coordinates, inner.limits)
            else:
                inner = self.newton.start(inner.coordinates, inner.limits)
                inner = replace(inner, moved=np.full_like(inner.moved, FRESH_REACH))
        share, step, settled = judged
        return SafeguardedState(
            coordinates=inner.coordinates,
            moved=inner.moved,
            limits=inner.limits,
            share=share,
            step=step,
            settled=settled,
            inner=inner,
            successive=successive,
            rounds=rounds,
            turns=turns,
        )

    def _slow(self, turns: int) -> Adjuster:
        """The rule of a turn that is not Newton's, counted from 1."""
        if turns > 1 and self.last_resort is not None:
            return self.last_resort
        return self.successive

    def _allowed(self, successive: bool, turns: int) -> int:
        if successive and turns > 1 and self.last_resort is not None:
            return self.last_resort_rounds
        if successive:
            return self.successive_rounds << (turns - 1)
        return self.newton_rounds
