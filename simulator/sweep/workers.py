"""Where the runs of a sweep are done: in this process, in others, or on a cluster."""

from __future__ import annotations

import logging
import multiprocessing
import os
import signal
import socket
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import CancelledError, Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import resource_tracker
from multiprocessing.context import SpawnContext, SpawnProcess
from typing import Any
from urllib.parse import urlsplit

from markets.refused import Refused
from simulator.stopping import INTERRUPTS, check, deaf, unstoppable

THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS")
"""Variables that say how many threads linear algebra has: one, so that workers don't share cores
and sums are added up in one order whatever the number of cores."""

PATIENCE = 5.0
"""Seconds to wait for a scheduler."""

AHEAD = 2
"""Jobs handed out per worker, so that none waits for its next."""

FEWEST_AHEAD = 32
"""Jobs handed out on a cluster at least, so that an adaptive one sees work to grow for."""


@dataclass(frozen=True, slots=True)
class Workers:
    """Workers that take jobs.

    Attributes
    ----------
    executor : concurrent.futures.Executor
        Takes them.
    ahead : callable
        How many jobs to hand out before the first is back; on a cluster that changes.
    killed : type of exception
        What a job raises that took its worker down with it.
    """

    executor: Executor
    ahead: Callable[[], int]
    killed: type[Exception] = BrokenProcessPool


class _Here(Executor):
    """Does everything at once, in this process."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Call the function now."""
        future: Future[Any] = Future()
        future.set_result(fn(*args, **kwargs))
        return future


@contextmanager
def workers(count: int, scheduler: str | None) -> Iterator[Workers]:
    """Workers of a sweep, as many processes as asked for, or those of a cluster.

    Parameters
    ----------
    count : int
        Processes of this machine; none does everything in this one.
    scheduler : str, optional
        Address of a Dask scheduler, ``tcp://host:8786``, whose workers are used instead.

    Raises
    ------
    Refused
        If processes can't be started, or the scheduler can't be reached.
    """
    if scheduler is not None:
        with _cluster(scheduler) as found:
            yield found
    elif count == 0:
        yield Workers(_Here(), lambda: 1)
    else:
        with processes(count) as executor:
            yield Workers(executor, lambda: AHEAD * count)


@contextmanager
def processes(count: int) -> Iterator[ProcessPoolExecutor]:
    """Processes with a fresh interpreter each; at the end those still at work are stopped.

    Raises
    ------
    Refused
        If they can't be started.
    """
    before = set(multiprocessing.active_children())
    kept = {name: os.environ.get(name) for name in THREADS}
    os.environ.update(dict.fromkeys(THREADS, "1"))
    resource_tracker.ensure_running()  # it would unblock signals while a worker starts
    executor = ProcessPoolExecutor(count, _Apart(), _begin)
    try:
        try:
            for started in [executor.submit(os.getpid) for _ in range(count)]:
                started.result()
        except BrokenProcessPool:
            raise Refused(
                "worker processes can't be started; in a script of your own a sweep with workers"
                ' stands below if __name__ == "__main__":'
            ) from None
        yield executor
    finally:
        with unstoppable():
            executor.shutdown(wait=False, cancel_futures=True)
            for process in set(multiprocessing.active_children()) - before:
                process.kill()
                process.join()
            for name, value in kept.items():
                os.environ.pop(name)
                os.environ.update({} if value is None else {name: value})


class _Worker(SpawnProcess):
    """A process that leaves signals to its parent, from its first moment on."""

    def start(self) -> None:
        """Start it with signals blocked, which it inherits."""
        with unstoppable(), deaf():
            super().start()
        check()


class _Apart(SpawnContext):
    """Processes with a fresh interpreter each."""

    Process = _Worker


def _begin() -> None:
    """What a process does first: leave Ctrl-C to its parent, and end when that is gone."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # where signals can't be blocked
    parent = multiprocessing.parent_process()
    assert parent is not None

    def watch() -> None:
        parent.join()
        os._exit(1)

    threading.Thread(target=watch, daemon=True).start()


@contextmanager
def _cluster(address: str) -> Iterator[Workers]:
    """The workers of a Dask cluster."""
    try:
        from distributed import Client, KilledWorker
        from distributed.comm import CommClosedError
    except ImportError:
        raise Refused(
            'a scheduler needs the extra cluster: pip install "walras[cluster]"'
        ) from None
    try:
        where = urlsplit(address)
        socket.create_connection((where.hostname or "", where.port or 0), PATIENCE).close()
        client = Client(address, timeout=PATIENCE, set_as_default=False)
    except Exception as error:  # noqa: BLE001 - whatever else may listen at that address
        said = str(error).partition("\n")[0].rstrip(".") or type(error).__name__
        raise Refused(
            f"the scheduler {address} can't be reached ({said}); it must be the address that"
            " dask scheduler prints, such as tcp://127.0.0.1:8786"
        ) from None

    def ahead() -> int:
        threads: dict[str, int] = client.nthreads()
        return max(FEWEST_AHEAD, AHEAD * sum(threads.values()))

    try:
        with client:
            executor = client.get_executor(pure=False)
            try:
                yield Workers(executor, ahead, KilledWorker)
            except INTERRUPTS:
                # it would log every connection that is given up
                logging.getLogger("tornado.application").disabled = True
                raise
            finally:
                executor.shutdown(wait=False)  # jobs in hand, if it was stopped, are given up
    except (CommClosedError, CancelledError):
        raise Refused(
            f"the scheduler {address} was lost; what was done before is kept, and the same command"
            " goes on from it"
        ) from None
