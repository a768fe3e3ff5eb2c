"""The certificate: every condition can fail, and each utility has its solver."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from scenarios.bankruptcy import bond_scenario
from scenarios.bankruptcy.bankruptcy_capm import SCENARIO
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.certificate import arbitrage, certify, multipliers
from scenarios.bankruptcy.state import State
from simulator.parameters import parse
from simulator.run import Run, simulate


def run(seed: int = 0, **given: object) -> Run[BankruptcyCapm]:
    """Without the study of endowment risk, which is a run per risk."""
    return simulate(SCENARIO, parse(BankruptcyCapm, given), seed=seed, studies=False)


CARA = [
    {"name": "young", "members": 300, "utility": "constant risk aversion", "risk_aversion": 1.0,
     "patience": 0.7, "endowment_now": 0.3, "endowment_later": [0.05, 1.0, 2.0],
     "equities": [0.2], "spread": 0.2},
    {"name": "old", "members": 200, "utility": "constant risk aversion", "risk_aversion": 0.8,
     "patience": 1.3, "endowment_now": 3.0, "endowment_later": [0.5, 0.6, 0.7],
     "equities": [1.0], "spread": 0.2},
]  # fmt: skip


def state_of(ended: Run[BankruptcyCapm]) -> State:
    return bond_scenario.state_of(ended.parameters, ended.points[-1])


@pytest.mark.parametrize(
    ("condition", "change"),
    [
        ("budget", lambda s: {"now": s.now + 1e-6}),
        ("bounds", lambda s: {"short_limit": 0.4}),
        ("optimal_choice", lambda s: {"bond_price": 1.04}),
        ("optimal_by_highs", lambda s: {"bond_price": 1.2}),
        ("monotone", lambda s: {"second": 0.1 * s.second}),
        ("quotes_in_range", lambda s: {"rates": s.rates * 1.2}),
        ("no_arbitrage", lambda s: {"equity_prices": 3.0 * s.equity_prices}),
        ("bond_clears", lambda s: {"bond": s.bond * [1.0, 1.0, 1.001]}),
        ("equities_clear", lambda s: {"equities": s.equities + 1e-6}),
        ("feasible_consumption", lambda s: {"later": s.later * 1.001}),
        ("repayment_rates", lambda s: {"rates": s.rates - 1e-6}),
    ],
)
def test_every_condition_can_fail(condition: str, change: Any) -> None:
    here = state_of(run(polish=True))
    assert certify(here).holds
    changed: dict[str, Any] = {
        k: np.asarray(v) if np.ndim(v) else v for k, v in change(here).items()
    }
    assert not certify(replace(here, **changed))[condition].holds


@pytest.mark.parametrize(
    ("solver", "given"),
    [("HiGHS", {}), ("SLSQP", {"cohorts": CARA, "short_limit": 2.0})],
)
def test_each_utility_has_its_solver_and_it_finds_better_plans(
    solver: str, given: dict[str, Any]
) -> None:
    name = f"optimal_by_{solver.lower()}"
    here = state_of(run(polish=True, **given))
    certificate = certify(here)
    assert certificate[name].holds
    assert f"by {solver}" in certificate[name].checked
    assert [c.name for c in certificate.conditions if c.name.startswith("optimal_by")] == [name]
    poorer = certify(replace(here, now=here.now - 1e-6 * here.endowed_now))
    assert not poorer[name].holds


def test_members_whose_program_highs_gives_up_are_compared_with_slsqp(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = state_of(run(polish=True))
    monkeypatch.setattr(
        "scenarios.bankruptcy.certificate.plans_by_highs",
        lambda state, rows: np.full((rows.size, 2 + state.equity_prices.size), np.nan),
    )
    certificate = certify(here)
    names = [c.name for c in certificate.conditions if c.name.startswith("optimal_by")]
    assert names == ["optimal_by_slsqp"]
    assert certificate["optimal_by_slsqp"].holds
    poorer = certify(replace(here, now=here.now - 1e-6 * here.endowed_now))
    assert not poorer["optimal_by_slsqp"].holds


def test_multipliers_are_zero_off_their_bounds_and_not_negative() -> None:
    here = state_of(run(polish=True, short_limit=0.2))
    found = multipliers(here)
    for values in (found.not_lending, found.not_borrowing, found.limit, found.equities):
        assert np.all(values >= 0.0)
    assert not found.not_lending[here.bond > 0.0].any()
    assert not found.not_borrowing[here.bond < 0.0].any()
    assert not found.limit[here.promised < 0.2].any()
    assert np.all(found.limit[here.promised == 0.2] > 0.0)
    np.testing.assert_array_equal(found.value, here.first)


def test_a_sample_of_members_says_nothing_of_markets() -> None:
    here = state_of(run(polish=True))
    names = {c.name for c in certify(here).conditions}
    assert names - {c.name for c in certify(here, complete=False).conditions} == {
        "bond_clears",
        "equities_clear",
        "feasible_consumption",
        "repayment_rates",
    }


def test_the_run_adds_the_redundant_markets() -> None:
    certificate = run().certificate
    for name in ("goods now", "goods later[1]", "goods later[2]", "goods later[3]"):
        assert certificate[f"redundant market: {name}"].holds


def two_with_opposite_fears() -> Run[BankruptcyCapm]:
    """Each is poor in one state, and buys all of the scarce equity that pays in that state."""
    each = {"utility": "quadratic", "weight": 4.0, "satiation": 8.0, "endowment_now": 3.0}
    return run(
        cohorts=[
            {**each, "endowment_later": [0.5, 4.0, 4.0], "equities": [0.01, 0.01]},
            {**each, "endowment_later": [4.0, 0.5, 4.0], "equities": [0.01, 0.01]},
        ],
        states={"probabilities": [0.4, 0.4, 0.2]},
        equities={"payoffs": [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0]]},
        short_limit=0.0,
    )


def test_members_who_hold_different_equities_may_have_different_state_prices() -> None:
    """Equities can't be sold short: one that all others find too expensive is no arbitrage."""
    ended = two_with_opposite_fears()
    here = state_of(ended)
    np.testing.assert_array_equal(
        here.equities > -here.endowed_equities, [[True, False], [False, True]]
    )
    worth = here.marginal_later() @ here.probabilities / here.marginal_now()
    here = replace(here, bond_price=float(np.max(worth)))  # the lowest at which nobody lends
    # state prices common to both would make the bond worth more than it costs
    assert float(np.sum(here.equity_prices)) > here.bond_price
    assert certify(here).holds
    assert ended.outcome == "cleared"


@pytest.mark.parametrize(
    "change",
    [
        lambda s: {"equity_prices": 3.0 * s.equity_prices},
        lambda s: {"bond_price": 0.3 * s.bond_price},
    ],
)
def test_quotes_at_which_somebody_gains_for_sure_are_an_arbitrage(change: Any) -> None:
    here = state_of(run())
    assert arbitrage(here) == 0.0
    assert arbitrage(replace(here, **change(here))) == np.inf


def test_an_equity_that_its_only_holder_could_sell_too_high_is_an_arbitrage() -> None:
    here = state_of(two_with_opposite_fears())
    assert arbitrage(here) == 0.0
    dear = here.equity_prices * np.array([3.0, 1.0])
    assert float(np.max(here.payoffs[:, 0]) * here.bond_price) < dear[0]
    assert arbitrage(replace(here, equity_prices=dear)) == np.inf
    nobody = replace(here, equity_prices=dear, equities=-here.endowed_equities)
    assert arbitrage(nobody) == 0.0
