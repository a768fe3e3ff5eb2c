"""Time that things take, side by side."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Mapping
from time import perf_counter


def side_by_side(
    tasks: Mapping[str, Callable[[], object]], *, repeats: int, seconds: float
) -> dict[str, float]:
    """Median seconds of each task.

    The tasks take turns, so that whatever else the machine does strikes all of them alike: at
    least 3 turns, then until ``repeats`` turns or ``seconds`` are over.
    """
    times: dict[str, list[float]] = {name: [] for name in tasks}
    began = perf_counter()
    for turn in range(repeats):
        if turn >= 3 and perf_counter() - began > seconds:
            break
        for name, task in tasks.items():
            start = perf_counter()
            task()
            times[name].append(perf_counter() - start)
    return {name: statistics.median(taken) for name, taken in times.items()}
