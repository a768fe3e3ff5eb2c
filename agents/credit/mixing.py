r"""Remembering past rounds: everybody takes a weighted average of what past rounds led to.

A round takes quotes and plans :math:`s` to :math:`T(s)`. Near rest that map is nearly affine, and
rounds creep along its slowest directions. From the last rounds :math:`s_i \mapsto T(s_i)` the
clearing house works out weights, summing to one, with

.. math:: \min_g \; \Bigl\lVert \sum_i g_i \, (T(s_i) - s_i) \Bigr\rVert ,
   \qquad s \leftarrow \sum_i g_i \, T(s_i),

and announces them. For that it needs no plan and no schedule of anybody, only the inner products of
the moves in different rounds, which cohorts report in sum. Weights may be negative: the average is
an extrapolation. Rounds go on from there, and if three rounds later moves have grown everybody
returns to where it stood.

Source: D. G. Anderson, J. ACM 12 (1965); mixing only every few rounds, with plain ones between, is
that of P. P. Pratapa, P. Suryanarayana and J. E. Pask, J. Comput. Phys. 306 (2016).
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np

from markets.adjustment.extrapolated import ExtrapolatedState
from markets.adjustment.rule import Adjustment
from markets.quote import FloatArray

RIDGE = 1e-12
"""Added to the inner products, as a share of their mean: weights stay finite where moves are
nearly dependent."""

ON_TRIAL = 3
"""Rounds after which an average is judged."""


FIRST_APPRAISAL, LATER = 20, 1.5
"""Rounds after which members first appraise what money is worth, and the factor from one appraisal
to the next."""


class Memory:
    """What the last rounds led to, of one cohort or of the quotes."""

    def __init__(self) -> None:
        self._pairs: deque[tuple[FloatArray, FloatArray]] = deque()
        self._last: FloatArray | None = None

    def note(self, after: FloatArray, length: int) -> None:
        """Remember where a round led, of ``length`` rounds at most; the first one only begins."""
        if self._last is not None:
            self._pairs.append((self._last, after.copy()))
        if len(self._pairs) > length:
            self._pairs.popleft()
        self._last = after.copy()

    def products(self) -> FloatArray:
        """Inner products of the moves in all rounds remembered, (m, m)."""
        moves = np.stack([(after - before).ravel() for before, after in self._pairs])
        return np.asarray(moves @ moves.T)

    def last_move(self) -> float:
        """Squared length of the last move."""
        before, after = self._pairs[-1]
        return float(np.sum((after - before) ** 2))

    def average(self, weights: FloatArray) -> FloatArray:
        """Weighted average of where the rounds led, from which the next one moves."""
        ends = np.stack([after for _, after in self._pairs])
        self._last = np.asarray(np.tensordot(weights, ends, 1))
        return self._last.copy()

    def begin(self) -> None:
        """Forget all rounds."""
        self._pairs.clear()
        self._last = None

    def __len__(self) -> int:
        """Rounds remembered."""
        return len(self._pairs)


@dataclass(frozen=True, slots=True)
class Mixing:
    """When everybody takes an average, and of how many rounds.

    Attributes
    ----------
    length
        Rounds that are remembered.
    every
        Rounds from one average to the next.
    growth
        Factor by which moves may have grown when an average is judged.
    """

    length: int = 40
    every: int = 6
    growth: float = 2.0

    @staticmethod
    def weights(products: FloatArray) -> FloatArray:
        """Weights, summing to one, whose weighted move is smallest."""
        count = len(products)
        scaled = products * (count / max(float(np.trace(products)), 1e-300))
        raw = np.linalg.solve(scaled + RIDGE * np.eye(count), np.ones(count))
        return np.asarray(raw / np.sum(raw))


class Rememberer(Protocol):
    """A cohort whose members remember where rounds led."""

    memory: Memory

    @property
    def holding(self) -> tuple[FloatArray, FloatArray]:
        """What members hold, to return to it."""
        ...

    def return_to(self, holding: tuple[FloatArray, FloatArray]) -> None:
        """Hold again what was held before."""
        ...

    def note(self, length: int) -> None:
        """Remember where the round led, of ``length`` rounds at most."""
        ...

    def average(self, weights: FloatArray) -> None:
        """Move to a weighted average of where past rounds led."""
        ...

    def appraise(self) -> None:
        """Count the cost of moving in what money is worth now."""
        ...


@dataclass(frozen=True, slots=True)
class _Trial:
    """An average on trial: when it is judged, how large moves were, and what to return to."""

    due: int
    move: float
    adjustment: Adjustment
    holdings: list[tuple[FloatArray, FloatArray]]


class Mixer:
    """The clearing house's part: it remembers quotes, works out weights and judges averages.

    Attributes
    ----------
    kept : int
        Averages that were kept.
    """

    def __init__(self, mixing: Mixing) -> None:
        self.mixing, self.kept = mixing, 0
        self._quotes = Memory()
        self._rounds, self._appraisal = 0, FIRST_APPRAISAL
        self._next, self._vain, self._best = mixing.every, 0, np.inf
        self._trial: _Trial | None = None

    def forget(self, traders: Sequence[Rememberer]) -> None:
        """Begin anew, for quotes and plans have been moved otherwise."""
        self._trial = None
        for memory in (self._quotes, *(trader.memory for trader in traders)):
            memory.begin()

    def after(self, state: Adjustment, traders: Sequence[Rememberer]) -> Adjustment:
        """The state to go on from after a round."""
        self._rounds += 1
        self._quotes.note(state.coordinates, self.mixing.length)
        for trader in traders:
            trader.note(self.mixing.length)
        if len(self._quotes) == 0:
            return state
        if self._trial is not None and self._rounds >= self._trial.due:
            trial, self._trial = self._trial, None
            move = self._move(traders)
            self._vain = 0 if move < self._best else self._vain + 1
            self._best = min(self._best, move)
            self._next = self._rounds + self.mixing.every * (1 + self._vain) - ON_TRIAL
            if not move <= self.mixing.growth * trial.move:
                return self._back(trial, traders)
            self.kept += 1
        if self._trial is None and self._rounds >= self._appraisal:
            self._appraisal = int(LATER * self._appraisal) + FIRST_APPRAISAL
            for trader in traders:
                trader.appraise()
            self.forget(traders)
            return state
        if self._rounds < self._next or len(self._quotes) < ON_TRIAL:
            return state
        return self._mix(state, traders)

    def _mix(self, state: Adjustment, traders: Sequence[Rememberer]) -> Adjustment:
        """Everybody takes an average, on trial."""
        holdings = [trader.holding for trader in traders]
        move = self._move(traders)
        products = [memory.products() for memory in self._memories(traders)]
        weights = self.mixing.weights(np.sum(products, axis=0))
        self._next = self._rounds + self.mixing.every
        if not np.isfinite(weights).all():
            return state
        self._trial = _Trial(self._rounds + ON_TRIAL, move, state, holdings)
        for trader in traders:
            trader.average(weights)
        return _elsewhere(state, state.limits.clip(self._quotes.average(weights)))

    def _back(self, trial: _Trial, traders: Sequence[Rememberer]) -> Adjustment:
        """Everybody returns to where it stood before the average."""
        for trader, holding in zip(traders, trial.holdings, strict=True):
            trader.return_to(holding)
        self.forget(traders)
        return trial.adjustment

    def _move(self, traders: Sequence[Rememberer]) -> float:
        """Size of the last move of quotes and plans."""
        return float(np.sqrt(sum(memory.last_move() for memory in self._memories(traders))))

    def _memories(self, traders: Sequence[Rememberer]) -> list[Memory]:
        return [self._quotes, *(trader.memory for trader in traders)]


def _elsewhere(state: Adjustment, coordinates: FloatArray) -> Adjustment:
    """The state moved to other coordinates, where no round was traded before."""
    if isinstance(state, ExtrapolatedState):
        return replace(state, coordinates=coordinates, before=None)
    return replace(state, coordinates=coordinates)
