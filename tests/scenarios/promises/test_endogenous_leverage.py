"""Any promises on any number of states."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pytest
from scipy.optimize import LinearConstraint, minimize

from scenarios.promises.endogenous_leverage import SCENARIO
from scenarios.promises.refined import ventures
from scenarios.promises.states_economy import EndogenousLeverage
from simulator.outcome import Outcome
from simulator.run import Run

TWO = [1.0, 0.2]


@cache
def default_run() -> Run[EndogenousLeverage]:
    return SCENARIO.run()


def traded(run: Run[EndogenousLeverage]) -> dict[str, float]:
    table = run.tables["instruments"].set_index("instrument")["traded"].drop("asset")
    return {str(name): float(value) for name, value in table.items()}


def loans(*amounts: float) -> list[dict[str, Any]]:
    return [{"name": f"loan_{amount:g}", "owed": amount} for amount in amounts]


# ---------------------------------------------------------------------- default


@pytest.mark.parametrize("seed", range(1, 3))
def test_with_two_states_nobody_need_default(seed: int) -> None:
    """Binomial no-default theorem: loans above the largest safe one change no price."""
    rng = np.random.default_rng(seed)
    drawn: dict[str, Any] = {
        "payoffs": TWO,
        "beliefs": rng.uniform(0.05, 0.95, 12).tolist(),
        "cash": rng.uniform(0.0, 2.0, 12).tolist(),
        "asset": rng.uniform(0.0, 2.0, 12).tolist(),
    }
    safe = SCENARIO.run(promises=loans(0.2), **drawn)
    many = SCENARIO.run(promises=loans(0.2, 0.3, 0.5, 0.8), **drawn)
    assert many.outcome is Outcome.CLEARED
    assert many.equilibrium["asset_price"] == pytest.approx(
        safe.equilibrium["asset_price"], rel=1e-9
    )


def test_two_states_are_the_collateral_equilibrium_of_as_many_traders() -> None:
    from scenarios.promises.collateral_equilibrium import SCENARIO as CYCLE

    run = SCENARIO.run(payoffs=TWO, promises=loans(0.2, 0.4), traders=60)
    cycle = CYCLE.run(
        assets="borrowing", low_payoff=0.2, promises=[0.2, 0.4], population="individuals",
        traders=60,
    )  # fmt: skip
    assert run.equilibrium == pytest.approx(cycle.equilibrium, rel=1e-9)


# ---------------------------------------------------------------------- by another program
@pytest.mark.parametrize("seed", range(2))
def test_utilities_are_those_of_a_convex_program(seed: int) -> None:
    """With equal endowments an equilibrium maximises the sum of logarithms of utility.

    Eisenberg and Gale (1959): subject to what there is of cash and the asset, and to promises being
    bought and sold in equal number. Solved by SLSQP, from equal holdings.
    """
    rng = np.random.default_rng(seed)
    chances = rng.dirichlet(np.ones(3), 4)
    promises = [*loans(0.3, 0.6), {"name": "swap", "owed": [0.0, 0.4, 0.9], "asset": 0.0,
                                   "cash": 0.9}]  # fmt: skip
    run = SCENARIO.run(payoffs=[1.0, 0.6, 0.1], beliefs=chances.tolist(), promises=promises)
    assert run.outcome is Outcome.CLEARED
    units, worths = ventures(
        np.array([1.0, 0.6, 0.1]),
        _as_program(run.parameters),
        now=False,
        storable=True,
    )
    value, size = chances @ worths[:, 1:].T, len(units)
    supply = np.array([4.0, 4.0, 0.0, 0.0, 0.0])

    def loss(flat: np.ndarray) -> float:
        return -float(np.sum(np.log(np.sum(flat.reshape(4, size) * value, axis=1))))

    def slope(flat: np.ndarray) -> np.ndarray:
        each = np.sum(flat.reshape(4, size) * value, axis=1)
        gradient: np.ndarray = -(value / each[:, None]).ravel()
        return gradient

    whole = np.tile(units.T, (1, 4))
    found = minimize(
        loss, np.full(4 * size, 0.4), jac=slope, bounds=[(0.0, None)] * (4 * size),
        constraints=LinearConstraint(whole, supply, supply),
        method="SLSQP", options={"maxiter": 500, "ftol": 1e-13},
    )  # fmt: skip
    assert found.success
    best = np.sum(found.x.reshape(4, size) * value, axis=1)
    # with equal wealth the optimum's utilities are those of the equilibrium
    price = run.equilibrium["asset_price"]
    prices = [1.0, price, *(run.equilibrium[f"price_{p['name']}"] for p in promises)]
    returns = np.max(value / (units @ prices), axis=1)
    assert returns * (1.0 + price) == pytest.approx(best, rel=2e-4)


def _as_program(parameters: EndogenousLeverage) -> list[Any]:
    from scenarios.promises.program import Promise

    return [Promise(p.name, p.owed, p.asset, p.cash) for p in parameters.pledges()]


# ---------------------------------------------------------------------- interest
def test_without_time_preference_safe_loans_bear_no_interest() -> None:
    run = SCENARIO.run(payoffs=TWO, promises=loans(0.2))
    assert run.dates["interest"].iloc[0] == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("patience", [0.9, 0.7])
def test_where_somebody_consumes_now_safe_loans_yield_the_rate_of_time_preference(
    patience: float,
) -> None:
    run = SCENARIO.run(
        payoffs=TWO, promises=loans(0.1, 0.2), patience=patience, storable=False, cash=4.0
    )
    assert run.outcome is Outcome.CLEARED
    assert run.agents["consumed"].sum() > 10.0
    assert run.dates["interest"].iloc[0] == pytest.approx(1.0 / patience - 1.0, rel=1e-9)


def test_where_cash_is_scarce_safe_loans_yield_more() -> None:
    """Patient pessimists lend to impatient optimists; with little to lend, the rate rises.

    It lies between the rates of time preference of the two, 0 and 1.
    """
    patience = [1.0] * 50 + [0.5] * 50
    rates = [
        SCENARIO.run(
            payoffs=TWO, promises=loans(0.2), patience=patience, storable=False, cash=cash
        ).dates["interest"].iloc[0]
        for cash in (0.05, 0.3)
    ]  # fmt: skip
    assert rates[1] == pytest.approx(0.0, abs=1e-9)
    assert 0.1 < rates[0] < 1.0


def test_cash_that_keeps_bounds_the_rate_below() -> None:
    impatient: dict[str, Any] = {"payoffs": TWO, "promises": loans(0.2), "patience": 1.2}
    kept = SCENARIO.run(**impatient, storable=True)
    lost = SCENARIO.run(**impatient, storable=False, cash=4.0)
    assert kept.dates["interest"].iloc[0] == pytest.approx(0.0, abs=1e-9)
    assert lost.dates["interest"].iloc[0] < 0.0
    assert {kept.outcome, lost.outcome} == {Outcome.CLEARED}


# ---------------------------------------------------------------------- what is declared
def test_a_falsified_price_is_not_certified() -> None:
    from dataclasses import replace

    run = default_run()
    point = run.points[0]
    dearer = {**point.quotes, "price_loan_0.4": 1.001 * point.quotes["price_loan_0.4"]}
    assert SCENARIO.certify(run.parameters, point).holds
    assert not SCENARIO.certify(run.parameters, replace(point, quotes=dearer)).holds
