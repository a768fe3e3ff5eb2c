"""Believers on any number of states."""

from __future__ import annotations

from functools import partial

import numpy as np
import pytest

from agents.promises.clearing_house import CollateralClearingHouse
from agents.promises.state_believers import StateBelievers
from markets.promises.narrowing import Narrowing
from markets.promises.state_market import StateMarket
from markets.promises.state_menu import Pledge, StateMenu
from markets.promises.state_quotes import StateBook, StateQuotes
from markets.refused import Refused
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.rehearsal import rehearse

MENU = StateMenu.of(
    [1.0, 0.6, 0.2],
    [Pledge("loan", (0.5, 0.5, 0.5), asset=1.0), Pledge("swap", (0.0, 0.4, 0.8), cash=0.8)],
)


def economy(patience: float | None = 0.9) -> Economy[StateMenu, StateQuotes, StateBook]:
    made = Economy(StateMarket(MENU), adjuster=Narrowing())
    CollateralClearingHouse(made, MENU)
    rng = np.random.default_rng(0)
    for name, members in (("x", 9), ("y", 5)):
        chances = rng.dirichlet(np.ones(3), members)
        StateBelievers(made, name, chances=chances, patience=patience)
    return made


@pytest.mark.parametrize("patience", [None, 0.9])
def test_it_does_what_every_economy_must(patience: float | None) -> None:
    certificate = rehearse(partial(economy, patience))
    assert {"locate", "depth", "walras", "order of cohorts"} <= {
        condition.name for condition in certificate.conditions
    }
    assert certificate.holds, certificate.complaint()


def test_holdings_add_up_to_the_orders_and_keep_the_budget() -> None:
    made = economy()
    assert made.clear() is Outcome.CLEARED
    posted, book = made.posted, made.book
    tables = [cohort.table() for cohort in made.cohorts]
    for name in ("loan", "swap"):
        j = MENU.names.index(name)
        assert sum(t[f"bought_{name}"].sum() for t in tables) == pytest.approx(book.bought[j])
        assert sum(t[f"sold_{name}"].sum() for t in tables) == pytest.approx(book.sold[j])
    assert sum(t["asset"].sum() for t in tables) == pytest.approx(14.0, abs=1e-7)
    for table in tables:
        spent = table["consumed"] + table["cash"] + posted.asset_price * table["asset"]
        for name, price in zip(MENU.names, posted.promise_price, strict=True):
            spent += price * (table[f"bought_{name}"] - table[f"sold_{name}"])
        assert spent.to_numpy() == pytest.approx(1.0 + posted.asset_price)


@pytest.mark.parametrize(
    ("given", "complaint"),
    [
        ({"chances": [[0.5, 0.5, 0.0]]}, "at least two traders"),
        ({"chances": [[0.5, 0.5, 0.0], [0.5, 0.6, 0.0]]}, "add up to 1"),
        ({"chances": [[0.5, 0.5, 0.0], [1.5, -0.5, 0.0]]}, "not negative"),
        ({"patience": 0.0}, "must be positive"),
        ({"cash": [1.0]}, ""),
        ({"cash": [1.0, 2.0, 3.0]}, "cash has 3 entries"),
    ],
)
def test_what_makes_no_sense_is_refused(given: dict[str, object], complaint: str) -> None:
    made = Economy(StateMarket(MENU))
    asked: dict[str, object] = {"chances": [[0.2, 0.3, 0.5], [0.5, 0.3, 0.2]], **given}
    if not complaint:  # one number is for everybody
        StateBelievers(made, **asked)  # type: ignore[arg-type]
        return
    with pytest.raises(Refused, match=complaint):
        StateBelievers(made, **asked)  # type: ignore[arg-type]
