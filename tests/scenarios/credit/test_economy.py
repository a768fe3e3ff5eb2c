"""The economy of credit: first quotes, auctions between rounds, and dates."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.optimize import brentq

from scenarios.credit import credit_tree, housing
from scenarios.credit.economy import AuctionedEconomy, build, starting_prices
from scenarios.credit.parameters import CreditTree
from simulator.outcome import Outcome


def test_starting_prices_are_ones_with_one_good_and_positive_with_more() -> None:
    one = CreditTree().economies()["economy"]
    assert (starting_prices(one) == 1.0).all()
    two = starting_prices(housing.Housing().economies()["economy"])
    assert (two[:, 0] == 1.0).all()
    assert (two > 0.0).all()


def opened(parameters: CreditTree, seed: int) -> AuctionedEconomy:
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(seed))
    model.open()
    return model


def test_pessimists_begin_without_credit() -> None:
    parameters = CreditTree(start="pessimistic")
    model = opened(parameters, 0)
    assert set(model.first_quotes.values()) == {0.0}


def test_random_starts_are_those_of_the_seed() -> None:
    parameters = CreditTree(start="random")
    first = [opened(parameters, seed).first_quotes for seed in (1, 1, 2)]
    assert first[0] == first[1]
    assert first[0] != first[2]


def test_auctions_are_recorded_and_forgotten_at_the_next_date() -> None:
    parameters = CreditTree(auction_after=25)
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    model.clear()
    assert model.record is not None
    held = model.record.column("auction")
    assert (held[:25] == 0.0).all()
    assert held[25:].min() > 0.0
    assert model.auction_steps == held[-1]
    assert model.auction_move > 0.0
    assert not model.terms  # an auction has shown what empty pools deliver
    model.announce()
    assert (model.auction_steps, model.auction_move, model.date) == (0, 0.0, 2)
    model.open()
    assert model.terms


def test_the_terms_are_what_the_house_says_of_empty_pools() -> None:
    parameters = CreditTree()
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    model.open()
    assert model.terms is True
    model.announce(tremble=False)
    model.open()
    assert model.terms is False


def test_rounds_settle_where_money_is_worth_nothing_to_somebody() -> None:
    """A household that likes nothing at m, from where nothing lasts, can't use its money there.

    Counted in what that money is worth, any move of its plan would be infinitely large.
    """
    given = _of_two_goods("2", "0.5", "0.5")
    given["contracts"] = [
        {
            "name": "k",
            "issued_at": "m",
            "collateral": {"a": 1, "b": 1},
            "coupon": {"kind": "real", "pays": {"l": {"a": "1/2"}}},
        }
    ]
    given["households"][0]["weights"]["m"] = {"a": 0, "b": 0}
    given["households"][0]["weights"]["l"] = {"a": 0, "b": 0}
    model = opened(CreditTree(auction_after=0, **given), 0)
    assert model.clear() is Outcome.CLEARED
    assert model.round < 500


def test_an_economy_settles_again_at_once_after_it_was_opened_anew() -> None:
    parameters = CreditTree()
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    model.clear()
    quotes = model.quotes
    model.announce()
    model.clear()
    assert model.round < 20
    assert model.quotes == pytest.approx(quotes, abs=1e-9)


def _of_two_goods(taste: str, little: str, weight: str) -> dict[str, Any]:
    """Two households, each with much of one good and a taste for it, at three nodes in a row."""
    own = {"h1": ("a", "b"), "h2": ("b", "a")}
    return {
        "goods": ["a", "b"],
        "contracts": [],
        "nodes": [
            {"name": "0"},
            {"name": "m", "after": "0", "keeps": "0"},
            {"name": "l", "after": "m", "keeps": "0"},
        ],
        "households": [
            {
                "name": name,
                "risk_aversion": taste,
                "endowment": {node: {much: 1, other: little} for node in ("0", "m", "l")},
                "weights": {node: {much: 1, other: weight} for node in ("0", "m", "l")},
            }
            for name, (much, other) in own.items()
        ],
    }


def test_rounds_rest_at_the_optimum_where_marginal_utility_begins_far_away() -> None:
    """At an endowment of .001 marginal utility is 10^15 times that of what is traded.

    The cost of moving is counted in what money is worth to a household at the time, or no pull
    would be left at the optimum.
    """
    given = _of_two_goods("5", "0.001", "0.03")
    run = credit_tree.SCENARIO.run(start="random", studies=False, **given)
    assert run.outcome is Outcome.CLEARED
    assert run.certificate["optimality"].residual < 1e-9


@pytest.mark.slow
def test_a_search_names_all_three_equilibria_of_a_node() -> None:
    """Prices with supply meeting demand at a node are .2794, 1 and 3.5788, found by bisection."""
    given = _of_two_goods("5", "0.1", "0.003")

    def excess(price: float) -> float:
        tilt = 0.003**0.2
        mine = (1.0 + 0.1 * price) * tilt * price**-0.2 / (1.0 + tilt * price**0.8)
        theirs = (0.1 + price) * price**-0.2 / (tilt + price**0.8)
        return float(mine + theirs - 1.1)

    run = credit_tree.SCENARIO.run(start="random", starts=12, **given)
    found = run.studies["equilibria"]
    assert set(found["outcome"]) == {"cleared"}
    prices = found[[f"price[b@{node}]" for node in ("0", "m", "l")]].to_numpy().ravel()
    roots = (brentq(excess, 0.1, 0.5), 1.0, brentq(excess, 2.0, 8.0))
    assert excess(1.0) == pytest.approx(0.0, abs=1e-12)
    for root in roots:
        assert np.min(np.abs(prices - root)) < 1e-7
    assert np.max(np.min(np.abs(prices[:, None] - np.array(roots)), axis=1)) < 1e-7
    assert len(found) > 3  # three prices at each of three nodes
