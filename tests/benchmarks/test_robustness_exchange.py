"""Random economies of pure exchange: valid, right where they clear, and wrong if falsified."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from benchmarks.robustness.exchange import draw, gaps
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate
from walras.catalogue import find

RIGHT = 1e-6
"""Largest gap of a point that is right."""

MENDED = {
    152: "prices led to the ends of their range by clearing one market after the other",
    255: "a consumer who wants one good only",
    273: "excess demand of many members over the wealth of one",
}
"""Seeds that did not clear, or were refused though right."""


def drawn(seed: int) -> Run[Any]:
    """A run of the economy of a seed."""
    made = draw(np.random.default_rng(seed))
    scenario = find(made.scenario)
    return simulate(scenario, parse(scenario.parameters, made.parameters), seed=seed)


@pytest.mark.parametrize("seed", [*range(8), *MENDED])
def test_a_random_economy_clears_and_is_right(seed: int) -> None:
    run = drawn(seed)
    assert run.outcome is Outcome.CLEARED, run.reason
    found = gaps(run.parameters, run)
    assert max(found.values()) <= RIGHT, found


def test_a_falsified_price_or_holding_is_found_wrong() -> None:
    run = drawn(0)
    (end,) = run.ends
    for name in list(end.point.quotes)[1:]:
        quotes = {**end.point.quotes, name: 1.01 * end.point.quotes[name]}
        wrong = replace(run, ends=(replace(end, point=replace(end.point, quotes=quotes)),))
        assert max(gaps(run.parameters, wrong).values()) > RIGHT, name
    agents = end.point.agents.copy()
    agents.loc[:, agents.columns.str.startswith("holding")] *= 1.001
    wrong = replace(run, ends=(replace(end, point=replace(end.point, agents=agents)),))
    found = gaps(run.parameters, wrong)
    assert min(found["clearing"], found["budget"]) > RIGHT
