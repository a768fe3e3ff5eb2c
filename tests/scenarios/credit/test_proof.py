"""Proofs of linear credit economies in exact numbers: which are found, and which are refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from fractions import Fraction
from math import isqrt
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from scenarios.credit import crossover, economy, exact, prepayment, published
from scenarios.credit.certificate import plans_of
from scenarios.credit.economy import resting_points
from simulator.outcome import Outcome
from simulator.parameters import parse, read_toml, to_toml
from simulator.proof.algebraic import reader
from simulator.run import Run
from simulator.verify import verify
from walras.catalogue import SCENARIOS

ENDOWMENT = ("2", "1/2", "1/2", "1/2", "1/2"), ("2", "1/2", "2", "1/2", "1")
WEIGHTS = ("2", "1/2", "1", "1/2", "1/4"), ("2", "1", "1", "1/4", "1/2")
NODES = ("0", "u", "d", "u+", "d+")

SURD: dict[str, Any] = {
    "nodes": [
        {"name": "0"},
        {"name": "u", "after": "0", "keeps": 1},
        {"name": "d", "after": "0", "keeps": "1/4"},
        {"name": "u+", "after": "u", "keeps": 1},
        {"name": "d+", "after": "d", "keeps": "1/2"},
    ],
    "contracts": [
        {
            "name": "j",
            "issued_at": "0",
            "collateral": 1,
            "coupon": {"kind": "real", "pays": dict.fromkeys(NODES[1:], "1/4")},
            "prepayment": {"kind": "real", "costs": {"u": "3/4", "d": "3/4"}},
        }
    ],
    "households": [
        {
            "name": name,
            "endowment": dict(zip(NODES, endowment, strict=True)),
            "weights": dict(zip(NODES, weights, strict=True)),
        }
        for name, endowment, weights in zip("AB", ENDOWMENT, WEIGHTS, strict=True)
    ],
}
"""Two households and one mortgage, written in halves and quarters, whose resale price is the
positive root of 920 x^2 + 887 x - 120."""


@pytest.fixture(scope="module")
def surd() -> Run:
    return economy.run(**SURD)


def _violations(found: exact.Findings) -> tuple[Any, ...]:
    return (
        found.sign, found.budgets, found.debts, found.dual, found.gap, found.goods,
        found.securities, found.payments,
    )  # fmt: skip


# ---------------------------------------------------------------------- proofs that are found
DEGREES = {3: 1, 12: 1, 77: 1, 98: 1, 38: 2, 1: 2, 103: 2, 182: 3, 151: 3, 156: 5}
"""Seeds of random economies that trade, and the degree of their quotes."""


@pytest.mark.parametrize("seed", DEGREES)
def test_random_economies_are_proved(seed: int, random_credit_trees: ModuleType) -> None:
    run = economy.run(**random_credit_trees.draw(seed))
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    proof = run.proofs[0]
    assert exact.proved(proof)
    assert not any(_violations(exact.check(resting_points(run)[0][0], proof)))
    degree = len(proof["root"]["polynomial"]) - 1 if "root" in proof else 1
    assert degree == DEGREES[seed]


@pytest.mark.slow
def test_most_linear_economies_that_trade_are_proved(random_credit_trees: ModuleType) -> None:
    """Measured on seeds 0 to 99: 21 of 23; on 0 to 199: 42 of 45."""
    proved = trading = 0
    for seed in range(100):
        drawn = random_credit_trees.draw(seed)
        if drawn["households"][0]["risk_aversion"] == 0:
            run = economy.run(**drawn)
            trading += run.outcome is Outcome.CLEARED
            proved += run.outcome is Outcome.CLEARED and exact.proved(run.proofs[0])
    assert trading >= 22
    assert proved >= 0.9 * trading


def test_an_equilibrium_in_quarters_may_be_irrational(surd: Run) -> None:
    proof = surd.proofs[0]
    assert exact.proved(proof)
    assert surd.certificate.holds
    c, b, a = (int(text) for text in proof["root"]["polynomial"])
    square = b * b - 4 * a * c
    assert isqrt(square) ** 2 != square  # so that no fraction solves it
    price = reader(proof)(proof["quotes"]["resale[j@u]"])
    assert 920 * price * price + 887 * price == 120
    assert surd.dates["remark"].iloc[0] == "quotes are irrational, of degree 2"
    assert "degree 2" in surd.certificate["optimality"].checked


def test_the_example_is_proved_long_before_its_rounds_settle() -> None:
    """After 100 of some 260 rounds quotes are right to three or four places."""
    run = prepayment.run(max_rounds=100)
    proof = run.proofs[0]
    assert exact.proved(proof)
    assert run.certificate.holds
    for name, value in published.EXAMPLE.values.items():
        if name in proof["quotes"]:
            assert Fraction(proof["quotes"][name]) == value, name
    assert 1e-6 < proof["distance_from_rest"] < 1e-2
    assert "away from where rounds ended" in run.dates["remark"].iloc[0]


def test_quotes_that_nothing_determines_are_held_and_named(surd: Run) -> None:
    """Without trade in j0 its price is one of an interval."""
    run = prepayment.run(pools="distrusted", start="pessimistic")
    proof, other = run.proofs[0], surd.proofs[0]
    assert exact.proved(proof)
    assert exact.proved(other)
    assert "price[j0@0]" in proof["quotes_held"]
    assert "price[jm@m]" not in proof["quotes_held"]
    assert other["quotes_held"] == []


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
        proof = economy.run(**given).proofs[0]
        assert exact.proved(proof)
        quotes.append({n: Fraction(value) for n, value in proof["quotes"].items()})
    known = {n: v for n, v in published.EXAMPLE.values.items() if n in quotes[0]}
    assert {name: quotes[0][name] for name in known} == known
    assert quotes[1] != quotes[0]
    assert max(abs(quotes[1][name] - quotes[0][name]) for name in known) < Fraction(1, 10**4)


# ---------------------------------------------------------------------- proofs that are refused
def _shift(text: str) -> str:
    return f"{text} + 1/{10**500}"


TAMPERING: dict[str, Callable[[Any], None]] = {
    "a quote in the 500th place": lambda p: p["quotes"].update(
        {"resale[j@u]": _shift(p["quotes"]["resale[j@u]"])}
    ),
    "a plan in the 500th place": lambda p: p["plans"]["A"].update(
        {name: _shift(value) for name, value in p["plans"]["A"].items()}
    ),
    "a multiplier in the 500th place": lambda p: p["multipliers"]["B"].update(
        {"budget[u]": _shift(p["multipliers"]["B"]["budget[u]"])}
    ),
    "the other root": lambda p: p["root"].update({"low": "-2", "high": "-1"}),
    "another polynomial": lambda p: p["root"].update(
        {"polynomial": ["-121", *p["root"]["polynomial"][1:]], "low": "0", "high": "1"}
    ),
    "a bracket without a root": lambda p: p["root"].update({"low": "1", "high": "2"}),
    "no root": lambda p: p.pop("root"),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_verify_refuses_a_corrupted_proof(what: str, surd: Run, tmp_path: Path) -> None:
    folder = surd.export(tmp_path, plots=False)
    assert verify(folder, SCENARIOS).certified
    path = folder / "proofs.json"
    proofs = json.loads(path.read_text(encoding="utf-8"))
    TAMPERING[what](proofs[0])
    path.write_text(json.dumps(proofs), encoding="utf-8")
    try:
        again = verify(folder, SCENARIOS)
    except ValueError as error:
        assert "does not hold together" in str(error)  # noqa: PT017
    else:
        assert not again.certified
        assert any("proofs.json" in sentence for sentence in again.altered)


def test_a_run_of_another_economy_has_no_proof_here(surd: Run) -> None:
    changed = copy.deepcopy(SURD)
    changed["households"][0]["endowment"]["d+"] = "3/4"
    there = parse(economy.CreditTree, changed).economies()["economy"]  # type: ignore[attr-defined]
    _, resting = resting_points(surd)[0]
    found = crossover.prove(there, resting.quotes, plans_of(resting.agents))
    assert found is not None
    assert found[exact.UNPROVED].startswith("what binds at rest")


# ---------------------------------------------------------------------- saying why there is none
def test_unrecognised_quotes_are_reported_with_their_digits(
    surd: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(crossover, "PLACES", (45,))
    run = economy.run(**SURD)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    assert run.certificate["optimality"].tolerance > 0.0  # in floating point
    remark = run.dates["remark"].iloc[0]
    assert remark.startswith("not proved: to 45 decimal places not all quotes look like fractions")
    assert not run.dates["exact"].iloc[0]
    proof = run.proofs[0]
    assert proof is not None
    price = Fraction(proof["digits"]["resale[j@u]"])
    assert abs(920 * price * price + 887 * price - 120) < Fraction(1, 10**40)


@pytest.mark.slow
@pytest.mark.parametrize("seed", [64, 93])
def test_quotes_of_high_degree_are_not_recognised(
    seed: int, random_credit_trees: ModuleType
) -> None:
    run = economy.run(**random_credit_trees.draw(seed))
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    assert "or like numbers of degree up to 6" in run.dates["remark"].iloc[0]


def test_large_economies_are_not_attempted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(crossover, "LARGEST", 46)
    run = economy.run(**SURD)
    assert run.outcome is Outcome.CLEARED
    assert run.dates["remark"].iloc[0] == "not proved: not attempted, 47 unknowns are more than 46"
