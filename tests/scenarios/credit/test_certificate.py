"""The certificate in floating point: it agrees with the proof, and refuses what is worse."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.credit.certificate import certify
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from simulator.run import Run


def test_floating_point_agrees_with_the_proof(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    assert certify(economy, replace(point, proof=None)).holds
    worse = dict(point.quotes) | {"price[j0@0]": 0.751}
    assert not certify(economy, replace(point, quotes=worse, proof=None)).holds


def test_tables_that_differ_from_the_proof_are_noticed(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    amounts = point.agents["amount"].copy()
    amounts.iloc[0] += 1e-9
    certificate = certify(economy, replace(point, agents=point.agents.assign(amount=amounts)))
    assert [condition.name for condition in certificate.failed()] == ["tables"]


BROKEN = {"consumed freely": {"goods", "budgets"}, "lent": {"securities"}, "kept": {"debts"}}


@pytest.mark.parametrize("part", BROKEN)
def test_a_plan_that_is_off_fails_by_name(part: str, logarithmic: Run[CreditTree]) -> None:
    economy, point = described_points(logarithmic)[0]
    rows = (point.agents["part"] == part) & (point.agents["amount"] > 1e-3)
    amounts = point.agents["amount"].mask(rows, point.agents["amount"] + 1e-3)
    certificate = certify(economy, replace(point, agents=point.agents.assign(amount=amounts)))
    assert {c.name for c in certificate.failed()} >= BROKEN[part]
