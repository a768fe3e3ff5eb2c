"""Tatonnement of one market outside all others."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from markets.adjustment.nested import Bracket, tried, whole
from markets.adjustment.rule import SHARE_TOLERANCE, Adjuster, Adjustment, inward_share
from markets.quote import Excess, FloatArray, Limits


@dataclass(frozen=True, slots=True)
class OutermostState(Adjustment):
    """State of :class:`OutermostTatonnement`: that of the inner rule, and the outer bracket."""

    inner: Adjustment | None = None
    outer: Bracket = field(default_factory=lambda: Bracket(0.0, 0.0))


@dataclass(frozen=True, slots=True)
class OutermostTatonnement:
    """Clear all markets but the last at each coordinate of the last that is tried.

    The last market's excess demand is bracketed between its limits: where it is positive once the
    others have cleared, its coordinate rises, where it is negative it falls. That has a root
    wherever the others clear at every coordinate of the last, and their quotes move continuously
    with it.

    Parameters
    ----------
    inner : Adjuster
        The rule of the other markets.
    share_tolerance : float
        Largest share of excess demand of a market that has cleared.
    share : float
        Excess demand of the others, as a share of the last market's, at which the last one's sign
        is believed.
    """

    inner: Adjuster
    share_tolerance: float = SHARE_TOLERANCE
    share: float = 1e-3

    def start(self, coordinates: FloatArray, limits: Limits) -> OutermostState:
        """Begin at ``coordinates``."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        inner = self.inner.start(inside[:-1], _without_last(limits))
        return OutermostState(
            inside,
            np.append(inner.moved, 0.0),
            limits,
            inner=inner,
            outer=whole(limits, inside.size - 1),
        )

    def asks_depth(self, state: Adjustment) -> bool:
        """Where the inner rule does."""
        return (
            isinstance(state, OutermostState)
            and state.inner is not None
            and self.inner.asks_depth(state.inner)
        )

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> OutermostState:
        """Answer one round: the inner rule's, and where that has settled the outer one's."""
        if not isinstance(state, OutermostState) or state.inner is None:
            raise TypeError("OutermostTatonnement.adjust needs the state that its start() made")
        limits, here, last = state.limits, state.coordinates, state.coordinates.size - 1
        others = Excess(excess.residual[:-1], excess.share[:-1], excess.units[:-1])
        inner = self.inner.adjust(state.inner, others, None if depth is None else depth[:-1, :-1])
        share = inward_share(limits, here, excess)
        settled = inner.settled and share <= self.share_tolerance
        judged = replace(state, share=share, step=inner.step, settled=settled, inner=inner)
        if settled:
            return judged
        outer, target = state.outer, here[last]
        if inner.settled or inner.share <= self.share * abs(float(excess.share[last])):
            outer = outer.narrowed(float(here[last]), float(excess.residual[last]))
            if outer.closed:
                outer = whole(limits, last)
            target = tried(outer, limits, last)
            inner = self.inner.start(here[:-1], _without_last(limits))
        coordinates = np.append(inner.coordinates, target)
        return replace(
            judged,
            coordinates=coordinates,
            moved=np.append(inner.moved, abs(target - here[last])),
            step=max(inner.step, abs(float(target - here[last]))),
            inner=inner,
            outer=outer,
        )


def _without_last(limits: Limits) -> Limits:
    """The box of all coordinates but the last."""
    return replace(
        limits,
        lower=limits.lower[:-1],
        upper=limits.upper[:-1],
        lower_attained=limits.lower_attained[:-1],
        upper_attained=limits.upper_attained[:-1],
    )
