"""The codebook: every column of every table that a scenario exports has a unit and a meaning."""

from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import walras
from markets.variable import Variable
from simulator.codebook import COLUMNS, KEY, UNDECLARED, Columns, codebook, undeclared
from walras.catalogue import TITLES
from walras.own import load, write_new

SMALL: dict[str, dict[str, Any]] = {
    "margin-hike": {"traders": 60},
    "euro-crisis": {"traders": 40},
    "pledgeability": {"days": 4, "investors": 40, "demand": "paper"},
    "pledgeable-securities": {"days": 4, "investors": 40},
    "margin-procyclicality": {"dates": 12},
}
"""Parameters that make a run quick; the others are quick by default."""

FURTHER: list[tuple[str, dict[str, Any]]] = [
    ("margin-hike", {"traders": 40, "margin": {"rule": "value-at-risk"}, "dates": 2}),
    ("bankruptcy-capm", {"rule": "implicit"}),
    ("pledgeability", {"days": 3, "investors": 40, "repo_rate": "clears"}),
    ("pledgeable-securities", {"days": 4, "investors": 40, "payoffs": "independent"}),
]
"""Other parameters, which add columns."""


QUICK = {"margin-hike", "bankruptcy", "exchange"}
"""The others are slow tests."""

RUNS = [(name, SMALL.get(name, {}), name in QUICK) for name in TITLES]
RUNS += [(name, given, False) for name, given in FURTHER]


@pytest.mark.parametrize(
    ("name", "given"),
    [
        pytest.param(name, given, marks=[] if quick else [pytest.mark.slow])
        for name, given, quick in RUNS
    ],
)
def test_every_column_of_every_scenario_is_declared(name: str, given: dict[str, Any]) -> None:
    book = walras.run(name, **given).codebook
    assert tuple(book.columns) == COLUMNS
    assert undeclared(book) == []
    assert (book["meaning"] != "").all()
    measured = book[(book["source"] != KEY) & book["type"].isin(["number", "whole number"])]
    assert (measured["unit"] != "").all(), measured[measured["unit"] == ""]


def test_quotes_have_the_unit_that_the_market_states() -> None:
    book = walras.run("credit-tree", studies=False).codebook
    row = book[book["column"] == "unit_payment[j0@u+]"].iloc[0]
    assert row[["unit", "variable", "instrument", "node", "source"]].tolist() == [
        "good per unit", "unit_payment", "j0", "u+", "quote",
    ]  # fmt: skip
    closed = book[book["column"] == "closed_utility[P]"].iloc[0]
    assert closed[["variable", "member", "source"]].tolist() == [
        "closed_utility",
        "P",
        "closed form",
    ]
    assert book.loc[book["column"] == "certified", "type"].tolist() == ["truth value"]


def test_columns_of_a_scenario_of_ones_own_are_said_to_be_undeclared(tmp_path: Path) -> None:
    file = tmp_path / "my_market.py"
    write_new(file)
    book = load(file).run().codebook
    left = undeclared(book)
    assert "agents.holding" in left
    assert "rounds.price" not in left
    assert "dates.certified" not in left


def test_a_column_without_a_declaration_is_found() -> None:
    table = pd.DataFrame({"case": ["a"], "colour": ["red"], "size": [1.5]})
    declared = {"dates": (Variable("size", "metres", "how long it is"),)}
    book = codebook({"dates": table}, Columns(), declared)
    assert undeclared(book) == ["dates.colour"]
    assert book["meaning"].tolist()[1:] == [UNDECLARED, "how long it is"]
    assert book["type"].tolist() == ["text", "text", "number"]
