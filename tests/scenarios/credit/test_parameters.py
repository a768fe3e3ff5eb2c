"""Parameters of credit: the common ones, and their defaults."""

from __future__ import annotations

from pathlib import Path

import pytest

from markets.adjustment.extrapolated import STEP, ExtrapolatedTatonnement
from markets.credit.market import CreditMarket
from markets.refused import Refused
from scenarios.credit import credit_tree, housing, liquidity_contraction, prepayment
from scenarios.credit.credit_tree import CreditScenario
from scenarios.credit.parameters import CreditTree
from simulator.parameters import parse, read_toml, to_toml

SCENARIOS = [
    module.SCENARIO for module in (credit_tree, housing, liquidity_contraction, prepayment)
]


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_the_default_rule_extrapolates_by_the_step_of_the_market(scenario: CreditScenario) -> None:
    rule = parse(scenario.parameters, {}).adjuster(CreditMarket.pace)
    assert isinstance(rule, ExtrapolatedTatonnement)
    assert rule.step == STEP


@pytest.mark.parametrize("scenario", SCENARIOS, ids=lambda scenario: scenario.name)
def test_parameters_survive_a_file(scenario: CreditScenario, tmp_path: Path) -> None:
    parameters = parse(scenario.parameters, {})
    path = tmp_path / "parameters.toml"
    path.write_text(to_toml(scenario.name, parameters), encoding="utf-8")
    name, given = read_toml(path)
    assert name == scenario.name
    assert parse(scenario.parameters, given) == parameters


@pytest.mark.parametrize(
    "given", [{"step": 0.0}, {"inertia": -1.0}, {"auction_after": -1}, {"rule": "best"}]
)
def test_numbers_outside_what_is_allowed_are_refused(given: dict[str, object]) -> None:
    with pytest.raises(Refused, match=next(iter(given))):
        parse(CreditTree, given)
