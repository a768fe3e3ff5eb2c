r"""A rule for markets whose traders have inertia: follow excess demand, extrapolated."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from markets.adjustment.rule import SHARE_TOLERANCE, STEP_TOLERANCE, Adjustment, inward_share
from markets.quote import Excess, FloatArray, Limits

STEP = 0.08
"""σ, chosen with the inertia of households; see the README of the scenarios."""


@dataclass(frozen=True, slots=True)
class ExtrapolatedState(Adjustment):
    """State of :class:`ExtrapolatedTatonnement`.

    Attributes
    ----------
    before
        The residual of the round before.
    caution
        Share of the rule's step that is taken now.
    best_share
        Smallest share of excess demand so far.
    stalled
        Rounds since it last fell by a tenth.
    """

    before: FloatArray | None = None
    caution: float = 1.0
    best_share: float = np.inf
    stalled: int = 0


@dataclass(frozen=True, slots=True)
class ExtrapolatedTatonnement:
    r"""Tatonnement on excess demand that is extrapolated by a round.

    .. math:: u \leftarrow u + \sigma (2 z_t - z_{t-1})

    With traders whose inertia is :math:`\tau` this is the primal-dual hybrid gradient method,
    which needs :math:`\sigma \tau` below a bound that depends on what trades are worth. Nobody
    knows the bound, so the rule becomes more cautious by itself: after ``patience`` rounds in
    which the best share of excess demand has not fallen by a tenth it halves its step. Without
    the extrapolation the same rounds cycle.

    Attributes
    ----------
    step
        :math:`\sigma` to begin with.
    """

    step: float | FloatArray = STEP
    patience: int = 300
    least_caution: float = 0.125
    share_tolerance: float = SHARE_TOLERANCE
    step_tolerance: float = STEP_TOLERANCE

    def start(self, coordinates: FloatArray, limits: Limits) -> ExtrapolatedState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        return ExtrapolatedState(inside, np.zeros_like(inside), limits)

    def asks_depth(self, state: Adjustment) -> bool:
        """No: it knows excess demand only."""
        return False

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> ExtrapolatedState:
        """Answer one round; ``depth`` is not used."""
        if not isinstance(state, ExtrapolatedState):
            raise TypeError("ExtrapolatedTatonnement.adjust needs the state that its start() made")
        here, limits = state.coordinates, state.limits
        share = inward_share(limits, here, excess)
        better = share < 0.9 * state.best_share
        stalled = 0 if better else state.stalled + 1
        caution = state.caution
        if stalled > self.patience:
            stalled, caution = 0, max(0.5 * caution, self.least_caution)
        before = excess.residual if state.before is None else state.before
        target = limits.clip(here + caution * self.step * (2.0 * excess.residual - before))
        moved = np.abs(target - here)
        step = float(np.max(moved, initial=0.0)) / caution
        return replace(
            state,
            coordinates=target,
            moved=moved,
            share=share,
            step=step,
            settled=share <= self.share_tolerance and step <= self.step_tolerance,
            before=excess.residual,
            caution=caution,
            best_share=share if better else state.best_share,
            stalled=stalled,
        )
