"""Published and recomputed equilibria, one table and one body: the certificate first."""

from typing import Any

import numpy as np
import pytest

from scenarios.bankruptcy import bankruptcy, bankruptcy_capm
from scenarios.bankruptcy.published import AFTER_POLISH, AFTER_ROUNDS, CASES, Published
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import simulate

SCENARIOS = {s.name: s for s in (bankruptcy.SCENARIO, bankruptcy_capm.SCENARIO)}


@pytest.mark.parametrize("polish", [False, True], ids=["rounds", "polish"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case)
def test_equilibrium(case: Published, polish: bool) -> None:
    scenario = SCENARIOS[case.scenario]
    given = {**case.parameters, "polish": polish}
    run = simulate(scenario, parse(scenario.parameters, given))
    assert run.outcome is Outcome.CLEARED
    assert [c.name for c in run.certificate.failed()] == []
    tolerance = AFTER_POLISH if polish else AFTER_ROUNDS
    for name, value in case.quotes.items():
        assert run.equilibrium[name] == pytest.approx(value, abs=tolerance), name
    for name, values in case.choices.items():
        np.testing.assert_allclose(run.agents[name], values, atol=10 * tolerance, err_msg=name)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.case)
def test_polish_is_marked_and_is_not_a_round(case: Published) -> None:
    scenario = SCENARIOS[case.scenario]
    plain = simulate(scenario, parse(scenario.parameters, case.parameters))
    polished = simulate(scenario, parse(scenario.parameters, {**case.parameters, "polish": True}))
    marks = polished.rounds["polish"].to_numpy()
    assert plain.rounds["polish"].max() == 0
    assert len(plain.rounds) == np.sum(marks == 0) == polished.dates["rounds"].iloc[0]
    assert np.all(polished.rounds["round"].to_numpy()[marks > 0] == len(plain.rounds))
    assert polished.rounds["share"].iloc[-1] <= 1e-12


def test_nobody_may_borrow_leaves_an_interval_of_prices() -> None:
    run = bankruptcy.run(short_limit=0.0)
    assert run.outcome is Outcome.CLEARED
    row = run.dates.iloc[0]
    assert row["regime"] == "no borrowing allowed"
    assert row["lowest_bond_price"] == 3.0
    assert row["highest_bond_price"] == np.inf
    assert run.equilibrium["bond_price"] >= 3.0 - 1e-9
    assert "bond_price" not in (run.closed_form or {})


def test_a_little_room_to_borrow_tends_to_the_price_without_any() -> None:
    """Nested models: as the short limit goes to 0, prices go to the lowest one of kappa = 0."""
    gaps = [
        abs(bankruptcy.run(short_limit=limit).equilibrium["bond_price"] - 3.0)
        for limit in (1e-2, 1e-3, 1e-4)
    ]
    assert gaps == pytest.approx([1e-2, 1e-3, 1e-4], rel=1e-6)


REGIMES: dict[str, dict[str, Any]] = {
    "no bankruptcy": {
        "borrower_endowment_later": 2.0, "borrower_satiation": 3.0, "borrower_weight": 1.0
    },
    "bankruptcy": {},
    "lender spends all": {"lender_endowment_now": 0.6},
    "short limit binds": {"short_limit": 0.4},
    "no trade": {"borrower_weight": 1.0, "borrower_satiation": 3.5},
}  # fmt: skip


@pytest.mark.parametrize(("regime", "changed"), REGIMES.items(), ids=list(REGIMES))
def test_every_regime_of_the_closed_form_is_found(regime: str, changed: dict[str, Any]) -> None:
    run = bankruptcy.run(polish=True, **changed)
    assert run.outcome is Outcome.CLEARED
    assert run.dates["regime"].iloc[0] == regime
    known = run.closed_form
    assert known is not None
    for name, value in run.equilibrium.items():
        assert value == pytest.approx(known[name], abs=1e-10), name
    assert run.dates["promised"].iloc[0] == pytest.approx(known["promised"], abs=1e-10)


def test_random_pairs_agree_with_the_closed_form() -> None:
    rng = np.random.default_rng(7)
    regimes = set()
    for _ in range(40):
        given: dict[str, Any] = {
            f"{role}_{name}": float(rng.uniform(low, high))
            for role in ("borrower", "lender")
            for name, low, high in (
                ("weight", 0.5, 3.0),
                ("satiation", 3.2, 6.0),
                ("endowment_now", 0.2, 4.0),
                ("endowment_later", 0.1, 1.6),
            )
        }
        run = bankruptcy.run(**given)
        assert run.outcome is Outcome.CLEARED, given
        regimes.add(run.dates["regime"].iloc[0])
        for name, value in run.equilibrium.items():
            assert run.closed_form is not None
            assert value == pytest.approx(run.closed_form[name], abs=1e-7), (name, given)
    assert {"bankruptcy", "no bankruptcy", "lender spends all"} <= regimes
