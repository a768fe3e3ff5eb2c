"""Tatonnement of two markets, one inside the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from markets.adjustment.rule import SHARE_TOLERANCE, Adjustment, inward_share
from markets.quote import Excess, FloatArray, Limits

NARROWEST = 4e-16
"""Bracket, as a share of its ends, below which floating-point numbers leave nothing in between."""


@dataclass(frozen=True, slots=True)
class Bracket:
    """Where the excess demand of one market changes sign; it falls in the market's coordinate.

    Attributes
    ----------
    low, high
        Coordinates with excess demand and with excess supply, or the limits.
    low_residual, high_residual
        Residuals there; NaN where nothing has been posted yet.
    rounds
        Coordinates tried.
    """

    low: float
    high: float
    low_residual: float = np.nan
    high_residual: float = np.nan
    rounds: int = 0

    @property
    def closed(self) -> bool:
        """Whether there is nothing left between its ends."""
        return self.high - self.low <= NARROWEST * max(abs(self.low), abs(self.high))

    def narrowed(self, here: float, residual: float) -> Bracket:
        """With the coordinate just tried as one of its ends."""
        if residual > 0.0:
            return replace(self, low=here, low_residual=residual, rounds=self.rounds + 1)
        return replace(self, high=here, high_residual=residual, rounds=self.rounds + 1)

    def next(self, *, low_attained: bool, high_attained: bool) -> float:
        """Coordinate to try: a limit that can be attained, the straight line's root, the middle.

        Every third one is the middle, so that a residual with steps cannot hold the bracket up.
        """
        known_low, known_high = np.isfinite(self.low_residual), np.isfinite(self.high_residual)
        if low_attained and not known_low:
            return self.low
        if high_attained and not known_high:
            return self.high
        middle = 0.5 * (self.low + self.high)
        if not (known_low and known_high) or self.rounds % 3 == 0:
            return middle
        part = self.low_residual / (self.low_residual - self.high_residual)
        found = self.low + (self.high - self.low) * min(max(part, 0.01), 0.99)
        return found if self.low < found < self.high else middle


@dataclass(frozen=True, slots=True)
class NestedState(Adjustment):
    """State of :class:`NestedTatonnement`: the brackets of the inner and of the outer market."""

    inner: Bracket = field(default_factory=lambda: Bracket(0.0, 0.0))
    outer: Bracket = field(default_factory=lambda: Bracket(0.0, 0.0))


@dataclass(frozen=True, slots=True)
class NestedTatonnement:
    """Clear the first market at each quote of the second that is tried.

    Where the first market's excess demand falls in its own coordinate, and the second's falls in
    its own once the first has cleared, each has one root in a bracket, however large the steps of
    few traders' orders are. It takes the product of the rounds that each would take alone.

    1. The first market's root is bracketed between its limits, until its excess demand is at most
       ``share`` of the second's.
    2. Then the sign of the second's excess demand narrows that one's bracket, its coordinate moves,
       and the first market starts over.
    """

    share_tolerance: float = SHARE_TOLERANCE
    share: float = 1e-6

    def start(self, coordinates: FloatArray, limits: Limits) -> NestedState:
        """Begin at ``coordinates``; of two markets only."""
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        if inside.size != 2:
            raise ValueError(f"there are {inside.size} coordinates; this rule is for two")
        return NestedState(
            inside,
            np.full_like(inside, 0.1),
            limits,
            inner=whole(limits, 0),
            outer=whole(limits, 1),
        )

    def asks_depth(self, state: Adjustment) -> bool:
        """No: it knows excess demand only."""
        return False

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> NestedState:
        """Answer one round; ``depth`` is not used."""
        if not isinstance(state, NestedState):
            raise TypeError("NestedTatonnement.adjust needs the state that its start() made")
        limits, here = state.limits, state.coordinates
        share = inward_share(limits, here, excess)
        judged = replace(state, share=share, settled=share <= self.share_tolerance)
        if judged.settled:
            return judged
        held = limits.held(here, excess.share)
        first, second = np.abs(np.where(held, 0.0, excess.share)).tolist()
        inner = state.inner.narrowed(float(here[0]), float(excess.residual[0]))
        target = here.copy()
        outer = state.outer
        if first > max(self.share * second, 0.1 * self.share_tolerance) and not inner.closed:
            target[0] = tried(inner, limits, 0)
        elif limits.upper[1] > limits.lower[1] and not outer.closed:
            outer = outer.narrowed(float(here[1]), float(excess.residual[1]))
            target[1] = tried(outer, limits, 1)
            inner = whole(limits, 0)
        else:
            inner, outer = whole(limits, 0), whole(limits, 1)
        moved = np.abs(target - here)
        return replace(
            judged,
            coordinates=target,
            moved=moved,
            step=float(np.max(moved)),
            inner=inner,
            outer=outer,
        )


def whole(limits: Limits, market: int) -> Bracket:
    """The bracket from limit to limit."""
    return Bracket(float(limits.lower[market]), float(limits.upper[market]))


def tried(bracket: Bracket, limits: Limits, market: int) -> float:
    """The next coordinate of a market to try."""
    return bracket.next(
        low_attained=bool(limits.lower_attained[market]),
        high_attained=bool(limits.upper_attained[market]),
    )
