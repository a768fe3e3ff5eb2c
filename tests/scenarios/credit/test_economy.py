"""The economy of credit: first quotes, auctions between rounds, and dates."""

from __future__ import annotations

import numpy as np
import pytest

from scenarios.credit import housing
from scenarios.credit.economy import AuctionedEconomy, build, starting_prices
from scenarios.credit.parameters import CreditTree


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
    model.announce()
    assert (model.auction_steps, model.auction_move, model.date) == (0, 0.0, 2)


def test_the_terms_are_what_the_house_says_of_empty_pools() -> None:
    parameters = CreditTree()
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    model.open()
    assert model.terms is True
    model.announce(tremble=False)
    model.open()
    assert model.terms is False


def test_an_economy_settles_again_at_once_after_it_was_opened_anew() -> None:
    parameters = CreditTree()
    model = build(parameters.economies()["economy"], parameters, np.random.default_rng(0))
    model.clear()
    quotes = model.quotes
    model.announce()
    model.clear()
    assert model.round < 20
    assert model.quotes == pytest.approx(quotes, abs=1e-9)
