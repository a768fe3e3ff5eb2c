"""Exports are all or nothing: killed writers, full disks, several writers at once."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from benchmarks.reliability.trial import Line, Trial
from benchmarks.reliability.writing import COMMANDS, JOBS
from simulator.sweep.workers import THREADS

PROCESS: Final = (sys.executable, "-W", "ignore::DeprecationWarning", "-m")
"""A process that has one thread when it forks, whatever Python says of those of libraries."""

Asked = dict[str, Any]

PER_JOB: Final = {"export": 60, "export with figures": 6, "report": 12, "tables": 30,
                  "new file": 30, "sweep": 40}  # fmt: skip
"""Trials of most kinds, by what is written."""

INSTANTS: Final = {"export": 40, "export with figures": 6, "report": 6, "sweep": 15}
"""Trials in which writers are killed by the clock, some one after the other."""

KILLS: Final = 4
"""Writers in each of them."""

LONGEST: Final = {"export": 0.3, "export with figures": 2.0, "report": 1.5, "sweep": 0.6}
"""Seconds after which they are killed at the latest, about what one takes."""

AT_ONCE: Final = {"export": 15, "report": 3, "tables": 6, "new file": 6, "sweep": 10}
"""Trials with several writers."""

DISKS: Final = 4
"""Small disks on which each command writes."""


def trials(rng: np.random.Generator, share: float) -> Iterator[Trial]:
    """Draw what happens to writers, and have it happen in a process that is copied for each."""
    process = subprocess.Popen(
        [*PROCESS, "benchmarks.reliability.writing"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, **dict.fromkeys(THREADS, "1"), "MPLBACKEND": "Agg"},
    )
    with process:
        assert process.stdin is not None
        assert process.stdout is not None
        for what, asked in _drawn(rng, share):
            given = json.dumps(asked)
            print(given, file=process.stdin, flush=True)
            line = process.stdout.readline()
            if not line:
                yield Trial(what, given, "the process that tries it has ended", 0.0)
                return
            answer = json.loads(line)
            if answer["failure"] is not None:
                yield Trial(what, given, answer["failure"], answer["seconds"])
        process.stdin.close()


def _drawn(rng: np.random.Generator, share: float) -> Iterator[tuple[str, Asked]]:
    """What is tried, and what is given for it."""

    def times(number: float) -> int:
        whole, rest = divmod(number * share, 1.0)
        return int(whole) + int(rng.random() < rest)

    def older(job: str) -> bool:
        return JOBS[job].replaces and bool(rng.random() < 0.7)

    for job, number in PER_JOB.items():
        for _ in range(times(number)):
            asked = {"trial": "at_a_step", "job": job, "kind": "killed", "older": older(job),
                     "fraction": rng.random()}  # fmt: skip
            yield f"kill -9 at a step: {job}", asked
        for _ in range(times(number / 3)):
            asked = {"trial": "at_a_step", "job": job, "kind": "full", "older": older(job),
                     "fraction": rng.random() ** 3}  # fmt: skip
            yield f"disk full at a step: {job}", asked
        for _ in range(times(number / 3)):
            size = int(10.0 ** rng.uniform(0.0, 5.5))
            asked = {"trial": "files_limited", "job": job, "older": older(job), "size": size}
            yield f"files too large: {job}", asked
    for _ in range(times(PER_JOB["export"])):
        asked = {"trial": "at_a_step", "job": "export", "kind": "killed", "older": True,
                 "fraction": rng.random(), "swap": False}  # fmt: skip
        yield "kill -9 at a step: export where folders can't be swapped", asked
    for job, number in INSTANTS.items():
        for _ in range(times(number)):
            seconds = (rng.random(KILLS) * LONGEST[job]).tolist()
            asked = {"trial": "at_an_instant", "job": job, "older": older(job), "seconds": seconds}
            yield f"kill -9, {KILLS} times at random instants: {job}", asked
    for job, number in AT_ONCE.items():
        for writers in (2, 8):
            for _ in range(times(number)):
                asked = {"trial": "at_once", "job": job, "older": older(job), "writers": writers}
                yield f"{writers} writers at once: {job}", asked
    for command in COMMANDS:
        for _ in range(times(DISKS)):
            size = 4 * round(10.0 ** rng.uniform(0.0, 2.0))
            yield "a disk of 4 to 400 KiB: commands", {
                "trial": "disk_of", "command": command, "size": size
            }  # fmt: skip
        for _ in range(times(1)):
            yield "a disk that is read-only: commands", {
                "trial": "disk_of", "command": command, "size": 0, "writable": False
            }  # fmt: skip


LINE: Final = Line(
    "exports",
    "Exports are all or nothing: after kill -9, on a full disk, with several writers at once",
    trials,
    notes=(
        "Steps are everything that a writer asks of the file system (Python's audit events) and"
        " every line of the code that gives folders their names; tests go through all of them.",
        "Small disks are mounted, which only the superuser may do; elsewhere these trials are left"
        " out, and files that are too large stand for full disks.",
        "Loss of power is not tried: files and folders are synced before they get their names.",
        "Trials need a system on which processes can be copied (not Windows), and leftovers are"
        " recognised by a lock that Windows does not have: there they stay.",
        "Of several files that are written to a folder that may hold others (report, figure, plot)"
        " each is whole, but a writer that is killed between two names leaves some of them new.",
    ),
)
