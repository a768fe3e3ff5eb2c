"""Reading an economy: numbers stay the fractions that they are; bad input is named."""

from __future__ import annotations

import copy
from collections.abc import Callable
from typing import Any

import pytest

from markets.refused import Refused
from scenarios.credit.parameters import CreditTree
from simulator.parameters import parse


def _change(path: list[Any], value: Any) -> Callable[[dict[str, Any]], None]:
    def change(parameters: dict[str, Any]) -> None:
        place: Any = parameters
        for part in path[:-1]:
            place = place[part]
        place[path[-1]] = value

    return change


BAD = [
    (_change(["nodes", 1, "after"], "x"), r'node "u" follows "x", which is no node'),
    (_change(["nodes", 1, "keeps"], "-1/2"), r'node "u": keeps has the entry -1/2'),
    (_change(["nodes", 1, "keeps"], "13/0"), r'nodes\[1\]: keeps is "13/0"; it must be a number'),
    (_change(["nodes"], [{"name": "0"}]), 'node "0" is at date 0 and nothing follows it'),
    (_change(["nodes", 0, "after"], "u"), "exactly one node has no predecessor"),
    (_change(["contracts", 0, "collateral"], 0), r'contracts\[0\]: contract "j0": collateral is 0'),
    (_change(["contracts", 0, "collateral"], {"gold": 1}), 'contracts.0.: collateral: "gold"'),
    (
        _change(["contracts", 0, "prepayment", "costs", "u"], "1/5"),
        r'prepayment at "u" is 1/5, below the coupon of 3/10',
    ),
    (_change(["contracts", 0, "coupon", "pays", "x"], 1), 'coupon names "x", which is no node'),
    (_change(["contracts", 1, "issued_at"], "w"), r'contracts\[1\].*issued_at is "w"'),
    (_change(["contracts", 0, "coupon", "kind"], "odd"), 'whose kind is "real" or "fixed rate"'),
    (_change(["contracts", 1, "name"], "j0"), 'contracts: "j0" is named twice'),
    (_change(["contracts", 1, "name"], "good"), 'contracts: "good" is also the name of a good'),
    (_change(["contracts", 1], "j0"), r'contracts\[1\] is "j0"; it must be a list of tables'),
    (
        _change(["households", 0, "endowment"], {"u": 1}),
        r'household "P" has nothing of good at "0".*\(A2\)',
    ),
    (_change(["households", 0, "weigths"], {}), 'did you mean "weights"'),
    (_change(["households", 0, "risk_aversion"], "-1"), "risk_aversion is -1"),
    (_change(["households", 0, "risk_aversion"], {"good": "-1"}), "risk_aversion is -1"),
    (_change(["households", 0, "risk_aversion"], {"house": 1}), 'risk_aversion: "house" is not a'),
    (_change(["households"], []), "households is empty"),
]


@pytest.mark.parametrize(("change", "sentence"), BAD)
def test_bad_input_is_named_with_its_place(
    change: Callable[[dict[str, Any]], None], sentence: str
) -> None:
    parameters = copy.deepcopy(CreditTree().model_dump())
    change(parameters)
    with pytest.raises(Refused, match=sentence):
        parse(CreditTree, parameters)
