"""Parameters of margin-hike, and the economy made from them."""

import numpy as np
import pytest

from agents.repo.traders import Traders
from markets.refused import Refused
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
    assert MarginHike(beliefs=[0.2, 0.5, 0.9]).count == 3
    economy = build(
        MarginHike(beliefs=[0.9, 0.2, 0.5], cash=[9.0, 2.0, 5.0]), np.random.default_rng()
    )
    (traders,) = economy.cohorts
    assert isinstance(traders, Traders)
    assert traders.primitives.cash.tolist() == [2.0, 5.0, 9.0]
    economy.close()


def test_random_first_quotes_come_from_the_seed_and_others_from_the_market() -> None:
    def first(parameters: MarginHike, seed: int) -> dict[str, float]:
        economy = build(parameters, np.random.default_rng(seed))
        economy.open()
        return economy.first_quotes

    drawn, own = MarginHike(start="random", traders=2), MarginHike(traders=2)
    assert first(drawn, 1) == first(drawn, 1) != first(drawn, 2)
    assert (
        first(own, 1) == first(own, 2) == pytest.approx({"security_price": 0.925, "repo_rate": 0.0})
    )
    named = MarginHike(start={"repo_rate": -0.1}, traders=2)
    assert first(named, 1) == pytest.approx({"security_price": 0.925, "repo_rate": -0.1})
    listed = MarginHike(start=[1.0, -0.2], traders=2)
    assert first(listed, 1) == {"security_price": 1.0, "repo_rate": -0.2}
    for start in ("payoffs", [1.0], {"price": 1.0}):
        with pytest.raises(Refused, match="start"):
            first(MarginHike(start=start, traders=2), 1)


@pytest.mark.parametrize("value", [2.0, [2.0, 3.0], np.array([2.0])])
def test_a_parameter_that_is_one_number(value: float | list[float]) -> None:
    assert number(value) == 2.0
