"""Proofs of linear credit economies in exact numbers: which are found, and why others are not."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from fractions import Fraction
from math import isqrt
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from scenarios.credit import credit_tree, crossover, exact, prepayment, proof, published
from scenarios.credit.certificate import plans_of
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from simulator.outcome import Outcome
from simulator.parameters import parse, read_toml, to_toml
from simulator.point import UNPROVED
from simulator.proof.algebraic import NoField, reader
from simulator.run import Run

SCENARIO = credit_tree.SCENARIO


def proof_of(run: Run[CreditTree]) -> Mapping[str, Any]:
    found = run.proofs[0]
    assert exact.is_proof(found)
    return found


DEGREES = {3: 1, 12: 1, 77: 1, 98: 1, 38: 2, 1: 2, 103: 2, 182: 3, 151: 3, 156: 5}
"""Seeds of random economies that trade, and the degree of their quotes."""


@pytest.mark.slow
@pytest.mark.parametrize("seed", DEGREES)
def test_random_economies_are_proved(seed: int, random_credit_trees: ModuleType) -> None:
    run = SCENARIO.run(**random_credit_trees.draw(seed))
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    found = proof_of(run)
    economy = described_points(run)[0][0]
    assert not any(exact.check(economy, exact.read(economy, found)).violations)
    degree = len(found["root"]["polynomial"]) - 1 if "root" in found else 1
    assert degree == DEGREES[seed]


@pytest.mark.slow
def test_most_linear_economies_that_trade_are_proved(random_credit_trees: ModuleType) -> None:
    """Measured on seeds 0 to 99: 21 of 23; on 0 to 199: 42 of 45."""
    proved = trading = 0
    for seed in range(100):
        drawn = random_credit_trees.draw(seed)
        if drawn["households"][0]["risk_aversion"] == 0:
            run = SCENARIO.run(**drawn)
            trading += run.outcome is Outcome.CLEARED
            proved += run.outcome is Outcome.CLEARED and exact.is_proof(run.proofs[0])
    assert trading >= 22
    assert proved >= 0.9 * trading


def test_an_equilibrium_in_quarters_may_be_irrational(surd: Run[CreditTree]) -> None:
    found = proof_of(surd)
    assert surd.certificate.holds
    c, b, a = (int(text) for text in found["root"]["polynomial"])
    square = b * b - 4 * a * c
    assert isqrt(square) ** 2 != square  # so that no fraction solves it
    price = reader(found)(found["quotes"]["resale[j@u]"])
    assert 920 * price * price + 887 * price == 120
    assert surd.dates["remark"].iloc[0] == "quotes are irrational, of degree 2"
    assert "degree 2" in surd.certificate["optimality"].checked


def test_the_example_is_proved_long_before_its_rounds_settle() -> None:
    """After 45 of some 70 rounds quotes are right to four places."""
    run = prepayment.SCENARIO.run(max_rounds=45)
    found = proof_of(run)
    assert run.outcome is Outcome.CLEARED
    assert run.ends[0].reason.startswith("the rounds had not settled after 45; the equilibrium is")
    assert run.certificate.holds
    for name, value in published.EXAMPLE.expected.items():
        if name in found["quotes"]:
            assert Fraction(found["quotes"][name]) == value, name
    assert 1e-6 < found["distance_from_rest"] < 1e-2
    assert "away from where rounds ended" in run.dates["remark"].iloc[0]


def test_quotes_that_nothing_determines_are_held_and_named(surd: Run[CreditTree]) -> None:
    """Without trade in j0 its price is one of an interval."""
    run = prepayment.SCENARIO.run(pools="distrusted", start="pessimistic")
    assert "price[j0@0]" in proof_of(run)["quotes_held"]
    assert "price[jm@m]" not in proof_of(run)["quotes_held"]
    assert proof_of(surd)["quotes_held"] == []


def test_fractions_of_a_file_reach_the_proof(tmp_path: Path) -> None:
    """The paper's 9/22 in a TOML file, and a decimal that is only close to it."""
    text = to_toml("credit-tree", parse(prepayment.Prepayment, {}))
    assert '"9/22"' in text
    quotes = []
    for name, keeps in (("fraction", "9/22"), ("decimal", "0.40909")):
        path = tmp_path / f"{name}.toml"
        path.write_text(text.replace('"9/22"', f'"{keeps}"'), encoding="utf-8")
        scenario, given = read_toml(path)
        assert scenario == "credit-tree"
        found = proof_of(SCENARIO.run(**given))
        quotes.append({n: Fraction(value) for n, value in found["quotes"].items()})
    known = {n: v for n, v in published.EXAMPLE.expected.items() if n in quotes[0]}
    assert {name: quotes[0][name] for name in known} == known
    assert quotes[1] != quotes[0]
    assert max(abs(quotes[1][name] - quotes[0][name]) for name in known) < Fraction(1, 10**4)


