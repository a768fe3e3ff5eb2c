"""Prices of a security that nobody trades: none wants to inside, somebody does just outside."""

import math
from typing import Any

import numpy as np
import pytest

from scenarios.repo.margin_hike import SCENARIO
from scenarios.repo.program import TraderPrograms
from scenarios.repo.program_optimum import best_portfolios
from scenarios.repo.verdict import NOBODY_TRADES

NOBODY: dict[str, dict[str, Any]] = {
    "owners with nothing to lose": {"cash": 0.0},
    "one owner": {"cash": 0.0, "securities": [0.0, 2.0, 0.0, 0.0]},
    "without reuse": {"cash": 0.0, "reuse": False},
    "all believe the same": {"beliefs": [0.3] * 4, "low_payoff": 0.5, "income_up": 1.0},
}


def run(**changes: Any) -> Any:
    given: dict[str, Any] = {
        "traders": 4, "low_payoff": 0.0, "high_payoff": 1.0, "income_up": 0.0, "income_down": 0.0,
        "haircuts": [0.05],
    }  # fmt: skip
    return SCENARIO.run(studies=False, **(given | changes))


def traded(found: Any, price: float) -> float:
    """Largest amount by which anybody's expected cash at date 1 can rise by a trade at a price."""
    table = found.agents
    names = ["belief", "endowed_cash", "endowed_securities", "income_up", "income_down"]
    parameters = found.parameters
    programs = TraderPrograms(
        parameters.low_payoff, parameters.high_payoff, parameters.haircuts[0], price, 0.0,
        *(table[name].to_numpy() for name in names), reuse=parameters.reuse,
    )  # fmt: skip
    still = np.zeros((len(table), 4))
    still[:, 0], still[:, 1] = table.endowed_cash, table.endowed_securities
    return float(np.max(programs.gains(best_portfolios(programs)) - programs.gains(still)))


@pytest.mark.parametrize("economy", NOBODY)
def test_inside_nobody_gains_by_a_trade_and_outside_somebody_does(economy: str) -> None:
    found = run(**NOBODY[economy])
    assert found.certificate.holds
    assert found.dates.regime.tolist() == [NOBODY_TRADES]
    point = found.ends[0].point
    low, high = SCENARIO.intervals(found.parameters, point)["security_price"]
    price = found.equilibrium["security_price"]
    assert low - 1e-9 <= price <= high + 1e-9
    for inside in np.linspace(max(low, 1e-3 * high), high, 5):
        assert traded(found, float(inside)) <= 1e-12
    assert traded(found, high + 1e-3) > 1e-6
    if low > 0.0:
        assert traded(found, low - 1e-3) > 1e-6


def test_the_interval_of_owners_with_nothing_to_lose_ends_at_the_most_pessimistic() -> None:
    found = run(cash=0.0)
    point = found.ends[0].point
    assert SCENARIO.intervals(found.parameters, point) == {"security_price": (0.0, 0.125)}


def test_there_is_none_where_somebody_trades_or_of_a_continuum() -> None:
    for given in ({"income_up": 1.0}, {"cash": 0.0, "population": "continuum"}):
        found = run(**given)
        assert SCENARIO.intervals(found.parameters, found.ends[0].point) == {}
    assert math.isfinite(found.equilibrium["security_price"])
