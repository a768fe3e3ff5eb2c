"""Rounds, time and memory against the number of traders.

Run as ``python -m benchmarks.scaling FAMILY TRADERS`` it measures one size and prints JSON: every
size has a process to itself, so that its peak memory is its own.
"""

from __future__ import annotations

import json
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from time import process_time

import numpy as np

from benchmarks.economies import economy, start_again, with_compiled
from benchmarks.report import Table

ROOT = Path(__file__).resolve().parent.parent
FAMILIES = ("short", "heterogeneous")
REPEATS = 5

LARGE = 100_000
"""The scaling exponent is taken from here on; below, fixed costs rule."""


def measure(family: str, traders: int) -> dict[str, float]:
    """Set up an economy, clear it ``REPEATS`` times from the first quotes, take the positions.

    Returns
    -------
    dict
        Processor seconds of ``setup`` (traders made, reservation prices sorted), of the
        ``clearing`` rounds (median) and of taking ``positions``; how many ``rounds``; and MiB of
        memory at the peak in all, at the peak before positions are taken, and before the set-up.
    """
    empty = peak()
    start = process_time()
    made = economy(family, traders)
    made.open()
    setup = process_time() - start
    clearing = []
    for _ in range(REPEATS):
        start_again(made)
        start = process_time()
        made.step()
        while made.running and made.round < 1000:
            made.step()
        clearing.append(process_time() - start)
    cleared = not made.running
    trading = peak()
    start = process_time()
    made.rest()
    return {
        "traders": traders,
        "rounds": made.round if cleared else float("nan"),
        "setup": setup,
        "clearing": statistics.median(clearing),
        "positions": process_time() - start,
        "peak": peak(),
        "trading": trading,
        "empty": empty,
    }


def table(sizes: Sequence[int]) -> Table:
    """Measure all sizes, each in a fresh process."""
    result = Table(
        "scaling",
        "Rounds, time and memory until the markets clear",
        (
            "economy", "traders", "rounds", "to clear, s", "a round, ms",
            "a round and trader, ns", "set-up, s", "positions, s",
            "peak memory, MiB", "of it in rounds", "of it at start",
        ),
    )  # fmt: skip
    for family in with_compiled(FAMILIES):
        found = [apart("benchmarks.scaling", family, str(size)) for size in sizes]
        for one in found:
            per_round = one["clearing"] / one["rounds"]
            result.rows.append(
                (
                    family, int(one["traders"]), int(one["rounds"]), one["clearing"],
                    1e3 * per_round, 1e9 * per_round / one["traders"], one["setup"],
                    one["positions"], one["peak"], one["trading"], one["empty"],
                )
            )  # fmt: skip
        large = [one for one in found if one["traders"] >= LARGE]
        if len(large) > 1:
            rounds = exponent([(one["traders"], one["clearing"] / one["rounds"]) for one in large])
            setup = exponent([(one["traders"], one["setup"]) for one in large])
            result.notes.append(
                f"{family}: from {LARGE:,} traders on, the time of a round grows like"
                f" n^{rounds:.2f}, that of the set-up like n^{setup:.2f}."
            )
    result.notes.append(
        "Set-up makes the traders and sorts their reservation prices, once an economy; positions"
        " are taken once a date. Traders who differ in beliefs only need no more than a binary"
        " search in a round."
    )
    return result


def exponent(points: Sequence[tuple[float, float]]) -> float:
    """Slope of the line of least squares through the logarithms."""
    x, y = np.log(np.array(points)).T
    return float(np.polyfit(x, y, 1)[0])


def apart(module: str, *words: str) -> dict[str, float]:
    """What a module measures in a fresh process, which it prints as JSON."""
    told = subprocess.run(
        [sys.executable, "-m", module, *words],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    return {name: float(value) for name, value in json.loads(told.stdout).items()}


def peak() -> float:
    """Peak memory of this process so far, MiB."""
    status = Path("/proc/self/status")
    if status.is_file():  # what rusage tells begins, on Linux, with the peak of the parent
        return float(status.read_text("utf-8").partition("VmHWM:")[2].split()[0]) / 2**10
    unit = 2**20 if sys.platform == "darwin" else 2**10
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit


if __name__ == "__main__":
    print(json.dumps(measure(sys.argv[1], int(sys.argv[2]))))
