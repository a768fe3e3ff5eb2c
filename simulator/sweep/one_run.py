"""One run of a sweep: rows of plain numbers and words, without tables, figures or studies."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from markets.refused import Refused
from simulator.declared import Declared
from simulator.journey import USED_UP
from simulator.outcome import Outcome, stopped_by, stopped_in
from simulator.parameters import parse
from simulator.point import DateEnd
from simulator.results import EQUILIBRIA, outcome_of, row_of
from simulator.run import travel_all
from simulator.search import search
from simulator.stopping import INTERRUPTS
from simulator.sweep.plan import PlannedRun
from simulator.sweep.values import as_given
from simulator.threads import one_thread
from simulator.time_limit import OutOfTime, TimeLimit

ROUNDS, MEMBERS = "rounds", "members"
"""Tables of a sweep that are written on request."""

HEAD = ("case", "date", "outcome", "reason", "certified", "rounds", "evaluations", "knew")
"""What every date has beside quotes and read-outs, and its worst condition."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What every run of a sweep is asked for.

    Attributes
    ----------
    tables : sequence of str
        Any of ``rounds`` and ``members``.
    time_limit : float, optional
        Seconds after which a run ends, see :class:`simulator.time_limit.TimeLimit`.
    starts : int
        With more than one, the read-out ``equilibria`` counts the resting points found at a date
        from so many starts, see :func:`simulator.search.search`.
    """

    tables: tuple[str, ...] = ()
    time_limit: float | None = None
    starts: int = 1


@dataclass(frozen=True, slots=True)
class Finished:
    """What a run leaves in a sweep.

    Attributes
    ----------
    key : str
        Which run.
    rows : list
        Of every date ``head``, ``quotes`` and ``read_outs``, mappings of numbers and words; of a
        run that was stopped or refused a last one that says why.
    outcome : str
        How it ended.
    seconds : float
        How long it took.
    tables : mapping
        Tables of rounds and members that were asked for.
    """

    key: str
    rows: list[dict[str, dict[str, Any]]]
    outcome: str
    seconds: float
    tables: Mapping[str, pa.Table]

    @property
    def rest(self) -> dict[str, float] | None:
        """Quotes at the end of the first date; None unless it cleared."""
        return rest(self.rows)


def rest(rows: list[dict[str, dict[str, Any]]]) -> dict[str, float] | None:
    """Quotes at the end of the first date; None unless it cleared."""
    first = rows[0]
    return dict(first["quotes"]) if first["head"]["outcome"] == Outcome.CLEARED else None


@one_thread()
def run_one(
    scenario: Declared[Any],
    planned: PlannedRun,
    asking: Asking,
    neighbour: Mapping[str, float] | None = None,
) -> Finished:
    """Take a run through its dates; whatever stops it is a row.

    Parameters
    ----------
    scenario : Declared
        What to run.
    planned : PlannedRun
        With which parameters and seed.
    asking : Asking
        What is wanted of it.
    neighbour : mapping, optional
        Quotes to start from instead of those that the parameters say.
    """
    begun = time.perf_counter()
    given = as_given(planned.given)
    if neighbour is not None:
        given["start"] = dict(neighbour)
    try:
        parameters = parse(scenario.parameters, given)
        rng, limit = np.random.default_rng(planned.run_seed), TimeLimit.of(asking.time_limit)
        with limit.stopping():
            travelled = travel_all(scenario, parameters, rng, time_limit=limit)
    except Refused as refused:
        rows = [_stopped(Outcome.REFUSED, str(refused))]
        seconds = time.perf_counter() - begun
        return Finished(planned.key, rows, str(Outcome.REFUSED), seconds, {})
    if isinstance(travelled.error, INTERRUPTS):
        raise travelled.error
    rows, error = [_row(end) for end in travelled.ends], travelled.error
    outcome = outcome_of(travelled.ends, error)
    if asking.starts > 1 and error is None and outcome not in USED_UP:
        try:
            with limit.stopping():
                found = search(scenario, parameters, asking.starts, planned.run_seed)
            for row, end in zip(rows, travelled.ends, strict=True):
                here = (found["case"] == end.point.case) & (found["date"] == end.point.date)
                row["read_outs"][EQUILIBRIA] = int(found.loc[here, "of"].max())
        except (Exception, OutOfTime) as stopped:  # noqa: BLE001 - it is a row
            error, outcome = stopped, stopped_by(stopped)
    if error is not None and all(end.stopped is not error for end in travelled.ends):
        rows.append(_stopped(outcome, stopped_in(error, "this run").reason))
    tables = {}
    if ROUNDS in asking.tables:
        tables[ROUNDS] = _table(travelled.rounds)
    if MEMBERS in asking.tables:
        shown = [end.point.agents for end in travelled.ends if len(end.point.agents)]
        tables[MEMBERS] = _table(pd.concat(shown, ignore_index=True) if shown else pd.DataFrame())
    return Finished(planned.key, rows, str(outcome), time.perf_counter() - begun, tables)


def failed(planned: PlannedRun, reason: str) -> Finished:
    """What is left of a run that took its process down with it."""
    return Finished(planned.key, [_stopped(Outcome.DEFECT, reason)], str(Outcome.DEFECT), 0.0, {})


def with_followed(finished: Finished, followed: bool) -> Finished:
    """The same, with a note of whether it started from a neighbour's quotes."""
    for row in finished.rows:
        row["head"]["followed"] = followed
    return finished


def _row(end: DateEnd) -> dict[str, dict[str, Any]]:
    told = {name: plain(value) for name, value in row_of(end).items() if plain(value) is not None}
    head = {name: told.pop(name) for name in HEAD if name in told}
    head["reason"] = end.reason
    if end.certificate.conditions:
        worst = end.certificate.worst()
        head |= {"worst_condition": worst.name, "worst_strain": worst.strain}
    quotes = {name: told.pop(name) for name in end.point.quotes}
    return {"head": head, "quotes": quotes, "read_outs": told}


def _stopped(outcome: Outcome, reason: str) -> dict[str, dict[str, Any]]:
    head = {"outcome": str(outcome), "reason": reason, "certified": False}
    return {"head": head, "quotes": {}, "read_outs": {}}


def plain(value: object) -> bool | int | float | str | None:
    """A value that JSON and Parquet know."""
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (bool, int, float)):
        return value
    return str(value)


def _table(frame: pd.DataFrame) -> pa.Table:
    return pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
