"""Traders on a line of beliefs as parameters: who they are, and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from markets.refused import Refused
from simulator.parameters import declared, parse
from simulator.population.believers import BelieverParameters, traders_of


def made(**given: Any) -> BelieverParameters:
    return parse(BelieverParameters, given)


def test_traders_of_a_distribution_are_a_continuum_unless_told_otherwise() -> None:
    parameters = made(traders=50, cash=2.0)
    traders = traders_of(parameters, np.random.default_rng(0))
    assert parameters.population == "continuum"
    assert parameters.spread
    assert (traders.members, traders.cash, traders.asset, traders.names) == (50, 2.0, 1.0, None)


def test_traders_who_are_given_or_drawn_are_individuals() -> None:
    listed = made(members={"belief": [0.7, 0.2], "asset": [0.0, 3.0]})
    traders = traders_of(listed, np.random.default_rng(0))
    assert (listed.population, listed.traders, listed.spread) == ("individuals", 2, False)
    assert np.asarray(traders.asset).tolist() == [0.0, 3.0]
    assert traders.beliefs.values is not None
    drawn = made(beliefs="beta(a=2, b=3)", cash="lognormal(mean=1, sd=1)", traders=30)
    assert (drawn.population, drawn.drawn) == ("individuals", True)
    one, other = (traders_of(drawn, np.random.default_rng(4)) for _ in range(2))
    assert np.array_equal(one.cash, other.cash)
    assert np.unique(one.cash).size == 30


def test_listed_beliefs_count_the_traders() -> None:
    assert made(beliefs=[0.1, 0.5, 0.9], population="individuals").number == 3


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"cash": [1.0, 2.0]}, "cash is a list, one number per trader; set population"),
        ({"population": "individuals", "traders": 3, "asset": [1.0]}, "asset lists 1 numbers"),
        ({"population": "individuals", "traders": 2, "cash": [0.0, 0.0]}, "cash is 0 for every"),
        ({"members": {"belief": [0.1, 0.2]}, "population": "continuum"}, "members are given"),
        ({"beliefs": [0.0, 0.5]}, "belief"),
        ({"cash": -1.0}, "cash is"),
    ],
)
def test_what_can_not_be_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(Refused, match=message):
        made(**given)


def test_members_without_any_asset_are_refused() -> None:
    nobody = made(members={"belief": [0.1, 0.2], "asset": [0.0, 0.0]})
    with pytest.raises(Refused, match="asset is 0 for every trader"):
        traders_of(nobody, np.random.default_rng(0))


def test_what_a_scenario_adds_is_shown_first_and_what_all_have_last() -> None:
    class Own(BelieverParameters):
        own: int = 1

    names = [item.name for item in declared(Own)]
    assert names[:2] == ["own", "beliefs"]
    assert names[-1] == "max_rounds"
