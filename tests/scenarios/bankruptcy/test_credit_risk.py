"""Credit risk at a resting point: defaults, exposure, recovery, loss."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from scenarios.bankruptcy import bond_scenario
from scenarios.bankruptcy.bankruptcy_capm import SCENARIO
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.credit_risk import by_cohort, defaults, summary
from simulator.parameters import parse
from simulator.run import Run, simulate


def run(seed: int = 0, **given: object) -> Run[BankruptcyCapm]:
    """Without the study of endowment risk, which is a run per risk."""
    return simulate(SCENARIO, parse(BankruptcyCapm, given), seed=seed, studies=False)


def test_credit_risk_of_the_instance() -> None:
    ended = run(polish=True)
    state = bond_scenario.state_of(ended.parameters, ended.points[-1])
    table = by_cohort(state, ended.parameters.instruments)
    assert table is not None
    market = table[table["cohort"] == "all"].set_index("state")
    assert market.loc["2", "exposure_at_default"] == pytest.approx(0.463196022272)
    assert market.loc["2", "recovery_rate"] == pytest.approx(0.863140289283)
    assert market.loc["all", "probability_of_default"] == pytest.approx(0.31)
    assert market.loc["1", "recovery_rate"] == 1.0
    row = ended.dates.iloc[0]
    assert row["return_spread"] == pytest.approx(0.31 * (1 - 0.863140289283) / 1.039586393688)
    assert row["sharing_rule_error"] < 1e-12


def test_without_bankruptcy_there_is_no_spread() -> None:
    row = run(short_limit=0.2).dates.iloc[0]
    assert row["return_spread"] == pytest.approx(0.0, abs=1e-12)
    assert row["probability_of_default"] == 0.0


def test_losses_are_exposure_not_recovered_and_add_up() -> None:
    ended = run(polish=True)
    state = bond_scenario.state_of(ended.parameters, ended.points[-1])
    table = by_cohort(state, ended.parameters.instruments)
    assert table is not None
    lost = table["exposure_at_default"] * (1.0 - table["recovery_rate"])
    np.testing.assert_allclose(table["loss"], lost, atol=1e-15)
    everybody = table[(table["cohort"] == "all") & (table["state"] == "all")]["loss"].item()
    assert summary(state)["expected_loss"] == pytest.approx(everybody, abs=1e-13)


def test_rounding_is_not_a_default() -> None:
    ended = run(polish=True)
    state = bond_scenario.state_of(ended.parameters, ended.points[-1])
    borrower = int(np.argmin(state.bond))
    exact = replace(
        state, endowed_later=state.endowed_later + (state.promised[:, None] - state.resources)
    )
    assert not defaults(exact).any()
    assert defaults(replace(exact, bond=exact.bond * (1.0 + 1e-6)))[borrower].all()
    assert not defaults(state)[state.bond >= 0.0].any()
