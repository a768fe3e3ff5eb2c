"""Published equilibria without polish, and what polish changes; polished ones are replicated."""

from typing import Any

import numpy as np
import pytest

from scenarios.bankruptcy.published import AFTER_ROUNDS, CASES, CHOICES
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.published import Published
from simulator.run import Run, simulate
from walras.catalogue import find


def run_of(case: Published, *, polish: bool) -> Run[Any]:
    scenario = find(case.scenario)
    given = {**case.parameters, "polish": polish}
    return simulate(scenario, parse(scenario.parameters, given), studies=False)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case)
def test_equilibrium_after_the_rounds(case: Published) -> None:
    run = run_of(case, polish=False)
    assert run.outcome is Outcome.CLEARED
    assert [c.name for c in run.certificate.failed()] == []
    for name, value in case.expected.items():
        if name in run.equilibrium:
            assert run.equilibrium[name] == pytest.approx(value, abs=AFTER_ROUNDS), name
        else:
            np.testing.assert_allclose(
                run.agents[name], np.array(value), atol=CHOICES * AFTER_ROUNDS, err_msg=name
            )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case)
def test_polish_goes_on_from_where_the_rounds_rest(case: Published) -> None:
    rest, polished = run_of(case, polish=False), run_of(case, polish=True)
    assert 0 < len(polished.rounds) - len(rest.rounds) <= 11
    columns = list(rest.equilibrium)
    np.testing.assert_array_equal(
        polished.rounds[columns].iloc[: len(rest.rounds)], rest.rounds[columns]
    )
    assert polished.rounds["share"].iloc[-1] <= 1e-12
