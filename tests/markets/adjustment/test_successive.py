"""One market after the other: substitutes, turns, limits, steps of demand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.successive import SuccessiveTatonnement
from markets.quote import FloatArray
from tests.markets.adjustment.small_markets import box, excess, settle


@given(seed=st.integers(0, 10_000))
def test_one_market_after_the_other_clears_substitutes(seed: int) -> None:
    """Gross substitutes: own slopes outweigh the others'; no slope is reported."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 4))
    slope = rng.uniform(0.0, 1.0, (n, n)) / n
    np.fill_diagonal(slope, -rng.uniform(1.5, 3.0, n))
    offset = rng.uniform(-1.0, 1.0, n)
    limits = box([-0.2] * n, [0.2] * n)
    state, _ = settle(
        SuccessiveTatonnement(),
        lambda u: slope @ u + offset,
        rng.uniform(-0.2, 0.2, n),
        limits,
        rounds=2_000,
    )
    assert state.settled
    held = limits.held(state.coordinates, slope @ state.coordinates + offset)
    residual = np.where(held, 0.0, slope @ state.coordinates + offset)
    assert np.abs(residual).max() <= 1e-9


def test_a_step_of_demand_is_found_by_bisection() -> None:
    """No quote clears; the bracket narrows to where demand jumps."""

    def residual(u: FloatArray) -> FloatArray:
        return np.where(u < 0.3, 1.0, -1.0)

    state, rounds = settle(
        SuccessiveTatonnement(turn=200), residual, np.array([0.9]), box([0.0], [1.0]), rounds=150
    )
    assert not state.settled
    assert rounds == 150
    assert state.coordinates[0] == pytest.approx(0.3, abs=1e-9)


def test_a_flat_stretch_does_not_stop_it() -> None:
    def residual(u: FloatArray) -> FloatArray:
        return np.where(u < 0.6, 0.5, 0.5 - 5.0 * (u - 0.6))

    state, _ = settle(SuccessiveTatonnement(), residual, np.array([0.1]), box([0.0], [1.0]))
    assert state.settled
    assert state.coordinates[0] == pytest.approx(0.7, abs=1e-9)


def test_a_market_rests_at_a_limit_that_is_attained() -> None:
    state, _ = settle(
        SuccessiveTatonnement(), lambda u: -1.0 - u, np.array([0.5]), box([0.0], [1.0])
    )
    assert state.settled
    assert state.coordinates[0] == 0.0


def test_a_limit_that_cannot_be_attained_is_only_approached() -> None:
    rule = SuccessiveTatonnement()
    state = rule.start(np.array([0.5]), box([0.0], [1.0], attained=False))
    for _ in range(30):
        state = rule.adjust(state, excess(np.array([1.0])))
        assert 0.0 < state.coordinates[0] < 1.0
    assert state.coordinates[0] > 0.999


def test_only_the_market_in_its_turn_moves_and_the_largest_excess_demand_is_first() -> None:
    rule = SuccessiveTatonnement()
    state = rule.start(np.full(3, 0.5), box([0.0] * 3, [1.0] * 3))
    state = rule.adjust(state, excess(np.array([0.1, -0.6, 0.2])))
    assert state.market == 1
    assert state.coordinates[[0, 2]].tolist() == [0.5, 0.5]
    assert state.coordinates[1] < 0.5
    assert np.ptp(state.moved) == 0.0
    state = rule.adjust(state, excess(np.array([0.1, -0.01, 0.2])))  # it has had its turn
    assert state.market == 2


def test_it_asks_for_no_depth_and_refuses_the_state_of_another_rule() -> None:
    rule = SuccessiveTatonnement()
    state = PlainTatonnement().start(np.array([0.5]), box([0.0], [1.0]))
    assert not rule.asks_depth(state)
    with pytest.raises(TypeError, match="needs the state that its start"):
        rule.adjust(state, excess(np.zeros(1)))
