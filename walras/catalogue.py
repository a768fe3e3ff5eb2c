"""The scenarios by name."""

from __future__ import annotations

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm
from scenarios.credit import economy as credit_tree
from scenarios.credit import housing, liquidity_contraction, prepayment
from scenarios.funding import funding_contagion, margin_procyclicality, margin_spiral
from scenarios.pledge import pledgeability, pledgeable_securities
from scenarios.promises import leverage_cycle
from scenarios.repo import euro_crisis, margin_hike
from simulator.parameters import unknown
from simulator.scenario import Scenario

SCENARIOS: dict[str, Scenario] = {
    scenario.name: scenario
    for scenario in (
        margin_hike.SCENARIO,
        euro_crisis.SCENARIO,
        prepayment.SCENARIO,
        liquidity_contraction.SCENARIO,
        housing.SCENARIO,
        credit_tree.SCENARIO,
        pledgeability.SCENARIO,
        pledgeable_securities.SCENARIO,
        bankruptcy.SCENARIO,
        bankruptcy_capm.SCENARIO,
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
