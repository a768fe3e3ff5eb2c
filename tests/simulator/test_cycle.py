"""Recognising cycles: what repeats itself, what goes around, and what is on its way to rest."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from markets.quote import FloatArray
from simulator.cycle import KEPT, Cycle, find_cycle

ROUNDS = 1_000


def around(period: float, growth: float = 1.0, rounds: int = ROUNDS) -> FloatArray:
    """An oscillation of two quotes whose amplitude grows by a factor in each round."""
    time = np.arange(rounds)
    angle = 2.0 * np.pi * time / period + 0.3
    circle = np.column_stack([np.cos(angle), np.sin(angle)])
    return np.asarray(3.0 + growth ** (time - rounds)[:, None] * circle)


def logistic(rate: float) -> FloatArray:
    """Iterates of the logistic map."""
    path = [0.3]
    for _ in range(ROUNDS - 1):
        path.append(rate * path[-1] * (1.0 - path[-1]))
    return np.array(path)[:, None]


@pytest.mark.parametrize("period", [2, 3, 4, 7, 50, 290, 500])
def test_a_whole_period_is_found_to_the_round(period: int) -> None:
    cycle = find_cycle(around(period))
    assert cycle is not None
    assert cycle.period == period
    assert cycle.closed
    assert cycle.amplitude == pytest.approx(np.ptp(around(period)[-period:], axis=0))


def test_the_swing_before_is_that_of_one_period_whatever_went_before_it() -> None:
    path = around(50)
    path[:300] *= 7.0
    cycle = find_cycle(path)
    assert cycle is not None
    assert cycle.before == pytest.approx(cycle.amplitude)


@given(st.floats(3.0, 450.0))
def test_a_period_that_is_no_whole_number_of_rounds_is_found_in_multiples(period: float) -> None:
    cycle = find_cycle(around(period))
    assert cycle is not None
    turns = cycle.period / period
    assert abs(turns - round(turns)) * period <= 1.0
    assert cycle.amplitude == pytest.approx(2.0, rel=0.3)


@given(st.floats(2.0, 400.0), st.floats(1e-4, 1e-2))
def test_an_oscillation_that_converges_is_no_cycle(period: float, shrinking: float) -> None:
    """Also slowly: by 0.01% in a round it needs ten thousand of them to come near rest."""
    assert find_cycle(around(period, 1.0 - shrinking)) is None


def test_what_shrinks_less_than_the_tolerance_over_half_the_path_counts_as_kept() -> None:
    almost = KEPT ** (1.0 / (0.5 * ROUNDS))
    assert find_cycle(around(4, 1.0 - 1.2 * (1.0 - almost))) is None
    assert find_cycle(around(4, 1.0 - 0.8 * (1.0 - almost))) is not None


@given(st.floats(100.0, 400.0))
def test_the_spiral_of_finite_steps_around_a_centre_is_a_cycle_that_widens(period: float) -> None:
    """Steps of size h along u' = J u with eigenvalues +-i grow by sqrt(1 + h^2) in each round."""
    step = 2.0 * np.pi / period
    turn = np.array([[1.0, step], [-step, 1.0]])
    path = [np.array([1e-3, 0.0])]
    for _ in range(ROUNDS - 1):
        path.append(turn @ path[-1])
    cycle = find_cycle(np.array(path) + 1.0)
    assert cycle is not None
    assert cycle.period == pytest.approx(period, abs=0.03 * period + 1.0)
    assert not cycle.closed
    assert cycle.amplitude.max() / cycle.before.max() == pytest.approx(
        1.0 + 2.0 * np.pi**2 / period, rel=0.1
    )


def monotone() -> dict[str, FloatArray]:
    time = np.arange(ROUNDS, dtype=np.float64)
    return {
        "exponential": 0.99**time,
        "slow": 0.9999**time,
        "power": 1.0 / (1.0 + time),
        "trend": 1e-3 * time,
        "logarithm": np.log(1.0 + time),
        "at rest": np.ones(ROUNDS),
    }


@pytest.mark.parametrize("name", monotone())
def test_a_path_that_has_not_left_has_not_come_back(name: str) -> None:
    assert find_cycle(monotone()[name][:, None]) is None


@pytest.mark.parametrize(("rate", "period"), [(3.2, 2), (3.5, 4), (3.55, 8), (3.83, 3)])
def test_cycles_of_the_logistic_map(rate: float, period: int) -> None:
    """May, Nature 261 (1976): cycles double up to 3.57, and there is a window of period 3."""
    cycle = find_cycle(logistic(rate))
    assert cycle is not None
    assert cycle.period == period


@pytest.mark.parametrize("rate", [3.7, 3.8, 3.9, 3.99])
def test_chaos_is_no_cycle(rate: float) -> None:
    assert find_cycle(logistic(rate)) is None


@pytest.mark.parametrize("seed", range(20))
def test_noise_is_no_cycle(seed: int) -> None:
    noise = np.random.default_rng(seed).normal(size=(ROUNDS, 2))
    assert find_cycle(noise) is None
    assert find_cycle(noise.cumsum(axis=0)) is None


def test_rounding_of_a_quote_at_rest_hides_no_cycle_of_another() -> None:
    path = around(2)
    path[:, 1] = 5.0 + 1e-15 * np.random.default_rng(0).normal(size=ROUNDS)
    cycle = find_cycle(path)
    assert cycle is not None
    assert cycle.period == 2


@pytest.mark.parametrize("path", [np.zeros((3, 1)), np.full((10, 1), np.nan), np.empty((0, 2))])
def test_too_little_to_tell(path: FloatArray) -> None:
    assert find_cycle(path) is None


def test_the_reason_names_the_widest_swing_and_how_wide_it_was() -> None:
    closed = Cycle(7, np.array([0.1, 0.4]), np.array([0.1, 0.4]), closed=True)
    assert closed.reason(["price", "rate"]) == (
        "the quotes repeat themselves every 7 rounds; the widest swing is that of rate, 0.4 from"
        " lowest to highest"
    )
    open_ = Cycle(300, np.array([0.5, 0.4]), np.array([0.45, 0.4]), closed=False)
    assert open_.reason(["price", "rate"]) == (
        "the quotes go around in about 300 rounds; the widest swing is that of price, 0.5 from"
        " lowest to highest, 0.45 a period before"
    )
