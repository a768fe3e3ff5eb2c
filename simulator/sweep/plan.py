"""The plan of a sweep: every run that was asked for, in the order of its table."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain
from math import prod
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
from pydantic import TypeAdapter, ValidationError
from pydantic.fields import FieldInfo

from markets.refused import Refused
from simulator.data_file import FOLDER, DataFile
from simulator.names import unknown
from simulator.parameters import Parameters, allowed, parse
from simulator.sweep.axes import Axis, Range, Sample, read_sample, rounded
from simulator.sweep.sampling import position, sampled

MOST_RUNS = 10_000_000
"""Runs of a sweep; their plan takes four bytes per run and parameter."""

TRIED = 1_000
"""Runs of which at least one must be of parameters that are allowed together."""

FILE, CONTENT = "file", "sha256"
"""Keys of a value that is a file of data: where it is, and the digest of its content."""

SEED = "seed"

Codes = npt.NDArray[np.int32]


@dataclass(frozen=True, slots=True)
class Asked:
    """What one command asks to be run.

    Attributes
    ----------
    axes : sequence of Axis
        Values of the parameters; all their combinations are run. In a sample, each point takes one
        of them.
    ranges : sequence of Range
        Parameters that are sampled.
    sample : Sample, optional
        How.
    seeds : sequence of int
        Each combination or point is run with every one.
    """

    axes: Sequence[Axis] = ()
    ranges: Sequence[Range] = ()
    sample: Sample | None = None
    seeds: Sequence[int] = (0,)

    @property
    def names(self) -> list[str]:
        """Parameters that it names, in their order."""
        return [part.name for part in chain(self.axes, self.ranges)]

    @property
    def runs(self) -> int:
        """Number of runs."""
        combined = prod(len(axis.values) for axis in self.axes)
        return (self.sample.points if self.sample else combined) * len(self.seeds)

    def to_json(self) -> dict[str, Any]:
        """As plain data for a manifest."""
        return {
            "axes": {axis.name: list(axis.values) for axis in self.axes},
            "ranges": {part.name: [part.low, part.high] for part in self.ranges},
            "sample": str(self.sample) if self.sample else None,
            "seeds": list(self.seeds),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Asked:
        """What :meth:`to_json` wrote."""
        return cls(
            axes=[Axis(name, tuple(values)) for name, values in data["axes"].items()],
            ranges=[Range(name, *ends) for name, ends in data["ranges"].items()],
            sample=read_sample(data["sample"]) if data["sample"] else None,
            seeds=tuple(data["seeds"]),
        )


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

    @property
    def varied(self) -> list[str]:
        """Names of the parameters that have more than one value."""
        return [name for name in self.parameters if len(self.values[name]) > 1]

    @cached_property
    def _texts(self) -> dict[str, list[str | None]]:
        """What stands for each value in the name of a run; None for defaults, which do not."""
        return {
            name: [
                None if _text(value) == _text(self.defaults.get(name)) else _identity(value)
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

    def segments(self, follow: str, length: int) -> Iterator[range]:
        """Places of runs that differ in one parameter only, in its order, at most so many."""
        others = self.codes[:, :-1]
        assert self.columns[-1] == follow
        starts = np.flatnonzero(np.any(others[1:] != others[:-1], axis=1)) + 1
        for first, last in zip([0, *starts.tolist()], [*starts.tolist(), len(self)], strict=True):
            for start in range(first, last, length):
                yield range(start, min(start + length, last))


def checked(model: type[Parameters], asked: Asked, folder: Path | None = None) -> Asked:
    """What is asked, with every value as the scenario's parameters know it.

    Names of data files are looked for in a folder, if one is given, before the working folder.

    Raises
    ------
    Refused
        If a parameter is unknown or named twice, a value is not allowed, a range is not sampled, or
        there are too many runs.
    """
    names = asked.names
    for name in names:
        if name == SEED:
            raise Refused("seed is no parameter; write --seeds 0:20 (in Python seeds=range(20))")
        if name not in model.model_fields:
            raise Refused(unknown(name, list(model.model_fields), "parameter"))
        if names.count(name) > 1:
            raise Refused(f"{name} is given twice; write {name}=a,b,c for several values")
    for part in asked.ranges:
        if asked.sample is None:
            raise Refused(
                f"{part.name} is a range without a number of values; write"
                f" {part.name}={part.low:g}:{part.high:g}:11, or say how to sample it:"
                " --sample sobol:4096"
            )
        for end in (part.low, part.high):
            _plain_value(model.model_fields[part.name], part.name, end, folder)
    if asked.sample is not None and not asked.ranges:
        raise Refused(f"sample is {asked.sample}, and no parameter is a range; write key=0:1")
    if not asked.seeds:
        raise Refused("there are no seeds; write --seeds 0:20 (in Python seeds=range(20))")
    if asked.runs > MOST_RUNS:
        raise Refused(
            f"these are {asked.runs:,} runs; at most {MOST_RUNS:,} can be asked for:"
            " take fewer values, or a sample of them (--sample sobol:4096 key=0:1)"
        )
    axes = []
    for axis in asked.axes:
        field = model.model_fields[axis.name]
        plain = tuple(_plain_value(field, axis.name, value, folder) for value in axis.values)
        axes.append(Axis(axis.name, plain))
    return Asked(axes, asked.ranges, asked.sample, tuple(asked.seeds))


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
    defaults = {name: _default(model.model_fields[name], name) for name in columns if name != SEED}
    tables = [_expanded(asked, model, columns, defaults) for asked in requests]
    values: dict[str, list[Any]] = {}
    for name in columns:
        once = {_text(v): v for table in tables for v in table.choices[name]}
        values[name] = sorted(once.values(), key=_rank)
    place = {n: {_text(v): code for code, v in enumerate(values[n])} for n in columns}
    stacked = [
        np.column_stack(
            [
                np.array([place[n][_text(v)] for v in table.choices[n]], np.int32)[table.codes[n]]
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


def as_given(values: Mapping[str, Any]) -> dict[str, Any]:
    """Values as a scenario's parameters take them: files by their names."""
    return {n: v[FILE] if _is_file(v) else v for n, v in values.items()}


