"""The plan of a sweep: every run that was asked for, in the order of its table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt

from markets.refused import Refused
from simulator.parameters import Parameters, parse
from simulator.sweep.asked import MOST_RUNS, SEED, Asked
from simulator.sweep.axes import rounded
from simulator.sweep.sampling import position, sampled
from simulator.sweep.values import as_given, default_of, identity, rank, text_of

TRIED = 1_000
"""Runs of which at least one must be of parameters that are allowed together."""

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class PlannedRun:
    """One run of a plan.

    Attributes
    ----------
    place : int
        Its place in the plan, from 0.
    key : str
        What it is called: a digest of scenario, parameters and seed.
    given : mapping
        Parameters by name.
    seed : int
        Seed of the sweep that it belongs to.
    run_seed : int
        The seed that it is run with, see :meth:`Plan.run`.
    """

    place: int
    key: str
    given: Mapping[str, Any]
    seed: int
    run_seed: int


@dataclass(frozen=True)
class Plan:
    """Every run of a sweep once, ordered by the values of the parameters, then by seed.

    The order depends on which runs there are and on the order of their parameters, not on how they
    came to be asked for; the values of a parameter that is followed change first.

    Attributes
    ----------
    scenario : str
        Name of the scenario.
    columns : tuple of str
        Parameters and ``seed``, the slowest to change first.
    values : mapping
        All values of each column, in ascending order.
    codes : array of shape (runs, columns)
        Which of the values; a row per run, in ascending order.
    defaults : mapping
        Defaults of the parameters.
    """

    scenario: str
    columns: tuple[str, ...]
    values: Mapping[str, Sequence[Any]]
    codes: Codes
    defaults: Mapping[str, Any] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.codes)

    @property
    def parameters(self) -> list[str]:
        """Names of the parameters."""
        return [name for name in self.columns if name != SEED]

    @cached_property
    def _texts(self) -> dict[str, list[str | None]]:
        """What stands for each value in the name of a run; None for defaults, which do not."""
        return {
            name: [
                None if text_of(value) == text_of(self.defaults.get(name)) else identity(value)
                for value in self.values[name]
            ]
            for name in self.parameters
        }

    def given(self, place: int) -> dict[str, Any]:
        """Parameters of a run, by name."""
        row = self.codes[place].tolist()
        return {n: self.values[n][c] for n, c in zip(self.columns, row, strict=True) if n != SEED}

    def run(self, place: int) -> PlannedRun:
        r"""One run.

        Its random numbers come from ``SeedSequence(seed, spawn_key=digest)``, where the digest is
        that of its parameters: streams of different runs are independent, and a run keeps its own
        however the plan grows. ``run_seed``, 63 bits from there, repeats it with ``walras run``.
        """
        row = dict(zip(self.columns, self.codes[place].tolist(), strict=True))
        seed = int(self.values[SEED][row[SEED]])
        texts = {name: self._texts[name][row[name]] for name in self.parameters}
        said = [[name, text] for name, text in sorted(texts.items()) if text is not None]
        digest = hashlib.sha256(json.dumps([self.scenario, said]).encode())
        words = np.frombuffer(digest.digest()[:16], dtype="<u4").tolist()
        stream = np.random.SeedSequence(seed, spawn_key=words)
        digest.update(str(seed).encode())
        return PlannedRun(
            place=place,
            key=digest.hexdigest()[:16],
            given=self.given(place),
            seed=seed,
            run_seed=int(stream.generate_state(1, np.uint64)[0] >> np.uint64(1)),
        )

    def segments(self, length: int) -> Iterator[range]:
        """Places of runs that differ in the last parameter only, in its order, at most so many."""
        others = self.codes[:, :-1]
        starts = np.flatnonzero(np.any(others[1:] != others[:-1], axis=1)) + 1
        for first, last in zip([0, *starts.tolist()], [*starts.tolist(), len(self)], strict=True):
            for start in range(first, last, length):
                yield range(start, min(start + length, last))


def planned(
    scenario: str, model: type[Parameters], requests: Sequence[Asked], follow: str | None = None
) -> Plan:
    """Every run that some requests ask for, once.

    A parameter that a request does not name has its default there.

    Raises
    ------
    Refused
        If there are too many runs, or no combination of the first is allowed.
    """
    names = list(dict.fromkeys(chain.from_iterable(asked.names for asked in requests)))
    if follow is not None:
        if follow not in names:
            raise Refused(f"{follow} is to be followed and is not varied; write {follow}=0:1:11")
        names.remove(follow)
    columns = (*names, SEED, *([follow] if follow is not None else []))
    defaults = {name: default_of(model.model_fields[name]) for name in columns if name != SEED}
    tables = [_expanded(asked, model, columns, defaults) for asked in requests]
    values: dict[str, list[Any]] = {}
    for name in columns:
        once = {text_of(v): v for table in tables for v in table.choices[name]}
        values[name] = sorted(once.values(), key=rank)
    place = {n: {text_of(v): code for code, v in enumerate(values[n])} for n in columns}
    stacked = [
        np.column_stack(
            [
                np.array([place[n][text_of(v)] for v in table.choices[n]], np.int32)[table.codes[n]]
                for n in columns
            ]
        )
        for table in tables
    ]
    codes = np.unique(np.concatenate(stacked), axis=0)
    if len(codes) > MOST_RUNS:
        raise Refused(f"these are {len(codes):,} runs; at most {MOST_RUNS:,} fit into one sweep")
    return Plan(scenario, columns, values, codes, defaults)


def refuse_if_none_allowed(plan: Plan, model: type[Parameters]) -> None:
    """Refuse a plan if the first of its runs are all of parameters that do not go together.

    Raises
    ------
    Refused
        With what is wrong with the first.
    """
    first: Refused | None = None
    for place in np.linspace(0, len(plan) - 1, min(len(plan), TRIED)).astype(int).tolist():
        try:
            parse(model, as_given(plan.given(place)))
            return
        except Refused as refused:
            first = first or refused
    assert first is not None
    raise first


@dataclass(frozen=True, slots=True)
class _Table:
    """A request row by row: of each column the choices, and which of them."""

    choices: Mapping[str, Sequence[Any]]
    codes: Mapping[str, npt.NDArray[np.int64]]


def _expanded(
    asked: Asked, model: type[Parameters], columns: Sequence[str], defaults: Mapping[str, Any]
) -> _Table:
    """All combinations, or all points of the sample, with every seed."""
    choices: dict[str, Sequence[Any]] = {SEED: asked.seeds}
    choices |= {axis.name: axis.values for axis in asked.axes}
    choices |= {name: [defaults[name]] for name in columns if name not in [SEED, *asked.names]}
    if asked.sample is None:
        names = list(choices)
        grid = np.indices([len(choices[name]) for name in names], dtype=np.int64)
        return _Table(choices, {n: part.ravel() for n, part in zip(names, grid, strict=True)})
    several = [axis for axis in asked.axes if len(axis.values) > 1]
    points = sampled(asked.sample, len(asked.ranges) + len(several))
    count = len(points)
    for part, unit in zip(asked.ranges, points.T, strict=False):
        drawn = (part.low + (part.high - part.low) * unit).tolist()
        whole = model.model_fields[part.name].annotation is int
        choices[part.name] = [round(x) if whole else rounded(x) for x in drawn]
    for axis, unit in zip(several, points.T[len(asked.ranges) :], strict=True):
        choices[axis.name] = position(unit, axis.values)
    by_point = {*(part.name for part in asked.ranges), *(axis.name for axis in several)}
    rows = np.repeat(np.arange(count), len(asked.seeds))
    zeros = np.zeros(count * len(asked.seeds), dtype=np.int64)
    codes = {name: rows if name in by_point else zeros for name in choices}
    codes[SEED] = np.tile(np.arange(len(asked.seeds)), count)
    return _Table(choices, codes)
