"""Recognising that quotes repeat themselves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray

REPEATED = 1e-3
"""Distance, as a share of the amplitude, at which a state counts as the same as an earlier one."""

HALF_STEP = 0.51
"""The same as a share of the last step: a period need not be a whole number of rounds."""

KEPT = 0.98
"""Least ratio of the amplitude in the last period to that in the one before; a swing that shrinks
faster is on its way to rest."""


@dataclass(frozen=True, slots=True)
class Cycle:
    """A movement that repeats itself.

    Attributes
    ----------
    period : int
        Rounds after which the path is where it was.
    amplitude : array of shape (n,)
        Largest less smallest value over the last period, by quote.
    """

    period: int
    amplitude: FloatArray


def find_cycle(path: FloatArray) -> Cycle | None:
    """The shortest cycle in which a path ends, of any period up to half its length.

    1. Candidates are the periods after which the path's last state had been visited before.
    2. Of a cycle all states of the last period had: each within ``REPEATED`` of the amplitude or
       ``HALF_STEP`` of the step taken there.
    3. The amplitude has not shrunk since the period before.

    Parameters
    ----------
    path : array of shape (rounds, n)
        A row per round.
    """
    rounds = len(path)
    if rounds < 4 or not np.isfinite(path).all():
        return None
    scale = np.ptp(path[rounds // 2 :], axis=0)
    moving = scale > 0.0
    if not moving.any():
        return None
    scaled = path[:, moving] / scale[moving]
    steps = np.max(np.abs(np.diff(scaled, axis=0)), axis=1)
    back = np.max(np.abs(scaled[-1] - scaled[-2::-1]), axis=1)[: rounds // 2]
    near = np.maximum(REPEATED, HALF_STEP * steps[-1])
    for period in (1 + np.flatnonzero(back <= near)).tolist():
        if period < 2:
            continue
        last, before = scaled[-period:], scaled[-2 * period : -period]
        distance = np.max(np.abs(last - before), axis=1)
        if np.all(distance <= np.maximum(REPEATED, HALF_STEP * steps[-period:])) and np.all(
            np.ptp(last, axis=0) >= KEPT * np.ptp(before, axis=0)
        ):
            return Cycle(period, np.ptp(path[-period:], axis=0))
    return None
