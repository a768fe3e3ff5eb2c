"""The check of a proof: what is tampered with is refused."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from markets.refused import Refused
from scenarios.credit import exact
from scenarios.credit.credit_tree import described_points
from scenarios.credit.parameters import CreditTree
from simulator.run import Run
from simulator.verify import verify
from walras.catalogue import find

TAMPERING: dict[str, Callable[[Any], None]] = {
    "a quote": lambda p: p["quotes"].update({"price[j0@0]": "3001/4000"}),
    "a plan": lambda p: p["plans"]["A"].update({"lent[j0@0]": "2001/1000"}),
    "a negative plan": lambda p: p["plans"]["A"].update({"borrowed[jm@m]": "-1/1000"}),
    "a multiplier": lambda p: p["multipliers"]["B"].update({"budget[u]": "1/12"}),
    "a payment": lambda p: p["quotes"].update({"unit_payment[j0@d]": "1"}),
}


@pytest.mark.parametrize("what", TAMPERING)
def test_a_wrong_proof_is_refused(what: str, example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    tampered = copy.deepcopy(point.proof)
    assert exact.is_proof(tampered)
    TAMPERING[what](tampered)
    assert any(
        violation > 0
        for violation in exact.check(economy, exact.read(economy, tampered)).violations
    )


def test_a_document_is_read_as_it_was_written(example: Run[CreditTree]) -> None:
    economy, point = described_points(example)[0]
    assert exact.is_proof(point.proof)
    proved = exact.read(economy, point.proof)
    assert exact.read(economy, proved.document()) == proved
    assert not any(exact.check(economy, proved).violations)
    assert exact.check(economy, proved).margin > 0


@pytest.mark.parametrize(
    "document",
    [
        {"quotes": {}, "plans": {}, "multipliers": {}},
        {"quotes": [], "plans": {}, "multipliers": {}},
        {"quotes": {"price[j0@0]": 0.75}, "plans": {}, "multipliers": {}},
        {"root": {"polynomial": ["1"]}, "quotes": {}, "plans": {}, "multipliers": {}},
        {},
    ],
)
def test_what_is_no_proof_is_refused(document: Any, example: Run[CreditTree]) -> None:
    economy, _ = described_points(example)[0]
    with pytest.raises(ValueError, match="not one of this economy"):
        exact.read(economy, document)


def test_a_proof_needs_linear_utilities(
    example: Run[CreditTree], logarithmic: Run[CreditTree]
) -> None:
    economy, _ = described_points(logarithmic)[0]
    assert exact.is_proof(example.proofs[0])
    with pytest.raises(ValueError, match="linear utilities"):
        exact.read(economy, example.proofs[0])


def test_verify_checks_the_proof_again(example: Run[CreditTree], tmp_path: Path) -> None:
    folder = example.export(tmp_path, plots=False)
    found = verify(folder, find)
    assert found.certified
    assert not found.altered
    path = folder / "proofs.json"
    proofs = json.loads(path.read_text(encoding="utf-8"))
    proofs[0]["plans"]["A"]["lent[j0@0]"] = "3"
    path.write_text(json.dumps(proofs), encoding="utf-8")
    again = verify(folder, find)
    assert not again.certified
    assert any("proofs.json" in sentence for sentence in again.altered)


def _shift(text: str) -> str:
    return f"{text} + 1/{10**500}"


IRRATIONAL: dict[str, Callable[[Any], None]] = {
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


@pytest.mark.parametrize("what", IRRATIONAL)
def test_verify_refuses_a_corrupted_irrational_proof(
    what: str, surd: Run[CreditTree], tmp_path: Path
) -> None:
    folder = surd.export(tmp_path, plots=False)
    assert verify(folder, find).certified
    path = folder / "proofs.json"
    proofs = json.loads(path.read_text(encoding="utf-8"))
    IRRATIONAL[what](proofs[0])
    path.write_text(json.dumps(proofs), encoding="utf-8")
    try:
        again = verify(folder, find)
    except Refused as error:
        assert "does not hold together" in str(error)  # noqa: PT017
    else:
        assert not again.certified
        assert any("proofs.json" in sentence for sentence in again.altered)