def test_a_run_of_another_economy_has_no_proof_here(
    surd: Run[CreditTree], in_quarters: dict[str, Any]
) -> None:
    changed = copy.deepcopy(in_quarters)
    changed["households"][0]["endowment"]["d+"] = "3/4"
    there = parse(CreditTree, changed).economies()["economy"]
    _, point = described_points(surd)[0]
    found = crossover.prove(there, point.quotes, plans_of(point.agents))
    assert found is not None
    assert str(found[UNPROVED]).startswith("what binds at rest")


# ---------------------------------------------------------------------- saying why there is none
def test_unrecognised_quotes_are_reported_with_their_digits(
    in_quarters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crossover, "PLACES", (45,))
    run = SCENARIO.run(**in_quarters)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    assert run.certificate["optimality"].tolerance > 0.0  # in floating point
    remark = run.dates["remark"].iloc[0]
    assert remark.startswith("not proved: to 45 decimal places not all quotes look like fractions")
    assert not run.dates["exact"].iloc[0]
    found = run.proofs[0]
    assert found is not None
    digits = found["digits"]
    assert isinstance(digits, Mapping)
    price = Fraction(digits["resale[j@u]"])
    assert abs(920 * price * price + 887 * price - 120) < Fraction(1, 10**40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [64, 93])
def test_quotes_of_high_degree_are_not_recognised(
    seed: int, random_credit_trees: ModuleType
) -> None:
    run = SCENARIO.run(**random_credit_trees.draw(seed))
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    assert "or like numbers of degree up to 6" in run.dates["remark"].iloc[0]


def test_large_economies_are_not_attempted(
    in_quarters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crossover, "LARGEST", 46)
    run = SCENARIO.run(**in_quarters)
    assert run.outcome is Outcome.CLEARED
    assert run.dates["remark"].iloc[0] == "not proved: not attempted, 47 unknowns are more than 46"


NO_PROOF = {
    "a wrong polynomial": NoField("a number can't be divided by; the polynomial is reducible"),
    "no pseudo-inverse": np.linalg.LinAlgError("SVD did not converge"),
    "no best plan": proof.NotProved("A has no best plan at the exact quotes"),
}


@pytest.mark.parametrize("what", NO_PROOF)
def test_what_means_no_proof_becomes_a_remark(
    what: str, in_quarters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise NO_PROOF[what]

    monkeypatch.setattr(crossover, "recognised", fails)
    run = SCENARIO.run(**in_quarters)
    assert run.outcome is Outcome.CLEARED
    assert run.dates["remark"].iloc[0] == f"not proved: {NO_PROOF[what]}"


def test_other_errors_are_defects(
    in_quarters: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fails(*_: object) -> None:
        raise ValueError("a defect")

    monkeypatch.setattr(crossover, "recognised", fails)
    with pytest.raises(ValueError, match="a defect"):
        SCENARIO.run(**in_quarters)
