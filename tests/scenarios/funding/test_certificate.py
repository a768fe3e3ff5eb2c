"""The certificate of customers and experts."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.funding.margin_spiral import SCENARIO, MarginSpiral, build
from simulator.point import RestingPoint, at_rest

PARAMETERS = MarginSpiral(experts_wealth=[-4.7], experts_endowment=0.6)


@pytest.fixture(scope="module")
def point() -> RestingPoint:
    """A resting point of constrained experts."""
    economy = build(PARAMETERS)
    economy.clear()
    resting = at_rest("spiral", economy)
    economy.close()
    return resting


def failed(point: RestingPoint) -> set[str]:
    return {condition.name for condition in SCENARIO.certify(PARAMETERS, point).failed()}


def test_a_resting_point_is_certified(point: RestingPoint) -> None:
    assert SCENARIO.certify(PARAMETERS, point).holds


@pytest.mark.parametrize("quote", ["security_price", "funding_premium"])
def test_a_wrong_quote_is_refused(point: RestingPoint, quote: str) -> None:
    moved = replace(point, quotes={**point.quotes, quote: point.quotes[quote] - 1e-3})
    wrong = {
        "security_price": {"customers", "margin rule", "premium"},
        "funding_premium": {"premium"},
    }
    assert wrong[quote] <= failed(moved)


@pytest.mark.parametrize(
    ("cohort", "column", "factor", "wrong"),
    [
        ("experts", "position", 0.999, {"clearing", "experts"}),
        ("experts", "position", 1.001, {"clearing", "funding"}),
        ("experts", "endowed_cash", 1.001, {"funding"}),
        ("customers", "position", 1.001, {"clearing", "customers"}),
        ("customers", "exposure", 1.001, {"customers"}),
        ("customers", "margin_long", 1.001, {"margin rule"}),
        ("customers", "margin_short", 1.001, {"margin rule"}),
        ("customers", "margin_short", -1.0, {"margin positive", "margin rule"}),
    ],
)
def test_a_wrong_table_is_refused(
    point: RestingPoint, cohort: str, column: str, factor: float, wrong: set[str]
) -> None:
    agents = point.agents.copy()
    agents.loc[agents["cohort"] == cohort, column] *= factor
    assert wrong <= failed(replace(point, agents=agents))


def test_experts_without_wealth_who_hold_something_are_refused(point: RestingPoint) -> None:
    agents = point.agents.copy()
    agents.loc[agents["cohort"] == "experts", "endowed_cash"] = -100.0
    assert {"experts", "funding"} <= failed(replace(point, agents=agents))
