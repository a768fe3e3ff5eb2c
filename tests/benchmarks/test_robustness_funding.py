"""Random economies short of funding: valid, right where they clear, and wrong if falsified."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.robustness.funding import RANGES, draw, gaps
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate
from walras.catalogue import find

RIGHT = 1e-6
"""Largest gap of a point that is right."""


def drawn(seed: int) -> Run:
    """A run of the economy of a seed."""
    made = draw(np.random.default_rng(seed))
    scenario = find(made.scenario)
    parameters = parse(scenario.parameters, made.parameters)
    return simulate(scenario, parameters, seed=seed, studies=False)


MENDED = {
    55: "experts all but wiped out",
    75: "an asset that nobody brings",
    99: "a margin by volatility without any news",
    260: "nobody brings anything and nobody has wealth",
    300: "an equilibrium at the end of its range",
}
"""Seeds that were refused though right, wrong or crashed."""


@pytest.mark.parametrize("seed", [0, 1, 5, *MENDED])
def test_a_random_economy_clears_and_is_right(seed: int) -> None:
    run = drawn(seed)
    assert run.outcome is Outcome.CLEARED, run.reason
    found = gaps(run.parameters, run)
    assert max(found.values()) <= RIGHT, found
    run.to_json()


def test_a_falsified_price_is_found_wrong() -> None:
    """In an economy whose experts are constrained."""
    run = drawn(1)
    (end,) = (run.ends[np.argmax(run.dates["funding_premium"])],)
    assert end.point.quotes["funding_premium"] > 0.0
    for name in end.point.quotes:
        quotes = {**end.point.quotes, name: 1.001 * end.point.quotes[name]}
        point = replace(end.point, quotes=quotes)
        ends = tuple(replace(end, point=point) if end is e else e for e in run.ends)
        assert max(gaps(run.parameters, replace(run, ends=ends)).values()) > RIGHT, name


def test_ranges_name_every_kind_of_draw() -> None:
    made = [draw(np.random.default_rng(seed)).scenario for seed in range(20)]
    assert set(made) == {"margin-spiral", "funding-contagion", "margin-procyclicality"}
    assert all(RANGES.values())
