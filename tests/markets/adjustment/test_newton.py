"""Newton's rule: singular and wrong slopes, limits, wrong steps, settling."""

from __future__ import annotations

import numpy as np
import pytest

from markets.adjustment.newton import LocalSlope, NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.quote import FloatArray
from tests.markets.adjustment.small_markets import box, excess, settle


def test_newton_never_posts_a_limit_that_cannot_be_attained() -> None:
    limits = box([0.0], [1.0], attained=False)
    rule = NewtonTatonnement()
    state = rule.start(np.array([0.5]), limits)
    for _ in range(60):
        state = rule.adjust(state, excess(np.array([3.0])), np.array([[-1e-3]]))
        assert 0.0 < state.coordinates[0] < 1.0


def test_newton_moves_with_excess_demand_where_the_slope_has_the_wrong_sign() -> None:
    rule = NewtonTatonnement()
    state = rule.start(np.array([0.5]), box([0.0], [1.0]))
    moved = rule.adjust(state, excess(np.array([0.01])), np.array([[5.0]]))
    assert moved.coordinates[0] > 0.5


def test_newton_finds_a_root_through_a_region_of_wrong_slope() -> None:
    """Excess demand rises on (0, 1/2) and falls after; the stable root is at 0.9."""

    def residual(u: FloatArray) -> FloatArray:
        return np.asarray((0.9 - u) * (u + 0.1))

    def slope(u: FloatArray) -> FloatArray:
        return np.array([[0.8 - 2.0 * u[0]]])

    state, _ = settle(NewtonTatonnement(), residual, np.array([0.1]), box([0.0], [1.0]), slope)
    assert state.settled
    assert state.coordinates[0] == pytest.approx(0.9, abs=1e-9)


@pytest.mark.parametrize("end", [0.0, 1.0])
def test_a_step_that_stops_at_a_limit_is_solved_for_again_in_what_still_moves(end: float) -> None:
    """A linear market whose root lies just beyond a limit of its first coordinate."""
    matrix = -np.array([[2.0, 1.0, 0.5], [0.8, 3.0, -0.4], [0.1, 0.6, 1.0]])
    outside = np.array([-0.02 if end == 0.0 else 1.02, 0.4, 0.5])

    def residual(u: FloatArray) -> FloatArray:
        return np.asarray(matrix @ (u - outside))

    rule = NewtonTatonnement()
    start = outside + np.array([0.05 if end == 0.0 else -0.05, 0.03, -0.02])
    state = rule.start(start, box([0.0] * 3, [1.0] * 3))
    after = rule.adjust(state, excess(residual(start)), matrix).coordinates
    assert after[0] == end
    assert residual(after)[1:] == pytest.approx([0.0, 0.0], abs=1e-12)
    assert abs(residual(after)[0]) > 0.01


def test_settling_takes_a_small_step_as_well_as_a_small_residual() -> None:
    """A flat market has a small residual far from its root: that is not settled."""
    rule = NewtonTatonnement()
    state = rule.start(np.array([0.5]), box([0.0], [1.0]))
    flat = rule.adjust(state, excess(np.array([1e-11])), np.array([[-1e-10]]))
    assert flat.share <= rule.share_tolerance
    assert not flat.settled
    state = rule.start(np.array([0.5, 0.5]), box([0.0] * 2, [1.0] * 2))
    flat = rule.adjust(state, excess(np.array([1e-11, 1e-13])), np.diag([-1e-10, -1.0]))
    assert not flat.settled
    assert flat.step == pytest.approx(0.1)


def test_a_slope_that_is_singular_but_for_rounding_gives_the_plain_step() -> None:
    residual, free = np.array([0.5, 0.2]), np.array([True, True])
    singular = LocalSlope(-np.array([[0.1, 0.3], [0.2, 0.6 * (1.0 + 1e-15)]]), free)
    assert not singular.usable
    assert np.abs(singular.step(residual)).max() <= 0.5
    regular = -np.array([[2.0, 1.0], [1.0, 3.0]])
    assert regular @ LocalSlope(regular, free).step(residual) == pytest.approx(-residual)


def test_one_step_solves_a_linear_market() -> None:
    slope = -np.array([[2.0, 1.0], [1.0, 3.0]])
    root = np.array([0.55, 0.45])
    state, rounds = settle(
        NewtonTatonnement(), lambda u: slope @ (u - root), np.full(2, 0.5), box([0, 0], [1, 1]),
        lambda u: slope,
    )  # fmt: skip
    assert rounds == 2
    assert state.coordinates == pytest.approx(root, abs=1e-12)


