"""Recognising that quotes go around without coming to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray

REPEATED, RETURNED = 1e-3, 0.05
"""Distances, as shares of the amplitude, at which a path is back where it was: the first of one that
repeats itself; the second, where there is none such, of one whose period is no whole number of
rounds, or that spirals outward (a rule that moves in finite steps does so around a centre, by about
2 pi^2 / period a turn)."""

AWAY = 0.45
"""Share of the amplitude by which a path has left its last state before it comes back; one that
moves slowly is near where it was a few rounds ago without having been anywhere."""

KEPT = 0.98
"""Least ratio of the amplitude at the end to that in the middle of the path; a swing that shrinks
faster is on its way to rest. (A period that is no whole number of rounds makes it vary.)"""

SEVERAL = 8
"""The amplitude is taken over as many whole periods as fit into one part in so many of the path."""

ROUNDING = 1e-12
"""Swing of a quote, as a share of its size, that is rounding."""

WIDENED = 1.02
"""Ratio of the amplitudes of two successive periods above which a path is said to spiral outward."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A movement that repeats itself, or goes around in a widening spiral.

    Attributes
    ----------
    period : int
        Rounds after which the path is where it was.
    amplitude : array of shape (n,)
        Largest less smallest value over the last period, by quote.
    growth : float
        Ratio of the widest amplitude to that a period before.
    """

    period: int
    amplitude: FloatArray
    growth: float

    def reason(self, names: Sequence[str]) -> str:
        """The cycle in a sentence, given the names of the quotes."""
        most = int(np.argmax(self.amplitude))
        widens = self.growth > WIDENED
        goes = "go around" if widens else "repeat themselves"
        return (
            f"the quotes {goes} every {self.period} rounds; the widest swing is that of"
            f" {names[most]}, {self.amplitude[most]:.6g} from lowest to highest"
            + (f", {self.growth - 1.0:.1%} wider than the one before" if widens else "")
        )


def find_cycle(path: FloatArray) -> Cycle | None:
    """The shortest cycle in which a path ends, of any period up to half its length.

    1. Candidates are the periods after which the path had left its last state and come back.
    2. Of a cycle all states of the last period had been visited a period before.
    3. The amplitude has not shrunk since the middle of the path.

    Parameters
    ----------
    path : array of shape (rounds, n)
        A row per round.
    """
    rounds = len(path)
    if rounds < 4 or not np.isfinite(path).all():
        return None
    scale = np.ptp(path[rounds // 2 :], axis=0)
    moving = scale > ROUNDING * np.max(np.abs(path), axis=0)
    if not moving.any():
        return None
    scaled = path[:, moving] / scale[moving]
    for near in (REPEATED, RETURNED):
        for period in _returns(scaled, near):
            last, before = slice(-period, None), slice(-2 * period, -period)
            same = np.all(np.abs(scaled[last] - scaled[before]) <= near)
            if same and _kept(scaled, period):
                amplitude = np.ptp(path[last], axis=0)
                most = int(np.argmax(amplitude))
                growth = amplitude[most] / np.ptp(path[before, most])
                return Cycle(period, amplitude, float(growth))
    return None


def _returns(scaled: FloatArray, near: float) -> list[int]:
    """Periods, ascending, after which the path is back at its last state, closest at each turn."""
    back = np.max(np.abs(scaled[-1] - scaled[::-1]), axis=1)[: len(scaled) // 2 + 1]
    beyond = np.append(back[2:], np.inf)
    closest = (back[1:] <= back[:-1]) & (back[1:] <= beyond)
    away = np.maximum.accumulate(back)[:-1] >= AWAY
    return (1 + np.flatnonzero(closest & away & (back[1:] <= near))).tolist()


def _kept(scaled: FloatArray, period: int) -> bool:
    """Whether the amplitude is at least what it was in the middle of the path."""
    length = period * max(1, len(scaled) // (SEVERAL * period))
    middle = len(scaled) // 2
    now, then = np.ptp(scaled[-length:], axis=0), np.ptp(scaled[middle - length : middle], axis=0)
    return bool(np.all(now >= KEPT * then))
