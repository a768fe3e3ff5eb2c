"""One market inside the other: substitutes, limits, and steps many times what is traded."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.adjustment.nested import Bracket, NestedTatonnement
from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.safeguarded import SafeguardedState, SafeguardedTatonnement
from markets.quote import FloatArray
from tests.markets.adjustment.small_markets import box, complementary, excess, settle


@given(seed=st.integers(0, 10_000))
def test_substitutes_clear_from_anywhere(seed: int) -> None:
    """Own slopes outweigh the others'; quotes may end at a limit that is attained."""
    rng = np.random.default_rng(seed)
    slope = rng.uniform(0.0, 0.5, (2, 2))
    np.fill_diagonal(slope, -rng.uniform(1.5, 3.0, 2))
    offset = rng.uniform(-1.0, 1.0, 2)

    def residual(u: FloatArray) -> FloatArray:
        return np.asarray(slope @ u + offset)

    state, _ = settle(
        NestedTatonnement(), residual, rng.uniform(-0.2, 0.2, 2), box([-0.2] * 2, [0.2] * 2),
        rounds=2_000,
    )  # fmt: skip
    assert state.settled
    assert complementary(state, residual(state.coordinates))


@given(first=st.floats(0.05, 0.95), second=st.floats(0.05, 0.95), tall=st.floats(1.0, 1e4))
def test_steps_are_found_from_both_ends(first: float, second: float, tall: float) -> None:
    """Demand as of one trader whose order is many times the supply, filled over a short stretch."""

    def residual(u: FloatArray) -> FloatArray:
        own = np.clip((np.array([first, second]) - u) * 1e4, -1.0, 1.0)
        return np.asarray(tall * own + 0.1 * np.clip(own[::-1], -1.0, 1.0))

    state, _ = settle(
        NestedTatonnement(), residual, np.array([0.5, 0.5]), box([0.0] * 2, [1.0] * 2), rounds=3_000
    )
    assert state.settled
    assert state.coordinates == pytest.approx([first, second], abs=2e-4)


def test_a_bracket_is_narrowed_until_no_number_is_left_in_it() -> None:
    bracket = Bracket(0.0, 1.0)
    assert bracket.next(low_attained=True, high_attained=True) == 0.0
    assert bracket.next(low_attained=False, high_attained=True) == 1.0
    assert bracket.next(low_attained=False, high_attained=False) == 0.5
    for _ in range(300):
        if bracket.closed:
            break
        here = bracket.next(low_attained=False, high_attained=False)
        assert bracket.low <= here <= bracket.high
        bracket = bracket.narrowed(here, 1.0 if here < 0.3 else -1.0)
    assert bracket.closed
    assert bracket.low == pytest.approx(0.3)


def test_it_is_for_two_markets_and_its_own_states() -> None:
    with pytest.raises(ValueError, match="there are 3 coordinates"):
        NestedTatonnement().start(np.zeros(3), box([0.0] * 3, [1.0] * 3))
    rule, limits = NestedTatonnement(), box([0.0] * 2, [1.0] * 2)
    foreign = PlainTatonnement().start(np.zeros(2), limits)
    with pytest.raises(TypeError, match="adjust needs the state"):
        rule.adjust(foreign, excess(np.zeros(2)))
    assert not rule.asks_depth(foreign)


def test_the_default_rule_resorts_to_it_the_second_time_it_goes_astray() -> None:
    """A slope of the wrong sign leads Newton's rule away; turns follow one another."""
    rule = SafeguardedTatonnement(
        newton=NewtonTatonnement(trust=0.01), newton_rounds=2, successive_rounds=2,
        last_resort=NestedTatonnement(), last_resort_rounds=3,
    )  # fmt: skip

    def residual(u: FloatArray) -> FloatArray:
        return np.asarray(np.sign(0.3 - u) * (1.0 + np.abs(u[::-1])))

    state = rule.start(np.array([0.9, 0.9]), box([0.0] * 2, [1.0] * 2))
    kinds = []
    for _ in range(12):
        state = rule.adjust(state, excess(residual(state.coordinates)), -np.eye(2))
        assert isinstance(state, SafeguardedState)
        kinds.append(type(state.inner).__name__.removesuffix("State"))
    assert kinds == [
        "Newton", "Successive", "Successive", "Newton", "Newton", "Nested", "Nested", "Nested",
        "Newton", "Newton", "Nested", "Nested",
    ]  # fmt: skip
