"""A table of holdings read as arrays: units, kinds of position, and which constraint binds."""

import numpy as np
import pytest

from scenarios.repo.holdings import RESOLUTION, Holdings
from tests.scenarios.repo.equilibria import State, equilibrium, short_market, special


def read(state: State) -> Holdings:
    return Holdings.read(**vars(state))


def test_kinds_follow_the_sign_of_the_position() -> None:
    held = read(special())
    kinds = special().agents["kind"].map({"long": 1, "cash": 0, "short": -1})
    assert held.kind.tolist() == kinds.tolist()


@pytest.mark.parametrize(
    ("haircut", "by_margin", "by_solvency"),
    [(0.01, {"short"}, {"long"}), (0.30, {"long", "short"}, set())],
)
def test_the_constraint_that_binds(
    haircut: float, by_margin: set[str], by_solvency: set[str]
) -> None:
    state = equilibrium("short", haircut)
    held, kinds = read(state), state.agents["kind"].to_numpy()
    assert set(kinds[held.constrained_by_margin]) == by_margin
    assert set(kinds[held.constrained_by_solvency]) == by_solvency


def test_accounts_are_measured_by_wealth_or_by_a_thousandth_of_the_positions() -> None:
    state = short_market()
    held = read(state)
    wealth = 1.0 + state.security_price
    assert held.unit == pytest.approx(np.full(len(held), wealth), rel=1.0)
    gross = np.abs(held.portfolios) @ np.array([1.0, *[state.security_price] * 3])
    assert np.all(held.unit >= RESOLUTION * gross)
    assert np.all(held.unit >= wealth * (1.0 - 1e-12))


def test_totals_are_weighted() -> None:
    held = read(short_market())
    assert held.total(np.ones(len(held))) == pytest.approx(1.0)
    assert held.total(held.security) == pytest.approx(1.0)
