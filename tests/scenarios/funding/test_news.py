"""News on the payoff and on selling pressure."""

import numpy as np
import pytest

from scenarios.funding.margin_procyclicality import MarginProcyclicality
from scenarios.funding.news import draw_news

PARAMETERS = MarginProcyclicality(dates=5_000)


def test_the_first_date_has_no_news() -> None:
    news = PARAMETERS.draw_news(np.random.default_rng(0))
    assert news.fundamental[0] == PARAMETERS.fundamental_value
    assert news.supply[0] == PARAMETERS.customers_supply


def test_news_has_the_moments_that_parameters_say() -> None:
    news = PARAMETERS.draw_news(np.random.default_rng(0))
    assert np.std(np.diff(news.fundamental)) == pytest.approx(PARAMETERS.news_volatility, rel=0.05)
    pressure = news.supply - PARAMETERS.customers_supply
    shocks = pressure[1:] - PARAMETERS.supply_persistence * pressure[:-1]
    assert np.std(shocks) == pytest.approx(PARAMETERS.supply_volatility, rel=0.05)
    assert abs(np.corrcoef(np.diff(news.fundamental), shocks)[0, 1]) < 0.05


def test_without_volatility_nothing_happens() -> None:
    quiet = MarginProcyclicality(dates=9, news_volatility=0.0, supply_volatility=0.0)
    news = quiet.draw_news(np.random.default_rng(0))
    assert np.all(news.fundamental == quiet.fundamental_value)
    assert np.all(news.supply == quiet.customers_supply)


def test_given_prices_are_followed_and_leave_the_pressure_as_it_was() -> None:
    prices = np.array([5.0, 4.0, 2.0, 3.0, 1.0])
    settings = {
        "fundamental_value": 10.0, "news_volatility": 0.1, "supply": 3.0, "supply_volatility": 0.3,
        "supply_persistence": 0.9,
    }  # fmt: skip
    drawn, given = (
        draw_news(np.random.default_rng(1), 3, **settings, prices=path, skip=2)
        for path in (None, prices)
    )
    assert given.fundamental.tolist() == [10.0, 15.0, 5.0]
    assert given.supply.tolist() == drawn.supply.tolist()
    assert given.history is not None
    assert given.history.tolist() == [25.0, 20.0]
    assert drawn.history is None
