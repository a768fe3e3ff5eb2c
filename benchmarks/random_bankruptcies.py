"""Random economies in which some borrowers plan to go bankrupt, for tests and benchmarks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.trades import Endowment, Trades, consumption
from agents.bankruptcy.utility import ConstantRiskAversion, LinearQuadratic, Utility
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.rule import Adjuster
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.market import BondMarket
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from scenarios.bankruptcy.state import State
from simulator.economy import Economy

SIZES = ((3, 3, 1), (5, 4, 2))
"""Investors, states and equities of the two sizes."""


@dataclass(frozen=True, slots=True)
class Primitives:
    """An economy of single investors with linear-quadratic utility, as plain arrays."""

    probabilities: FloatArray
    payoffs: FloatArray
    weight: FloatArray
    satiation: FloatArray
    now: FloatArray
    later: FloatArray
    equities: FloatArray
    short_limit: float

    def economy(
        self, adjuster: Adjuster | None = None, market: type[BondMarket] = BondMarket
    ) -> Economy[float, BondQuotes, BondBook]:
        """The economy of these investors, as one cohort whose members differ."""
        instruments = BondAndEquities(self.probabilities, self.payoffs)
        economy = Economy(market(instruments), adjuster=adjuster or ImplicitTatonnement())
        BankruptcyClearingHouse(economy, instruments, self.short_limit)
        Investors(
            economy,
            "investors",
            utility=LinearQuadratic(self.weight, self.satiation),
            now=self.now,
            later=self.later,
            equities=self.equities,
        )
        return economy


def draw(
    rng: np.random.Generator, investors: int, states: int, equities: int, short_limit: float = 10.0
) -> Primitives:
    """Draw an economy.

    Goods at date 1 are scarce for some investors in some states, and weights of date 0 differ, so
    that some borrow more than they can repay everywhere. Goods at date 0 are scarce too, so that
    some lenders end at zero consumption there, and some sell all their equities. Satiation lies
    above the economy's resources in every state.
    """
    rho = rng.dirichlet(np.full(states, 5.0))
    payoffs = rng.uniform(0.1, 1.6, (states, equities))
    later = rng.uniform(0.05, 1.2, (investors, states))
    held = rng.uniform(0.05, 1.2, (investors, equities))
    resources = np.max(np.sum(later, axis=0) + payoffs @ np.sum(held, axis=0))
    return Primitives(
        probabilities=rho / np.sum(rho),
        payoffs=payoffs,
        weight=rng.uniform(4.0, 9.0, investors),
        satiation=resources * rng.uniform(1.05, 1.6, investors),
        now=rng.uniform(0.3, 5.0, investors),
        later=later,
        equities=held,
        short_limit=short_limit,
    )


def problem(
    seed: int, members: int, *, exponential: bool, states: int = 4, equities: int = 2
) -> tuple[Endowment, BondAndEquities, BondQuotes]:
    """Draw members, instruments and quotes at which every kind of bound binds somebody."""
    rng = np.random.default_rng(seed)
    instruments = BondAndEquities(
        rng.dirichlet(np.full(states, 5.0)), rng.uniform(0.1, 1.6, (states, equities))
    )
    owned = rng.uniform(0.05, 1.2, (members, equities))
    later = rng.uniform(0.05, 1.2, (members, states)) + owned @ instruments.payoffs.T
    utility: Utility = LinearQuadratic(
        rng.uniform(4.0, 9.0, members), rng.uniform(4.0, 9.0, members)
    )
    if exponential:
        utility = ConstantRiskAversion(rng.uniform(0.3, 2.0, members), rng.uniform(0.5, 2, members))
    pays = np.column_stack([np.ones(states), instruments.payoffs])
    prices = (instruments.probabilities @ pays) * rng.uniform(0.3, 1.3)
    prices *= rng.uniform(0.75, 1.25, prices.size)
    quotes = BondQuotes(
        float(prices[0]), prices[1:], rng.uniform(0.8, 1.0, states), float(rng.uniform(0.3, 5.0))
    )
    return Endowment(utility, rng.uniform(0.2, 4.0, members), later, owned), instruments, quotes


def as_state(
    endowment: Endowment, instruments: BondAndEquities, quotes: BondQuotes, trades: Trades
) -> State:
    """Trades of members at some quotes as arrays."""
    columns: dict[str, Any] = endowment.utility.columns()
    quadratic = columns["utility"] == "quadratic"
    members = endowment.now.size
    consumed = consumption(endowment, trades, instruments, quotes)
    return State(
        probabilities=instruments.probabilities,
        payoffs=instruments.payoffs,
        short_limit=quotes.short_limit,
        bond_price=quotes.bond_price,
        equity_prices=quotes.equity_prices,
        rates=quotes.repayment_rates,
        cohort=np.full(members, "x", dtype=object),
        quadratic=np.full(members, quadratic),
        first=columns["weight" if quadratic else "risk_aversion"],
        second=columns["satiation" if quadratic else "patience"],
        endowed_now=endowment.now,
        endowed_later=endowment.later - endowment.equities @ instruments.payoffs.T,
        endowed_equities=endowment.equities,
        bond=trades.trade[:, 0],
        equities=trades.trade[:, 1:],
        now=consumed.now,
        later=consumed.later,
    )
