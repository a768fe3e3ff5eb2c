"""Rules by name, and what all of them must do."""

from __future__ import annotations

from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster
from markets.adjustment.rules import RuleName, rule
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.quote import FloatArray
from tests.markets.adjustment.small_markets import box, complementary, excess, linear, settle

NAMES: tuple[RuleName, ...] = get_args(RuleName)
RULES: dict[str, Adjuster] = {
    "newton": NewtonTatonnement(),
    "safeguarded": SafeguardedTatonnement(),
}


@pytest.mark.parametrize("name", RULES)
@given(seed=st.integers(0, 10_000))
def test_rules_solve_linear_complementarity_problems(name: str, seed: int) -> None:
    """With a P-matrix the problem has one solution; the rule must find it, at a limit or not."""
    slope, offset, start = linear(seed)
    n = offset.size
    limits = box([-1.0] * n, [1.0] * n)
    state, _ = settle(RULES[name], lambda u: slope @ u + offset, start, limits, lambda u: slope)
    assert state.settled
    residual = slope @ state.coordinates + offset
    assert np.all(np.abs(state.coordinates) <= 1.0)
    inside = np.abs(state.coordinates) < 1.0
    assert np.abs(residual[inside]).max(initial=0.0) <= 1e-9
    assert np.all(residual[state.coordinates == -1.0] <= 1e-9)
    assert np.all(residual[state.coordinates == 1.0] >= -1e-9)


@pytest.mark.parametrize("name", NAMES)
def test_every_rule_clears_two_substitutes_and_leaves_a_cleared_market_alone(
    name: RuleName,
) -> None:
    slope, root = -np.array([[2.0, -0.5], [-0.3, 1.0]]), np.array([0.4, 0.7])
    limits = box([0.0] * 2, [1.0] * 2)
    adjuster = rule(name)
    state, rounds = settle(
        adjuster, lambda u: slope @ (u - root), np.array([0.6, 0.2]), limits, lambda u: slope,
        rounds=2_000,
    )  # fmt: skip
    assert state.settled, rounds
    assert complementary(state, slope @ (state.coordinates - root))
    still = adjuster.adjust(adjuster.start(root, limits), excess(np.zeros(2)), slope)
    assert still.settled
    assert np.array_equal(still.coordinates, root)


@pytest.mark.parametrize("name", ["plain", "anderson", "extrapolated"])
def test_the_first_step_is_the_markets_own_times_a_multiple(name: RuleName) -> None:
    pace = np.array([0.1, 0.02])
    adjuster = rule(name, pace, step=2.0)
    state = adjuster.start(np.full(2, 0.5), box([0.0] * 2, [1.0] * 2))
    moved = adjuster.adjust(state, excess(np.array([0.3, 0.3])))
    assert moved.coordinates - 0.5 == pytest.approx([0.06, 0.012])


def test_plain_rule_cycles_where_the_safeguarded_one_settles() -> None:
    """A step of two over the slope overshoots for ever."""

    def residual(u: FloatArray) -> FloatArray:
        return -np.sign(u) * np.abs(u) ** 0.5

    limits = box([-1.0], [1.0])
    _, rounds = settle(PlainTatonnement(step=0.5), residual, np.array([0.6]), limits)
    assert rounds == 200
    state, _ = settle(
        NewtonTatonnement(),
        residual,
        np.array([0.6]),
        limits,
        lambda u: np.array([[-0.5 * max(abs(u[0]), 1e-300) ** -0.5]]),
    )
    assert state.share <= 1e-4
