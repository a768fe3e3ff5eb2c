"""A continuum of trembling believers."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from agents.beliefs import Beliefs
from agents.promises.clearing_house import CollateralClearingHouse
from agents.promises.state_believers import StateBelievers
from agents.promises.state_continuum import StateContinuum
from markets.promises.narrowing import Narrowing
from markets.promises.state_market import StateMarket
from markets.promises.state_menu import Pledge, StateMenu
from markets.promises.state_quotes import StateBook, StateQuotes
from simulator.economy import Economy
from simulator.rehearsal import rehearse

MENU = StateMenu.of(
    [1.0, 0.2],
    [Pledge("loan", (0.2, 0.2), asset=1.0), Pledge("swap", (0.0, 0.8), cash=0.8)],
    states=("good", "bad"),
)


def economy(beliefs: str = "beta(2, 3)") -> Economy[StateMenu, StateQuotes, StateBook]:
    made = Economy(StateMarket(MENU), adjuster=Narrowing())
    CollateralClearingHouse(made, MENU)
    StateContinuum(made, beliefs=Beliefs(beliefs), members=500, cash=1.0, asset=2.0)
    return made


def test_it_does_what_every_economy_must() -> None:
    certificate = rehearse(partial(economy, "uniform"))
    assert certificate.holds, certificate.complaint()


@pytest.mark.parametrize("tremble", [1e-2, 1e-4])
def test_orders_are_those_of_very_many_single_traders(tremble: float) -> None:
    posted = StateQuotes(MENU, 0.5, np.array([0.17, 0.45]), tremble)
    mass = economy().cohorts[0].respond(posted)
    crowd = Economy(StateMarket(MENU))
    belief = Beliefs("beta(2, 3)").members(200_000)
    many = StateBelievers(crowd, chances=np.column_stack([belief, 1.0 - belief]), asset=2.0)
    book = many.respond(posted)
    scale = 500 / 200_000
    assert isinstance(mass, StateBook)
    assert mass.asset == pytest.approx(scale * book.asset, rel=1e-6)
    assert mass.bought == pytest.approx(scale * book.bought, rel=1e-6)
    assert mass.sold == pytest.approx(scale * book.sold, rel=1e-6)
    assert mass.slope == pytest.approx(scale * book.slope, rel=1e-3)


@pytest.mark.parametrize("tremble", [1e-2, 1e-4])
def test_the_long_and_the_short_are_those_of_very_many_single_traders(tremble: float) -> None:
    posted = StateQuotes(MENU, 0.5, np.array([0.17, 0.45]), tremble)
    (mass,) = economy().cohorts
    assert isinstance(mass, StateContinuum)
    belief = Beliefs("beta(2, 3)").members(2_000)
    chances = np.column_stack([belief, 1.0 - belief])
    many = StateBelievers(Economy(StateMarket(MENU)), chances=chances, asset=2.0)
    low, high = mass.marginal(posted)
    assert 0.0 < high < low < 1.0
    assert (low, high) == pytest.approx(many.marginal(posted), abs=1e-12)
    shown = mass.exposures(posted, 50)
    assert len(shown) == 50
    assert np.diff(shown["exposure"]).min() >= -1e-9  # optimists gain more by good news
    singles = many.exposures(posted, 2_000)
    sampled = np.interp(shown["belief"], singles["belief"], singles["exposure"])
    assert shown["exposure"].to_numpy() == pytest.approx(sampled, rel=1e-2, abs=1e-3)


def test_the_table_holds_the_mass_of_all_traders() -> None:
    made = economy()
    made.clear()
    table = made.cohorts[0].table()
    assert table["weight"].sum() == pytest.approx(500.0)
    assert table["weight"] @ table["asset"] == pytest.approx(1_000.0, rel=1e-9)
