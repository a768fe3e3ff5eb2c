"""Propositions 1 and 2 beside what borrowers do."""

from __future__ import annotations

from fractions import Fraction

import pytest

from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.propositions import evaluate
from simulator.run import Run

PHI = {
    ("B", "u"): "5/36", ("B", "m"): "173/578", ("B", "d"): "9/584",
    ("C", "u"): "-1/4", ("C", "m"): "-1/2", ("C", "d"): "-3/8",
}  # fmt: skip


def test_the_propositions_predict_what_borrowers_do(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    found = evaluate(economy, point).set_index(["household", "node"])
    assert set(found.index) == set(PHI)
    for place, value in PHI.items():
        assert found.loc[place, "phi"] == pytest.approx(float(Fraction(value)), abs=1e-15)
    assert found["agrees"].all()
    assert found.loc[("B", "m"), "proposition_1"] == "does not say"
    assert found.loc[("B", "m"), "proposition_2"] == "closes"  # C_k/q_k = C_j/Psi, with equality
    assert found.loc[("B", "m"), "psi"] == 0.5
    assert found["underwater"].sum() == 1
    assert bool(found.loc[("B", "d"), "underwater"])


def test_shares_of_a_debt_add_up(logarithmic: Run[CreditTree]) -> None:
    economy, point = described_points(logarithmic)[0]
    found = evaluate(economy, point)
    assert len(found)
    assert found[["paid", "prepaid", "defaulted"]].sum(axis=1).to_numpy() == pytest.approx(1.0)
    assert found["agrees"].all()
