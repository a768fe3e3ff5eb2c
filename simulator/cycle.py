"""Recognising that quotes go around without coming to rest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray

REPEATED, RETURNED = 1e-3, 0.15
"""Distances, as shares of the amplitude, at which a path is back where it was: the first, of one
that repeats itself; the second, where there is none, of one that goes around: its period need not
be a whole number of rounds, and it may spiral outward. (The textbook rule moves in finite steps,
and so does not stay on a closed orbit around a centre: in a turn it drifts outward by the share
2 pi^2 / period.)"""

AWAY = 0.45
"""Share of the amplitude by which a path has left its last state before it comes back; one that
moves slowly is near where it was a few rounds ago without having been anywhere."""

KEPT = 0.98
"""Least ratio of the amplitude at the end to that in the middle of the path; a swing that shrinks
faster is on its way to rest. (A period that is no whole number of rounds makes it vary.)"""

ROUNDING = 1e-12
"""Swing of a quote, as a share of its size, that is rounding."""

SEVERAL = 8
"""A cycle is looked at for as many whole periods as fit into one part in so many of the path, so
that movement without order is not taken for one because it came back once."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A movement that repeats itself, or goes around without coming closer to rest.

    Attributes
    ----------
    period : int
        Rounds after which the path is where it was.
    amplitude : array of shape (n,)
        Largest less smallest value over the last period, by quote.
    before : array of shape (n,)
        The same over the period before.
    closed : bool
        Whether the path repeats itself to ``REPEATED``; otherwise to ``RETURNED``.
    """

    period: int
    amplitude: FloatArray
    before: FloatArray
    closed: bool

    def reason(self, names: Sequence[str]) -> str:
        """The cycle in a sentence, given the names of the quotes."""
        most = int(np.argmax(self.amplitude))
        now, then = self.amplitude[most], self.before[most]
        goes = "repeat themselves every" if self.closed else "go around in about"
        wider = "" if self.closed else f", {then:.6g} a period before"
        return (
            f"the quotes {goes} {self.period} rounds; the widest swing is that of {names[most]},"
            f" {now:.6g} from lowest to highest{wider}"
        )


def find_cycle(path: FloatArray) -> Cycle | None:
    """The shortest cycle in which a path ends, of any period up to half its length.

    1. Candidates are the periods after which the path had left its last state and come back.
    2. Of a cycle all states at the end had been visited a period before.
    3. The amplitude has not shrunk since the middle of the path.

    Parameters
    ----------
    path : array of shape (rounds, n)
        A row per round.
    """
    rounds = len(path)
    if rounds < 4 or not np.isfinite(path).all():
        return None
    middle = rounds // 2
    scale = np.ptp(path[middle:], axis=0)
    moving = scale > ROUNDING * np.max(np.abs(path), axis=0)
    if not moving.any():
        return None
    scaled = path[:, moving] / scale[moving]
    for near in (REPEATED, RETURNED):
        for period in _returns(scaled, near):
            length = period * max(1, rounds // (SEVERAL * period))
            end, before = scaled[-length:], scaled[-length - period : -period]
            now, then = np.ptp(end, axis=0), np.ptp(scaled[middle - length : middle], axis=0)
            if np.all(np.abs(end - before) <= near) and np.all(now >= KEPT * then):
                swings = np.ptp(path[-period:], axis=0), np.ptp(path[-2 * period : -period], axis=0)
                return Cycle(period, *swings, closed=near == REPEATED)
    return None


def _returns(scaled: FloatArray, near: float) -> list[int]:
    """Periods, ascending, after which the path is back at its last state, closest at each turn."""
    back = np.max(np.abs(scaled[-1] - scaled[::-1]), axis=1)[: len(scaled) // 2 + 1]
    beyond = np.append(back[2:], np.inf)
    closest = (back[1:] <= back[:-1]) & (back[1:] <= beyond)
    away = np.maximum.accumulate(back)[:-1] >= AWAY
    return (1 + np.flatnonzero(closest & away & (back[1:] <= near))).tolist()
