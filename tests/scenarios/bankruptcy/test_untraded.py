"""The interval of prices of a bond that nobody trades: no demand inside, some demand outside."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from agents.bankruptcy.best_response import best_trades
from agents.bankruptcy.trades import Endowment
from agents.bankruptcy.utility import LinearQuadratic
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from scenarios.bankruptcy import bankruptcy, bankruptcy_capm, bond_scenario
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.certificate import certify
from scenarios.bankruptcy.state import State
from scenarios.bankruptcy.untraded import interval_of_bond_prices
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.run import Run, simulate


def capm(**given: Any) -> Run[BankruptcyCapm]:
    scenario = bankruptcy_capm.SCENARIO
    return simulate(scenario, parse(BankruptcyCapm, given), studies=False)


def bonds_wanted(run: Run[BankruptcyCapm], state: State, bond_price: float) -> FloatArray:
    """Bond positions that are best at another bond price, all other quotes as they are."""
    endowment = Endowment(
        LinearQuadratic(state.first, state.second),
        state.endowed_now,
        state.endowed_later + state.endowed_equities @ state.payoffs.T,
        state.endowed_equities,
    )
    quotes = BondQuotes(bond_price, state.equity_prices, state.rates, state.short_limit)
    return best_trades(endowment, run.parameters.instruments, quotes).trade[:, 0]


@pytest.mark.parametrize("now", [3.4, 0.02], ids=["interior", "some consume nothing at date 0"])
def test_nobody_wants_bonds_inside_and_somebody_does_just_outside(now: float) -> None:
    cohorts = [c.model_dump(exclude_none=True) for c in BankruptcyCapm().cohorts]
    cohorts[1] |= {"endowment_now": now, "weight": 3.0}
    run = capm(short_limit=0.0, cohorts=cohorts, polish=True)
    assert run.outcome is Outcome.CLEARED
    state = bond_scenario.state_of(run.parameters, run.points[-1])
    assert bool(np.any(state.now == 0.0)) == (now < 1.0)
    interval = bankruptcy_capm.SCENARIO.intervals(run.parameters, run.points[-1])
    assert list(interval) == ["bond_price"]
    lowest, highest = interval["bond_price"]
    assert highest == math.inf
    assert lowest <= run.equilibrium["bond_price"] * (1.0 + 1e-9)
    for price in (lowest * (1.0 + 1e-9), 2.0 * lowest, 1e3):
        assert not bonds_wanted(run, state, price).any()
        assert certify(replace(state, bond_price=price, bond=np.zeros(3))).holds
    assert np.max(bonds_wanted(run, state, lowest * (1.0 - 1e-6))) > 0.0
    cheap = replace(state, bond_price=lowest * (1.0 - 1e-5), bond=np.zeros(3))
    assert not certify(cheap)["optimal_choice"].holds


def test_of_the_example_the_lowest_price_is_the_closed_form() -> None:
    """max g_i / a_0i = max{2 / 2, 3 / 1}."""
    run = simulate(
        bankruptcy.SCENARIO, parse(bankruptcy.TwoInvestors, {"short_limit": 0}), studies=False
    )
    interval = bankruptcy.SCENARIO.intervals(run.parameters, run.points[-1])
    assert list(interval["bond_price"]) == [pytest.approx(3.0, abs=1e-12), math.inf]
    assert run.dates["lowest_bond_price"].item() == pytest.approx(3.0, abs=1e-12)
    assert run.dates["highest_bond_price"].item() == math.inf


def test_those_who_could_borrow_and_do_not_bound_the_price_from_above() -> None:
    """Two who value goods alike do not trade, and only one price keeps them from it."""
    given = {"borrower_weight": 1.0, "borrower_satiation": 3.5}
    run = simulate(bankruptcy.SCENARIO, parse(bankruptcy.TwoInvestors, given), studies=False)
    interval = bankruptcy.SCENARIO.intervals(run.parameters, run.points[-1])
    assert list(interval["bond_price"]) == pytest.approx([3.0, 3.0])


def test_repayment_in_part_lowers_the_lower_end_only() -> None:
    state = bond_scenario.state_of(BankruptcyCapm(), capm(short_limit=0.2).points[-1])
    idle = replace(state, bond=np.zeros(3))
    poor = replace(idle, rates=0.5 * idle.rates)
    both, half = interval_of_bond_prices(idle), interval_of_bond_prices(poor)
    assert both is not None
    assert half is not None
    assert half[1] <= both[1]
    assert half[0] == pytest.approx(0.5 * both[0])


def test_a_bond_that_is_traded_has_none() -> None:
    run = capm()
    assert bankruptcy_capm.SCENARIO.intervals(run.parameters, run.points[-1]) == {}
    sample = replace(capm(short_limit=0.0).points[-1], complete=False)
    assert bankruptcy_capm.SCENARIO.intervals(run.parameters, sample) == {}
