"""Numbers that can't be meant are refused, wherever in a parameter they stand."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from markets.refused import Refused
from simulator.magnitude import LARGEST, SMALLEST, check_magnitude
from simulator.parameters import parse
from walras.catalogue import find


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (1e-31, "1e-31"),
        (-1.5e31, "-1.5e+31"),
        (10**400, "1.00000e+400"),
        (Fraction(1, 10**400), "1e-400"),
        ([1.0, {"a": (2.0, 5e-324)}], "5e-324"),
        (np.array([1.0, 1e-40]), "1e-40"),
        (np.float64(1e300), "1e+300"),
    ],
)
def test_numbers_out_of_proportion_are_refused(value: object, shown: str) -> None:
    with pytest.raises(Refused) as refused:
        check_magnitude("x", value)
    assert str(refused.value) == (
        f"x is {shown}; a number must be 0, or of a size between 1e-30 and 1e+30"
    )


def test_other_values_are_not() -> None:
    usual = [
        0,
        0.0,
        SMALLEST,
        -LARGEST,
        10**30,
        True,
        "1e999",
        None,
        Fraction(1, 3),
        np.arange(3.0),
    ]
    check_magnitude("x", [*usual, float("nan"), float("inf")])


@pytest.mark.parametrize(
    ("name", "given", "field"),
    [
        ("margin-spiral", {"volatility": 1e-320}, "volatility"),
        ("funding-contagion", {"fundamental_values": [10.0, 5e-324, 10.0]}, "fundamental_values"),
        ("pledgeability", {"log_value": 1e300}, "log_value"),
        ("exchange", {"consumers": [{"weights": [1e-300, 1], "endowment": [1, 1]}]}, "consumers"),
        ("credit-tree", {"goods": ["good"], "inertia": 1e-300}, "inertia"),
        ("margin-hike", {"max_rounds": 10**300}, "max_rounds"),
    ],
)
def test_every_scenario_refuses_them(name: str, given: dict[str, object], field: str) -> None:
    with pytest.raises(Refused, match=rf"^{field} is .*; a number must be 0, or of a size"):
        parse(find(name).parameters, given)


def test_fractions_of_a_credit_tree_too() -> None:
    nodes = [{"name": "0"}, {"name": "u", "after": "0", "keeps": "1/1" + "0" * 40}]
    with pytest.raises(Refused, match=r"keeps is 1e-40; a number must be 0"):
        parse(find("credit-tree").parameters, {"nodes": nodes})
