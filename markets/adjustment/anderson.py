r"""Tatonnement extrapolated from its last rounds, with a way back."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from markets.adjustment.rule import (
    SHARE_TOLERANCE,
    STEP_TOLERANCE,
    Adjustment,
    inward_share,
    short_of_limits,
)
from markets.quote import Excess, FloatArray, Limits


@dataclass(frozen=True, slots=True)
class AndersonState(Adjustment):
    """State of :class:`AndersonTatonnement`: the rounds remembered, oldest first.

    Attributes
    ----------
    plain : int
        Rounds of the plain rule still to come before the next extrapolation.
    visited, wished : tuple of arrays
        Coordinates posted, and the steps that the plain rule asked for there.
    """

    plain: int = 0
    visited: tuple[FloatArray, ...] = ()
    wished: tuple[FloatArray, ...] = ()


@dataclass(frozen=True, slots=True)
class AndersonTatonnement:
    r"""The plain rule :math:`g(u) = u + k z(u)`, extrapolated by Anderson's method (type II).

    1. The first ``burn_in`` rounds follow the plain rule.
    2. Then the next quotes are the affine combination of the last ``memory`` plain answers whose
       combined steps are shortest (least squares).
    3. When the plain step has become ``giving_up`` times as long as in the round before, the
       memory is cleared and ``rest`` plain rounds follow.

    It needs no knowledge of the market's slope. It settles when the largest share of excess demand
    is at most ``share_tolerance`` and the plain step at most ``step_tolerance``.

    Notes
    -----
    Anderson, *Journal of the ACM* 12 (1965); Walker and Ni, *SIAM Journal on Numerical Analysis* 49
    (2011).
    """

    step: float | FloatArray = 0.1
    burn_in: int = 10
    memory: int = 5
    giving_up: float = 2.0
    rest: int = 30
    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE

    def start(self, coordinates: FloatArray, limits: Limits) -> AndersonState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return AndersonState(inside, np.full_like(inside, 0.1), limits, plain=self.burn_in)

    def asks_depth(self, state: Adjustment) -> bool:
        """No: it knows excess demand only."""
        return False

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> AndersonState:
        """Answer one round, see the class; ``depth`` is not used."""
        if not isinstance(state, AndersonState):
            raise TypeError("AndersonTatonnement.adjust needs the state that its start() made")
        here, limits = state.coordinates, state.limits
        wish = short_of_limits(limits, here, self.step * excess.residual)
        wish = limits.clip(here + wish) - here
        length = float(np.max(np.abs(wish)))
        visited, wished, plain = (*state.visited, here), (*state.wished, wish), state.plain
        doubled = bool(state.wished) and length > self.giving_up * float(
            np.max(np.abs(state.wished[-1]))
        )
        if doubled and plain == 0:
            visited, wished, plain = (here,), (wish,), self.rest
        keep = self.memory + 1
        visited, wished = visited[-keep:], wished[-keep:]
        step = wish
        if plain == 0 and len(wished) > 1:
            moves = np.diff(np.array(visited), axis=0).T
            changes = np.diff(np.array(wished), axis=0).T
            weights = np.linalg.lstsq(changes, wish)[0]
            step = wish - (moves + changes) @ weights
        target = limits.clip(here + short_of_limits(limits, here, step))
        share = inward_share(limits, here, excess)
        return replace(
            state,
            coordinates=target,
            moved=np.abs(target - here),
            share=share,
            step=length,
            settled=share <= self.share_tolerance and length <= self.step_tolerance,
            plain=max(plain - 1, 0),
            visited=visited,
            wished=wished,
        )
