"""Implicit steps: between the textbook rule and Newton's, limits, the step in time."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.plain import PlainTatonnement
from tests.markets.adjustment.small_markets import box, complementary, excess, linear, settle

SLOPE = -np.array([[2.0, 0.5], [0.3, 1.0]])


@given(seed=st.integers(0, 10_000))
def test_linear_complementarity_problems_are_solved(seed: int) -> None:
    slope, offset, start = linear(seed)
    n = offset.size
    state, _ = settle(
        ImplicitTatonnement(), lambda u: slope @ u + offset, start, box([-1.0] * n, [1.0] * n),
        lambda u: slope, rounds=400,
    )  # fmt: skip
    assert state.settled
    assert complementary(state, slope @ state.coordinates + offset)


@pytest.mark.parametrize(("time", "newton"), [(1e-6, False), (1e8, True)])
def test_a_short_step_is_the_textbook_rule_and_a_long_one_newton_s(
    time: float, newton: bool
) -> None:
    residual = np.array([0.02, -0.01])
    rule = ImplicitTatonnement(first_time=time)
    state = rule.start(np.full(2, 0.5), box([0.0] * 2, [1.0] * 2))
    step = rule.adjust(state, excess(residual), SLOPE).coordinates - 0.5
    expected = np.linalg.solve(-SLOPE, residual) if newton else time * residual
    assert step == pytest.approx(expected, rel=1e-5)


def test_the_step_in_time_follows_excess_demand_within_bounds() -> None:
    rule = ImplicitTatonnement()
    state = rule.start(np.zeros(1), box([-1e3], [1e3]))
    times = [state.time]
    for size in (0.1, 0.08, 0.001, 1.0):
        state = rule.adjust(state, excess(np.array([size])), np.array([[-1.0]]))
        times.append(state.time)
    # unknown at first; as excess demand falls; at most twice; at least a tenth
    assert times == pytest.approx([1.0, 1.0, 1.25, 2.5, 0.25])
    for _ in range(60):
        state = rule.adjust(state, excess(0.4 * np.array([state.residual])), np.array([[-1.0]]))
    assert state.time == rule.longest_time


def test_a_market_rests_at_an_attained_limit_while_the_others_clear() -> None:
    offset = np.array([5.0, 0.1])
    state, _ = settle(
        ImplicitTatonnement(), lambda u: SLOPE @ u + offset, np.full(2, 0.5),
        box([0.0] * 2, [1.0] * 2), lambda u: SLOPE,
    )  # fmt: skip
    assert state.settled
    assert state.coordinates[0] == 1.0
    assert (SLOPE @ state.coordinates + offset)[1] <= 1e-9


def test_a_limit_that_cannot_be_attained_is_never_posted() -> None:
    rule = ImplicitTatonnement(first_time=1e8)
    state = rule.start(np.array([0.5]), box([0.0], [1.0], attained=False))
    for _ in range(15):  # nine tenths of the way each, until rounding can't tell
        state = rule.adjust(state, excess(np.array([3.0])), np.array([[-1e-3]]))
        assert 0.0 < state.coordinates[0] < 1.0


def test_no_move_is_longer_than_trust_and_a_settled_market_does_not_move() -> None:
    rule = ImplicitTatonnement(first_time=1e8)
    state = rule.start(np.array([0.5]), box([0.0], [1.0]))
    moved = rule.adjust(state, excess(np.array([9.0])), np.array([[-1.0]]))
    assert moved.coordinates[0] == pytest.approx(0.8)
    rests = rule.adjust(state, excess(np.array([1e-12])), np.array([[-1.0]]))
    assert rests.settled
    assert rests.coordinates[0] == 0.5


def test_it_asks_for_depth_and_refuses_the_state_of_another_rule() -> None:
    rule = ImplicitTatonnement()
    state = PlainTatonnement().start(np.array([0.5]), box([0.0], [1.0]))
    assert rule.asks_depth(state)
    with pytest.raises(TypeError, match="needs the state that its start"):
        rule.adjust(state, excess(np.zeros(1)))
