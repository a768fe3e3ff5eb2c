"""Making a bankruptcy economy from arrays: markets, clearing house, investors and the rule."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.utility import Utility
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.polished import Polished
from markets.adjustment.rules import RuleName
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.market import BondMarket
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from simulator.economy import Economy
from simulator.parameters import Parameters, about, rule_parameter

POLISH = ImplicitTatonnement(share_tolerance=1e-13, step_tolerance=1e-13, first_time=1e8)
"""Newton's method from the resting point, down to rounding: 1e-13 of what is traded."""


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
