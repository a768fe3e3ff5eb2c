"""The repo market is certified at the precision at which finitely many traders are at rest."""

from typing import Any

import pandas as pd
import pytest

from scenarios.repo.holdings import Holdings
from scenarios.repo.margin_hike import SCENARIO
from scenarios.repo.market_conditions import (
    AT_REST,
    CLEARING_TOLERANCE,
    HOUSE_TOLERANCE,
    MOST_UNKNOWN,
    _known,
    _ordered,
    _repo_market,
)
from simulator.outcome import Outcome
from tests.scenarios.repo.equilibria import equilibrium


def test_where_repo_is_most_of_the_positions_the_tolerance_is_that_of_every_market() -> None:
    condition = _repo_market(50.0, 50.0, 105.0)
    assert condition.tolerance == CLEARING_TOLERANCE
    assert "known to" not in condition.meaning


@pytest.mark.parametrize("share", [1e-3, 1e-5])
def test_where_it_is_a_sliver_the_tolerance_is_scaled_by_that_and_says_so(share: float) -> None:
    condition = _repo_market(50.0 * share, 50.0 * share, 100.0)
    assert condition.tolerance == pytest.approx(AT_REST / share)
    assert f"positions are {1.0 / share:.0f} times that" in condition.meaning
    # a gap of the positions' own precision is excused, ten times that is not
    gap = 100.0 * AT_REST
    assert _repo_market(50.0 * share + 0.9 * gap, 50.0 * share, 100.0).holds
    assert not _repo_market(50.0 * share + 10.0 * gap, 50.0 * share, 100.0).holds


def test_no_sliver_is_so_thin_that_anything_goes() -> None:
    assert _repo_market(1.1e-8, 0.0, 100.0).tolerance == MOST_UNKNOWN
    assert not _repo_market(1.1e-8, 0.0, 100.0).holds
    assert _repo_market(0.0, 0.0, 100.0).holds


def test_what_rounds_leave_of_no_position_is_not_lent() -> None:
    """Up to 1e-10 of positions, which a cleared market may miss, count as nothing."""
    dust = _repo_market(9e-9, 0.0, 100.0)
    assert dust.holds
    assert dust.residual == pytest.approx(9e-11)
    assert "less than 1e-10 of them is lent" in dust.meaning


NOBODY_LENDS: list[dict[str, Any]] = [
    {
        "reuse": False, "market": "short", "cash": 0.0, "securities": [0.0, 100.0], "traders": 2,
        "beliefs": [0.2, 0.2], "low_payoff": 0.115, "high_payoff": 0.178, "income_up": 0.378,
        "haircuts": [0.0131, 0.9999998],
    },
    {
        "market": "long", "cash": 0.0, "securities": 62.7, "traders": 2, "beliefs": [0.9, 0.9],
        "low_payoff": 0.154, "high_payoff": 1.79, "income_down": 7.97, "haircuts": [3.387e-8],
    },
    {
        "market": "long", "cash": 0.0, "securities": [0.0, 100.0, 7.7], "traders": 3,
        "beliefs": "beta(17.2, 3.11)", "low_payoff": 0.0, "high_payoff": 0.496, "income_up": 0.0,
        "haircuts": [6.44e-4],
    },
]  # fmt: skip
"""Found by drawing economies at random: without cash, those who lend nothing are left with dust."""


@pytest.mark.parametrize("parameters", NOBODY_LENDS, ids=["no reuse", "ties", "no income"])
def test_a_right_answer_is_not_refused_for_the_dust_of_lending(parameters: dict[str, Any]) -> None:
    found = SCENARIO.run(studies=False, **parameters)
    assert found.outcome is Outcome.CLEARED, found.reason


def held(security: float, *, rate: float = 0.0, price: float = 0.5) -> Holdings:
    """One trader who expects 0.5 of payoffs 0 and 1, with full positions 20 long and 3 short."""
    agents = pd.DataFrame(
        {
            "cohort": ["one"], "weight": 1.0, "belief": 0.5, "endowed_cash": 1.0,
            "endowed_securities": 0.0, "income_up": 9.0, "income_down": 0.5, "cash": 0.0,
            "security": security, "repo_lending": 0.0, "repo_borrowing": 0.0,
        }
    )  # fmt: skip
    return Holdings.read(
        agents, low_payoff=0.0, high_payoff=1.0, haircut=0.05, security_price=price, repo_rate=rate
    )


@pytest.mark.parametrize("part", [0.0, 0.3, 3.0 / 23.0, 1.0])
def test_an_indifferent_trader_orders_parts_of_both_its_full_positions(part: float) -> None:
    ordered = part * 20.0 + (1.0 - part) * 3.0
    assert _ordered(held(part * 20.0 - (1.0 - part) * 3.0))[0] == pytest.approx(ordered)


def test_others_order_what_they_hold() -> None:
    assert _ordered(held(-2.0, rate=-0.1))[0] == 2.0
    assert _ordered(held(-2.0, price=0.6))[0] == 2.0


def test_where_everything_is_traded_no_tolerance_is_scaled() -> None:
    certificate = equilibrium("short", 0.05).certified()
    names = ["security market", "cash market", "repo market"]
    assert {certificate[name].tolerance for name in names} == {CLEARING_TOLERANCE}
    house = [c for c in certificate.conditions if c.name.startswith("clearing house")]
    assert {c.tolerance for c in house} == {HOUSE_TOLERANCE}


def test_scaled_tolerances_end_at_what_is_too_little_known() -> None:
    assert _known(1e-9, 5.0, 1.0) == (1e-9, "")
    assert _known(1e-9, 1e3, 1.0)[0] == pytest.approx(1e3 * AT_REST)
    assert _known(1e-9, 1e30, 1.0)[0] == MOST_UNKNOWN
    assert _known(1e-9, 1.0, 0.0)[0] == 1e-9


RIGHT: dict[str, Any] = {
    "low_payoff": 0.0, "high_payoff": 8.91441468252475, "traders": 2,
    "cash": 0.011827778037194295, "securities": [34.58181485345115, 0.6688164012155968],
    "haircuts": [0.01], "market": "long",
}  # fmt: skip


def test_a_right_answer_is_not_refused_for_orders_that_net_out() -> None:
    """The marginal trader orders on both sides, many times what it holds and what is lent."""
    found = SCENARIO.run(studies=False, **RIGHT)
    assert found.outcome is Outcome.CLEARED, found.reason
