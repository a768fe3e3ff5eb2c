"""The scenario ``credit-tree``, and what all scenarios of credit declare."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from scenarios.credit import credit_tree, published
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import HOUSEHOLDS, CreditTree
from scenarios.credit.primitives import wealth
from simulator.outcome import Outcome
from simulator.run import Run


def test_logarithmic_reference_to_nine_digits(logarithmic: Run[CreditTree]) -> None:
    assert logarithmic.outcome is Outcome.CLEARED
    reference = published.LOGARITHMIC
    for name, value in reference.expected.items():
        found = logarithmic.dates[name].iloc[0]
        assert found == pytest.approx(value, abs=reference.tolerance), name
    assert logarithmic.proofs == (None,)


def test_the_closed_form_is_that_of_the_default_economy_only(
    logarithmic: Run[CreditTree], surd: Run[CreditTree]
) -> None:
    assert logarithmic.closed_form is not None
    assert surd.closed_form is None


def test_accounts_are_zero_in_every_round(example: Run[CreditTree]) -> None:
    for name in ("pool_balance", "debt_unaccounted", "walras"):
        assert np.max(np.abs(example.rounds[name])) < 1e-10, name


def test_markets_that_walras_law_leaves_over_clear(logarithmic: Run[CreditTree]) -> None:
    names = {f"redundant market: good at node {node}" for node in ("0", "u", "d", "u+", "d+")}
    left_over = [c for c in logarithmic.certificate.conditions if c.name in names]
    assert len(left_over) == len(names)
    assert all(condition.holds for condition in left_over)


def test_without_contracts_everybody_consumes_what_it_has() -> None:
    run = credit_tree.SCENARIO.run(contracts=[])
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    ((economy, point),) = described_points(run)
    assert point.agents["amount"].to_numpy() == pytest.approx(wealth(economy).ravel())
    assert set(run.plot()) == {"event_tree", "excess_demand_by_round", "flows"}


MIXED = {"linear and logarithmic": ("0", "1"), "curved and hardly curved": ("3", "1/4")}


@pytest.mark.parametrize("name", MIXED)
def test_utilities_may_differ(name: str) -> None:
    households: list[Any] = copy.deepcopy(HOUSEHOLDS)
    for household, aversion in zip(households, MIXED[name], strict=True):
        household["risk_aversion"] = aversion
    slow, quick = (credit_tree.SCENARIO.run(households=households, auction_after=a) for a in (0, 5))
    assert slow.certificate.holds
    assert quick.certificate.holds
    assert quick.equilibrium == pytest.approx(slow.equilibrium, abs=1e-8)


def test_the_step_of_the_rule_is_a_multiple_of_the_markets(logarithmic: Run[CreditTree]) -> None:
    smaller = credit_tree.SCENARIO.run(step=0.5, auction_after=0)
    assert smaller.certificate.holds
    assert smaller.equilibrium == pytest.approx(logarithmic.equilibrium, abs=1e-8)
    assert len(smaller.rounds) > len(logarithmic.rounds)


def test_remarks_are_reported_and_exported(surd: Run[CreditTree], tmp_path: Path) -> None:
    report = surd.printed
    assert report is not None
    assert report["remark"].tolist() == ["quotes are irrational, of degree 2"]
    folder = surd.export(tmp_path, plots=False)
    exported = {path.name for path in folder.iterdir()}
    assert {"report.csv", "propositions.csv", "payment_strategies.csv"} <= exported


def test_nothing_to_remark_is_no_report(example: Run[CreditTree]) -> None:
    assert example.printed is None


@pytest.mark.parametrize("rule", ["plain", "safeguarded"])
def test_other_rules_may_fail_and_say_so(rule: str) -> None:
    """Orders of households with inertia are no function of the quotes alone."""
    run = credit_tree.SCENARIO.run(rule=rule, max_rounds=50, auction_after=0)
    assert run.outcome is not Outcome.DEFECT
    assert run.outcome is Outcome.CLEARED or run.reason
