"""A cohort's members as one parameter, for scenarios whose own parameters are totals or types.

A file has one row per member. A table in a file of parameters, or in Python, has fields that are
lists with one entry per member, one number for all, or distributions:

.. code-block:: toml

    [experts]
    members = 200
    cash = "lognormal(mean=0.02, sd=0.01)"
    endowment = 0.005
    correlation = {"cash, endowment" = 0.5}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import AfterValidator, BeforeValidator

from markets.refused import Refused
from simulator.data_file import DataFile
from simulator.names import unknown
from simulator.parameters import about
from simulator.population.members import Population, Value, plain, populate, table_of
from simulator.population.table import NAME, Column

MEMBERS = "members"
"""Key of the number of members that are drawn."""

CORRELATION = "correlation"
"""Key of the rank correlations between fields that are drawn."""

Field = float | str | list[float | str] | dict[str, float]


def _complete(given: DataFile | dict[str, Field] | None) -> DataFile | dict[str, Field] | None:
    """Refuse a table that does not say how many members there are."""
    if not isinstance(given, dict) or any(isinstance(value, list) for value in given.values()):
        return given
    count = given.get(MEMBERS)
    if not isinstance(count, int | float) or count < 1 or count != int(count):
        shown = "missing" if count is None else count
        raise Refused(
            f"{MEMBERS} is {shown} in a table without lists; it must be a whole number of at least"
            " 1, the number of members"
        )
    return given


GivenCohort = Annotated[
    DataFile | dict[str, Field] | None, BeforeValidator(plain), AfterValidator(_complete)
]
"""A cohort as a parameter: a file, a DataFrame, or a table of lists, numbers and distributions."""


def cohort_parameter(whose: str, columns: str) -> Any:
    """Declare a cohort as a parameter: whose members they are, and the columns in words."""
    return about(
        f"{whose} one by one. Columns: {NAME}; {columns}",
        "",
        f"a CSV or Parquet file with one row per member; or a table of lists, of numbers, and of"
        f" distributions such as lognormal(mean=2, sd=1), with their number as {MEMBERS} and rank"
        f" correlations of what is drawn as {CORRELATION}",
        default=None,
    )


def draws(given: DataFile | Mapping[str, object] | None) -> bool:
    """Whether something of a cohort is drawn at random."""
    if given is None or isinstance(given, DataFile):
        return False
    return any(isinstance(value, str) and "(" in value for value in given.values())


def cohort_of(
    given: DataFile | Mapping[str, Any],
    columns: Sequence[Column],
    missing: Callable[[int], Mapping[str, Value]],
    rng: np.random.Generator,
    what: str,
) -> Population:
    """Work out every field of the members of a cohort.

    Parameters
    ----------
    given : DataFile or mapping
        As the parameter gives it.
    columns : sequence of Column
        The fields.
    missing : callable
        Values of all fields that may be left out, by the number of members.
    rng : numpy.random.Generator
        The one source of randomness; untouched if nothing is drawn.
    what : str
        Name of the parameter, for refusals.

    Raises
    ------
    Refused
        With one sentence that names the parameter, and row and column where there are some.
    """
    if isinstance(given, DataFile):
        table, values, correlation = table_of(given, columns), {}, {}
        count = len(table)
    else:
        known = {column.name: column for column in columns}
        for key in given:
            if key not in (NAME, MEMBERS, CORRELATION, *known):
                raise Refused(f"{what}: {unknown(key, [NAME, *known, MEMBERS], 'column')}")
        listed = {key: value for key, value in given.items() if isinstance(value, list)}
        table = table_of(listed, columns, what) if listed else None
        count = int(given[MEMBERS]) if table is None else len(table)
        if given.get(MEMBERS, count) != count:
            raise Refused(f"{what} has {count} rows, and members is {given[MEMBERS]}")
        correlation = given.get(CORRELATION, {})
        if not isinstance(correlation, Mapping):
            raise Refused(
                f"{what}: correlation is {correlation}; it must be a table of numbers in [-1, 1] by"
                " pairs of fields"
            )
        rest = given.keys() - listed.keys() - {NAME, MEMBERS, CORRELATION}
        values = {key: _one(known[key], given[key], what) for key in sorted(rest)}
    defaults = missing(count)
    for column in columns:
        there = column.name in values or (table is not None and column.name in table)
        if not there and column.name not in defaults:
            raise Refused(f"{what} lacks the column {column.name}; it must be {column.allowed}")
    try:
        return populate(table, {**defaults, **values}, count, columns, correlation, rng)
    except Refused as error:
        raise Refused(f"{what}: {error}") from None


def _one(column: Column, given: object, what: str) -> float | str:
    """A field that is one number, a word or a distribution; numbers are checked."""
    if column.choices:
        if given not in column.choices:
            raise Refused(f"{what}: {column.name} is {given}; it must be {column.allowed}")
        return float(column.choices.index(str(given)))
    if isinstance(given, str):
        return given
    if not isinstance(given, int | float) or column.wrong(np.array([float(given)])).any():
        raise Refused(f"{what}: {column.name} is {given}; it must be {column.allowed}")
    return float(given)
