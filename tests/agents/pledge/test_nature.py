"""Draws of values and of noise demand."""

import numpy as np
import pytest

from agents.pledge.nature import Lognormal, Nature
from markets.refused import Refused

VALUE, NOISE = Lognormal(1.1, 4.0), Lognormal(0.9, 3.0)


def test_each_day_is_drawn_once_and_securities_may_share_it() -> None:
    nature = Nature(np.random.default_rng(1), VALUE, NOISE, securities=3, common=True)
    later = nature.at(4)
    assert np.ptp(later.log_value) == 0.0
    assert nature.at(4) is later
    assert nature.at(3) is not later
    apart = Nature(np.random.default_rng(1), VALUE, NOISE, securities=3).at(1)
    assert np.ptp(apart.log_value) > 0.0


def test_asking_for_days_out_of_order_draws_the_same() -> None:
    one, other = (Nature(np.random.default_rng(1), VALUE, NOISE) for _ in range(2))
    ahead = one.at(3).log_value
    in_order = [other.at(date).log_value for date in (1, 2, 3)]
    assert in_order[-1] == ahead


def test_a_fixed_value_is_not_drawn() -> None:
    rng = np.random.default_rng(1)
    nature = Nature(rng, VALUE, NOISE, securities=2, log_value=0.2, log_noise=-0.3)
    before = rng.bit_generator.state
    state = nature.at(5)
    assert state.log_value.tolist() == [0.2, 0.2]
    assert state.log_noise.tolist() == [-0.3, -0.3]
    assert rng.bit_generator.state == before


def test_draws_have_the_mean_and_precision_asked_for() -> None:
    draws = VALUE.log_draws(np.random.default_rng(3), 100_000)
    # five standard errors of the mean, of the variance and of the mean of the exponential
    assert draws.mean() == pytest.approx(VALUE.log_mean, abs=5 * 0.5 / 316)
    assert draws.var() == pytest.approx(0.25, rel=5 * (2 / 1e5) ** 0.5)
    assert np.exp(draws).mean() == pytest.approx(1.1, abs=5 * 0.59 / 316)


@pytest.mark.parametrize("numbers", [{"mean": 0.0, "precision": 1.0}, {"mean": 1, "precision": -1}])
def test_a_law_without_mean_or_precision_is_refused(numbers: dict[str, float]) -> None:
    with pytest.raises(Refused, match="must be a number above 0"):
        Lognormal(**numbers)
