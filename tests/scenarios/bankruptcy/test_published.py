"""Published and recomputed equilibria, one table and one body: the certificate first."""

import numpy as np
import pytest

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm
from scenarios.bankruptcy.published import AFTER_ROUNDS, CASES, CHOICES
from simulator.outcome import Outcome
from simulator.published import Published

SCENARIOS = {s.name: s for s in (bankruptcy.SCENARIO, bankruptcy_capm.SCENARIO)}


@pytest.mark.parametrize("polish", [False, True], ids=["rounds", "polish"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case)
def test_equilibrium(case: Published, polish: bool) -> None:
    run = SCENARIOS[case.scenario].run(**case.parameters, polish=polish)
    assert run.outcome is Outcome.CLEARED
    assert [c.name for c in run.certificate.failed()] == []
    tolerance = case.tolerance if polish else AFTER_ROUNDS
    for name, value in case.expected.items():
        if name in run.equilibrium:
            assert run.equilibrium[name] == pytest.approx(value, abs=tolerance), name
        else:
            np.testing.assert_allclose(
                run.agents[name], np.array(value), atol=CHOICES * tolerance, err_msg=name
            )


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case)
def test_polish_goes_on_from_where_the_rounds_rest(case: Published) -> None:
    scenario = SCENARIOS[case.scenario]
    rest = scenario.run(**case.parameters)
    polished = scenario.run(**case.parameters, polish=True)
    assert 0 < len(polished.rounds) - len(rest.rounds) <= 11
    columns = list(rest.equilibrium)
    np.testing.assert_array_equal(
        polished.rounds[columns].iloc[: len(rest.rounds)], rest.rounds[columns]
    )
    assert polished.rounds["share"].iloc[-1] <= 1e-12
