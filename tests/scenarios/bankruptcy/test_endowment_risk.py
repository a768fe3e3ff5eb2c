"""Credit risk over endowment risk: mean-preserving, the run itself at one, seeds, limits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from scenarios.bankruptcy.bankruptcy_capm import SCENARIO, economy
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.endowment_risk import (
    RISKS,
    RISKS_UP_TO,
    STUDY,
    at_risk,
    credit_risk_by_endowment_risk,
)
from simulator.parameters import parse
from simulator.run import Run

SPREAD = [c.model_dump() | {"members": 3, "spread": 0.1} for c in BankruptcyCapm().cohorts]


def test_risk_keeps_expected_endowments_and_scales_deviations() -> None:
    parameters = BankruptcyCapm()
    rho = np.array(parameters.states.probabilities)
    changed = at_risk(parameters, 0.5)
    assert changed is not None
    for before, after in zip(parameters.cohorts, changed.cohorts, strict=True):
        old, new = np.array(before.endowment_later), np.array(after.endowment_later)
        assert rho @ new == pytest.approx(rho @ old)
        np.testing.assert_allclose(new - rho @ new, 0.5 * (old - rho @ old))
    assert changed.model_copy(update={"cohorts": parameters.cohorts}) == parameters


def test_endowments_that_would_not_be_positive_are_left_out() -> None:
    assert at_risk(BankruptcyCapm(), 3.0) is None


@pytest.mark.parametrize("given", [{}, {"cohorts": SPREAD}], ids=["alike", "drawn"])
def test_at_a_risk_of_one_it_is_the_run_itself(given: dict[str, Any]) -> None:
    run = SCENARIO.run(seed=3, **given)
    table = run.studies[STUDY]
    row = table[table["endowment_risk"] == 1.0].iloc[0]
    for name, value in run.equilibrium.items():
        assert row[name] == pytest.approx(value, abs=1e-9)
    assert row["return_spread"] == pytest.approx(run.dates["return_spread"].item(), abs=1e-9)


def test_rows_are_the_risks_that_clear_and_add_up(three: Run[BankruptcyCapm]) -> None:
    table = three.studies[STUDY]
    assert table["endowment_risk"].tolist() == [risk for risk in RISKS if risk <= 1.25]
    lost = table["promised"] * (1.0 - table["expected_recovery"])
    np.testing.assert_allclose(table["expected_loss"], lost, rtol=1e-14)
    rates = table[[f"repayment_rate[{s}]" for s in (1, 2, 3)]]
    rho = np.array(BankruptcyCapm().states.probabilities)
    np.testing.assert_allclose(rates @ rho, table["expected_recovery"], rtol=1e-14)
    assert rates.min(axis=1).is_monotonic_decreasing  # the worst state pays less and less


def test_large_economies_are_not_run_again() -> None:
    cohorts = [c.model_dump() | {"members": RISKS_UP_TO} for c in BankruptcyCapm().cohorts]
    parameters = parse(BankruptcyCapm, {"cohorts": cohorts})
    assert credit_risk_by_endowment_risk(parameters, np.random.default_rng(0), economy) is None


def test_one_row_is_not_a_study() -> None:
    parameters = BankruptcyCapm(max_rounds=1)
    assert credit_risk_by_endowment_risk(parameters, np.random.default_rng(0), economy) is None
