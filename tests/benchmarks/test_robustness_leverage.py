"""Random economies with leverage, and their recomputation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.robustness.attempt import draw
from benchmarks.robustness.leverage import draw as drawn_by
from benchmarks.robustness.leverage import gaps
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import simulate
from walras.catalogue import find

RIGHT = 1e-6

MENDED = {24: "little cash beside many assets", 46: "several equilibria after the news"}
"""Draws of seed 0 that did not clear, or were refused though right."""


@pytest.mark.parametrize("number", [1, 2, *MENDED])
def test_a_cleared_run_is_right_and_a_falsified_one_is_not(number: int) -> None:
    drawn = draw("leverage", 0, number)
    scenario = find(drawn.scenario)
    parameters = parse(scenario.parameters, drawn.parameters)
    run = simulate(scenario, parameters)
    assert run.outcome is Outcome.CLEARED, run.reason
    assert max(gaps(parameters, run).values()) <= RIGHT
    end = run.ends[-1]
    dearer = replace(end.point, quotes={n: 1.02 * q for n, q in end.point.quotes.items()})
    wrong = replace(run, ends=(*run.ends[:-1], replace(end, point=dearer)))
    assert max(gaps(parameters, wrong).values()) > 1e3 * RIGHT


def test_draws_are_valid_and_of_every_kind() -> None:
    kinds = set()
    for number in range(40):
        drawn = drawn_by(np.random.default_rng([11, number]))
        parse(find(drawn.scenario).parameters, drawn.parameters)
        kinds.add((drawn.parameters["leverage"], "population" in drawn.parameters))
    assert len(kinds) == 6
