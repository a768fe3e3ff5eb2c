"""The equilibrium of a continuum that rounds of trembling traders approach."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from agents.beliefs import Beliefs
from agents.promises.clearing_house import CollateralClearingHouse
from agents.promises.state_continuum import StateContinuum
from markets.promises.narrowing import Narrowing
from markets.promises.state_market import StateMarket
from markets.promises.state_menu import StateMenu
from scenarios.promises.collateral_equilibrium import SCENARIO
from scenarios.promises.economy import CollateralEquilibrium
from scenarios.promises.program import Promise
from scenarios.promises.refined_line import refined_line
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.point import RestingPoint, at_rest


def approached(assets: str, beliefs: str) -> tuple[RestingPoint, RestingPoint]:
    """Where the rounds of a trembling continuum rest, and the equilibrium that they approach."""
    menu = CollateralEquilibrium(low_payoff=[0.2]).menu(assets, 1)
    terms = StateMenu.after_news(menu)
    economy = Economy(StateMarket(terms), adjuster=Narrowing())
    CollateralClearingHouse(economy, terms)
    StateContinuum(economy, beliefs=Beliefs(beliefs), members=1_000, cash=1.0, asset=1.0)
    assert economy.clear() is Outcome.CLEARED
    point = at_rest(assets, economy)
    promises = [
        Promise(name, tuple(terms.owed[j]), terms.pledged_asset[j], terms.pledged_cash[j])
        for j, name in enumerate(terms.names)
    ]
    found = refined_line(point, payoff=terms.payoff, promises=promises, beliefs=Beliefs(beliefs))
    return point, found


@pytest.mark.parametrize(
    ("assets", "beliefs"),
    [
        ("none", "beta(2, 3)"),
        ("borrowing", "uniform"),
        ("tranching", "beta(2, 3)"),
        ("default-swaps", "uniform"),
    ],
)
def test_it_is_where_traders_without_trembles_rest_on_the_line(assets: str, beliefs: str) -> None:
    """Two ways to the same equilibrium; rounds with trembles end within a thousandth of it."""
    rounds, found = approached(assets, beliefs)
    line = SCENARIO.run(assets=assets, low_payoff=0.2, beliefs=beliefs)
    assert found.proved
    assert found.quotes == pytest.approx(line.equilibrium, rel=1e-8)
    price = line.equilibrium["asset_price"]
    assert rounds.quotes["asset_price"] == pytest.approx(price, rel=1e-3)


def test_quotes_that_lead_nowhere_are_left_alone() -> None:
    rounds, _ = approached("tranching", "uniform")
    nowhere = replace(rounds, quotes={**rounds.quotes, "asset_price": np.nan})
    promises = [Promise("down_tranche", (0.0, 0.2), 1.0, 0.0)]
    again = refined_line(
        nowhere, payoff=np.array([1.0, 0.2]), promises=promises, beliefs=Beliefs("uniform")
    )
    assert again is nowhere
