"""The codebook of a run: every column of every table with its unit and what it means.

Columns are declared where they are made: quotes by the market, with its excess demands; accounts by
the clearing house; holdings by the cohorts; read-outs by the scenario
(:attr:`simulator.declared.Declared.variables`). Those of the simulator itself are declared here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields
from typing import Final, TypeVar

import pandas as pd
from pandas.api import types

from markets.quote import Quote
from markets.variable import Variable, find

UNDECLARED: Final = "not declared by the scenario"
"""Meaning of a column of which nobody says anything."""

COLUMNS: Final = (
    "table",
    "column",
    "type",
    "unit",
    "meaning",
    "source",
    "variable",
    "instrument",
    "node",
    "member",
)
"""Columns of a codebook."""

KEY: Final = "key"
"""Source of columns that tell rows apart."""

SIMULATOR: Final = (
    Variable("case", "", "economy of the scenario", key=True),
    Variable("date", "dates", "date of the case, from 1", key=True),
    Variable("round", "rounds", "round of the date, from 1", key=True),
    Variable("cohort", "", "cohort of traders", key=True),
    Variable("member", "", "number of the trader in its cohort, from 0", key=True),
    Variable("name", "", "name of the trader", key=True),
    Variable("share", "share", "largest excess demand, of what is traded"),
    Variable("step", "number", "size of the step of the rule that moves quotes"),
    Variable("evaluations", "count", "times that traders were asked for orders, at this date"),
    Variable("rounds", "rounds", "rounds at this date"),
    Variable("traders_trading", "traders", "traders who trade anything"),
    Variable("knew", "", "the most that the rule was told of the market"),
    Variable("outcome", "", "how the date ended"),
    Variable("certified", "", "whether every condition of an equilibrium holds"),
)
"""Columns that any run may have."""

DERIVED: Final = {
    "closed_": ("closed form", "by the closed form: {}"),
    "difference_": ("closed form", "simulated less closed form: {}"),
    "lowest_": ("interval", "lowest at which nobody would trade it: {}"),
    "highest_": ("interval", "highest at which nobody would trade it: {}"),
}
"""Beginnings of columns that say more about another: source and meaning."""

Declarations = TypeVar("Declarations", Quote, Variable)


@dataclass(frozen=True, slots=True)
class Columns:
    """What the parts of an economy declare of the columns that they make.

    Attributes
    ----------
    quotes : tuple of Quote
        Of the market.
    excess : tuple of Variable
        Its excess demands, in units; their shares follow from these.
    accounts : tuple of Variable
        Of the clearing house.
    traders : tuple of Variable
        Of the tables of all cohorts.
    """

    quotes: tuple[Quote, ...] = ()
    excess: tuple[Variable, ...] = ()
    accounts: tuple[Variable, ...] = ()
    traders: tuple[Variable, ...] = ()

    def with_those_of(self, other: Columns) -> Columns:
        """Both, each declaration once."""
        return Columns(
            *(_once(getattr(self, f.name) + getattr(other, f.name)) for f in fields(self))
        )


def _once(declared: tuple[Declarations, ...]) -> tuple[Declarations, ...]:
    return tuple(dict.fromkeys(declared))


def codebook(
    tables: Mapping[str, pd.DataFrame],
    columns: Columns,
    variables: Mapping[str, tuple[Variable, ...]],
) -> pd.DataFrame:
    """The codebook of some tables, one row per column.

    Parameters
    ----------
    tables : mapping
        Tables by name.
    columns : Columns
        What the parts of the economy declare.
    variables : mapping
        What the scenario declares, by the name of the table. What it declares of ``dates`` holds
        for columns of the same name in other tables, too.

    Returns
    -------
    pandas.DataFrame
        Columns :data:`COLUMNS`: table and column; type of its values; unit; meaning; who declares
        it (``key`` where it tells rows apart); and for long tables the variable that is measured
        and the instrument, node or member that it is of.
    """
    rows = [
        [name, column, _kind(table[column]), *_about(name, column, columns, variables)]
        for name, table in tables.items()
        for column in table.columns
    ]
    return pd.DataFrame(rows, columns=list(COLUMNS), dtype=str)


def undeclared(book: pd.DataFrame) -> list[str]:
    """Columns of which nothing is said, as ``table.column``."""
    rows = book[book["meaning"] == UNDECLARED]
    return (rows["table"] + "." + rows["column"]).tolist()


def _kind(values: pd.Series) -> str:
    """What kind of values a column has; truth values may be missing."""
    known = values.dropna() if values.dtype == object else values
    if types.is_bool_dtype(known) or (len(known) and types.infer_dtype(known) == "boolean"):
        return "truth value"
    if types.is_integer_dtype(known):
        return "whole number"
    return "number" if types.is_numeric_dtype(known) else "text"


def _about(
    table: str, column: str, columns: Columns, variables: Mapping[str, tuple[Variable, ...]]
) -> list[str]:
    """Unit, meaning, source, variable, instrument, node and member of a column."""
    found = _declared(table, column, columns, variables)
    if found is None:
        for beginning, (source, meaning) in DERIVED.items():
            rest = column.removeprefix(beginning)
            base = None if rest == column else _declared("dates", rest, columns, variables)
            if base is not None:
                unit, what, _, variable, *places = base
                return [unit, meaning.format(what), source, beginning + variable, *places]
    return found or ["", UNDECLARED, "", column, "", "", ""]


def _declared(
    table: str, column: str, columns: Columns, variables: Mapping[str, tuple[Variable, ...]]
) -> list[str] | None:
    """The same of a column that is declared itself; None if it is not."""
    for source, declared in _sources(table, column, columns, variables):
        found = find(declared, column)
        if found is not None:
            variable, places = found
            return [
                variable.unit,
                variable.meaning.format(**places),
                KEY if variable.key else source,
                variable.quantity(places),
                *(places.get(place, "") for place in ("instrument", "node", "member")),
            ]
    return None


def _sources(
    table: str, column: str, columns: Columns, variables: Mapping[str, tuple[Variable, ...]]
) -> Iterator[tuple[str, Iterable[Variable]]]:
    """Who may have declared a column of a table, those who know it best first."""
    if table != "dates":
        yield "scenario", variables.get(table, ())
    if table == "agents":
        yield "trader", columns.traders
    yield "quote", [_quoted(quote) for quote in columns.quotes if quote.name == column]
    if table == "rounds":
        yield "simulator", SIMULATOR
        yield "excess demand", columns.excess
        yield "excess demand", [_share(variable) for variable in columns.excess]
    yield "scenario", variables.get("dates", ())
    yield "clearing house", columns.accounts
    yield "simulator", SIMULATOR


def _quoted(quote: Quote) -> Variable:
    """A quote as a column: by its pattern where that fits its name."""
    fits = quote.pattern and Variable(quote.pattern, "", "").match(quote.name) is not None
    return Variable(quote.pattern if fits else quote.name, quote.unit, quote.meaning)


def _share(excess: Variable) -> Variable:
    """The share that goes with an excess demand."""
    return Variable(f"{excess.name}_share", "share of what is traded", excess.meaning)
