"""What one command asks to be run: values, ranges and seeds, checked against the parameters."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import prod
from pathlib import Path
from typing import Any

from markets.refused import Refused
from simulator.names import repeated, unknown
from simulator.parameters import Parameters
from simulator.sweep.axes import Axis, Range, Sample, read_sample
from simulator.sweep.values import plain_values

MOST_RUNS = 10_000_000
"""Runs of a sweep; their plan takes four bytes per run and parameter."""

SEED = "seed"


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
        return [*(axis.name for axis in self.axes), *(part.name for part in self.ranges)]

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


def checked(
    model: type[Parameters],
    asked: Asked,
    folder: Path | None = None,
    code: Collection[Path] | None = None,
) -> Asked:
    """What is asked, with every value as the scenario's parameters know it.

    Names of files are looked for in a folder, if one is given, before the working folder. Of files
    of code only the given ones may be executed; any unless that is given.

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
    twice = repeated(names)
    if twice is not None:
        raise Refused(f"{twice} is given twice; write {twice}=a,b,c for several values")
    for part in asked.ranges:
        if asked.sample is None:
            raise Refused(
                f"{part.name} is a range without a number of values; write"
                f" {part.name}={part.low:g}:{part.high:g}:11, or say how to sample it:"
                " --sample sobol:4096"
            )
        ends = (part.low, part.high)
        plain_values(model.model_fields[part.name], part.name, ends, folder, code)
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
        plain = plain_values(field, axis.name, axis.values, folder, code)
        axes.append(Axis(axis.name, tuple(plain)))
    return Asked(axes, asked.ranges, asked.sample, tuple(asked.seeds))
