"""Noise traders buy and sell at any price."""

from collections.abc import Callable

import numpy as np
import pytest

from agents.pledge.noise_traders import NoiseTraders
from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from simulator.economy import Economy

PledgeEconomy = Economy[RepoTerms, SpotQuotes, SpotBook]


@pytest.mark.parametrize("log_noise", [0.4, -0.7, 0.0])
def test_orders_are_the_noise_whatever_the_price(
    market: Callable[..., PledgeEconomy], log_noise: float
) -> None:
    economy = market(log_noise=log_noise)
    economy.open()
    traders = next(cohort for cohort in economy.cohorts if isinstance(cohort, NoiseTraders))
    for log_price in (-5.0, 0.0, 5.0):
        book = traders.respond(SpotQuotes.on(np.array([log_price]), economy.terms))
        assert book.bought[0] - book.sold[0] == log_noise
        assert min(book.bought[0], book.sold[0]) == 0.0
        assert book.by_price[0] == 0.0
        assert book.free[0] == log_noise
        assert book.pledged[0] == log_noise
    economy.clear()
    table = traders.table()
    assert table["pledged"].tolist() == [log_noise]
    assert table["order"].tolist() == [log_noise]
    assert table["role"].tolist() == ["noise"]
