"""A rule that goes on from its resting point by another one."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import pytest

from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.polished import Polished, PolishedState
from markets.adjustment.rule import Adjustment
from markets.quote import Excess, FloatArray, Limits

LIMITS = Limits(np.zeros(1), np.array([4.0]), np.zeros(1, bool), np.zeros(1, bool))
LOOSE = PlainTatonnement(0.3, share_tolerance=1e-3, step_tolerance=1e-3)
TIGHT = ImplicitTatonnement(share_tolerance=1e-14, step_tolerance=1e-14, first_time=1e8)
ROOT = np.sqrt(2.0)


def orders(coordinates: FloatArray) -> tuple[Excess, FloatArray]:
    residual = 2.0 - coordinates**2
    return Excess(residual, residual / 4.0, residual), np.diag(-2.0 * coordinates)


def settle(rule: Polished, rounds: int = 200) -> tuple[PolishedState, list[float]]:
    shares: list[float] = []
    state = rule.start(np.array([0.5]), LIMITS)
    while not state.settled and len(shares) < rounds:
        state = rule.adjust(state, *orders(state.coordinates))
        shares.append(state.share)
    return state, shares


def alone(rule: PlainTatonnement) -> tuple[Adjustment, int]:
    state, rounds = rule.start(np.array([0.5]), LIMITS), 0
    while not state.settled:
        state, rounds = rule.adjust(state, orders(state.coordinates)[0]), rounds + 1
    return state, rounds


@dataclass(frozen=True)
class Worse:
    """A rule that walks away from wherever it starts and never settles."""

    share_tolerance: float = 1e-14

    def asks_depth(self, state: Adjustment) -> bool:
        return False

    def start(self, coordinates: FloatArray, limits: Limits) -> Adjustment:
        return Adjustment(coordinates, np.zeros(1), limits)

    def adjust(
        self, state: Adjustment, excess: Excess, depth: FloatArray | None = None
    ) -> Adjustment:
        share = float(np.max(np.abs(excess.share)))
        return replace(state, coordinates=state.coordinates + 0.1, share=share, step=0.1)


def test_it_goes_on_from_the_resting_point_of_the_first_rule() -> None:
    rest, rounds = alone(LOOSE)
    state, shares = settle(Polished(LOOSE, TIGHT))
    assert len(shares) > rounds
    assert shares[rounds - 1] == rest.share
    assert state.rest is not None
    assert state.rest.coordinates == rest.coordinates


def test_it_tightens() -> None:
    rest, _ = alone(LOOSE)
    state, _ = settle(Polished(LOOSE, TIGHT))
    assert abs(rest.coordinates[0] - ROOT) > 1e-5
    assert state.settled
    assert state.share < 1e-14
    assert state.coordinates[0] == pytest.approx(ROOT, abs=1e-15)


def test_it_goes_back_when_the_second_rule_makes_things_worse() -> None:
    rest, rounds = alone(LOOSE)
    state, shares = settle(Polished(LOOSE, Worse(), steps=4))
    assert state.settled
    assert state.coordinates == rest.coordinates
    assert len(shares) == rounds + 4 + 1  # the last round posts the old resting point again
    assert state.share == rest.share


def test_the_second_rule_stops_where_it_is_no_worse_after_its_steps() -> None:
    slow = PlainTatonnement(0.1, share_tolerance=0.0, step_tolerance=0.0)
    rest, rounds = alone(LOOSE)
    state, shares = settle(Polished(LOOSE, slow, steps=3))
    assert state.settled
    assert len(shares) == rounds + 3
    assert state.share < rest.share


def test_it_asks_for_depth_when_the_rule_at_work_does() -> None:
    rule = Polished(LOOSE, TIGHT)
    state = rule.start(np.array([0.5]), LIMITS)
    assert not rule.asks_depth(state)
    while state.rest is None:
        state = rule.adjust(state, *orders(state.coordinates))
    assert rule.asks_depth(state)
    assert not state.settled


def test_a_market_has_cleared_by_the_tolerance_of_the_first_rule() -> None:
    assert Polished(LOOSE, TIGHT).share_tolerance == LOOSE.share_tolerance


def test_it_refuses_the_state_of_another_rule() -> None:
    state = LOOSE.start(np.array([0.5]), LIMITS)
    with pytest.raises(TypeError, match="its start"):
        Polished(LOOSE, TIGHT).adjust(state, *orders(state.coordinates))
