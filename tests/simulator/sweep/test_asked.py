"""What can't be planned is refused, with what to write instead."""

from __future__ import annotations

import pytest

from markets.refused import Refused
from scenarios.repo.economy import MarginHike
from simulator.sweep.asked import Asked, checked
from simulator.sweep.axes import Axis, Range, Sample
from tests.simulator.sweep.small import HAIRCUTS, LOW


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        (Asked([Axis("low_payof", (1,))]), 'did you mean "low_payoff"'),
        (Asked([Axis("seed", (1,))]), "seed is no parameter; write --seeds 0:20"),
        (Asked([LOW, LOW]), "low_payoff is given twice"),
        (Asked([Axis("low_payoff", (0.5, -1.0))]), "low_payoff is -1.0; it must be a number in"),
        (Asked([Axis("haircuts", (0.01,))]), "lists are written haircuts=[0.01],[0.03]"),
        (Asked([Axis("cash", ("logn(3)",))]), 'cash: "logn" is not a distribution'),
        (Asked([Axis("members", ("no.csv",))]), 'members: it is "no.csv"'),
        (Asked([], [Range("low_payoff", 0.0, 1.0)]), "write low_payoff=0:1:11, or say how"),
        (Asked([], [Range("traders", 0.0, 9.5)], Sample("sobol", 4)), "traders is 0.0"),
        (Asked([LOW], sample=Sample("sobol", 4)), "no parameter is a range; write key=0:1"),
        (Asked([LOW], seeds=()), "there are no seeds"),
        (Asked([Axis("low_payoff", tuple(range(10**6))), Axis("high_payoff", tuple(range(10**6)))]),
         "these are 1,000,000,000,000 runs; at most 10,000,000"),
    ],
)  # fmt: skip
def test_what_cant_be_planned_is_refused(asked: Asked, said: str) -> None:
    with pytest.raises(Refused) as refused:
        checked(MarginHike, asked)
    assert said in str(refused.value)


def test_what_is_asked_goes_through_json() -> None:
    asked = Asked([HAIRCUTS], [Range("low_payoff", 0.0, 0.5)], Sample("sobol", 8), (0, 3))
    assert Asked.from_json(asked.to_json()) == asked
