"""Populations of households that all differ clear and are certified."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from scenarios.credit import credit_tree, housing, prepayment
from scenarios.credit.credit_tree import CreditScenario
from scenarios.credit.parameters import CreditTree
from scenarios.credit.read_out import FAR
from simulator.outcome import Outcome
from simulator.run import Run

SCENARIOS: dict[str, CreditScenario] = {
    "linear": prepayment.SCENARIO,
    "logarithmic": credit_tree.SCENARIO,
    "two goods": housing.SCENARIO,
}


SPREAD = 0.1
"""Endowments and weights differ from those of the scenario by up to this share."""


def draw(kinds: Sequence[dict[str, object]], members: int, seed: int) -> list[dict[str, Any]]:
    """Households with names, as parameters; kinds take turns."""
    rng = np.random.default_rng(seed)
    drawn = []
    for place in range(members):
        kind = kinds[place % len(kinds)]
        amounts = {part: _perturbed(kind[part], rng) for part in ("endowment", "weights")}
        drawn.append({**kind, **amounts, "name": f"{kind['name']}{place}"})
    return drawn


def _perturbed(amounts: Any, rng: np.random.Generator) -> Any:
    if isinstance(amounts, dict):
        return {name: _perturbed(amount, rng) for name, amount in amounts.items()}
    share = 1.0 + SPREAD * rng.uniform(-1.0, 1.0)
    return f"{float(Fraction(amounts)) * share:.6f}"


def _run(name: str, members: int, seed: int) -> Run[CreditTree]:
    scenario = SCENARIOS[name]
    return scenario.run(households=draw(scenario.parameters().households, members, seed))


def _assert_certified(run: Run[CreditTree]) -> None:
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds, run.certificate.table()
    assert run.rounds["share"].iloc[-1] <= 1e-10
    assert run.dates["auction_move"].iloc[0] < FAR


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (1, 2))]
)
@pytest.mark.parametrize(
    "name",
    [
        "logarithmic",
        *(pytest.param(name, marks=pytest.mark.slow) for name in ("linear", "two goods")),
    ],
)
def test_thirty_different_households(name: str, seed: int) -> None:
    run = _run(name, 30, seed)
    _assert_certified(run)
    assert run.dates["exact"].iloc[0] == (name == "linear")  # not only in floating point


@pytest.mark.slow
@pytest.mark.parametrize("members", [100, 300, 1000])
@pytest.mark.parametrize("name", ["linear", "logarithmic"])
def test_hundreds_of_different_households(name: str, members: int) -> None:
    _assert_certified(_run(name, members, 0))
