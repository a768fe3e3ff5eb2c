"""Making a bankruptcy economy from arrays: markets, clearing house, investors and the rule."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Annotated

import numpy as np
from pydantic import Field

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.defaulters import Defaulters
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.utility import Utility
from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.polished import Polished
from markets.adjustment.rules import RuleName
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.centred import CentredTatonnement
from markets.bankruptcy.default_market import DefaultMarket
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.market import BondMarket
from markets.bankruptcy.quotes import BondQuotes
from markets.bankruptcy.relay import InLogs, Relay
from markets.quote import FloatArray
from markets.refused import Refused
from simulator.economy import Economy
from simulator.parameters import Parameters, about, rule_parameter

Penalty = Annotated[float, Field(ge=0.0)] | list[Annotated[float, Field(ge=0.0)]]
"""A penalty in every state, or one per state."""

POLISH = ImplicitTatonnement(share_tolerance=1e-13, step_tolerance=1e-13, first_time=1e8)
"""Newton's method from the resting point, down to rounding: 1e-13 of what is traded."""


NEWTON = ImplicitTatonnement(first_time=1e8)
"""Newton's method."""

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
    penalty: Penalty | None = about(
        "utility lost per good of default (lambda), in every state or one per state; debtors then"
        " choose what they deliver and consumption is never below 0; bankruptcy if not given",
        "utility per good", "a number of at least 0, or a list of one per state", default=None,
    )  # fmt: skip
    rule: RuleName = rule_parameter("implicit")
    polish: bool = about(
        "whether to go on from the resting point by Newton steps", allowed="true or false",
        default=False,
    )  # fmt: skip

    @property
    def instruments(self) -> BondAndEquities:
        """What is traded."""
        raise NotImplementedError

    @property
    def limit(self) -> float:
        """The short limit, infinite if there is none."""
        return math.inf if self.short_limit is None else self.short_limit


def penalties(penalty: Penalty, members: int, states: int) -> FloatArray:
    """A penalty as an array, shape (members, states).

    Raises
    ------
    Refused
        If there is not one per state, or it is zero in all of them: then nothing would ever be
        repaid, everybody would promise without end at any price of a promise, and none clears.
    """
    given = np.atleast_1d(np.asarray(penalty, dtype=np.float64))
    if given.size not in (1, states) or (isinstance(penalty, list) and given.size != states):
        raise Refused(f"penalty has {given.size} entries; it must have {states}, one per state")
    if not np.any(given > 0.0):
        raise Refused(f"penalty is {penalty}; it must be above 0 in a state, or nobody would repay")
    return np.array(np.broadcast_to(given, (members, states)))


@dataclass(frozen=True, slots=True)
class Members:
    """A cohort as arrays with one row per member.

    A penalty, of shape (members, states), replaces bankruptcy by default at the members' choice.
    Names are kept in the table of members.
    """

    name: str
    utility: Utility
    now: FloatArray
    later: FloatArray
    equities: FloatArray
    penalty: FloatArray | None = None
    names: Sequence[str] | None = None


def build(
    instruments: BondAndEquities,
    cohorts: Sequence[Members],
    parameters: BondParameters,
    rng: np.random.Generator,
) -> Economy[float, BondQuotes, BondBook]:
    """Make the economy of some cohorts, with the rule and the short limit of the parameters."""
    choose = any(members.penalty is not None for members in cohorts)
    market = DefaultMarket(instruments) if choose else BondMarket(instruments)
    rule = parameters.adjuster(market.pace)
    if parameters.rule == "implicit":
        anderson = AndersonTatonnement(parameters.step * market.pace)
        if choose:  # a rate at which nobody delivers is zero and has no logarithm
            rule = Relay(rule, (NEWTON, anderson))  # plans move gradually: go on from there
        else:
            centred = CentredTatonnement(market, 1 + instruments.equities)
            others = (centred, NEWTON_IN_LOGS, anderson, IMPLICIT_IN_LOGS)
            rule = Relay(rule, others, longer=(SEARCH,), afresh=True)
    economy = Economy(
        market,
        adjuster=Polished(rule, POLISH) if parameters.polish else rule,
        rng=rng,
        start=parameters.start,
    )
    BankruptcyClearingHouse(economy, instruments, parameters.limit)
    for members in cohorts:
        kind: Callable[..., Investors] = Investors
        if members.penalty is not None:
            kind = partial(Defaulters, penalty=members.penalty)
        kind(
            economy,
            members.name,
            utility=members.utility,
            now=members.now,
            later=members.later,
            equities=members.equities,
            names=members.names,
        )
    return economy
