"""From where rounds rest to the exact equilibrium."""

from __future__ import annotations

from dataclasses import replace

import pytest

from scenarios.credit import refinement
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from scenarios.credit.refinement import refined
from simulator.run import Run


def test_refining_a_proved_point_changes_nothing(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    again = refined(economy, replace(point, proof=None))
    assert again.quotes == point.quotes
    assert again.agents["amount"].to_numpy() == pytest.approx(point.agents["amount"].to_numpy())


def test_concave_utility_stays_as_it_is(logarithmic: Run[CreditTree]) -> None:
    economy, point = described_points(logarithmic)[0]
    assert refined(economy, point).quotes == point.quotes
    assert refined(economy, point).proof is None


def test_a_defect_in_a_proof_is_no_missing_proof(
    example: Run[CreditTree], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(refinement, "prove", broken)
    economy, point = described_points(example)[0]
    with pytest.raises(ValueError, match="a defect"):
        refined(economy, point)
