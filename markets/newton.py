"""Tatonnement scaled by the depth of the market, with safeguards."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from markets.adjustment import (
    SHARE_TOLERANCE,
    STEP_TOLERANCE,
    Adjustment,
    inward_share,
    short_of_limits,
)
from markets.quote import BoolArray, Excess, FloatArray, Limits

CALM_REACH = 0.1
"""Longest reach, in coordinates, over which depth is measured in the calm phase."""


@dataclass(frozen=True, slots=True)
class NewtonState(Adjustment):
    """State of :class:`NewtonTatonnement`: the best quotes so far and what was learnt there."""

    base: FloatArray | None = None
    base_residual: FloatArray | None = None
    base_slope: FloatArray | None = None
    base_free: BoolArray | None = None
    base_step: float = np.inf
    trust: float = np.inf
    best_share: float = np.inf
    stalled: int = 0
    calm: int = 0
    next_calm: int = 0


@dataclass(frozen=True, slots=True)
class NewtonTatonnement:
    r"""Tatonnement scaled by the depth of the market, with safeguards.

    Quotes move along :math:`\dot u = -Z'(u)^{-1} z(u)` (Smale's global Newton price adjustment,
    *Journal of Mathematical Economics* 3, 1976), in finite steps:

    1. Coordinates held at an attained limit stay; the others move by the Newton step of the
       depth that the market reports. If the step would cross an attained limit, the coordinate
       stops there and the others are solved for again.
    2. A market whose own slope has the wrong sign, or whose slope is singular, moves with its
       excess demand instead (the plain rule).
    3. No coordinate moves by more than ``trust``, nor more than ``toward_limit`` of the way to a
       limit that cannot be attained.
    4. The move is kept if the Newton step that the old slope gives at the new quotes is shorter
       than the one that led there (Deuflhard's natural monotonicity test, which does not depend
       on the units of the residuals). Otherwise the rule returns to the better quotes, learns
       from the failed ones (Broyden's update) and tries half the distance.
    5. After ``patience`` rounds without progress it moves calmly for a while: ``calm_share`` of
       the Newton step with depth measured over at least ``calm_grains`` grains of the market,
       every move kept. Orders of finitely many traders come in steps; this walks over them.

    It settles when the largest share of excess demand is at most ``share_tolerance`` and the
    step that is still wanted at most ``step_tolerance``.
    """

    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE
    trust: float = 0.3
    toward_limit: float = 0.9
    patience: int = 6
    calm_rounds: int = 15
    calm_share: float = 0.5
    calm_grains: float = 5.0

    def start(self, coordinates: FloatArray, limits: Limits) -> NewtonState:
        """Begin at ``coordinates``, without any knowledge of the market."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return NewtonState(
            coordinates=inside,
            moved=np.full_like(inside, 0.1),
            limits=limits,
            trust=self.trust,
            next_calm=self.calm_rounds,
        )

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> NewtonState:
        """Answer one round, see the class."""
        if not isinstance(state, NewtonState):
            raise TypeError("NewtonTatonnement.adjust needs the state that its start() made")
        here, limits, residual = state.coordinates, state.limits, excess.residual
        if depth is None:
            depth = -np.eye(here.size)
        share = inward_share(limits, here, excess)
        free = ~limits.held(here, residual)
        wanted = self._newton(residual, depth, free)
        distance = float(np.max(np.abs(wanted), initial=0.0))
        told = replace(
            state,
            share=share,
            step=distance,
            settled=share <= self.share_tolerance and distance <= self.step_tolerance,
        )
        if told.settled:
            return told
        told = self._progress(told)
        told = self._learn(told, residual, depth, free, float(np.linalg.norm(wanted)))
        return self._propose(told)

    def _progress(self, state: NewtonState) -> NewtonState:
        """Count rounds without progress and enter or leave the calm phase."""
        better = state.share < 0.9 * state.best_share
        best_share = state.share if better else state.best_share
        stalled = 0 if better else state.stalled + 1
        calm, next_calm, base, trust = state.calm, state.next_calm, state.base, state.trust
        if calm > 0:
            calm -= 1
            if calm == 0:
                base, trust, stalled = None, self.trust, 0
        elif stalled > self.patience:
            calm, next_calm = next_calm, 2 * next_calm
        return replace(
            state,
            best_share=best_share,
            stalled=stalled,
            calm=calm,
            next_calm=next_calm,
            base=base,
            trust=trust,
        )

    def _learn(
        self,
        state: NewtonState,
        residual: FloatArray,
        depth: FloatArray,
        free: BoolArray,
        length: float,
    ) -> NewtonState:
        """Keep the quotes just tried, or return to the better ones with what was learnt."""
        here, base = state.coordinates, state.base
        if (
            base is not None
            and not state.calm
            and state.base_residual is not None
            and state.base_slope is not None
            and state.base_free is not None
        ):
            travelled = here - base
            correction = self._newton(residual, state.base_slope, state.base_free)
            tested = np.any(travelled) and self._usable(state.base_slope, state.base_free)
            if tested and not np.linalg.norm(correction) < state.base_step:
                length_moved = float(np.max(np.abs(travelled)))
                along = travelled / length_moved
                missed = residual - state.base_residual - state.base_slope @ travelled
                slope = state.base_slope + np.outer(missed / length_moved, along) / (along @ along)
                return replace(state, base_slope=slope, trust=0.5 * length_moved)
            trust = min(self.trust, max(state.trust, 2.0 * float(np.max(np.abs(travelled)))))
        else:
            trust = self.trust if state.calm else state.trust
        return replace(
            state,
            base=here,
            base_residual=residual,
            base_slope=depth,
            base_free=free,
            base_step=length,
            trust=trust,
        )

    def _propose(self, state: NewtonState) -> NewtonState:
        """Step from the best quotes, inside every limit."""
        base, residual = state.base, state.base_residual
        slope, free = state.base_slope, state.base_free
        assert base is not None
        assert residual is not None
        assert slope is not None
        assert free is not None
        limits = state.limits
        step = self._newton(residual, slope, free)
        full = float(np.linalg.norm(step))
        step = self._stop_at_limits(base, residual, slope, free, step, limits)
        if state.calm:
            step = self.calm_share * step
        longest = float(np.max(np.abs(step)))
        if longest > state.trust:
            step = step * (state.trust / longest)
        target = limits.clip(base + short_of_limits(limits, base, step, self.toward_limit))
        at_end = (~limits.lower_attained & (target <= limits.lower)) | (
            ~limits.upper_attained & (target >= limits.upper)
        )
        target = np.where(at_end, base, target)  # rounding must not reach what is only approached
        moved = np.abs(target - base)
        if state.calm > 1:
            moved = np.maximum(moved, min(self.calm_grains * limits.grain, CALM_REACH))
        return replace(state, coordinates=target, moved=moved, base_step=full)

    @staticmethod
    def _newton(residual: FloatArray, slope: FloatArray, free: BoolArray) -> FloatArray:
        """Newton step on the free coordinates; with a wrong-signed slope, the plain step."""
        step = np.zeros_like(residual)
        if not np.any(free):
            return step
        block = -slope[np.ix_(free, free)]
        if NewtonTatonnement._usable(slope, free):
            newton = np.linalg.solve(block, residual[free])
            if np.all(np.isfinite(newton)):
                step[free] = newton
                return step
        own = np.diag(block)
        steepness = np.where(np.isfinite(own), np.maximum(np.abs(own), 1.0), 1.0)
        step[free] = residual[free] / steepness
        return step

    @staticmethod
    def _usable(slope: FloatArray, free: BoolArray) -> bool:
        """Whether excess demand falls in every own coordinate, and in all of them together."""
        block = -slope[np.ix_(free, free)]
        if not (np.all(np.isfinite(block)) and np.all(np.diag(block) > 0.0)):
            return False
        sign, size = np.linalg.slogdet(block)
        return bool(sign > 0.0 and np.isfinite(size))

    @staticmethod
    def _stop_at_limits(
        base: FloatArray,
        residual: FloatArray,
        slope: FloatArray,
        free: BoolArray,
        step: FloatArray,
        limits: Limits,
    ) -> FloatArray:
        """Stop coordinates at attained limits and solve for the others again."""
        moving = free.copy()
        for _ in range(base.size):
            below = moving & limits.lower_attained & (base + step < limits.lower)
            above = moving & limits.upper_attained & (base + step > limits.upper)
            if not np.any(below | above):
                break
            step = step.copy()
            step[below] = (limits.lower - base)[below]
            step[above] = (limits.upper - base)[above]
            moving &= ~(below | above)
            fixed = free & ~moving
            shifted = residual + slope[:, fixed] @ step[fixed]
            again = NewtonTatonnement._newton(shifted, slope, moving)
            step[moving] = again[moving]
        return step
