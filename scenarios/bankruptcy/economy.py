"""Making a bankruptcy economy from arrays: markets, clearing house, investors and the rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.utility import Utility
from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.polished import Polished
from markets.adjustment.rules import RuleName
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.centred import CentredTatonnement
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.market import BondMarket
from markets.bankruptcy.quotes import BondQuotes
from markets.bankruptcy.relay import InLogs, Relay
from markets.quote import FloatArray
from simulator.economy import Economy
from simulator.parameters import Parameters, about, rule_parameter

POLISH = ImplicitTatonnement(share_tolerance=1e-13, step_tolerance=1e-13, first_time=1e8)
"""Newton's method from the resting point, down to rounding: 1e-13 of what is traded."""


NEWTON_IN_LOGS = InLogs(ImplicitTatonnement(first_time=1e8))
"""Newton's method in log prices: it crosses orders of magnitude in tens of rounds."""

SEARCH = 300
"""Rounds without progress after which the search among possible prices makes way: prices clear in
tens of rounds for each of the first steps in rates, and excess demand falls only after these."""

IMPLICIT_IN_LOGS = InLogs(ImplicitTatonnement())
"""Implicit steps in log prices: slower, and less easily led astray."""


class BondParameters(Parameters):
    """Parameters that both scenarios have."""

    short_limit: float | None = about(
        "largest short sale of bonds by one investor (kappa)", "bonds",
        "a number of at least 0; no limit if not given", default=None, ge=0.0,
    )  # fmt: skip
    rule: RuleName = rule_parameter("implicit")
    polish: bool = about(
        "whether to go on from the resting point by Newton steps", allowed="true or false",
        default=False,
    )  # fmt: skip

    @property
    def limit(self) -> float:
        """The short limit, infinite if there is none."""
        return math.inf if self.short_limit is None else self.short_limit


@dataclass(frozen=True, slots=True)
class Members:
    """A cohort as arrays with one row per member."""

    name: str
    utility: Utility
    now: FloatArray
    later: FloatArray
    equities: FloatArray


def build(
    instruments: BondAndEquities,
    cohorts: Sequence[Members],
    parameters: BondParameters,
    rng: np.random.Generator,
) -> Economy[float, BondQuotes, BondBook]:
    """Make the economy of some cohorts, with the rule and the short limit of the parameters."""
    market = BondMarket(instruments)
    rule = parameters.adjuster(market.pace)
    if parameters.rule == "implicit":
        anderson = AndersonTatonnement(parameters.step * market.pace)
        centred = CentredTatonnement(market, 1 + instruments.equities)
        rule = Relay(rule, (centred, NEWTON_IN_LOGS, anderson, IMPLICIT_IN_LOGS), longer=(SEARCH,))
    economy = Economy(
        market,
        adjuster=Polished(rule, POLISH) if parameters.polish else rule,
        rng=rng,
        start=parameters.start,
    )
    BankruptcyClearingHouse(economy, instruments, parameters.limit)
    for members in cohorts:
        Investors(
            economy,
            members.name,
            utility=members.utility,
            now=members.now,
            later=members.later,
            equities=members.equities,
        )
    return economy
