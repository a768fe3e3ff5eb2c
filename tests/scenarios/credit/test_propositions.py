"""Propositions 1 and 2 beside what borrowers do."""

from __future__ import annotations

import pytest

from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.propositions import evaluate
from simulator.run import Run


def test_the_corollary_is_proposition_2_for_everybody(contraction: Run[CreditTree]) -> None:
    found = contraction.tables["propositions"]
    closed = found[found["corollary"] == "closes"]
    assert len(closed) > 2
    assert (closed["proposition_2"] == "closes").all()
    assert closed["paid"].to_numpy() == pytest.approx(0.0, abs=1e-12)
    for _, rows in found.groupby(["case", "contract", "node"]):
        assert rows["corollary"].nunique() == 1


def test_shares_of_a_debt_add_up(logarithmic: Run[CreditTree]) -> None:
    economy, point = described_points(logarithmic)[0]
    found = evaluate(economy, point)
    assert len(found)
    assert found[["paid", "prepaid", "defaulted"]].sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert found["agrees"].all()
