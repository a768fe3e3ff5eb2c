"""Rules that move quotes, on small markets with known answers."""

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.adjustment.newton import LocalSlope, NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster, Adjustment
from markets.adjustment.safeguarded import SafeguardedTatonnement
from markets.adjustment.successive import SuccessiveTatonnement
from markets.margin import FlatMargin
from markets.quote import Excess, FloatArray, Limits

Residual = Callable[[FloatArray], FloatArray]


def box(lower: list[float], upper: list[float], *, attained: bool = True) -> Limits:
    flags = np.full(len(lower), attained)
    return Limits(np.array(lower), np.array(upper), flags, flags)


def told(residual: FloatArray) -> Excess:
    return Excess(residual, np.tanh(residual), residual)


def settle(
    rule: Adjuster,
    residual: Residual,
    start: FloatArray,
    limits: Limits,
    slope: Callable[[FloatArray], FloatArray] | None = None,
    rounds: int = 200,
) -> tuple[Adjustment, int]:
    state = rule.start(start, limits)
    for count in range(1, rounds + 1):
        here = state.coordinates
        state = rule.adjust(state, told(residual(here)), None if slope is None else slope(here))
        if state.settled:
            return state, count
    return state, rounds


RULES: dict[str, Adjuster] = {
    "newton": NewtonTatonnement(),
    "safeguarded": SafeguardedTatonnement(),
}


@pytest.mark.parametrize("name", RULES)
@given(seed=st.integers(0, 10_000))
def test_rules_solve_linear_complementarity_problems(name: str, seed: int) -> None:
    """With a P-matrix the problem has one solution; the rule must find it, at a limit or not."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(1, 6))
    root = rng.normal(size=(n, n))
    slope = -(root @ root.T + 0.1 * np.eye(n))
    offset = rng.normal(size=n)
    limits = box([-1.0] * n, [1.0] * n)
    state, _ = settle(
        RULES[name],
        lambda u: slope @ u + offset,
        rng.uniform(-1, 1, n),
        limits,
        lambda u: slope,
    )
    assert state.settled
    residual = slope @ state.coordinates + offset
    assert np.all(np.abs(state.coordinates) <= 1.0)
    inside = np.abs(state.coordinates) < 1.0
    assert np.abs(residual[inside]).max(initial=0.0) <= 1e-9
    assert np.all(residual[state.coordinates == -1.0] <= 1e-9)
    assert np.all(residual[state.coordinates == 1.0] >= -1e-9)


@given(seed=st.integers(0, 10_000))
def test_one_market_after_the_other_clears_substitutes(seed: int) -> None:
    """Gross substitutes: own slopes outweigh the others'; no slope is told."""
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


def test_newton_never_posts_a_limit_that_cannot_be_attained() -> None:
    limits = box([0.0], [1.0], attained=False)
    rule = NewtonTatonnement()
    state = rule.start(np.array([0.5]), limits)
    for _ in range(60):
        state = rule.adjust(state, told(np.array([3.0])), np.array([[-1e-3]]))
        assert 0.0 < state.coordinates[0] < 1.0


def test_newton_moves_with_excess_demand_where_the_slope_has_the_wrong_sign() -> None:
    rule = NewtonTatonnement()
    state = rule.start(np.array([0.5]), box([0.0], [1.0]))
    moved = rule.adjust(state, told(np.array([0.01])), np.array([[5.0]]))
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


def test_settling_takes_a_small_step_as_well_as_a_small_residual() -> None:
    """A flat market has a small residual far from its root: that is not settled."""
    rule = NewtonTatonnement()
    state = rule.start(np.array([0.5]), box([0.0], [1.0]))
    flat = rule.adjust(state, told(np.array([1e-11])), np.array([[-1e-10]]))
    assert flat.share <= rule.share_tolerance
    assert not flat.settled


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


@pytest.mark.parametrize("rate", [-0.01, 1.0, 1.5, float("nan"), float("inf")])
def test_a_haircut_lies_in_zero_one(rate: float) -> None:
    with pytest.raises(ValueError, match=r"a haircut lies in \[0, 1\)"):
        FlatMargin(rate)


def test_an_empty_box_is_refused() -> None:
    with pytest.raises(ValueError, match="lower limit exceeds"):
        box([1.0], [0.0])


def test_a_slope_that_is_singular_but_for_rounding_gives_the_plain_step() -> None:
    residual, free = np.array([0.5, 0.2]), np.array([True, True])
    singular = LocalSlope(-np.array([[0.1, 0.3], [0.2, 0.6 * (1.0 + 1e-15)]]), free)
    assert not singular.usable
    assert np.abs(singular.step(residual)).max() <= 0.5
    regular = -np.array([[2.0, 1.0], [1.0, 3.0]])
    assert regular @ LocalSlope(regular, free).step(residual) == pytest.approx(-residual)
