"""Long tables: a row per number, for programs that group and join."""

from __future__ import annotations

from typing import Final

import pandas as pd

from simulator.codebook import KEY

FIRST: Final = ("run", "case", "date", "round", "node", "instrument")
"""Columns that come first in every long table; further ones that tell rows apart follow."""


def long_table(table: pd.DataFrame, book: pd.DataFrame, run: str) -> pd.DataFrame:
    """A table in long form: a row per number of the wide one.

    What a number is of (an instrument, a node, a member) comes from the name of its column. Words
    that tell no rows apart have no number; they stay in the wide table.

    Parameters
    ----------
    table : pandas.DataFrame
        The wide table.
    book : pandas.DataFrame
        Its rows of the codebook, one per column.
    run : str
        Name of the run.

    Returns
    -------
    pandas.DataFrame
        Columns ``run``, ``case``, ``date``, ``round``, ``node`` and ``instrument``, the further
        keys of the table, and ``variable``, ``value`` and ``unit``. Truth values are 0 and 1; a
        number that is missing has no row. Rows are in the order of the wide table.
    """
    book = book.set_index("column")
    keys = list(book.index[book["source"] == KEY])
    numbers = book[(book["source"] != KEY) & (book["type"] != "text")]
    values = table[list(numbers.index)].astype("Float64").astype("float64")
    place = pd.RangeIndex(len(table))
    tall = values.set_axis(place).melt(var_name="column", ignore_index=False).dropna(subset="value")
    order = {column: number for number, column in enumerate(numbers.index)}
    tall = tall.iloc[tall["column"].map(order).argsort(kind="stable")].sort_index(kind="stable")
    of = numbers.loc[tall["column"]]
    own = table[keys].set_axis(place).loc[tall.index].reset_index(drop=True)
    tall, of = tall.reset_index(drop=True), of.reset_index(drop=True)
    for name in ("node", "instrument", "member"):
        if name not in own and (name != "member" or (of[name] != "").any()):
            own[name] = of[name]
    own.insert(0, "run", run)
    for name in ("case", "node", "instrument"):
        own[name] = own.get(name, "")
    for name in ("date", "round"):
        own[name] = own.get(name, pd.Series(pd.NA, own.index)).astype("Int64")
    further = [name for name in own if name not in FIRST]
    found = own[[*FIRST, *further]].assign(
        variable=of["variable"], value=tall["value"], unit=of["unit"]
    )
    return found.reset_index(drop=True)
