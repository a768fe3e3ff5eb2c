"""The scenario funding-contagion: prices that move together, bad input."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from scenarios.funding.funding_contagion import SCENARIO
from simulator.outcome import Outcome


def test_a_margin_on_one_asset_moves_every_price() -> None:
    run = SCENARIO.run()
    dates = run.dates
    assert run.outcome is Outcome.CLEARED
    assert dates["certified"].all()
    for name in ("stock", "twin", "other"):
        assert np.all(np.diff(dates[f"price_{name}"]) < 0.0)
        assert np.abs(dates[f"difference_price_{name}"]).max() < 1e-8
    twins = dates["price_stock"] - dates["price_twin"]
    assert twins.iloc[0] == pytest.approx(0.24, abs=1e-8, rel=0)
    discount = (10.0 - dates["price_other"]) / dates["margin_other"]
    assert np.allclose(discount, dates["funding_premium"], rtol=0, atol=1e-9)


def test_wealth_moves_prices_together_as_the_response_says() -> None:
    step, names = 1e-4, ("stock", "twin", "other")
    up, down, at = (
        SCENARIO.run(
            experts_wealth=[-3.0 + by], margin_factors=[1.0], margin_slopes=[0.1, 0.2, -0.1]
        )
        for by in (step, -step, 0.0)
    )
    assert at.outcome is up.outcome is down.outcome is Outcome.CLEARED
    measured = [
        (up.equilibrium[f"price_{name}"] - down.equilibrium[f"price_{name}"]) / (2.0 * step)
        for name in names
    ]
    response = [at.dates[f"response_{name}"].iloc[0] for name in names]
    assert min(measured) > 0.0
    assert measured == pytest.approx(response, abs=1e-6, rel=0)


def test_experts_are_long_and_short_from_one_pool() -> None:
    run = SCENARIO.run(
        customers_supplies=[3.0, -3.0, 3.0], experts_endowments=[0.0] * 3, experts_wealth=[6.0]
    )
    assert run.outcome is Outcome.CLEARED
    last = run.dates.iloc[-1]
    assert last["price_stock"] < 10.0 < last["price_twin"]
    assert last["position_twin"] < 0.0 < last["position_stock"]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"shocked": "bond"}, 'shocked is "bond"; it must be one of'),
        ({"assets": ["a", "a", "b"]}, "every asset needs a name of its own"),
        ({"volatilities": [1.0]}, "volatilities has 1 entries; there are 3 assets"),
        ({"margin_slopes": [-3.0, 0.0, 0.0]}, r"margin_slopes\[0\] is -3.0"),
        ({"experts_wealth": [-16.0]}, "must start with at least 0"),
    ],
)
def test_bad_contagion_is_refused_in_a_sentence(given: dict[str, Any], words: str) -> None:
    with pytest.raises(Refused, match=words):
        SCENARIO.run(**given)
