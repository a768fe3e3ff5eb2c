"""A resting point as arrays: identities between quotes, table and totals."""

from __future__ import annotations

import numpy as np

from scenarios.bankruptcy import bond_scenario
from scenarios.bankruptcy.bankruptcy_capm import SCENARIO
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.state import read
from simulator.parameters import parse
from simulator.run import simulate

RUN = simulate(SCENARIO, parse(BankruptcyCapm, {"polish": True}), studies=False)
STATE = bond_scenario.state_of(RUN.parameters, RUN.points[-1])


def test_quotes_are_those_of_the_point() -> None:
    quotes = RUN.equilibrium
    assert STATE.bond_price == quotes["bond_price"]
    np.testing.assert_array_equal(STATE.equity_prices, [quotes["equity_price[1]"]])
    np.testing.assert_array_equal(STATE.rates, [quotes[f"repayment_rate[{s}]"] for s in (1, 2, 3)])


def test_lent_less_promised_is_the_bond_position() -> None:
    np.testing.assert_array_equal(STATE.lent - STATE.promised, STATE.bond)
    assert not (STATE.lent * STATE.promised).any()
    assert STATE.promises == np.sum(STATE.promised) > 0.0
    assert STATE.members == 3


def test_goods_and_resources_count_the_equities() -> None:
    cohorts = RUN.parameters.cohorts
    payoffs = np.array([1.0, 0.2, 1.5])
    later, equities = (
        np.array([getattr(c, field) for c in cohorts], dtype=np.float64)
        for field in ("endowment_later", "equities")
    )
    goods = np.sum(later + equities * payoffs, axis=0)
    np.testing.assert_allclose(STATE.goods, goods)
    np.testing.assert_allclose(np.sum(STATE.resources, axis=0), goods)  # equities change hands


def test_marginal_utility_of_either_kind() -> None:
    np.testing.assert_array_equal(STATE.marginal_now(), [8.2, 5.3, 4.7])
    np.testing.assert_allclose(STATE.marginal_later(), STATE.second[:, None] - STATE.later)
    table = RUN.points[-1].agents.assign(
        utility="constant risk aversion", risk_aversion=2.0, patience=0.5
    )
    point = type(RUN.points[-1])("all", 1, RUN.equilibrium, table, True)
    exponential = read(RUN.parameters.instruments, 10.0, point)
    np.testing.assert_allclose(exponential.marginal_now(), np.exp(-2.0 * STATE.now))
    np.testing.assert_allclose(exponential.marginal_later(), 0.5 * np.exp(-2.0 * STATE.later))
