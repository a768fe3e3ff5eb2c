"""What both scenarios say of a resting point is said by one piece of code."""

from __future__ import annotations

import math

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm
from scenarios.bankruptcy.bond_scenario import state_of
from simulator.outcome import Outcome


def test_a_state_has_the_instruments_and_the_limit_of_its_parameters() -> None:
    two = bankruptcy.SCENARIO.run(studies=False, short_limit=0.75)
    three = bankruptcy_capm.SCENARIO.run(studies=False)
    state = state_of(two.parameters, two.points[-1])
    assert (state.members, state.payoffs.shape, state.short_limit) == (2, (1, 0), 0.75)
    assert state_of(three.parameters, three.points[-1]).payoffs.shape == (3, 1)


def test_a_bond_that_nobody_trades_has_an_interval_in_both() -> None:
    for scenario in (bankruptcy.SCENARIO, bankruptcy_capm.SCENARIO):
        run = scenario.run(studies=False, short_limit=0.0)
        assert run.outcome is Outcome.CLEARED
        assert run.ends[-1].intervals["bond_price"][1] == math.inf
        assert scenario.run(studies=False).ends[-1].intervals == {}
