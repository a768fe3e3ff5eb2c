"""Handing out the runs of a sweep to workers, and what becomes of those that are lost."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, wait
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass, field, replace

import numpy as np

from markets.refused import Refused
from simulator.stopping import check
from simulator.sweep.one_run import Asking, Finished, failed, rest
from simulator.sweep.store import Store
from simulator.sweep.work import Find, Job, work
from simulator.sweep.workers import Workers, processes, workers

JOB_SECONDS = 0.5
"""Work in one job: much longer than handing it out, and little to lose."""

JOB_RUNS = 200
"""Most runs of one job."""

KILLED = "its worker process was killed, and another one that tried it, too"
"""Why there is no more to say of a run that takes its process down with it."""

SEGMENT = 16
"""Runs that follow each other before one starts afresh, so that a chain can be cut into jobs."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far a sweep is.

    Attributes
    ----------
    done, total : int
        Runs.
    counts : mapping
        Runs done by outcome.
    """

    done: int
    total: int
    counts: Mapping[str, int]


Progress = Callable[[Standing], None]


@dataclass(frozen=True, slots=True)
class Options:
    """How a sweep is done.

    Attributes
    ----------
    workers : int
        Processes; with none everything is done in this one.
    scheduler : str, optional
        Address of a Dask scheduler whose workers are used instead.
    follow : str, optional
        Parameter along which runs start from each other's resting quotes.
    asking : Asking
        What is wanted of every run.
    anyway : bool
        Whether to go on with other versions or parameters than the sweep was begun with.
    """

    workers: int = 0
    scheduler: str | None = None
    follow: str | None = None
    asking: Asking = field(default_factory=Asking)
    anyway: bool = False


def do(
    find: Find,
    store: Store,
    versions: Mapping[str, str | None],
    options: Options,
    progress: Progress | None,
) -> None:
    """Hand out what is missing, and keep what comes back.

    Parameters
    ----------
    find : callable
        Loads the scenario.
    store : Store
        Says what is missing, and keeps what is done.
    versions : mapping
        Versions that every worker must have.
    options : Options
        How it is done.
    progress : callable, optional
        Called with the standing whenever runs are done.

    Raises
    ------
    Refused
        If workers can't be used, or what they did can't be kept.
    """
    pace = _Pace()

    def keep(job: Job, finished: list[Finished]) -> None:
        pace.add(finished)
        store.keep(job.runs[0].place, finished)
        if progress is not None:
            progress(Standing(int(store.done.sum()), len(store.plan), dict(store.counts)))

    jobs = _jobs(store, Job(find, versions, options.asking, (), options.follow is not None), pace)
    while True:
        missing = int((~store.done).sum())
        with workers(min(options.workers, missing), options.scheduler) as staff:
            suspects = _hand_out(staff, jobs, keep)
        if not suspects:
            return
        for job in suspects:
            keep(job, _carefully(job))


def _hand_out(
    staff: Workers, jobs: Iterator[Job], keep: Callable[[Job, list[Finished]], None]
) -> list[Job]:
    """Keep the workers busy until nothing is left; the jobs in hand if all of them were lost."""
    asked: dict[Future[list[Finished]], Job] = {}
    ready: list[Job] = []  # halves of jobs that took their workers down
    later: dict[str, Job] = {}  # second halves, by the run that they follow
    while True:
        check()
        while len(asked) < staff.ahead():
            job = ready.pop() if ready else next(jobs, None)
            if job is None:
                break
            try:
                asked[staff.executor.submit(work, job)] = job
            except BrokenProcessPool:
                return [job, *asked.values()]
        if not asked:
            return []
        for future in wait(asked, return_when=FIRST_COMPLETED).done:
            job = asked.pop(future)
            try:
                finished = future.result()
            except BrokenProcessPool:
                return [job, *asked.values()]
            except staff.killed:
                if len(job.runs) > 1:
                    first, second = _halves(job)
                    ready.append(first)
                    later[first.runs[-1].key] = second
                    continue
                finished = [failed(job.runs[0], KILLED)]
            except (ImportError, AttributeError) as error:
                raise Refused(
                    f"a worker was refused: it can't load this version of walras ({error}); install"
                    " the same versions on every worker"
                ) from None
            keep(job, finished)
            if finished[-1].key in later:
                ready.append(_after(finished, later.pop(finished[-1].key)))


def _carefully(job: Job) -> list[Finished]:
    """Do a job in a process of its own; if that is lost, by halves, so that one run is to blame."""
    try:
        with processes(1) as executor:
            return executor.submit(work, job).result()
    except BrokenProcessPool:
        if len(job.runs) == 1:
            return [failed(job.runs[0], KILLED)]
    first, second = _halves(job)
    done = _carefully(first)
    return done + _carefully(_after(done, second))


def _halves(job: Job) -> tuple[Job, Job]:
    """Both halves of a job of several runs."""
    half = len(job.runs) // 2
    return replace(job, runs=job.runs[:half]), replace(job, runs=job.runs[half:])


def _after(finished: Sequence[Finished], job: Job) -> Job:
    """A job that comes after some runs, and follows them if runs do."""
    return replace(job, neighbour=finished[-1].rest if job.follow else None)


class _Pace:
    """How long runs take, and so how many make a job."""

    def __init__(self) -> None:
        self.runs, self.seconds = 0, 0.0

    def add(self, finished: Sequence[Finished]) -> None:
        """Learn from some runs."""
        self.runs += len(finished)
        self.seconds += sum(done.seconds for done in finished)

    @property
    def job(self) -> int:
        """Runs of a job."""
        if not self.runs:
            return 1
        mean = max(self.seconds / self.runs, 1e-6)
        return min(max(int(JOB_SECONDS / mean), 1), JOB_RUNS)


def _jobs(store: Store, empty: Job, pace: _Pace) -> Iterator[Job]:
    """What is missing, in the order of the plan, as jobs of consecutive runs."""
    if not empty.follow:
        for stretch in _stretches(store, range(len(store.plan))):
            start = stretch.start
            while start < stretch.stop:
                places = range(start, min(start + pace.job, stretch.stop))
                yield replace(empty, runs=tuple(store.plan.run(place) for place in places))
                start = places.stop
        return
    for segment in store.plan.segments(SEGMENT):
        for stretch in _stretches(store, segment):
            before = stretch.start - 1
            yield replace(
                empty,
                runs=tuple(store.plan.run(place) for place in stretch),
                neighbour=rest(store.rows(before)) if before >= segment.start else None,
            )


def _stretches(store: Store, places: range) -> Iterator[range]:
    """Consecutive places of which no run is done."""
    missing = ~store.done[places.start : places.stop]
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(np.int8)))
    for start, stop in edges.reshape(-1, 2).tolist():
        yield range(places.start + start, places.start + stop)
