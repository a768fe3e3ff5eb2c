"""The textbook rule."""

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
class PlainTatonnement:
    r"""The textbook rule :math:`u \leftarrow u + k\, z(u)` with one fixed step ``k``.

    It needs no knowledge of the market, may need thousands of rounds and may cycle for ever;
    it is here to compare with. ``step`` may be one number, or one per coordinate.
    """

    step: float | FloatArray = 0.1
    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE

    def start(self, coordinates: FloatArray, limits: Limits) -> Adjustment:
        """Begin at ``coordinates``."""
        inside = limits.clip(coordinates)
        return Adjustment(inside, np.full_like(inside, 0.1), limits)

    def asks_depth(self, state: Adjustment) -> bool:
        """No: it knows excess demand only."""
        return False

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> Adjustment:
        """Move every coordinate in proportion to its residual; ``depth`` is not used."""
        wanted = short_of_limits(state.limits, state.coordinates, self.step * excess.residual)
        target = state.limits.clip(state.coordinates + wanted)
        share = inward_share(state.limits, state.coordinates, excess)
        moved = np.abs(target - state.coordinates)
        step = float(np.max(moved))
        return replace(
            state,
            coordinates=target,
            moved=moved,
            share=share,
            step=step,
            settled=share <= self.share_tolerance and step <= self.step_tolerance,
        )
