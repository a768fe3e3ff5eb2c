"""Members in order of belief, and where they stand on the ladder."""

from typing import Any, get_args

import mesa
import numpy as np
import pytest

from agents.cohort import Population
from agents.repo.primitives import Primitives, pick
from agents.repo.traders import Traders
from markets.ladder import Rung
from markets.quote import FloatArray
from tests.agents.repo.cohorts import SECURITY


def primitives(beliefs: str | list[float], population: Population = "individuals") -> Primitives:
    equal: dict[str, Any] = {"cash": 1.0, "securities": 1.0, "income_up": 0.0, "income_down": 0.0}
    made = Primitives(beliefs, 4, population, **equal)
    made.open(SECURITY)
    return made


def test_members_are_sorted_with_their_endowments() -> None:
    traders = Traders(mesa.Model(rng=0), beliefs=[0.9, 0.1, 0.5], cash=[9.0, 1.0, 5.0])
    assert traders.primitives.cash.tolist() == [1.0, 5.0, 9.0]
    assert traders.primitives.beliefs.members(3).tolist() == [0.1, 0.5, 0.9]


def test_reservation_prices_fall_with_belief_and_stay_between_the_payoffs() -> None:
    for population in get_args(Population):
        prices = primitives("beta(2, 3)", population).reservation_prices()
        assert prices.size == (4 if population == "individuals" else 5)
        assert np.all(np.diff(prices) < 0.0)
        assert prices.max() <= SECURITY.high_payoff
        assert prices.min() >= SECURITY.low_payoff


def test_a_rung_is_filled_in_part_and_those_above_it_in_full() -> None:
    made = primitives([0.2, 0.4, 0.4, 0.8])
    rung = Rung(float(made.expected[1]), 0.25)
    assert made.edge(rung) == (1, 3)
    assert made.above(rung) == 1.5
    assert made.filled(rung).tolist() == [1.0, 0.25, 0.25, 0.0]


@pytest.mark.parametrize("belief", [0.0, 0.3, 0.625, 1.0])
def test_of_a_continuum_the_slice_at_a_price_counts_in_part(belief: float) -> None:
    made = primitives("uniform", "continuum")
    price = float(SECURITY.expected(np.array([belief]))[0])
    assert made.above(Rung(price, 0.0)) == pytest.approx(4.0 * belief)
    filled = made.filled(Rung(price, 0.0))
    assert filled.sum() == pytest.approx(4.0 * belief)
    assert np.all(np.diff(filled) <= 0.0)


def test_a_depth_says_what_a_price_next_to_the_top_cannot() -> None:
    made = primitives("uniform", "continuum")
    top, spread = SECURITY.high_payoff, SECURITY.high_payoff - SECURITY.low_payoff
    share = 1e-18
    assert top - share * spread == top
    assert made.above(Rung(top, 0.0)) == 0.0
    assert made.above(Rung(top, 0.0, share * spread)) == pytest.approx(4.0 * share)


def test_the_one_row_of_members_who_are_alike_stands_for_all() -> None:
    rows = np.array([0, 2])
    field: FloatArray = np.array([1.0, 2.0, 3.0])
    assert pick(field, rows).tolist() == [1.0, 3.0]
    assert pick(field[:1], rows).tolist() == [1.0]
