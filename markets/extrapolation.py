r"""A rule for markets whose traders have inertia: follow excess demand, extrapolated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from markets.adjustment import SHARE_TOLERANCE, STEP_TOLERANCE, Adjustment, inward_share
from markets.quote import Excess, FloatArray, Limits

STEP = 0.08
"""σ, chosen with the inertia of households; see the README of the scenarios."""


@dataclass(frozen=True, slots=True)
class ExtrapolatedState(Adjustment):
    """State of :class:`ExtrapolatedTatonnement`: the residual of the round before."""

    before: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class ExtrapolatedTatonnement:
    r"""Tatonnement on excess demand extrapolated by a round, :math:`u \leftarrow u + \sigma (2 z_t - z_{t-1})`.

    With traders whose inertia is :math:`\tau` this is the primal-dual hybrid gradient method; it
    needs :math:`\sigma \tau` below a bound set by the size of what is traded. Without the
    extrapolation the same rounds cycle.

    Attributes
    ----------
    step
        :math:`\sigma`.
    """

    step: float = STEP
    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE

    def start(self, coordinates: FloatArray, limits: Limits) -> ExtrapolatedState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return ExtrapolatedState(inside, np.zeros_like(inside), limits)

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> ExtrapolatedState:
        """Answer one round; ``depth`` is not used."""
        if not isinstance(state, ExtrapolatedState):
            raise TypeError("ExtrapolatedTatonnement.adjust needs the state that its start() made")
        here, limits = state.coordinates, state.limits
        before = excess.residual if state.before is None else state.before
        target = limits.clip(here + self.step * (2.0 * excess.residual - before))
        moved = np.abs(target - here)
        share = inward_share(limits, here, excess)
        step = float(np.max(moved, initial=0.0))
        return replace(
            state,
            coordinates=target,
            moved=moved,
            share=share,
            step=step,
            before=excess.residual,
            settled=share <= self.share_tolerance and step <= self.step_tolerance,
        )
