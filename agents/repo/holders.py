"""Where the parts of a cohort are held: in this process, or by the workers of a Dask cluster."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import CancelledError
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from agents.repo.parts import Parts, Recipe
from markets.refused import Refused

if TYPE_CHECKING:
    from distributed import Client

PATIENCE = 600.0
"""Seconds after which a worker that has not answered counts as lost."""


class Holders:
    """One :class:`Parts` in this process, or one as an actor on each worker of a cluster.

    Parameters
    ----------
    name : str
        Name of the cohort, for errors.
    recipes : sequence of Recipe
        Parts, in order; each holder has a run of neighbours, so that answers are in order too.
    compiled : bool
        See :class:`Parts`.
    client : distributed.Client, optional
        Whose workers hold the parts; this process unless given.

    Raises
    ------
    Refused
        If there are no workers, or more of them than parts, or if one is lost.
    """

    def __init__(
        self, name: str, recipes: Sequence[Recipe], compiled: bool, client: Client | None
    ) -> None:
        self._name = name
        if client is None:
            self._here: Parts | None = Parts(recipes, compiled)
            return
        self._here, self._client = None, client
        self.addresses = sorted(client.nthreads())
        workers, parts = len(self.addresses), len(recipes)
        if not 0 < workers <= parts:
            raise Refused(
                f"cohort {name} has {parts} parts and the cluster {workers} workers; there must be"
                " a worker, and a part for each"
            )
        ends = [parts * k // workers for k in range(workers + 1)]
        self._made = [  # kept: workers let go of actors whose futures are gone
            client.submit(
                Parts, recipes[ends[k] : ends[k + 1]], compiled,
                actor=True, workers=[address], allow_other_workers=False, pure=False,
            )
            for k, address in enumerate(self.addresses)
        ]  # fmt: skip
        self._actors = [self._waited(k, future) for k, future in enumerate(self._made)]

    def ask(self, question: str, *words: Any) -> list[Any]:
        """Answers of all holders, in the order of their parts.

        Raises
        ------
        Refused
            If a worker is lost, with the members that it held.
        """
        if self._here is not None:
            return [getattr(self._here, question)(*words)]
        asked = []
        with self._client.as_current():  # actors are bound to a client where they are first asked
            for k, actor in enumerate(self._actors):
                with self._named(k, RuntimeError, ValueError):  # by version of distributed
                    asked.append(getattr(actor, question)(*words))
        return [self._waited(k, future) for k, future in enumerate(asked)]

    def _waited(self, k: int, future: Any) -> Any:
        with self._named(k):
            return future.result(timeout=PATIENCE)

    @contextmanager
    def _named(self, k: int, *more: type[Exception]) -> Iterator[None]:
        """Say which worker is lost, and what with it, where errors say that one is."""
        from distributed import KilledWorker

        try:
            yield
        except (OSError, CancelledError, KilledWorker, *more) as error:
            raise Refused(
                f"cohort {self._name} lost the worker {self.addresses[k]} and the members that it"
                " held; start the run again: the same seed makes the same members on the workers"
                " that are left"
            ) from error
