"""The certificate holds for an equilibrium; each condition fails where its own thing is altered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pandas as pd
import pytest

from scenarios.leverage.economy import LeverageCycle
from scenarios.leverage.leverage_cycle import SCENARIO
from simulator.point import RestingPoint
from simulator.run import Run

Alter = Callable[[pd.DataFrame], None]


@pytest.fixture(scope="module")
def run() -> Run[LeverageCycle]:
    return SCENARIO.run(leverage="chosen", population="individuals", traders=20)


def last(name: str, change: float) -> Alter:
    def alter(agents: pd.DataFrame) -> None:
        agents.loc[agents.index[0], name] += change

    return alter


def times(names: list[str], factor: float) -> Alter:
    def alter(agents: pd.DataFrame) -> None:
        agents[names] *= factor

    return alter


def keeps_cash(agents: pd.DataFrame) -> None:
    best = agents.index[-1]
    agents.loc[best, ["asset", "owed"]] = 0.0
    agents.loc[best, "saved"] = agents.loc[best, "wealth"]


def borrows_more(agents: pd.DataFrame) -> None:
    best = agents.index[-1]
    agents.loc[best, ["owed", "saved"]] += 0.1


@pytest.mark.parametrize(
    ("date", "alter", "fails"),
    [
        (1, last("wealth", 0.01), "carried"),
        (2, last("endowed_cash", 0.01), "carried"),
        (1, last("saved", 0.01), "budget"),
        (1, last("asset", -1e-6), "signs"),
        (1, borrows_more, "collateral"),
        (1, times(["asset"], 1.001), "asset"),
        (2, times(["saved"], 1.001), "cash"),
        (2, times(["wealth"], 1.001), "conservation"),
        (1, keeps_cash, "optimality"),
        (2, times(["forward_price"], 1.01), "forward quote"),
        (1, times(["weight"], 1.01), "population"),
    ],
)
def test_each_condition_fails_where_its_thing_is_altered(
    run: Run[LeverageCycle], date: int, alter: Alter, fails: str
) -> None:
    point = run.points[date - 1]
    assert SCENARIO.certify(run.parameters, point).holds
    agents = point.agents.copy()
    alter(agents)
    certificate = SCENARIO.certify(run.parameters, replace(point, agents=agents))
    assert not certificate[fails].holds


def test_a_price_outside_those_that_may_follow_is_an_arbitrage(run: Run[LeverageCycle]) -> None:
    point = run.points[0]
    for price in (0.1, 1.1, float("nan")):
        wrong = replace(point, quotes={**point.quotes, "asset_price": price})
        certificate = SCENARIO.certify(run.parameters, wrong)
        assert [each.name for each in certificate.failed()] == ["no arbitrage"]


def test_a_dearer_asset_is_no_equilibrium(run: Run[LeverageCycle]) -> None:
    for point in run.points:
        dearer = {name: price * 1.01 for name, price in point.quotes.items()}
        wrong: RestingPoint = replace(point, quotes=dearer)
        assert not SCENARIO.certify(run.parameters, wrong).holds


def test_of_a_sample_only_what_concerns_traders_is_checked(run: Run[LeverageCycle]) -> None:
    point = replace(run.points[0], complete=False)
    names = {each.name for each in SCENARIO.certify(run.parameters, point).conditions}
    assert not {"asset", "cash", "conservation"} & names
    assert "optimality" in names
