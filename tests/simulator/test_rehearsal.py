"""Every economy of the catalogue passes the rehearsal; a wrong one is found out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pytest

from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.traders import Traders
from markets.instruments import Security
from markets.margin import FlatMargin, PostedMargin
from markets.quote import FloatArray, Limits
from markets.repo.book import RepoBook
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes
from simulator.economy import Economy
from simulator.parameters import parse
from simulator.rehearsal import rehearse
from walras.catalogue import TITLES, find

SMALL: Mapping[str, Mapping[str, Any]] = {
    "margin-hike": {"traders": 200, "population": "continuum"},
    "euro-crisis": {"traders": 200},
    "pledgeability": {"investors": 200, "days": 2},
    "pledgeable-securities": {"investors": 200},
    "collateral-equilibrium": {"traders": 200},
    "margin-procyclicality": {"dates": 3},
}


@pytest.mark.parametrize("name", list(TITLES))
def test_every_economy_passes(name: str) -> None:
    scenario = find(name)
    parameters = parse(scenario.parameters, SMALL.get(name, {}))
    for case in scenario.cases(parameters):
        certificate = rehearse(partial(case.build, np.random.default_rng(1)))
        assert certificate.holds, (case.name, certificate.complaint())
        assert {"locate", "named", "limits", "respond", "walras"} <= {
            condition.name for condition in certificate.conditions
        }


def economy(market: RepoMarket, kind: type[Traders] = Traders) -> Callable[[], Economy]:
    def build() -> Economy:
        built = Economy(market)
        RepoClearingHouse(built, FlatMargin(0.05))
        kind(built, "a", members=50, income_down=10.0, population="continuum")
        kind(built, "b", members=70, beliefs="beta(2, 3)", population="continuum")
        return built

    return build


class Misnamed(RepoMarket):
    def named(self, posted: RepoQuotes) -> dict[str, float]:
        return dict(reversed(super().named(posted).items()))


class Mislocated(RepoMarket):
    def locate(self, quotes: Mapping[str, float], terms: PostedMargin) -> FloatArray:
        return 0.9 * super().locate(quotes, terms)


class Endless(RepoMarket):
    def limits(self, terms: PostedMargin) -> Limits:
        return replace(super().limits(terms), lower=np.array([-np.inf, 0.0]))


class Misjudged(RepoMarket):
    def depth(self, posted: RepoQuotes, book: RepoBook, coordinates: FloatArray) -> FloatArray:
        return 1.1 * super().depth(posted, book, coordinates)


class Forgetful(Traders):
    def respond(self, posted: RepoQuotes) -> RepoBook:
        book = super().respond(posted)
        self.asked = getattr(self, "asked", 0) + 1
        return replace(book, longs=book.longs * (1.0 + 0.01 * self.asked))


SECURITY = Security(0.70, 1.15)


def test_the_right_one_passes() -> None:
    certificate = rehearse(economy(RepoMarket(SECURITY)))
    assert certificate.holds, certificate.complaint()
    assert certificate["order of cohorts"].holds
    assert certificate["depth"].holds  # it is there if something was compared


@pytest.mark.parametrize(
    ("market", "condition"),
    [(Misnamed, "named"), (Mislocated, "locate"), (Misjudged, "depth")],
)
def test_a_wrong_market_is_found_out(market: type[RepoMarket], condition: str) -> None:
    built = economy(market(SECURITY))
    if market is Misnamed:
        with pytest.raises(TypeError, match="its quotes are security_price, repo_rate"):
            rehearse(built)
        return
    assert not rehearse(built)[condition].holds


def test_limits_must_be_finite() -> None:
    with pytest.raises(ValueError, match="a lower limit is -inf; it must be finite"):
        rehearse(economy(Endless(SECURITY)))


def test_a_cohort_that_changes_when_it_responds_is_found_out() -> None:
    assert not rehearse(economy(RepoMarket(SECURITY), Forgetful))["respond"].holds
