"""Households one by one: each like a household of the parameters but for what is given or drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import product

import numpy as np
import pandas as pd

from markets.credit.event_tree import EventTree
from scenarios.credit.primitives import Household
from simulator.data_file import DataFile
from simulator.population.given_cohort import Field, cohort_of
from simulator.population.table import Column

Entry = dict[str, object]
"""A household, a node or a contract as a file writes it down."""

COLUMNS = (
    'like (name of the household in "households" that the row is like in all that is not given; the'
    " first of them unless given); scale (multiple of all its endowments); risk_aversion (of all"
    " goods); endowment[<good>@<node>] (goods); weight[<good>@<node>] (weight in utility)"
)
"""Columns of a table of households, in words."""

CONSUMED = "consumed freely"
"""Part of a plan whose rows in the table of agents say what a household receives and likes."""

PRIMITIVES = ("endowed", "weight", "risk_aversion")
"""Columns of those rows."""


def columns(tree: EventTree, types: Sequence[Household]) -> list[Column]:
    """The fields of a household on a tree."""
    places = [f"[{good}@{node}]" for node, good in product(tree.names, tree.goods)]
    return [
        Column("like", "", "household that it is like", choices=tuple(h.name for h in types)),
        Column("scale", "", "multiple of all endowments", 0.0, open_low=True),
        Column("risk_aversion", "", "relative risk aversion", 0.0),
        *(Column(f"endowment{place}", "goods", "endowment", 0.0) for place in places),
        *(Column(f"weight{place}", "", "weight in utility", 0.0) for place in places),
    ]


def expanded(
    given: DataFile | Mapping[str, Field],
    tree: EventTree,
    types: Sequence[Household],
    rng: np.random.Generator,
    *,
    drawn: bool,
) -> list[Entry]:
    """Households as a file would write them down, given or drawn.

    Numbers stay the fractions that they say; where something is drawn all are rounded to floating
    point, which the exported table of agents holds.

    Raises
    ------
    Refused
        With one sentence that names row and column.
    """
    every = columns(tree, types)
    nothing = dict.fromkeys((column.name for column in every), math.nan)
    left_out = {**nothing, "like": 0.0, "scale": 1.0}
    made = cohort_of(given, every, lambda _: left_out, rng, "members")
    fields = {column.name: made.each(column.name).tolist() for column in every}
    rows = zip(*fields.values(), strict=True)
    names = made.names or [str(number) for number in range(1, made.count + 1)]
    entries = []
    for name, row in zip(names, rows, strict=True):
        own = dict(zip(fields, row, strict=True))
        entries.append(_entry(name, types[int(own["like"])], own, tree, drawn=drawn))
    return entries


def shown(agents: pd.DataFrame, tree: EventTree) -> list[Entry]:
    """The households that a table of agents shows, as a file would write them down."""
    entries: list[Entry] = []
    for name, rows in agents.groupby("household", sort=False):
        tables: dict[str, dict[str, dict[str, str]]] = {what: {} for what in PRIMITIVES}
        consumed = rows[rows["part"] == CONSUMED]
        for row in consumed.to_dict("records"):
            for what, table in tables.items():
                table.setdefault(row["node"], {})[row["instrument"]] = repr(float(row[what]))
        entries.append(
            {
                "name": str(name),
                "endowment": tables["endowed"],
                "weights": tables["weight"],
                "risk_aversion": tables["risk_aversion"][tree.root],
            }
        )
    return entries


def _entry(
    name: str, like: Household, own: Mapping[str, float], tree: EventTree, *, drawn: bool
) -> Entry:
    """One household: what is its own, and the rest of the one that it is like."""

    def written(number: Fraction) -> str:
        return repr(float(number)) if drawn else str(number)

    def chosen(field: str, other: Fraction) -> Fraction:
        return other if math.isnan(own[field]) else Fraction(repr(own[field]))

    endowment: dict[str, dict[str, str]] = {}
    weights: dict[str, dict[str, str]] = {}
    for n, node in enumerate(tree.names):
        for g, good in enumerate(tree.goods):
            place, scale = f"[{good}@{node}]", Fraction(repr(own["scale"]))
            owned = scale * chosen(f"endowment{place}", like.endowment[n][g])
            liked = chosen(f"weight{place}", like.weights[n][g])
            endowment.setdefault(node, {})[good] = written(owned)
            weights.setdefault(node, {})[good] = written(liked)
    aversion = {
        good: written(chosen("risk_aversion", each))
        for good, each in zip(tree.goods, like.risk_aversion, strict=True)
    }
    return {"name": name, "endowment": endowment, "weights": weights, "risk_aversion": aversion}
