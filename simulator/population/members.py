"""Members as parameters: a table of them, or numbers, lists and distributions field by field."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

import numpy as np
import pandas as pd
from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, ValidationInfo

from agents.beliefs import Beliefs
from markets.quote import FloatArray
from markets.refused import Refused
from simulator.data_file import DataFile, located, written
from simulator.parameters import about
from simulator.population.distribution import distribution
from simulator.population.draw import draw
from simulator.population.table import NAME, Column, read

T = TypeVar("T")

ROUNDING = 1e-9
"""Net trade, as a share of wealth, that is rounding of a best response and no trade."""

TABLE = "a CSV or Parquet file with one row per member, or a table of lists"
AMOUNT = (
    "a number of at least 0, a list with one per member, or a distribution such as"
    " lognormal(mean=2, sd=1)"
)


def plain(given: Any) -> Any:
    """A DataFrame as a table of lists, which JSON knows."""
    return given.to_dict("list") if isinstance(given, pd.DataFrame) else given


def drawable(given: T, info: ValidationInfo) -> T | str:
    """Refuse text that is no distribution; say where a file is that it names."""
    if not isinstance(given, str):
        return given
    text = located(given, info)
    distribution(text)
    return text


def is_drawn(given: object) -> bool:
    """Whether a parameter is a distribution to draw from.

    ``"uniform"`` and ``"beta(2, 3)"``, which name no arguments, are spread over the members.
    """
    return isinstance(given, str) and "=" in given


def _believable(given: str | list[float], info: ValidationInfo) -> str | list[float]:
    """Refuse beliefs that are neither spread nor drawn nor listed."""
    if is_drawn(given):
        return drawable(given, info)
    Beliefs(given)
    return given


DrawnBeliefs = Annotated[str | list[float], AfterValidator(_believable), PlainSerializer(written)]
"""Beliefs as a parameter: spread over the members, drawn, or one per member."""

GivenMembers = Annotated[DataFile | dict[str, list[float | str]] | None, BeforeValidator(plain)]
"""Members as a parameter: a file, a table of lists or a DataFrame."""

Amount = Annotated[float, Field(ge=0.0)]
GivenAmount = Annotated[
    Amount | list[Amount] | str, AfterValidator(drawable), PlainSerializer(written)
]
"""An amount of each member as a parameter: one number, one per member, or a distribution."""

DrawnAmount = Annotated[Amount | str, AfterValidator(drawable), PlainSerializer(written)]
"""An amount of all members of a kind alike, or the distribution that each one's is drawn from."""

GivenEach = Annotated[
    Annotated[int, Field(ge=1)] | DataFile | dict[str, list[float | str]], BeforeValidator(plain)
]
"""How many members there are, or who they are one by one."""

EACH = f"a whole number of at least 1, {TABLE}"

Value = float | Sequence[float] | FloatArray | str
"""What a parameter gives of one field."""


def members_parameter(columns: Sequence[Column]) -> Any:
    """Declare the parameter ``members``."""
    listed = "; ".join(
        f"{column.name}{f' ({column.unit})' if column.unit else ''}" for column in columns
    )
    return about(
        "members of the cohort one by one; a column that is missing takes the parameter's value."
        f" Columns: {NAME}; {listed}",
        "",
        TABLE,
        default=None,
    )


def correlation_parameter() -> Any:
    """Declare the parameter ``correlation``."""
    return about(
        'rank correlation between fields that are drawn, by pairs such as "belief, cash"',
        "",
        "a table of numbers in [-1, 1]",
        default={},
    )


@dataclass(frozen=True, slots=True)
class Population:
    """Members field by field.

    Attributes
    ----------
    names : list of str or None
        Names of the members, if they were given.
    count : int
        Number of members.
    fields : mapping
        Of each field one number, or an array with one per member.
    """

    names: list[str] | None
    count: int
    fields: Mapping[str, float | FloatArray]

    def each(self, name: str) -> FloatArray:
        """A field of every member, shape (count,)."""
        value = np.asarray(self.fields[name], dtype=np.float64)
        return np.array(np.broadcast_to(value, self.count))

    def several(self, names: Sequence[str]) -> FloatArray:
        """Fields of every member side by side, shape (count, fields)."""
        empty = np.zeros((self.count, 0))
        return np.column_stack([empty, *(self.each(name) for name in names)])


def trading(traded: FloatArray, wealth: FloatArray, weight: FloatArray | float = 1.0) -> float:
    """Number of members who trade, those who own nothing left out.

    Parameters
    ----------
    traded, wealth : array of shape (rows,)
        Value of what each row buys and sells, and of what it owns.
    weight : array of shape (rows,) or float
        Members that each row stands for.
    """
    trades = (traded > ROUNDING * wealth) & (wealth > 0.0)
    return float(np.sum(weight * trades))


def table_of(
    given: DataFile | Mapping[str, Any] | None, columns: Sequence[Column], what: str = "members"
) -> Any:
    """The checked table of given members, a DataFrame; None if none are given.

    A table that is no file is called ``what``.

    Raises
    ------
    Refused
        If it can't be used, with row and column.
    """
    if given is None:
        return None
    if isinstance(given, DataFile):
        return read(given.path, columns, what)
    lengths = {len(values) for values in given.values()}
    if len(lengths) > 1:
        raise Refused(f"{what} has columns of {', '.join(map(str, sorted(lengths)))} rows")
    return read(pd.DataFrame(dict(given)), columns, what)


def populate(
    table: pd.DataFrame | None,
    values: Mapping[str, Value],
    count: int,
    columns: Sequence[Column],
    correlation: Mapping[str, float],
    rng: np.random.Generator,
) -> Population:
    """Work out every field of the members.

    1. Columns of the table are taken as they are.
    2. Of all other fields numbers and lists are, too.
    3. Distributions are drawn, with the rank correlations asked for.

    Parameters
    ----------
    table : DataFrame, optional
        Given members, see :func:`table_of`.
    values : mapping
        What the parameters give of each field.
    count : int
        Number of members, unless there is a table.
    columns : sequence of Column
        The fields: what is allowed in them.
    correlation : mapping
        Rank correlation by pair of drawn fields.
    rng : numpy.random.Generator
        The one source of randomness; untouched if nothing is drawn.

    Raises
    ------
    Refused
        If a drawn value is not allowed, a list has the wrong length, or a correlation is of a
        field that is not drawn.
    """
    count = count if table is None else len(table)
    fields: dict[str, float | FloatArray] = {}
    drawn: dict[str, str] = {}
    for column in columns:
        if table is not None and column.name in table:
            fields[column.name] = table[column.name].to_numpy(dtype=np.float64)
            continue
        value = values[column.name]
        if isinstance(value, str):
            drawn[column.name] = value
        elif isinstance(value, (int, float)):
            fields[column.name] = float(value)
        else:
            listed = np.asarray(value, dtype=np.float64)
            if listed.size not in (1, count):
                raise Refused(
                    f"{column.name} has {listed.size} entries; it must be one number or a list of"
                    f" {count}, one per member"
                )
            fields[column.name] = listed if listed.size == count else float(listed[0])
    if drawn or correlation:
        made = draw(count, {k: distribution(text) for k, text in drawn.items()}, correlation, rng)
        for column in (c for c in columns if c.name in drawn):
            wrong = column.wrong(made[column.name])
            if wrong.any():
                raise Refused(
                    f"{column.name} = {drawn[column.name]} drew {made[column.name][wrong][0]:g};"
                    f" it must be {column.allowed}: truncate it"
                )
        fields |= made
    names = None if table is None else table[NAME].tolist()
    return Population(names, count, fields)
