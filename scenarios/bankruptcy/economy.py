"""Making a bankruptcy economy from arrays: markets, clearing house, investors and rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from agents.bankruptcy.clearing_house import BankruptcyClearingHouse
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.utility import Utility
from markets.adjustment.anderson import AndersonTatonnement
from markets.adjustment.implicit import ImplicitTatonnement
from markets.adjustment.newton import NewtonTatonnement
from markets.adjustment.plain import PlainTatonnement
from markets.adjustment.rule import Adjuster
from markets.bankruptcy.market import BondAndEquities, BondMarket
from simulator.economy import Economy

FloatArray = NDArray[np.float64]
Rule = Literal["implicit", "newton", "matrix", "anderson"]

MATRIX_STEP = 0.3
"""Step of the matrix rule in repayment rates, on top of the market's own scale: together the .03
below which no limit cycle was seen; prices move all the way."""

POLISH = ImplicitTatonnement(share_tolerance=1e-13, step_tolerance=1e-13, first_time=1e8)
"""Newton steps on the bounds that bind at the resting point."""


@dataclass(frozen=True, slots=True)
class Members:
    """A cohort as arrays: a row a member."""

    name: str
    utility: Utility
    now: FloatArray
    later: FloatArray
    equities: FloatArray


def adjuster(rule: Rule, instruments: BondAndEquities) -> Adjuster:
    """The rule of a name; ``matrix`` is the textbook rule on residuals in prices."""
    if rule == "implicit":
        return ImplicitTatonnement()
    if rule == "newton":
        return NewtonTatonnement()
    step = np.append(np.ones(1 + instruments.equities), np.full(instruments.states, MATRIX_STEP))
    return PlainTatonnement(step) if rule == "matrix" else AndersonTatonnement(step)


def build(
    instruments: BondAndEquities,
    cohorts: Sequence[Members],
    short_limit: float,
    *,
    rule: Rule = "implicit",
    polish: bool = False,
    rng: int | np.random.Generator = 0,
) -> Economy:
    """Make the economy.

    Parameters
    ----------
    instruments : BondAndEquities
        What is traded.
    cohorts : sequence of Members
        Who trades.
    short_limit : float
        Bonds that one member may sell at most (infinite for no limit).
    rule : str
        The rule that moves the quotes.
    polish : bool
        Whether to go on from the resting point by Newton steps.
    rng : int or numpy.random.Generator
        The one source of randomness.
    """
    economy = Economy(
        BondMarket(instruments),
        adjuster=adjuster(rule, instruments),
        polish=POLISH if polish else None,
        rng=rng,
    )
    BankruptcyClearingHouse(economy, instruments, short_limit)
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
