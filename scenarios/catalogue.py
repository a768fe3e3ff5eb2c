"""The scenarios by name."""

from __future__ import annotations

from scenarios import euro_crisis
from scenarios.bankruptcy import capm, two_agents
from scenarios.credit_tree import economy as credit_tree
from scenarios.credit_tree import housing, liquidity_contraction, prepayment
from scenarios.leverage_cycle import leverage_cycle
from scenarios.margin_spiral import funding_contagion, margin_procyclicality, margin_spiral
from scenarios.pledgeability import one_security, several_securities
from scenarios.repo_margins import margin_hike
from simulator import Scenario
from simulator.parameters import unknown

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        margin_hike.SCENARIO,
        euro_crisis.SCENARIO,
        prepayment.SCENARIO,
        liquidity_contraction.SCENARIO,
        housing.SCENARIO,
        credit_tree.SCENARIO,
        one_security.SCENARIO,
        several_securities.SCENARIO,
        two_agents.SCENARIO,
        capm.SCENARIO,
        margin_spiral.SCENARIO,
        funding_contagion.SCENARIO,
        margin_procyclicality.SCENARIO,
        leverage_cycle.SCENARIO,
    )
}


def find(name: str) -> Scenario:
    """The scenario of a name.

    Raises
    ------
    ValueError
        If there is none, with the nearest name.
    """
    if name not in SCENARIOS:
        raise ValueError(unknown(name, list(SCENARIOS), "scenario"))
    return SCENARIOS[name]
