"""Propositions 1 and 2 beside what borrowers do."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from scenarios.credit import prepayment, published
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
    assert found["corollary"].eq("closes").to_dict() == {
        place: place[1] == "m"
        for place in PHI  # there R_k/q_k = 2 < R_j/Psi = 4
    }
    assert found["closes_by"].to_dict() == {
        (household, node): "defaults" if node == "d" else "prepays" for household, node in PHI
    }
    assert found["underwater"].sum() == 1
    assert bool(found.loc[("B", "d"), "underwater"])


def test_with_a_loan_for_every_debt_nobody_is_under_water() -> None:
    """Borrowers close or are indifferent, as in Araujo, Pascoa and Torres-Martinez (2011)."""
    given: dict[str, Any] = dict(published.LIQUID.parameters)
    run = prepayment.SCENARIO.run(**given)
    assert run.dates["exact"].all()
    found = run.tables["propositions"]
    assert not found["underwater"].any()
    assert found["agrees"].all()
    quotes = run.equilibrium
    for node, psi, paid in zip(found["node"], found["psi"], found["paid"], strict=True):
        new_loan = quotes[f"price[k{node}@{node}]"]
        assert psi <= new_loan
        assert paid == 0.0 or psi == new_loan  # indifferent


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
