"""Rules in turn: the first one goes its own way, and others take over where it stalls."""

from __future__ import annotations

import numpy as np
import pytest

from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster, Adjustment
from markets.bankruptcy.relay import InLogs, Relay
from markets.quote import Excess, FloatArray, Limits

BOX = Limits(np.zeros(1), np.full(1, 1e6), np.zeros(1, np.bool_), np.zeros(1, np.bool_))
FAR = 500.0
"""Where the market clears, as a multiple of where it starts."""


def market(u: FloatArray) -> tuple[Excess, FloatArray]:
    """A slow market far away: all of the trade is on one side until close to clearing."""
    residual = 0.2 * np.log(FAR / u)
    share = np.clip(residual, -1.0, 1.0)
    return Excess(residual, share, residual), np.diag(-0.2 / u)


def run(rule: Adjuster, rounds: int) -> tuple[list[float], Adjustment]:
    state = rule.start(np.ones(1), BOX)
    path = []
    for _ in range(rounds):
        path.append(float(state.coordinates[0]))
        excess, depth = market(state.coordinates)
        state = rule.adjust(state, excess, depth if rule.asks_depth(state) else None)
        if state.settled:
            break
    return path, state


def test_newton_in_logs_crosses_orders_of_magnitude() -> None:
    """Steps of .3, the longest allowed, and a few of Newton's own at the end."""
    path, state = run(InLogs(ImplicitTatonnement(first_time=1e8)), 60)
    assert state.settled
    assert state.coordinates[0] == pytest.approx(FAR, rel=1e-9)
    assert np.log(FAR) / 0.3 < len(path) <= np.log(FAR) / 0.3 + 6
    np.testing.assert_allclose(np.diff(np.log(path))[:15], 0.3)


def test_logs_do_not_leave_the_box() -> None:
    limits = Limits(np.zeros(2), np.ones(2), np.zeros(2, np.bool_), np.array([True, False]))
    rule = InLogs(PlainTatonnement(1.0))
    state = rule.start(np.array([0.9, 0.5]), limits)
    up = np.array([5.0, 5.0])
    for _ in range(5):
        state = rule.adjust(state, Excess(up, up, up))
    assert state.coordinates[0] == 1.0
    assert 0.5 < state.coordinates[1] < 1.0


def test_another_rule_takes_over_where_the_first_one_stalls() -> None:
    slow = PlainTatonnement(1e-6)
    _, alone = run(slow, 200)
    path, state = run(Relay(slow, (InLogs(ImplicitTatonnement(first_time=1e8)),), 20), 200)
    assert not alone.settled
    assert state.settled
    assert state.coordinates[0] == pytest.approx(FAR, rel=1e-9)
    assert len(path) < 60


def test_the_first_rule_goes_on_as_if_nothing_had_happened() -> None:
    """Rounds of the other rule are inserted into its path, and nothing else changes."""
    slow, still = PlainTatonnement(1e-3), PlainTatonnement(1e-12)
    alone, _ = run(slow, 100)
    patience = 10
    path, _ = run(Relay(slow, (still,), patience), 100)
    turns = np.array(path)
    first = turns[np.diff(turns, prepend=0.0) > 1e-9]
    assert len(first) >= 40
    np.testing.assert_array_equal(first, alone[: len(first)])


def test_where_the_first_rule_makes_progress_the_others_never_trade() -> None:
    quick = ImplicitTatonnement(first_time=1e8, trust=1e3)
    alone, _ = run(quick, 100)
    path, state = run(Relay(quick, (PlainTatonnement(),)), 100)
    assert state.settled
    assert path == alone


def test_the_others_start_from_where_the_first_rule_stands_or_afresh() -> None:
    away, still = PlainTatonnement(0.5), PlainTatonnement(1e-12)
    for afresh in (True, False):
        path, _ = run(Relay(away, (still,), 3, afresh=afresh), 30)
        turns = np.array(path)
        assert turns[1] > 1.05
        assert (np.min(np.abs(turns[3:] - 1.0)) < 1e-9) == afresh


def test_patience_doubles_after_every_circle() -> None:
    still = PlainTatonnement(1e-12)
    rule = Relay(still, (still, still), 5)
    state = rule.start(np.ones(1), BOX)
    turns = []
    for _ in range(75):
        state = rule.adjust(state, market(state.coordinates)[0])
        turns.append(state.turn)
    lengths = [turns.count(turn) for turn in range(1, 6)]
    assert lengths[:2] == [6, 6]
    assert lengths[3:] == [11, 11]


def test_a_rule_that_searches_has_more_patience() -> None:
    still = PlainTatonnement(1e-12)
    rule = Relay(still, (still, still), 5, longer=(11,))
    state = rule.start(np.ones(1), BOX)
    turns = []
    for _ in range(70):
        state = rule.adjust(state, market(state.coordinates)[0])
        turns.append(state.turn)
    assert [turns.count(turn) for turn in (1, 2, 3, 4)] == [12, 6, 6, 11]


def test_it_asks_for_depth_where_the_rule_at_work_does() -> None:
    still = PlainTatonnement(1e-12)
    rule = Relay(still, (NewtonTatonnement(),), 5)
    state = rule.start(np.ones(1), BOX)
    asked = []
    for _ in range(8):
        asked.append(rule.asks_depth(state))
        excess, depth = market(state.coordinates)
        state = rule.adjust(state, excess, depth if asked[-1] else None)
    assert asked == [False] * 6 + [True] * 2


@pytest.mark.parametrize(
    "rule", [Relay(PlainTatonnement(), (PlainTatonnement(),)), InLogs(PlainTatonnement())]
)
def test_the_state_of_another_rule_is_refused(rule: Adjuster) -> None:
    state = PlainTatonnement().start(np.ones(1), BOX)
    with pytest.raises(TypeError, match="its start"):
        rule.adjust(state, market(np.ones(1))[0])
