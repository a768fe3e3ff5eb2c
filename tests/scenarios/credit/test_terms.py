"""What contracts ask for: by the market in floating point, here in exact arithmetic."""

from __future__ import annotations

import copy
from fractions import Fraction
from typing import Any

import numpy as np
import pytest

from scenarios.credit.economy import build
from scenarios.credit.parameters import CreditTree
from scenarios.credit.terms import terms_at
from simulator.parameters import parse


def nominal(rule: Any) -> CreditTree:
    parameters: Any = copy.deepcopy(CreditTree().model_dump())
    parameters["contracts"][0] |= {
        "coupon": {"kind": "nominal", "rate": "1/5"},
        "prepayment": rule,
    }
    return parse(CreditTree, parameters)


RULES: dict[str, Any] = {
    "backward": {"kind": "backward"},
    "coupons": {"kind": "forward", "discount": {"u+": "4/5", "d+": "4/5"}},
    "deliveries": {"kind": "forward", "discount": {"u+": "1", "d+": "1"}, "of": "deliveries"},
    "formula": "coupon + max(abs(pi['j0'] - 0.1), 0.2) / (0.1 + q['ju'])",
}


@pytest.mark.parametrize("name", RULES)
def test_both_writings_agree_at_random_quotes(name: str) -> None:
    parameters = nominal(RULES[name])
    economy = parameters.economies()["economy"]
    market = build(economy, parameters, np.random.default_rng(3)).market
    quotes = market.random_quotes(np.random.default_rng(3))
    posted = market.post(market.locate(quotes, True), True, np.zeros(0))
    terms = terms_at(economy, {n: Fraction(v) for n, v in market.named(posted).items()})
    for m, node in enumerate(economy.tree.middle):
        assert posted.coupon[m, 0] == pytest.approx(float(terms.coupon["j0", node]))
        assert posted.prepayment[m, 0] == pytest.approx(float(terms.prepayment["j0", node]))
        assert posted.seizure[m, 0] == pytest.approx(float(terms.seizure["j0", node]))
        assert terms.prepayment["j0", node] >= terms.coupon["j0", node]
        assert terms.floor("j0", node) == min(
            terms.prepayment["j0", node], terms.seizure["j0", node]
        )
    for t, node in enumerate(economy.tree.last):
        assert posted.delivery[t, 0] == pytest.approx(float(terms.delivery("j0", node)))


FORMULAS = [
    "0.1 * p[0] + 0.02 * q['j0']",
    "max(0, q['j0'] * (0.5 / max(q['ju'], 0.1) - 1)) + pi['j0'] / 10",
    "min(pi['j0', 'u'], p['good', 'd'], 0.3)",
]


@pytest.mark.parametrize("text", FORMULAS)
@pytest.mark.parametrize("seed", range(3))
def test_both_writings_of_a_formula_agree_at_random_quotes(text: str, seed: int) -> None:
    parameters: Any = copy.deepcopy(CreditTree().model_dump())
    parameters["contracts"][0] |= {"coupon": text, "prepayment": f"0.1 + {text}"}
    parsed = parse(CreditTree, parameters)
    economy = parsed.economies()["economy"]
    market = build(economy, parsed, np.random.default_rng(seed)).market
    quotes = market.random_quotes(np.random.default_rng(seed))
    posted = market.post(market.locate(quotes, True), True, np.zeros(0))
    terms = terms_at(economy, {n: Fraction(v) for n, v in market.named(posted).items()})
    for m, node in enumerate(economy.tree.middle):
        assert posted.coupon[m, 0] == pytest.approx(float(terms.coupon["j0", node]), abs=1e-14)
        cost = float(terms.prepayment["j0", node])
        assert posted.prepayment[m, 0] == pytest.approx(cost, abs=1e-14)
    for t, node in enumerate(economy.tree.last):
        assert posted.delivery[t, 0] == pytest.approx(float(terms.delivery("j0", node)), abs=1e-14)


def test_prepaying_never_costs_less_than_the_coupon() -> None:
    parameters: Any = copy.deepcopy(CreditTree().model_dump())
    parameters["contracts"][0] |= {"coupon": "0.3", "prepayment": "0.1"}
    parsed = parse(CreditTree, parameters)
    economy = parsed.economies()["economy"]
    market = build(economy, parsed, np.random.default_rng(0)).market
    quotes = market.first_quotes()
    posted = market.post(market.locate(quotes, True), True, np.zeros(0))
    terms = terms_at(economy, {n: Fraction(v) for n, v in quotes.items()})
    assert posted.prepayment.tolist() == [[0.3], [0.3]]
    assert terms.prepayment["j0", "u"] == Fraction(3, 10)
