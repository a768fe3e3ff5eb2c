"""An economy of a few hundred investors, which the tests of its agents share."""

from collections.abc import Callable

import numpy as np
import pytest

from agents.pledge.clearing_house import PledgeClearingHouse
from agents.pledge.forecast import Information, PriceFunction
from agents.pledge.investors import InformedInvestors
from agents.pledge.nature import Lognormal, Nature
from agents.pledge.noise_traders import NoiseTraders
from markets.margin import FlatMargin, MarginRule
from markets.pledge.book import SpotBook
from markets.pledge.market import PledgeableMarket
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from simulator.economy import Economy

KNOWN = Information(Lognormal(1.1, 4.0), Lognormal(0.9, 3.0), 2.0)

PledgeEconomy = Economy[RepoTerms, SpotQuotes, SpotBook]


def function(b0: float = 0.1, b1: float = 0.5, b2: float = 0.9, b3: float = 0.8) -> PriceFunction:
    return PriceFunction(*(np.array([value]) for value in (b0, b1, b2, b3)))


WEALTH = (0.9 * 1.4, 0.1 * 1.4)


def market(
    *,
    believed: PriceFunction | None = None,
    seed: int = 1,
    members: int = 400,
    margin: MarginRule | None = None,
    log_value: float | None = None,
    log_noise: float | None = None,
    **fields: object,
) -> PledgeEconomy:
    rng = np.random.default_rng(seed)
    nature = Nature(rng, KNOWN.value, KNOWN.noise, log_value=log_value, log_noise=log_noise)
    economy = Economy(PledgeableMarket(KNOWN.value.log_mean), rng=rng)
    PledgeClearingHouse(economy, [margin or FlatMargin(0.2)], repo_rate=0.02, nature=nature)
    NoiseTraders(economy, "noise", nature=nature)
    for role, share in (("spot", 0.9), ("repo", 0.1)):
        InformedInvestors(
            economy,
            role,
            role=role,  # type: ignore[arg-type]
            members=members,
            share=share,
            nature=nature,
            belief=lambda terms: believed or function(),
            known=KNOWN,
            risk_aversion=2.5,
            wealth=1.4 * share / members,
            **fields,  # type: ignore[arg-type]
        )
    return economy


def investors(economy: PledgeEconomy) -> list[InformedInvestors]:
    return [cohort for cohort in economy.cohorts if isinstance(cohort, InformedInvestors)]


@pytest.fixture(name="known")
def known_() -> Information:
    return KNOWN


@pytest.fixture(name="function")
def function_() -> Callable[..., PriceFunction]:
    return function


@pytest.fixture(name="market")
def market_() -> Callable[..., PledgeEconomy]:
    return market


@pytest.fixture(name="investors")
def investors_() -> Callable[[PledgeEconomy], list[InformedInvestors]]:
    return investors
