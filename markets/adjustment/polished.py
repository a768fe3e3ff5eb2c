"""A rule that goes on from its resting point by another one, with tighter tolerances."""

from __future__ import annotations

from dataclasses import dataclass, replace

from markets.adjustment.rule import Adjuster, Adjustment
from markets.quote import Excess, FloatArray, Limits


@dataclass(frozen=True, slots=True)
class PolishedState(Adjustment):
    """State of :class:`Polished`.

    Attributes
    ----------
    inner : Adjustment
        State of the rule at work.
    rest : Adjustment, optional
        Where the first rule settled; None before.
    steps : int
        Steps of the second rule so far.
    """

    inner: Adjustment | None = None
    rest: Adjustment | None = None
    steps: int = 0


@dataclass(frozen=True, slots=True)
class Polished:
    """One rule until it settles, then another for a few steps.

    1. The first rule moves the quotes until it settles.
    2. From there the second one, with tighter tolerances, until it settles or for ``steps`` steps.
    3. If excess demand is then larger than where the first rule settled, back to there.
    """

    rule: Adjuster
    polish: Adjuster
    steps: int = 10

    @property
    def share_tolerance(self) -> float:
        """That of the first rule."""
        return self.rule.share_tolerance

    def start(self, coordinates: FloatArray, limits: Limits) -> PolishedState:
        """Begin at ``coordinates`` with the first rule."""
        return _around(self.rule.start(coordinates, limits), None, 0)

    def asks_depth(self, state: Adjustment) -> bool:
        """Whether the rule at work does."""
        inner, rest, _ = _parts(state)
        return (self.rule if rest is None else self.polish).asks_depth(inner)

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> PolishedState:
        """Answer one round, see the class."""
        inner, rest, steps = _parts(state)
        if rest is None:
            inner = self.rule.adjust(inner, excess, depth)
            if not inner.settled:
                return _around(inner, None, 0)
            begun = self.polish.start(inner.coordinates, inner.limits)
            return replace(_around(begun, inner, 0), share=inner.share, step=inner.step)
        if steps > self.steps:  # back where the first rule settled
            return replace(_around(rest, rest, steps), settled=True)
        inner, steps = self.polish.adjust(inner, excess, depth), steps + 1
        if not inner.settled and steps == self.steps:
            if inner.share > rest.share:
                return replace(_around(rest, rest, steps + 1), settled=False)
            return replace(_around(inner, rest, steps), settled=True)
        return _around(inner, rest, steps)


def _parts(state: Adjustment) -> tuple[Adjustment, Adjustment | None, int]:
    if not isinstance(state, PolishedState) or state.inner is None:
        raise TypeError("Polished.adjust needs the state that its start() made")
    return state.inner, state.rest, state.steps


def _around(inner: Adjustment, rest: Adjustment | None, steps: int) -> PolishedState:
    return PolishedState(
        coordinates=inner.coordinates,
        moved=inner.moved,
        limits=inner.limits,
        share=inner.share,
        step=inner.step,
        settled=inner.settled,
        inner=inner,
        rest=rest,
        steps=steps,
    )
