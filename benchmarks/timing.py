"""Time that things take, side by side.

Times are processor seconds of the process, all threads added up: what other programs do to the wall
clock of a busy machine stays out, and for work on one thread both are the same on an idle one.
"""

from __future__ import annotations

import signal
import statistics
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from time import perf_counter, process_time

TURN = 0.02
"""Seconds that a task takes in a turn, at least: rounds follow each other in a run, too, and a
quick task should not pay for the caches that a slow one has emptied."""


def side_by_side(
    tasks: Mapping[str, Callable[[], object]], *, repeats: int = 15, seconds: float = 8.0
) -> dict[str, float]:
    """Median processor seconds of each task.

    The tasks take turns, so that whatever else the machine does strikes all of them alike: at
    least 3 turns, then until ``repeats`` turns or ``seconds`` are over. In a turn a quick task is
    repeated until it has taken :data:`TURN`, and its mean counts.
    """
    often = {name: max(1, round(TURN / max(_once(task), 1e-7))) for name, task in tasks.items()}
    times: dict[str, list[float]] = {name: [] for name in tasks}
    began = perf_counter()
    for turn in range(repeats):
        if turn >= 3 and perf_counter() - began > seconds:
            break
        for name, task in tasks.items():
            start = process_time()
            for _ in range(often[name]):
                task()
            times[name].append((process_time() - start) / often[name])
    return {name: statistics.median(taken) for name, taken in times.items()}


def _once(task: Callable[[], object]) -> float:
    """Seconds of a task that has run before."""
    task()
    start = process_time()
    task()
    return process_time() - start


@contextmanager
def given_up(seconds: float, error: BaseException) -> Iterator[None]:
    """Raise an error in this process when the time is over."""

    def ring(*_: object) -> None:
        raise error

    before = signal.signal(signal.SIGALRM, ring)
    signal.setitimer(signal.ITIMER_REAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0.0)
        signal.signal(signal.SIGALRM, before)
