"""Contracts as a file writes them, above all with formulas: read, cleared and certified."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from markets.refused import Refused
from scenarios.credit import credit_tree, housing, prepayment
from scenarios.credit.parameters import CONTRACTS, CreditTree
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run


def test_constant_formulas_equal_numbers_bit_by_bit(logarithmic: Run[CreditTree]) -> None:
    contracts: list[Any] = copy.deepcopy(CONTRACTS)
    contracts[0] |= {"coupon": "0.3", "prepayment": "9/20"}
    contracts[1]["coupon"] = {"kind": "formula", "pays": {"u+": "max(1, 2) / 4"}}
    run = credit_tree.SCENARIO.run(contracts=contracts)
    assert run.equilibrium == logarithmic.equilibrium
    quotes = [name for name in map(str, run.rounds) if name.startswith(("price", "resale", "unit"))]
    assert run.rounds[quotes].equals(logarithmic.rounds[quotes])


FLOATING: dict[str, Any] = {
    "coupon": {
        "kind": "formula",
        "pays": {
            "u": "0.5 * q['j0']",
            "d": "0.5 * q['j0']",
            "u+": "0.75 * q['j0'] / max(q['ju'], 0.05)",
            "d+": "1.5 * q['j0']",
        },
    },
    "prepayment": "coupon + q['j0']",
}
"""Half of the loan is interest, but at u+ one and a half times what the market asked for at u,
where a unit lent returns 0.5 / q."""


def test_a_floating_rate_clears_and_is_certified() -> None:
    contracts: list[Any] = copy.deepcopy(CONTRACTS)
    contracts[0] |= FLOATING
    run = credit_tree.SCENARIO.run(contracts=contracts)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    assert run.dates["prepaid[j0@u]"].iloc[0] == pytest.approx(1.0, abs=1e-6)  # to borrow anew
    loan = run.equilibrium["price[j0@0]"]
    assert run.equilibrium["unit_payment[j0@u]"] == pytest.approx(1.5 * loan)


def test_a_penalty_tied_to_the_resale_price_is_what_prepaying_costs() -> None:
    contracts: list[Any] = copy.deepcopy(CONTRACTS)
    contracts[0]["prepayment"] = "coupon + 0.1 + 0.5 * pi['j0']"
    run = credit_tree.SCENARIO.run(contracts=contracts)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    table = run.tables["propositions"]
    quotes = run.equilibrium
    for node, cost in zip(table["node"], table["closing_cost"], strict=True):
        assert cost == pytest.approx(0.3 + 0.1 + 0.5 * quotes[f"resale[j0@{node}]"])


def test_an_indexed_mortgage_pays_with_the_price_of_houses() -> None:
    contracts: list[Any] = copy.deepcopy(housing.CONTRACTS)
    contracts[0] |= {"coupon": "0.25 * p['house'] / p['house', '0']", "prepayment": "coupon + 0.5"}
    run = housing.SCENARIO.run(contracts=contracts)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate.holds
    quotes = run.equilibrium
    growth = quotes["price[house@boom]"] / quotes["price[house@0]"]
    psi = run.tables["propositions"].set_index("node")
    boom = psi.loc["boom"]
    assert (boom["closing_cost"] - boom["psi"]).to_numpy() == pytest.approx(0.25 * growth)


def test_formulas_are_proved_in_exact_arithmetic(example: Run[CreditTree]) -> None:
    """At the example's quotes these are the paper's numbers; elsewhere they are not."""
    contracts: list[Any] = copy.deepcopy([prepayment.MORTGAGE, prepayment.late_credit("m")])
    ones = dict.fromkeys(("u", "m", "d", "d+"), "1")
    later = {"u+": "4/3 * q['j0']", "m+": "1 / max(q['jm'], 0.1)"}
    contracts[0]["coupon"] = {"kind": "formula", "pays": {**ones, **later}}
    costs = {"u": "5/4", "m": "2 * q['j0']", "d": "coupon + pi['j0']"}
    contracts[0]["prepayment"] = {"kind": "formula", "costs": costs}
    run = prepayment.SCENARIO.run(contracts=contracts)
    assert run.dates["exact"].all()
    assert run.equilibrium == example.equilibrium


def _rule(field: str, given: Any) -> Callable[[dict[str, Any]], None]:
    def change(parameters: dict[str, Any]) -> None:
        parameters["contracts"][0][field] = given

    return change


BAD = [
    (_rule("coupon", "x"), 'contract "j0": coupon is "x": x is not allowed'),
    (_rule("coupon", {"kind": "formula", "pays": {"u": "1-q['j0']"}}),
     'contract "j0": coupon at "u" is "1-q..j0.."'),
    (_rule("coupon", {"kind": "formula", "pays": {"w": "1"}}),
     'coupon names "w", which is no node'),
    (_rule("prepayment", "q['jd']"), "names 'jd'; contracts are 'j0', 'ju'"),
    (_rule("coupon", "0.3"), "prepayment is real while the coupon is not"),
    (_rule("prepayment", {"kind": "formula", "costs": {"u": "coupon"}}),
     'prepayment is missing at "d"'),
    (_rule("prepayment", {"kind": "formula", "costs": {"w": "coupon"}}),
     'prepayment names "w", no node of date 1'),
    (_rule("prepayment", {"kind": "odd"}),
     'a formula, or a table whose kind is "real" or "backward" or "forward" or "formula"'),
]  # fmt: skip


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_bad_rules_are_named_with_their_place(
    change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    parameters = copy.deepcopy(CreditTree().model_dump())
    change(parameters)
    with pytest.raises(Refused, match=sentence):
        parse(CreditTree, parameters)
