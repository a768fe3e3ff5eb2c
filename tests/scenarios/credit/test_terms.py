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


def nominal(rule: dict[str, Any]) -> CreditTree:
    parameters: Any = copy.deepcopy(CreditTree().model_dump())
    parameters["contracts"][0] |= {
        "coupon": {"kind": "nominal", "rate": "1/5"},
        "prepayment": rule,
    }
    return parse(CreditTree, parameters)


RULES: dict[str, dict[str, Any]] = {
    "backward": {"kind": "backward"},
    "coupons": {"kind": "forward", "discount": {"u+": "4/5", "d+": "4/5"}},
    "deliveries": {"kind": "forward", "discount": {"u+": "1", "d+": "1"}, "of": "deliveries"},
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
