"""Rules that take turns: while one gets no closer to clearing, others try.

Far from an equilibrium no single rule always gets there. Implicit steps in multiples of the first
prices are small where the equilibrium is at many times those prices; Newton's steps may cycle among
bounds; the textbook rule is slow. Each of them finds equilibria that the others miss.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from markets.adjustment.rule import Adjuster, Adjustment
from markets.quote import Excess, FloatArray, Limits

LOWEST = 1e-12
"""Lower limit of coordinates in logs, where the limit itself is zero: below every price or rate of
an equilibrium, and far from where logs lose digits."""

PATIENCE = 40
"""Rounds without progress after which another rule takes over; damped rules may have to pass
through some tens of rounds in which excess demand rises."""

PROGRESS = 0.9
"""Share of the smallest excess demand so far below which excess demand has fallen."""


@dataclass(frozen=True, slots=True)
class InLogsState(Adjustment):
    """State of :class:`InLogs`: that of the rule, whose coordinates are logs."""

    inner: Adjustment | None = None


@dataclass(frozen=True, slots=True)
class InLogs:
    r"""A rule that moves the logs of the coordinates, which must be positive.

    With :math:`u = e^v` residuals become :math:`z_j / u_j` and their derivatives
    :math:`Z'_{jk} u_k / u_j - 1_{jk} z_j / u_j`, so that a step is a share of the price rather than
    of the first price.
    """

    rule: Adjuster

    @property
    def share_tolerance(self) -> float:
        """That of the rule."""
        return self.rule.share_tolerance

    def start(self, coordinates: FloatArray, limits: Limits) -> InLogsState:
        """Begin at ``coordinates``."""
        logs = replace(
            limits,
            lower=np.log(np.maximum(limits.lower, LOWEST)),
            upper=np.log(limits.upper),
        )
        inside = limits.clip(np.asarray(coordinates, dtype=np.float64))
        inner = self.rule.start(np.log(np.maximum(inside, LOWEST)), logs)
        return InLogsState(inside, np.full_like(inside, 0.1), limits, inner=inner)

    def asks_depth(self, state: Adjustment) -> bool:
        """Whether the rule does."""
        return self.rule.asks_depth(_inner(state))

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> InLogsState:
        """Answer one round, see the class."""
        here = state.coordinates
        relative = excess.residual / here
        if depth is not None:
            depth = depth * here / here[:, None] - np.diag(relative)
        inner = self.rule.adjust(_inner(state), replace(excess, residual=relative), depth)
        target = here if inner.settled else state.limits.clip(np.exp(inner.coordinates))
        return InLogsState(
            coordinates=target,
            moved=np.abs(target - here),
            limits=state.limits,
            share=inner.share,
            step=inner.step,
            settled=inner.settled,
            inner=inner,
        )


@dataclass(frozen=True, slots=True)
class RelayState(Adjustment):
    """State of :class:`Relay`.

    Attributes
    ----------
    states : tuple of Adjustment
        State of every rule that has been at work; the first is always there.
    begun : array of shape (n,), optional
        Coordinates that the first rule started from.
    turn : int
        Turns that are over.
    lowest : float
        Smallest share of excess demand in this turn, as of the last progress.
    stalled : int
        Rounds since.
    """

    states: tuple[Adjustment, ...] = ()
    begun: FloatArray | None = None
    turn: int = 0
    lowest: float = np.inf
    stalled: int = 0


@dataclass(frozen=True, slots=True)
class Relay:
    """One rule, and others in turn while it makes no progress.

    1. The first rule is at work. When the largest share of excess demand has not fallen, by a
       tenth of the smallest so far, for ``patience`` rounds, it is another rule's turn. Rules that
       search before excess demand falls have more patience: ``longer``, for the first of the
       others.
    2. That one starts from where the first rule stands or, if ``afresh``, from the first quotes:
       the first rule may stand far out, with hardly any trade and so without a slope. When it
       makes no progress either, the first rule goes on from where it stood, as if nothing had
       happened; and so on with the next rule, in a circle. A rule whose turn comes again goes on
       from where it stood.
    3. After each circle all have twice as much patience.

    So every economy that the first rule clears is cleared, if later. It settles when the rule at
    work does.
    """

    first: Adjuster
    others: tuple[Adjuster, ...]
    patience: int = PATIENCE
    longer: tuple[int, ...] = ()
    afresh: bool = False

    @property
    def share_tolerance(self) -> float:
        """That of the first rule."""
        return self.first.share_tolerance

    def start(self, coordinates: FloatArray, limits: Limits) -> RelayState:
        """Begin at ``coordinates`` with the first rule."""
        inner = self.first.start(coordinates, limits)
        return RelayState(
            inner.coordinates, inner.moved, limits, states=(inner,), begun=inner.coordinates
        )

    def asks_depth(self, state: Adjustment) -> bool:
        """Whether the rule at work does."""
        known = _known(state)
        rule, place = self._at_work(known.turn)
        return rule.asks_depth(known.states[place])

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> RelayState:
        """Answer one round, see the class."""
        known = _known(state)
        states, turn = list(known.states), known.turn
        rule, place = self._at_work(turn)
        inner = states[place] = rule.adjust(states[place], excess, depth)
        lowest, stalled = known.lowest, known.stalled + 1
        if inner.share < PROGRESS * lowest:
            lowest, stalled = inner.share, 0
        circles = turn // (2 * len(self.others))
        after = inner
        if not inner.settled and stalled >= self._patience(place) << circles:
            turn, lowest, stalled = turn + 1, np.inf, 0
            rule, place = self._at_work(turn)
            if place == len(states):
                begun = known.begun if self.afresh else None
                here = states[0].coordinates if begun is None else begun
                states.append(rule.start(here, known.limits))
            after = states[place]
        return RelayState(
            coordinates=after.coordinates,
            moved=after.moved,
            limits=known.limits,
            share=inner.share,
            step=inner.step,
            settled=inner.settled,
            states=tuple(states),
            begun=known.begun,
            turn=turn,
            lowest=lowest,
            stalled=stalled,
        )

    def _patience(self, place: int) -> int:
        """Patience of the first circle with the rule of a place."""
        return self.longer[place - 1] if 0 < place <= len(self.longer) else self.patience

    def _at_work(self, turn: int) -> tuple[Adjuster, int]:
        """The rule whose turn it is, and the place of its state."""
        if turn % 2 == 0:
            return self.first, 0
        other = turn // 2 % len(self.others)
        return self.others[other], 1 + other


def _known(state: Adjustment) -> RelayState:
    if not isinstance(state, RelayState):
        raise TypeError("Relay.adjust needs the state that its start() made")
    return state


def _inner(state: Adjustment) -> Adjustment:
    if not isinstance(state, InLogsState) or state.inner is None:
        raise TypeError("InLogs.adjust needs the state that its start() made")
    return state.inner
