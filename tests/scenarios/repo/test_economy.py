"""Parameters of margin-hike, and the economy made from them."""

import numpy as np
import pytest

from agents.repo.traders import Traders
from scenarios.repo.economy import PRESET_INCOME, MarginHike, build, number


def test_the_market_presets_who_has_income() -> None:
    assert MarginHike(market="short").incomes == (0.0, PRESET_INCOME)
    assert MarginHike(market="long").incomes == (PRESET_INCOME, 0.0)
    assert MarginHike(market="long", income_up=2.0, income_down=[1.0]).incomes == (2.0, [1.0])


def test_a_closed_form_takes_alike_traders_with_cash_on_a_continuum_or_a_named_distribution() -> (
    None
):
    assert MarginHike().has_closed_form
    assert not MarginHike(cash=0.0).has_closed_form
    assert not MarginHike(traders=2, cash=[1.0, 2.0]).has_closed_form
    assert not MarginHike(beliefs=[0.2, 0.5]).has_closed_form
    assert MarginHike(beliefs=[0.2, 0.5], population="continuum").has_closed_form


def test_listed_beliefs_say_how_many_traders_there_are() -> None:
    assert MarginHike(beliefs=[0.2, 0.5, 0.9]).members == 3
    economy = build(
        MarginHike(beliefs=[0.9, 0.2, 0.5], cash=[9.0, 2.0, 5.0]), np.random.default_rng()
    )
    (traders,) = economy.cohorts
    assert isinstance(traders, Traders)
    assert traders.primitives.cash.tolist() == [2.0, 5.0, 9.0]
    economy.close()


def test_random_first_quotes_come_from_the_seed_and_others_from_the_market() -> None:
    first = [
        build(MarginHike(start="random", traders=2), np.random.default_rng(seed)).first_quotes
        for seed in (1, 1, 2)
    ]
    assert first[0] == first[1] != first[2]
    for seed in (1, 2):
        assert build(MarginHike(traders=2), np.random.default_rng(seed)).first_quotes == {}


@pytest.mark.parametrize("value", [2.0, [2.0, 3.0], np.array([2.0])])
def test_a_parameter_that_is_one_number(value: float | list[float]) -> None:
    assert number(value) == 2.0
