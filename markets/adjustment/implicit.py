r"""Tatonnement in implicit steps: slow where the market is far from clearing, Newton's close by."""

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

SHORTENINGS = 40
"""Times that a step is made shorter in one round because it points out of the box."""


@dataclass(frozen=True, slots=True)
class ImplicitState(Adjustment):
    """State of :class:`ImplicitTatonnement`: the length of the next step in time."""

    time: float = 1.0
    residual: float = np.inf


@dataclass(frozen=True, slots=True)
class ImplicitTatonnement:
    r"""Implicit Euler steps of tatonnement :math:`\dot u = z(u)`, longer as the market clears.

    In each round the quotes move by :math:`(I / \tau - Z'(u))^{-1} z(u)`, with :math:`Z'` the depth
    that the market reports. For a short step :math:`\tau` this is the textbook rule
    :math:`\tau z(u)`, for a long one Newton's.

    1. The step in time grows as excess demand falls, and shrinks as it rises, in proportion and
       between ``shrink`` and ``grow`` a round (switched evolution relaxation).
    2. Coordinates held at an attained limit stay. If the step would cross an attained limit, the
       coordinate stops there and the others are solved for again.
    3. If a coordinate rests at a limit while excess demand pushes it inward, and the step points
       outward, the step in time was too long: it is made shorter until both agree, as they do for
       the textbook rule.
    4. No coordinate moves by more than ``trust``, nor more than nine tenths of the way to a limit
       that cannot be attained.

    It asks of the market that ordinary tatonnement settles if it is slow enough, so residuals must
    be scaled accordingly: quotes that have to wait for others (repayment rates for prices) get
    smaller ones. It settles when the largest share of excess demand is at most
    ``share_tolerance`` and the Newton step at most ``step_tolerance``.

    Notes
    -----
    Pseudo-transient continuation: Kelley and Keyes, *SIAM Journal on Numerical Analysis* 35 (1998);
    for residuals with kinks Fowler and Kelley, *SIAM Journal on Numerical Analysis* 43 (2005).
    """

    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE
    first_time: float = 1.0
    grow: float = 2.0
    shrink: float = 0.1
    longest_time: float = 1e8
    trust: float = 0.3

    def start(self, coordinates: FloatArray, limits: Limits) -> ImplicitState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return ImplicitState(inside, np.full_like(inside, 0.1), limits, time=self.first_time)

    def asks_depth(self, state: Adjustment) -> bool:
        """Yes, in every round."""
        return True

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> ImplicitState:
        """Answer one round, see the class."""
        if not isinstance(state, ImplicitState):
            raise TypeError("ImplicitTatonnement.adjust needs the state that its start() made")
        here, limits = state.coordinates, state.limits
        slope = -np.eye(here.size) if depth is None else depth
        free = ~limits.held(here, excess.residual)
        size = float(np.linalg.norm(excess.residual[free]))
        time = state.time
        if np.isfinite(state.residual) and size > 0.0:
            ratio = float(np.clip(state.residual / size, self.shrink, self.grow))
            time = min(time * ratio, self.longest_time)
        step, time = self._step(here, limits, excess.residual, slope, free, time)
        share = inward_share(limits, here, excess)
        wanted = float(np.max(np.abs(step)))
        settled = share <= self.share_tolerance and wanted <= self.step_tolerance
        if wanted > self.trust:
            step = step * (self.trust / wanted)
        target = here if settled else limits.clip(here + short_of_limits(limits, here, step))
        return replace(
            state,
            coordinates=target,
            moved=np.abs(target - here),
            share=share,
            step=wanted,
            settled=settled,
            time=time,
            residual=size,
        )

    @staticmethod
    def _step(
        here: FloatArray,
        limits: Limits,
        residual: FloatArray,
        slope: FloatArray,
        free: BoolArray,
        time: float,
    ) -> tuple[FloatArray, float]:
        """The implicit step inside attained limits, and the step in time that was used."""
        moving = free.copy()
        step = np.zeros_like(here)
        for _ in range(SHORTENINGS):
            stopped = free & ~moving
            right = residual + slope[:, stopped] @ step[stopped]
            block = np.eye(int(np.sum(moving))) / time - slope[np.ix_(moving, moving)]
            step[moving] = np.linalg.lstsq(block, right[moving])[0]
            below = moving & limits.lower_attained & (here + step < limits.lower)
            above = moving & limits.upper_attained & (here + step > limits.upper)
            if not np.any(below | above):
                break
            if np.any((below & (here <= limits.lower)) | (above & (here >= limits.upper))):
                time, moving, step = 0.3 * time, free.copy(), np.zeros_like(here)
                continue
            step[below], step[above] = (limits.lower - here)[below], (limits.upper - here)[above]
            moving &= ~(below | above)
        return step, time