def test_no_move_is_longer_than_trust() -> None:
    rule = NewtonTatonnement(trust=0.05)
    state = rule.start(np.array([0.5]), box([0.0], [1.0]))
    moved = rule.adjust(state, excess(np.array([1.0])), np.array([[-1.0]]))
    assert moved.coordinates[0] == pytest.approx(0.55)
    assert moved.step == pytest.approx(1.0)  # what it wanted


def test_a_move_that_makes_things_worse_is_taken_back_by_half() -> None:
    """Excess demand like arctan: Newton's step from far away overshoots, further every time."""
    rule = NewtonTatonnement(trust=100.0)
    limits = box([-50.0], [50.0])
    far = np.array([3.0])
    state = rule.start(far, limits)
    first = rule.adjust(state, excess(-np.arctan(far)), -np.diag(1.0 / (1.0 + far**2)))
    assert abs(first.coordinates[0]) > 3.0
    second = rule.adjust(
        first, excess(-np.arctan(first.coordinates)),
        -np.diag(1.0 / (1.0 + first.coordinates**2)),
    )  # fmt: skip
    assert abs(second.coordinates[0] - 3.0) <= 0.5 * abs(first.coordinates[0] - 3.0)
    state_at_rest, _ = settle(
        rule, lambda u: -np.arctan(u), far, limits, lambda u: -np.diag(1.0 / (1.0 + u**2))
    )
    assert state_at_rest.settled
    assert abs(state_at_rest.coordinates[0]) <= 1e-9


def test_units_of_the_residuals_do_not_matter() -> None:
    def residual(u: FloatArray) -> FloatArray:
        return np.array([np.exp(-u[0]) - 0.6 + 0.1 * u[1], 0.5 - u[1] ** 3 + 0.2 * u[0]])

    def slope(u: FloatArray) -> FloatArray:
        return np.array([[-np.exp(-u[0]), 0.1], [0.2, -3.0 * u[1] ** 2]])

    units, limits = np.array([1e3, 1e-2]), box([0.0, 0.01], [2.0, 2.0])
    start = np.array([1.5, 1.5])
    rule = NewtonTatonnement()
    one, other = rule.start(start, limits), rule.start(start, limits)
    for _ in range(5):
        at = one.coordinates
        one = rule.adjust(one, excess(residual(at)), slope(at))
        at = other.coordinates
        other = rule.adjust(other, excess(units * residual(at)), units[:, None] * slope(at))
        assert other.coordinates == pytest.approx(one.coordinates, rel=1e-12)


def test_no_progress_for_long_begins_a_calm_phase_of_half_steps() -> None:
    """Excess demand that jumps over zero: every move is kept, and half as long as wanted."""
    rule = NewtonTatonnement(patience=2)
    state = rule.start(np.array([0.5]), box([0.0], [1.0]))
    lengths = []
    for count in range(12):
        sign = 1.0 if count % 2 else -1.0
        before = state.coordinates
        state = rule.adjust(state, excess(np.array([0.1 * sign])), np.array([[-1.0]]))
        lengths.append((state.calm > 0, float(np.abs(state.coordinates - before)[0])))
    calm = [length for is_calm, length in lengths if is_calm]
    assert calm
    assert calm == pytest.approx([0.05] * len(calm))


def test_a_state_of_another_rule_is_refused() -> None:
    state = PlainTatonnement().start(np.array([0.5]), box([0.0], [1.0]))
    with pytest.raises(TypeError, match="needs the state that its start"):
        NewtonTatonnement().adjust(state, excess(np.zeros(1)))


@pytest.mark.parametrize(
    ("slope", "usable"),
    [
        ([[-1.0, 0.0], [0.0, -2.0]], True),
        ([[1.0, 0.0], [0.0, -2.0]], False),
        ([[-1.0, -2.0], [-2.0, -1.0]], False),  # falls in each, not in both together
        ([[0.5, -2.0], [2.0, -1.0]], True),  # an own slope rises, the plain rule would settle
        ([[np.nan, 0.0], [0.0, -1.0]], False),
        ([[0.0, 1.0], [1.0, -1.0]], False),
    ],
)
def test_a_slope_is_used_where_the_plain_rule_would_settle(
    slope: list[list[float]], usable: bool
) -> None:
    local = LocalSlope(np.array(slope), np.array([True, True]))
    assert local.usable is usable
    assert np.isfinite(local.step(np.array([0.1, -0.2]))).all()
