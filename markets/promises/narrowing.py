"""A rule that follows clearing quotes while the tremble of traders falls."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.adjustment.rule import SHARE_TOLERANCE, STEP_TOLERANCE, Adjustment, inward_share
from markets.quote import Excess, FloatArray, Limits

LONGEST = 2.0
"""Longest move of a coordinate in one round: a factor of about seven in a price."""

FOLLOWED = 0.5
"""Largest residual after the tremble fell at which the quotes still follow."""

ROUNDING = 1e-9
"""Residual below which it need not fall any further."""

SINGULAR = 1e-14
"""Singular values of the slope, over the largest, that count as none."""


@dataclass(frozen=True, slots=True)
class NarrowingState(Adjustment):
    """State of :class:`Narrowing`: the best quotes so far, and the lengths of its steps.

    Attributes
    ----------
    base, residual, slope
        Those quotes, and the residuals and their slope there.
    fall
        Fall of the last coordinate to try, and how far it fell in the last move.
    fell
        Fall in the move to the quotes that were posted.
    damping
        Share of the Newton step to try where the tremble stays.
    """

    base: FloatArray | None = None
    residual: FloatArray | None = None
    slope: FloatArray | None = None
    fall: float = 1.0
    fell: float = 0.0
    damping: float = 1.0


@dataclass(frozen=True, slots=True)
class Narrowing:
    """Clear the markets at a large tremble, then follow their quotes as it falls.

    The last coordinate is the logarithm of the tremble; all others answer it along the tangent
    (Euler step) with Newton's correction.

    1. Far from clearing the tremble stays, and quotes move by a share of the Newton step that is
       cut until the largest residual falls.
    2. Near it the tremble falls. If the residuals stay below ``FOLLOWED`` the fall is kept and may
       be longer next time; otherwise the rule returns to the better quotes and tries a third.

    It settles at the end of the range of the tremble, when excess demand is at most
    ``share_tolerance`` and the step still wanted at most ``step_tolerance``.
    """

    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE

    def start(self, coordinates: FloatArray, limits: Limits) -> NarrowingState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return NarrowingState(inside, np.full_like(inside, 0.1), limits)

    def asks_depth(self, state: Adjustment) -> bool:
        """Yes, in every round."""
        return True

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> NarrowingState:
        """Answer one round, see the class."""
        if not isinstance(state, NarrowingState) or depth is None:
            raise TypeError("Narrowing.adjust needs the state that its start() made, and the depth")
        here, limits = state.coordinates, state.limits
        share = inward_share(limits, here, excess)
        residual, slope, base = excess.residual[:-1], depth[:-1], here
        fall, damping, off = state.fall, state.damping, _largest(residual)
        if self._better(state, off):
            if state.fell > 0.0:
                fall = fall * (3.0 if off < 0.02 else 2.0 if off < 0.1 else 1.0)
            damping = min(1.0, 4.0 * damping)
        else:
            assert state.base is not None
            assert state.residual is not None
            assert state.slope is not None
            base, residual, slope = state.base, state.residual, state.slope
            off = _largest(residual)
            fall, damping = (fall / 3.0, damping) if state.fell > 0.0 else (fall, damping / 3.0)
        fell = min(fall, float(base[-1] - limits.lower[-1])) if off <= _near(fall) else 0.0
        wanted = np.asarray(
            -np.linalg.lstsq(slope[:, :-1], residual - slope[:, -1] * fell, rcond=SINGULAR)[0],
            dtype=np.float64,
        )
        step = wanted * (1.0 if fell > 0.0 else damping)
        step *= min(1.0, LONGEST / max(_largest(step), LONGEST))
        target = limits.clip(base + np.append(step, -fell))
        distance = max(_largest(wanted), fell)
        return NarrowingState(
            coordinates=target,
            moved=np.abs(target - here),
            limits=limits,
            share=share,
            step=distance,
            settled=share <= self.share_tolerance and distance <= self.step_tolerance,
            base=base,
            residual=residual,
            slope=slope,
            fall=fall,
            fell=fell,
            damping=damping,
        )

    @staticmethod
    def _better(state: NarrowingState, off: float) -> bool:
        """Whether to go on from the quotes just posted."""
        if not np.isfinite(off):
            return False
        if state.residual is None or off <= ROUNDING:
            return True
        if state.fell > 0.0:
            return off <= FOLLOWED
        return off <= (1.0 - 0.3 * state.damping) * _largest(state.residual)


def _near(fall: float) -> float:
    """Residual below which the tremble falls: closer to clearing where only short falls succeed."""
    return 0.05 if fall > 0.2 else 1e-3 if fall > 0.02 else 1e-6


def _largest(numbers: FloatArray) -> float:
    return float(np.max(np.abs(numbers), initial=0.0))
