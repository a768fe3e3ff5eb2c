"""Tables that are not those of an equilibrium are found out."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scenarios.waterfall.default_waterfall import SCENARIO
from simulator.point import RestingPoint
from simulator.run import Run


@pytest.fixture(scope="module")
def found() -> Run[Any]:
    return SCENARIO.run(equilibrium="greatest")


def failed(run: Run[Any], point: RestingPoint) -> set[str]:
    return {each.name for each in SCENARIO.certify(run.parameters, point).failed()}


def test_what_was_found_holds(found: Run[Any]) -> None:
    assert [failed(found, point) for point in found.points] == [set(), set(), set()]


@pytest.mark.parametrize(
    ("column", "conditions"),
    [
        ("repaid", {"payments"}),
        ("cash", {"accounts", "cash"}),
        ("margin", {"accounts", "cash"}),
        ("fund", {"accounts", "cash"}),
        ("position[rates]", {"positions", "netting"}),
        ("position_before[rates]", {"payments", "prices", "positions"}),
        ("appetite[credit]", {"prices", "positions"}),
        ("cash_before", {"payments", "cash"}),
    ],
)
def test_an_altered_number_of_a_member_fails(
    found: Run[Any], column: str, conditions: set[str]
) -> None:
    point = found.points[1]
    agents = point.agents.copy()
    who = agents.index[agents["status"] == "defaulted"][0]
    if column in ("margin", "fund", "position[rates]", "appetite[credit]"):
        who = agents.index[agents["status"] != "defaulted"][0]
    agents.loc[who, column] += 0.5
    assert conditions <= failed(found, replace(point, agents=agents))


@pytest.mark.parametrize(
    ("quote", "condition"),
    [("price[rates]", "prices"), ("assessed", "layers"), ("gains_paid", "layers")],
)
def test_an_altered_quote_fails(found: Run[Any], quote: str, condition: str) -> None:
    point = found.points[1]
    quotes = dict(point.quotes)
    quotes[quote] *= 0.99
    assert condition in failed(found, replace(point, quotes=quotes))


@pytest.mark.parametrize(("quote", "value"), [("price[rates]", -1.0), ("gains_paid", 1.5)])
def test_a_quote_out_of_its_range_fails(found: Run[Any], quote: str, value: float) -> None:
    point = found.points[0]
    assert failed(found, replace(point, quotes=dict(point.quotes) | {quote: value})) == {"quotes"}


def test_a_member_who_failed_and_is_not_said_to_fails(found: Run[Any]) -> None:
    point = found.points[1]
    agents = point.agents.copy()
    agents.loc[agents["status"] == "defaulted", "status"] = "called"
    assert failed(found, replace(point, agents=agents)) == {"defaults"}


def test_cash_that_moved_between_members_is_found(found: Run[Any]) -> None:
    point = found.points[0]
    agents = point.agents.copy()
    agents["cash"] += np.where(agents.index == 0, 1.0, np.where(agents.index == 1, -1.0, 0.0))
    assert failed(found, replace(point, agents=agents)) == {"accounts"}


def test_payments_that_are_not_the_largest_are_no_greatest_equilibrium() -> None:
    """Two who owe each other and have nothing: paying nothing clears, and so does paying all."""
    given: dict[str, Any] = {
        "members": {"cash": [0.0, 0.0], "position[x]": [0.0, 0.0]},
        "debts": [[0.0, 1.0], [1.0, 0.0]], "news": [0.0],
    }  # fmt: skip
    run = SCENARIO.run(**given)
    _, least = run.points
    assert [list(point.quotes.values())[-2:] for point in run.points] == [[1.0, 1.0], [0.0, 0.0]]
    assert failed(run, replace(least, case="greatest")) == {"largest payments"}
