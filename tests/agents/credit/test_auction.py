"""Call auctions: when they are called, that they agree with the rounds, and that they may fail."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from agents.credit.auction import CallAuction
from agents.credit.households import Households
from scenarios.credit import credit_tree, housing, liquidity_contraction, prepayment
from scenarios.credit.economy import AuctionedEconomy, build
from scenarios.credit.parameters import CreditTree
from scenarios.credit.read_out import FAR
from simulator.outcome import Outcome


def _model(parameters: CreditTree, auction: CallAuction | None) -> AuctionedEconomy:
    (described,) = parameters.economies().values()
    model = build(described, parameters, np.random.default_rng(0))
    model.auction = auction
    return model


def test_auctions_are_called_each_time_the_rounds_have_doubled() -> None:
    auction = CallAuction(first=50)
    assert [rounds for rounds in range(1000) if auction.due(rounds)] == [50, 100, 200, 400, 800]


@pytest.mark.parametrize(
    "module",
    [
        credit_tree,
        housing,
        *(pytest.param(one, marks=pytest.mark.slow) for one in (liquidity_contraction, prepayment)),
    ],
)
def test_auctions_agree_with_rounds_alone(module: Any) -> None:
    """Two methods that share no step; the quotes that an equilibrium pins down are the same."""
    slow, quick = (
        module.SCENARIO.run(auction_after=0),
        module.SCENARIO.run(auction_after=25),
    )
    assert slow.outcome is quick.outcome is Outcome.CLEARED
    assert (slow.dates["auction_steps"] == 0).all()
    assert (quick.dates["auction_steps"] > 0).all()
    assert (quick.dates["rounds"] < slow.dates["rounds"]).all()
    for row in range(len(slow.dates)):
        for name, value in slow.quotes(row).items():
            assert quick.quotes(row)[name] == pytest.approx(value, abs=1e-8), name


def test_an_auction_that_is_given_up_changes_nothing() -> None:
    parameters = CreditTree()
    alone, given_up = _model(parameters, None), _model(parameters, CallAuction(first=25, steps=3))
    assert alone.clear() is given_up.clear() is Outcome.CLEARED
    assert given_up.auction_steps > 0
    assert alone.round == given_up.round
    assert alone.quotes == given_up.quotes


def test_an_auction_does_not_depend_on_how_households_are_grouped() -> None:
    parameters = CreditTree()
    together = _model(parameters, CallAuction(first=25))
    apart = _model(parameters, CallAuction(first=25))
    (both,) = apart.cohorts
    assert isinstance(both, Households)
    for member, name in enumerate(both.households):
        only = slice(member, member + 1)
        weights = both.tastes.weights[only].reshape(both.endowment[only].shape)
        Households(
            apart,
            name,
            both.plan,
            households=[name],
            endowment=both.endowment[only],
            weights=weights,
            aversion=both.tastes.aversion[only, :1],
            inertia=both.inertia,
        )
    both.remove()
    assert together.clear() is apart.clear() is Outcome.CLEARED
    assert apart.auction_steps > 0
    for name, value in together.quotes.items():
        assert apart.quotes[name] == pytest.approx(value, abs=1e-8), name


def test_distrusted_pools_are_not_taught_trust_by_an_auction() -> None:
    parameters = CreditTree(pools="distrusted", auction_after=1)
    described = parameters.economies()["economy"]
    assert build(described, parameters, np.random.default_rng(0)).auction is None


def test_a_move_far_from_the_rounds_is_told() -> None:
    """Called after one round, an auction starts where the rounds have hardly begun."""
    far = prepayment.SCENARIO.run(auction_after=1, start="random", seed=1)
    assert far.dates["auction_move"].iloc[0] > FAR
    assert "far from the rounds" in far.dates["remark"].iloc[0]
    near = credit_tree.SCENARIO.run()
    assert near.dates["auction_move"].iloc[0] < FAR
    assert near.dates["remark"].iloc[0] == ""
