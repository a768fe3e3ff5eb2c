"""Tatonnement one market after the other."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from markets.adjustment.rule import SHARE_TOLERANCE, Adjustment, inward_share
from markets.quote import Excess, FloatArray, Limits

NARROWEST = 1e-15
"""Bracket, in coordinates, below which a market can't be cleared any better."""


@dataclass(frozen=True, slots=True)
class SuccessiveState(Adjustment):
    """State of :class:`SuccessiveTatonnement`.

    Attributes
    ----------
    market
        The coordinate that is being moved; below 0 before the first round.
    low, high
        Bracket of its root: excess demand is positive at ``low`` and negative at ``high``.
    low_residual, high_residual
        Residuals there; NaN where nothing has been posted yet.
    goal
        Share of excess demand at which the next market has its turn.
    rounds
        Rounds that this market has had in its turn.
    """

    market: int = -1
    low: float = np.nan
    high: float = np.nan
    low_residual: float = np.nan
    high_residual: float = np.nan
    goal: float = 0.0
    rounds: int = 0


@dataclass(frozen=True, slots=True)
class SuccessiveTatonnement:
    """Clear one market at a given state of the others, then the next, and around again.

    This is Walras' own account of groping (*Elements of Pure Economics*, lesson 12): the price of
    one good moves until its own excess demand is gone, which disturbs markets already cleared; the
    next good has its turn, until the disturbances die out. They do where goods are substitutes.

    1. The market with the largest inward excess demand has the first turn, the others follow.
    2. In its turn a market's root is bracketed between its limits: an attained limit that has not
       been posted yet is posted; otherwise the quote goes where a straight line through the
       bracket's ends has its root, and to the middle every third round and where an end is unknown.
    3. The turn ends when excess demand has fallen to ``gain`` of what it was, when the bracket is
       too narrow, or after ``turn`` rounds.

    It needs no slope and survives flat stretches and steps; near the equilibrium it is slow.
    """

    share_tolerance: float = SHARE_TOLERANCE
    gain: float = 0.1
    turn: int = 40

    def start(self, coordinates: FloatArray, limits: Limits) -> SuccessiveState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return SuccessiveState(inside, np.full_like(inside, 0.1), limits)

    def asks_depth(self, state: Adjustment) -> bool:
        """No: it knows excess demand only."""
        return False

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> SuccessiveState:
        """Answer one round; ``depth`` is not used."""
        if not isinstance(state, SuccessiveState):
            raise TypeError("SuccessiveTatonnement.adjust needs the state that its start() made")
        held = state.limits.held(state.coordinates, excess.share)
        inward = np.abs(np.where(held, 0.0, excess.share))
        judged = replace(
            state,
            share=inward_share(state.limits, state.coordinates, excess),
            settled=bool(np.max(inward) <= self.share_tolerance),
        )
        if judged.settled:
            return judged
        if judged.market < 0:
            judged = self._turn_to(int(np.argmax(inward)), judged, inward)
        judged = _narrowed(judged, excess)
        if self._turn_is_over(judged, inward):
            following = [(judged.market + k) % inward.size for k in range(1, inward.size + 1)]
            waiting = [market for market in following if inward[market] > self.share_tolerance]
            judged = _narrowed(self._turn_to(waiting[0], judged, inward), excess)
        return _moved(judged)

    def _turn_to(self, market: int, state: SuccessiveState, inward: FloatArray) -> SuccessiveState:
        return replace(
            state,
            market=market,
            low=float(state.limits.lower[market]),
            high=float(state.limits.upper[market]),
            low_residual=np.nan,
            high_residual=np.nan,
            goal=max(self.gain * float(inward[market]), self.share_tolerance),
            rounds=0,
        )

    def _turn_is_over(self, state: SuccessiveState, inward: FloatArray) -> bool:
        return (
            bool(inward[state.market] <= state.goal)
            or state.rounds >= self.turn
            or state.high - state.low <= NARROWEST
        )


def _narrowed(state: SuccessiveState, excess: Excess) -> SuccessiveState:
    """The bracket with the quote just posted as one of its ends."""
    here = float(state.coordinates[state.market])
    residual = float(excess.residual[state.market])
    if residual > 0.0:
        return replace(state, low=here, low_residual=residual, rounds=state.rounds + 1)
    return replace(state, high=here, high_residual=residual, rounds=state.rounds + 1)


def _moved(state: SuccessiveState) -> SuccessiveState:
    """The next quote inside the bracket."""
    market, limits = state.market, state.limits
    low, high = state.low, state.high
    known_low, known_high = np.isfinite(state.low_residual), np.isfinite(state.high_residual)
    if not known_low and limits.lower_attained[market]:
        target = low
    elif not known_high and limits.upper_attained[market]:
        target = high
    elif not (known_low and known_high) or state.rounds % 3 == 0:
        target = 0.5 * (low + high)
    else:
        part = state.low_residual / (state.low_residual - state.high_residual)
        target = low + (high - low) * min(max(part, 0.02), 0.98)
    coordinates = state.coordinates.copy()
    coordinates[market] = target
    distance = abs(target - float(state.coordinates[market]))
    return replace(
        state,
        coordinates=coordinates,
        moved=np.full_like(coordinates, distance),
        step=distance,
    )
