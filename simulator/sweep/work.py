"""What a worker does: a few runs of a sweep, one after the other, in whatever process it is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from threading import Lock
from typing import Any

from markets.refused import Refused
from simulator.declared import Declared
from simulator.outcome import Outcome
from simulator.sweep.one_run import Asking, Finished, run_one, with_followed
from simulator.sweep.plan import PlannedRun
from simulator.sweep.values import files_of
from simulator.versions import code, versions

Find = Callable[[], Declared[Any]]
"""Loads the scenario; it travels to workers, so it is hashable and can be pickled."""

_ONE_AT_A_TIME = Lock()
"""A worker of a cluster may have several threads; the libraries that runs use keep global state."""


@dataclass(frozen=True, slots=True)
class Job:
    """Runs that a worker does one after the other.

    Attributes
    ----------
    find : callable
        Loads the scenario.
    built : mapping
        Versions that the worker must have.
    asking : Asking
        What is wanted of every run.
    runs : tuple of PlannedRun
        Which runs.
    follow : bool
        Whether each starts from the resting quotes of the one before.
    neighbour : mapping, optional
        Resting quotes of the run before the first.
    """

    find: Find
    built: Mapping[str, str | None]
    asking: Asking
    runs: tuple[PlannedRun, ...]
    follow: bool = False
    neighbour: Mapping[str, float] | None = None


def built() -> dict[str, str | None]:
    """Versions of Python, packages and code in this process."""
    return {**versions(), **code()}


def unlike(here: Mapping[str, Any], there: Mapping[str, Any]) -> list[str]:
    """What differs between two sets of versions, each in a few words."""
    names = dict.fromkeys([*here, *there])
    return [
        f"{name} is {there.get(name) or 'not installed'}, not {here.get(name) or 'not installed'}"
        for name in names
        if here.get(name) != there.get(name)
    ]


def work(job: Job) -> list[Finished]:
    """Do the runs of a job.

    Raises
    ------
    Refused
        If this process has other versions than the sweep, or lacks a file.
    """
    different = unlike(job.built, built())
    if different:
        raise Refused(
            f"a worker was refused: there {different[0]}"
            + (f" (and {len(different) - 1} more)" if len(different) > 1 else "")
            + "; install the same versions on every worker"
        )
    files = files_of(value for run in job.runs for value in run.given.values())
    missing = [path for path in files if not path.is_file()]
    if missing:
        raise Refused(f"a worker was refused: it can't find {missing[0]}, which a parameter names")
    with _ONE_AT_A_TIME:
        scenario, neighbour = _found(job.find), job.neighbour
        finished = []
        for planned in job.runs:
            done = _followed(scenario, planned, job.asking, neighbour) if neighbour else None
            if done is None:
                done = run_one(scenario, planned, job.asking)
                done = with_followed(done, followed=False) if job.follow else done
            neighbour = done.rest if job.follow else None
            finished.append(done)
    return finished


def _followed(
    scenario: Declared[Any], planned: PlannedRun, asking: Asking, neighbour: Mapping[str, float]
) -> Finished | None:
    """A run from a neighbour's quotes; None if that did not clear, so that it is run afresh."""
    done = run_one(scenario, planned, asking, neighbour)
    return with_followed(done, followed=True) if done.outcome == Outcome.CLEARED else None


@cache
def _found(find: Find) -> Declared[Any]:
    return find()
