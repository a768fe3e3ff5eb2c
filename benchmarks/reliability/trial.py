"""One thing that was tried, and how it ended."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Trial:
    """One thing that was tried.

    Attributes
    ----------
    what : str
        Kind of attempt, in a few words: a row of the report counts all trials of one kind.
    input : str
        What was given, so that somebody can try it again; kept in a file if it failed.
    failure : str
        How it failed, in a sentence; empty if it ended as it should.
    seconds : float
        Time that it took by the wall clock.
    figure : str
        What was measured, where the kind of attempt measures something (bytes per member, say);
        the report shows that of the last trial of the kind.
    """

    what: str
    input: str
    failure: str
    seconds: float
    figure: str = ""


@dataclass(frozen=True, slots=True)
class Line:
    """One promise of reliability, and how it is attacked.

    Attributes
    ----------
    name : str
        One word, by which the command knows it.
    promise : str
        What should hold, in one sentence.
    trials : callable
        Given a generator of random numbers and a share of the full number of trials (1 for the
        report, less for a short run), makes the trials.
    notes : tuple of str
        What the trials do not cover, and why.
    """

    name: str
    promise: str
    trials: Callable[[np.random.Generator, float], Iterator[Trial]]
    notes: tuple[str, ...] = ()
