"""Consumers of an exchange economy as parameters: kinds of them, alike, drawn or one by one."""

import re
from collections.abc import Mapping, Sequence
from typing import Annotated

import numpy as np
import pandas as pd
from pydantic import Field

from agents.exchange.consumers import Primitives
from markets.quote import FloatArray
from markets.refused import Refused
from simulator.data_file import DataFile
from simulator.parameters import Table, about
from simulator.population.members import (
    EACH,
    DrawnAmount,
    GivenEach,
    Value,
    correlation_parameter,
    populate,
    table_of,
)
from simulator.population.table import Column
from simulator.table_file import read_file

Amounts = Annotated[list[DrawnAmount], Field(min_length=2)]
PER_GOOD = "a list of numbers of at least 0 or distributions, one per good"
OF_GOOD = re.compile(r"\s*(?:weights|endowment)\[(.+)\]\s*")


class Consumer(Table):
    """A consumer, or several of a kind: alike, drawn from distributions, or one by one."""

    name: str = about("name of the consumer, or of the kind")
    weights: Amounts = about("what is wanted at equal prices, up to scale", "", PER_GOOD)
    endowment: Amounts = about("what the consumer owns", "units", PER_GOOD)
    elasticity: DrawnAmount = about(
        "elasticity of substitution; 0 is Leontief", "",
        "a number of at least 0, or a distribution", default=1.0,
    )  # fmt: skip
    members: GivenEach = about(
        "how many there are of this kind, or a table of them: what a column lacks is as here",
        "consumers", EACH, default=1,
    )  # fmt: skip
    correlation: dict[str, float] = correlation_parameter()

    @property
    def alike(self) -> bool:
        """Whether all of the kind want and own the same."""
        given = [*self.weights, *self.endowment, self.elasticity]
        return isinstance(self.members, int) and not any(isinstance(v, str) for v in given)


def columns(goods: Sequence[str]) -> tuple[Column, ...]:
    """What sets consumers apart; a table of members may have these columns."""
    return (
        *(Column(f"weights[{k}]", "", f"weight of {k}", 0.0) for k in goods),
        *(Column(f"endowment[{k}]", "units", f"{k} owned", 0.0) for k in goods),
        Column("elasticity", "", "elasticity of substitution", 0.0),
        Column("members", "consumers", "how many are alike", 1.0),
    )


def goods_in(members: DataFile | Mapping[str, object]) -> list[str]:
    """Goods that a table of members names, in the order of its columns."""
    header = read_file(members.path).columns if isinstance(members, DataFile) else list(members)
    found = [OF_GOOD.fullmatch(str(name)) for name in header]
    return list(dict.fromkeys(match[1] for match in found if match))


def rows_of(
    kinds: Sequence[Consumer], goods: Sequence[str], rng: np.random.Generator
) -> tuple[list[str], Primitives]:
    """Names and primitives of all consumers, a row each, or one for all of a kind who are alike.

    Raises
    ------
    Refused
        If a table can't be used, what is drawn is not allowed, or somebody wants or owns nothing.
    """
    names: list[str] = []
    parts: list[FloatArray] = []
    known = columns(goods)
    for kind in kinds:
        values: dict[str, Value] = {"elasticity": kind.elasticity, "members": 1.0}
        for what, amounts in (("weights", kind.weights), ("endowment", kind.endowment)):
            values |= {f"{what}[{k}]": v for k, v in zip(goods, amounts, strict=True)}
        count, table = 1, None
        if not isinstance(kind.members, int):
            table = table_of(kind.members, known)
        elif kind.alike:
            values["members"] = float(kind.members)
        else:
            count = kind.members
        made = populate(table, values, count, known, kind.correlation, rng)
        if made.names is not None:
            names += made.names
        else:
            numbered = [f"{kind.name} {i + 1}" for i in range(made.count)]
            names += [kind.name] if kind.alike else numbered
        parts.append(made.several([column.name for column in known]))
    primitives = split(np.vstack(parts), len(goods))
    for what in ("weights", "endowment"):
        nothing = ~getattr(primitives, what).any(axis=1)
        if nothing.any():
            raise Refused(f"{what} of {names[int(np.argmax(nothing))]} are all 0; one must not be")
    return names, primitives


def split(rows: FloatArray, goods: int) -> Primitives:
    """Primitives from an array with the columns of :func:`columns`."""
    weights, endowment, rest = np.hsplit(rows, [goods, 2 * goods])
    return Primitives(weights, endowment, rest[:, 0], rest[:, 1])


def shown(table: pd.DataFrame, goods: Sequence[str]) -> Primitives:
    """Primitives as the table of consumers shows them."""
    names = [column.name for column in columns(goods)]
    return split(table[names].to_numpy(dtype=np.float64), len(goods))