def as_cell(value: object) -> object:
    """A value as it stands in a table: lists and tables as text."""
    if _is_file(value):
        return Path(str(value[FILE])).name  # type: ignore[index]
    return value if value is None or isinstance(value, (bool, int, float, str)) else _text(value)


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


def _plain_value(field: FieldInfo, name: str, value: object, folder: Path | None) -> Any:
    """A value as JSON knows it, checked on its own."""
    given = value.item() if isinstance(value, np.generic) else value
    given = given[FILE] if _is_file(given) else given  # type: ignore[index]
    adapter = _adapter(field)
    try:
        parsed = adapter.validate_python(given, context={FOLDER: folder})
    except ValidationError as error:
        problem = error.errors(include_url=False)[0]
        if problem["type"] == "value_error":
            raise Refused(
                f"{name}: {str(problem['msg']).removeprefix('Value error, ')}"
            ) from None
        shown = f'"{given}"' if isinstance(given, str) else repr(given)
        lists = f"; lists are written {name}=[0.01],[0.03]" if "list" in problem["type"] else ""
        raise Refused(f"{name} is {shown}; it must be {allowed(field)}{lists}") from None
    if isinstance(parsed, DataFile):
        with parsed.path.open("rb") as file:
            content = hashlib.file_digest(file, "sha256").hexdigest()
        return {FILE: str(parsed.path.resolve()), CONTENT: content}
    return adapter.dump_python(parsed, mode="json")


def _default(field: FieldInfo, name: str) -> Any:
    if field.is_required():
        return None
    return _adapter(field).dump_python(field.get_default(call_default_factory=True), mode="json")


def _adapter(field: FieldInfo) -> TypeAdapter[Any]:
    return TypeAdapter(Annotated[field.annotation, field])


def _is_file(value: object) -> bool:
    return isinstance(value, Mapping) and value.keys() == {FILE, CONTENT}


def _identity(value: Any) -> str:
    """What tells a value from others: of a file its content, wherever it is."""
    return _text({CONTENT: value[CONTENT]}) if _is_file(value) else _text(value)


def _text(value: object) -> str:
    return json.dumps(value, sort_keys=True)


def _rank(value: object) -> tuple[int, float, str]:
    """Numbers in their order, after nothing and before everything else."""
    if value is None:
        return (0, 0.0, "")
    if isinstance(value, (int, float)) and not isinstance(value, bool):
        return (1, float(value), "")
    return (2, 0.0, _text(value))
