"""One market outside all others."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pytest

from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.outermost import OutermostTatonnement
from markets.adjustment.rule import Adjustment
from markets.adjustment.successive import SuccessiveTatonnement
from markets.quote import Excess, FloatArray, Limits

BOX = Limits(
    lower=np.array([-1.0, -1.0, 0.0]),
    upper=np.array([1.0, 1.0, 1.0]),
    lower_attained=np.array([True, True, False]),
    upper_attained=np.array([True, True, False]),
)


def excess(u: FloatArray) -> Excess:
    """Two markets that clear at (h - .2, .5 - h), and a third with h = .9 - u0^2 - 2 (h - .3)."""
    first, second, last = u
    residual = np.array(
        [(last - 0.2) - first, (0.5 - last) - second, 0.9 - first**2 - 2.0 * (last - 0.3) - last]
    )
    return Excess(residual=residual, share=np.tanh(residual), units=residual)


def settled(rule: OutermostTatonnement, rounds: int = 400) -> tuple[Adjustment, int]:
    state: Adjustment = rule.start(np.array([0.9, -0.9, 0.05]), BOX)
    for count in range(1, rounds + 1):
        state = rule.adjust(state, excess(state.coordinates), None)
        if state.settled:
            return state, count
    raise AssertionError("not settled")


@pytest.mark.parametrize("inner", [NewtonTatonnement(), SuccessiveTatonnement()])
def test_the_last_market_clears_where_all_others_have(inner: NewtonTatonnement) -> None:
    state, _ = settled(OutermostTatonnement(inner))
    assert np.max(np.abs(excess(state.coordinates).residual)) < 1e-9
    last = state.coordinates[2]
    assert 0.9 - (last - 0.2) ** 2 - 2.0 * (last - 0.3) - last == pytest.approx(0.0, abs=1e-9)


@dataclass(frozen=True)
class Told(NewtonTatonnement):
    """A rule that must be told the depth of its own markets only."""

    def adjust(self, state: Adjustment, excess: Excess, depth: FloatArray | None = None):  # type: ignore[no-untyped-def]
        assert depth is None or depth.shape == (2, 2)
        return super().adjust(state, excess, depth)


def test_the_inner_rule_hears_of_its_own_markets_only() -> None:
    rule = OutermostTatonnement(Told())
    state = rule.start(np.array([0.0, 0.0, 0.5]), BOX)
    assert rule.asks_depth(state)
    moved = rule.adjust(state, excess(state.coordinates), -np.eye(3))
    assert moved.coordinates.shape == (3,)
    assert moved.coordinates[2] == 0.5  # the others have not cleared


def test_a_state_of_another_rule_is_refused() -> None:
    rule = OutermostTatonnement(NewtonTatonnement())
    other = NewtonTatonnement().start(np.zeros(3), BOX)
    with pytest.raises(TypeError, match="needs the state that its start"):
        rule.adjust(other, excess(np.zeros(3)))
    assert not rule.asks_depth(other)
