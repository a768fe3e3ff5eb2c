"""The household's problem in exact numbers, against the plan's matrices that trade."""

from __future__ import annotations

import numpy as np
import pytest

from agents.credit.plan import Plan
from scenarios.credit import housing
from scenarios.credit.economy import build
from scenarios.credit.parameters import CreditTree
from scenarios.credit.program import label, program_at, spelled

PARTS = {"x": "consumed freely", "resold": "held after resale"}


@pytest.mark.parametrize("parameters", [CreditTree(), housing.Housing()], ids=["one", "two"])
def test_budgets_are_those_that_households_trade_with(parameters: CreditTree) -> None:
    economy = parameters.economies()["economy"]
    market = build(economy, parameters, np.random.default_rng(5)).market
    plan = Plan(market)
    quotes = market.random_quotes(np.random.default_rng(5))
    posted = market.post(market.locate(quotes, True), True, np.zeros(0))
    problem = program_at(economy, market.named(posted))
    exact = problem.matrix()
    traded = plan.budgets(posted)
    column = {variable: place for place, variable in enumerate(problem.columns)}
    for part, node, name, place in plan.labels:
        if part == "defaulted":
            continue
        budgets = traded[: len(economy.tree.names), place].copy()
        if part == "borrowed" and node == economy.tree.root:
            # the paper's debt that is neither kept nor prepaid is a variable of its own in trade
            for other, at, contract, where in plan.labels:
                if other == "defaulted" and contract == name:
                    budgets += traded[: len(budgets), where]
                    assert at in economy.tree.middle
        if part in ("kept", "prepaid"):
            (defaulted,) = (
                w for p, n, c, w in plan.labels if (p, n, c) == ("defaulted", node, name)
            )
            budgets -= traded[: len(budgets), defaulted]
        assert exact[: len(budgets), column[part, node, name]] == pytest.approx(budgets), part


def test_names_in_proofs() -> None:
    assert spelled(("kept", "u", "j0")) == "kept[j0@u]"
    assert label(("budget", "u")) == "budget[u]"
    assert label(("debt", "u", "j0")) == "debt[j0@u]"


def test_limits_are_the_values_of_endowments() -> None:
    economy = CreditTree().economies()["economy"]
    quotes = dict.fromkeys(
        build(economy, CreditTree(), np.random.default_rng(0)).market.first_quotes(), 0.5
    )
    problem = program_at(economy, quotes)
    patient = economy.households[0]
    assert [float(limit) for limit in problem.limits(patient)] == [2, 1, 1, 0.5, 0.5, 0, 0]
    gains = problem.linear_gains(patient)
    assert gains["borrowed", "0", "j0"] == gains["consumed freely", "0", "good"] == 1
    assert gains["lent", "0", "j0"] == 0
