"""Random economies of promises, and their recomputation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from benchmarks.robustness.promises import draw, gaps
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import simulate
from walras.catalogue import find

RIGHT = 1e-6


@pytest.mark.parametrize("seed", [0, 2, 3, 5, 8])
def test_a_cleared_run_is_right_and_a_falsified_one_is_not(seed: int) -> None:
    drawn = draw(np.random.default_rng([7, seed]))
    scenario = find(drawn.scenario)
    parameters = parse(scenario.parameters, drawn.parameters)
    run = simulate(scenario, parameters)
    assert run.outcome is Outcome.CLEARED
    assert max(gaps(parameters, run).values()) <= RIGHT
    end = run.ends[-1]
    dearer = replace(end.point, quotes={n: 1.05 * q for n, q in end.point.quotes.items()})
    wrong = replace(run, ends=(*run.ends[:-1], replace(end, point=dearer)))
    assert max(gaps(parameters, wrong).values()) > 1e3 * RIGHT


def test_draws_are_valid_and_of_every_kind() -> None:
    kinds = set()
    for seed in range(60):
        drawn = draw(np.random.default_rng([11, seed]))
        parse(find(drawn.scenario).parameters, drawn.parameters)
        kinds.add((drawn.scenario, drawn.parameters.get("population")))
    assert kinds == {
        ("collateral-equilibrium", "continuum"),
        ("collateral-equilibrium", "individuals"),
        ("endogenous-leverage", None),
    }
