"""Plans: where the parts are, what they consume, and Walras' law of the budgets."""

from __future__ import annotations

import numpy as np
import pytest

from agents.credit.plan import Plan
from scenarios.credit import housing
from scenarios.credit.economy import build


@pytest.fixture(scope="module")
def plan() -> Plan:
    parameters = housing.Housing()
    economy = parameters.economies()["economy"]
    return Plan(build(economy, parameters, np.random.default_rng(0)).market)


def test_parts_are_disjoint_and_fill_the_plan(plan: Plan) -> None:
    places = np.concatenate([each.ravel() for each in plan.parts.values()])
    assert sorted(places) == list(range(plan.size))
    assert [label[3] for label in plan.labels] == list(range(plan.size))
    assert (plan.units > 0.0).all()


def test_borrowers_consume_their_collateral(plan: Plan) -> None:
    root = plan.market.tree.places["0"]
    mortgage = plan.parts["borrowed"][0]
    assert plan.consumption[root, :, mortgage] == pytest.approx([0.0, 1.0])  # food, house
    kept = plan.parts["kept"][0, 0]
    boom = plan.market.tree.places["boom"]
    assert plan.consumption[boom, :, kept] == pytest.approx([0.0, 0.95])
    assert not plan.consumption[:, :, plan.parts["lent"]].any()


def test_what_is_consumed_is_left_in_part_at_the_next_nodes(plan: Plan) -> None:
    tree = plan.market.tree
    house = plan.parts["x"][tree.places["0"], 1]
    assert plan.demand[tree.places["0"], 1, house] == 1.0
    assert plan.demand[tree.places["boom"], 1, house] == pytest.approx(-0.95)
    assert plan.demand[tree.places["boom+"], 1, house] == 0.0


@pytest.mark.parametrize("seed", range(3))
def test_a_debt_splits_into_what_is_kept_prepaid_and_defaulted(plan: Plan, seed: int) -> None:
    market = plan.market
    quotes = market.random_quotes(np.random.default_rng(seed))
    posted = market.post(market.locate(quotes, True), True, np.zeros(0))
    matrix = plan.budgets(posted)
    nodes = len(market.tree.nodes)
    holding = np.zeros(plan.size)
    holding[plan.parts["borrowed"][0]] = 1.0
    holding[plan.parts["kept"][0, 0]] = holding[plan.parts["defaulted"][1, 0]] = 1.0
    assert matrix[nodes:] @ holding == pytest.approx(0.0)
    lent = np.zeros(plan.size)
    lent[plan.parts["lent"][0]] = 1.0
    assert matrix[0] @ lent == pytest.approx(posted.price[0])
