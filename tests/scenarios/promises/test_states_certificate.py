"""The certificate of collateral equilibrium with any number of states."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import Any

import pytest

from scenarios.promises.endogenous_leverage import SCENARIO
from scenarios.promises.states_economy import EndogenousLeverage
from simulator.run import Run


@cache
def a_run() -> Run[EndogenousLeverage]:
    return SCENARIO.run(traders=12, patience=0.9)


def falsified(column: str, change: float, **quotes: float) -> Any:
    run = a_run()
    point = run.points[0]
    agents = point.agents.copy()
    if column:
        agents.loc[agents.index[-1], column] += change
    return SCENARIO.certify(
        run.parameters, replace(point, agents=agents, quotes={**point.quotes, **quotes})
    )


def test_the_equilibrium_holds() -> None:
    assert falsified("", 0.0).holds


@pytest.mark.parametrize(
    ("column", "change", "broken"),
    [
        ("cash", 0.01, "budget"),
        ("consumed", 0.01, "clearing"),
        ("bought_loan_0.2", -1.0, "signs"),
        ("sold_loan_0.4", 5.0, "collateral"),
        ("asset", -0.05, "optimality"),
    ],
)
def test_each_condition_can_fail(column: str, change: float, broken: str) -> None:
    assert not falsified(column, change)[broken].holds


def test_a_price_of_nothing_and_an_arbitrage_are_seen() -> None:
    assert not falsified("", 0.0, asset_price=0.0).holds
    # a loan of .8 that brings more than its collateral costs
    assert not falsified("", 0.0, **{"price_loan_0.8": 2.0})["optimality"].holds
