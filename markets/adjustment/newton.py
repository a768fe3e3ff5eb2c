"""Tatonnement scaled by the depth of the market, with safeguards."""

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
from markets.quote import BoolArray, Excess, FloatArray, Limits

CALM_REACH = 0.1
"""Longest reach, in coordinates, over which depth is measured in the calm phase."""


SINGULAR = 1e12
"""Condition number, each column over its own slope, of a slope singular but for rounding."""


class LocalSlope:
    """The slope of the market at some quotes, ready to be solved with.

    Parameters
    ----------
    slope : array of shape (n, n)
        Derivative of each residual (row) with respect to each coordinate (column).
    free : array of bool, shape (n,)
        The coordinates that may move.

    Attributes
    ----------
    usable : bool
        Whether excess demand falls, by more than rounding, in every own coordinate and in all of
        them together; or whether the plain rule, followed slowly, would come to rest here (all
        eigenvalues have negative real parts), though an own slope is of the wrong sign.
    """

    __slots__ = ("_scaled", "_steepness", "free", "slope", "usable")

    def __init__(self, slope: FloatArray, free: BoolArray) -> None:
        self.slope, self.free = slope, free
        block = -slope[free][:, free]
        own = block.diagonal()
        self._steepness = np.abs(own)
        self.usable = bool(np.isfinite(block).all() and (own != 0.0).all())
        if self.usable:
            self._scaled = block / self._steepness
            falls = bool((own > 0.0).all() and np.linalg.det(self._scaled) > 0.0)
            self.usable = (own.size <= 1 or np.linalg.cond(self._scaled) < SINGULAR) and (
                falls or bool((np.linalg.eigvals(block).real > 0.0).all())
            )
        if not self.usable:
            finite = np.where(np.isfinite(own), self._steepness, 1.0)
            self._steepness = np.maximum(finite, 1.0)

    def step(self, residual: FloatArray) -> FloatArray:
        """Newton step of the free coordinates; with an unusable slope, the plain step."""
        step = np.zeros_like(residual)
        wanted = residual[self.free]
        if self.usable and wanted.size > 1:
            step[self.free] = np.linalg.solve(self._scaled, wanted) / self._steepness
        else:
            step[self.free] = wanted / self._steepness
        return step


@dataclass(frozen=True, slots=True)
class NewtonState(Adjustment):
    """State of :class:`NewtonTatonnement`: the best quotes so far and what was learnt there.

    Attributes
    ----------
    base, base_residual, base_slope
        Those quotes, the residuals and the slope there; the slope also learns from failed moves.
    base_step
        The Newton step from there.
    trust
        Longest move allowed.
    best_share, stalled
        Smallest share of excess demand so far, and the rounds since it fell.
    calm, next_calm
        Rounds left of the calm phase, and the length of the next one.
    """

    base: FloatArray | None = None
    base_residual: FloatArray | None = None
    base_slope: LocalSlope | None = None
    base_step: FloatArray | None = None
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
    calm_rounds: int = 8
    calm_share: float = 0.5
    calm_grains: float = 2.0

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

    def asks_depth(self, state: Adjustment) -> bool:
        """Yes, in every round."""
        return True

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
        slope = LocalSlope(depth, ~limits.held(here, residual))
        wanted = slope.step(residual)
        distance = float(np.max(np.abs(wanted)))
        settled = share <= self.share_tolerance and distance <= self.step_tolerance
        judged = replace(state, share=share, step=distance, settled=settled)
        if settled:
            return judged
        return self._propose(self._learn(self._progress(judged), residual, slope, wanted))

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
        self, state: NewtonState, residual: FloatArray, slope: LocalSlope, wanted: FloatArray
    ) -> NewtonState:
        """Keep the quotes just tried, or return to the better ones with what was learnt."""
        here, trust = state.coordinates, self.trust if state.calm else state.trust
        if state.base is not None and not state.calm:
            old, old_residual, old_step = state.base_slope, state.base_residual, state.base_step
            assert old is not None
            assert old_residual is not None
            assert old_step is not None
            travelled = here - state.base
            length = float(np.max(np.abs(travelled)))
            correction = old.step(residual)
            if (
                length > 0.0
                and old.usable
                and not np.linalg.norm(correction) < np.linalg.norm(old_step)
            ):
                along = travelled / length
                missed = residual - old_residual - old.slope @ travelled
                learnt = old.slope + np.outer(missed / length, along) / (along @ along)
                slope = LocalSlope(learnt, old.free)
                return replace(
                    state,
                    base_slope=slope,
                    base_step=slope.step(old_residual),
                    trust=0.5 * length,
                )
            trust = min(self.trust, max(state.trust, 2.0 * length))
        return replace(
            state,
            base=here,
            base_residual=residual,
            base_slope=slope,
            base_step=wanted,
            trust=trust,
        )

    def _propose(self, state: NewtonState) -> NewtonState:
        """Step from the best quotes, inside every limit."""
        base, limits = state.base, state.limits
        assert base is not None
        step = self._stop_at_limits(state)
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
        return replace(state, coordinates=target, moved=moved)

    @staticmethod
    def _stop_at_limits(state: NewtonState) -> FloatArray:
        """The step from the base, stopped at attained limits; the others are solved for again."""
        base, limits, residual = state.base, state.limits, state.base_residual
        slope, step = state.base_slope, state.base_step
        assert base is not None
        assert residual is not None
        assert slope is not None
        assert step is not None
        moving = slope.free.copy()
        for _ in range(base.size):
            below = moving & limits.lower_attained & (base + step < limits.lower)
            above = moving & limits.upper_attained & (base + step > limits.upper)
            if not (below | above).any():
                break
            step = step.copy()
            step[below] = (limits.lower - base)[below]
            step[above] = (limits.upper - base)[above]
            moving &= ~(below | above)
            fixed = slope.free & ~moving
            again = LocalSlope(slope.slope, moving).step(
                residual + slope.slope[:, fixed] @ step[fixed]
            )
            step[moving] = again[moving]
        return step
