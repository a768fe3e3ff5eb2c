r"""What bankruptcy does to welfare: one economy with bankruptcy, without it, and without credit.

The source asks for it in its introduction and in section 4.4 ("the question of welfare benefits of
default in incomplete markets"), after Zame (1993) and Dubey, Geanakoplos and Shubik (2005), and
leaves it for future research. Its own short limit :math:`\kappa` draws the line (section 3.1): at
zero there is no credit, small it is an economy without bankruptcy, large bankruptcy is possible.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import TypeVar

import numpy as np
import pandas as pd

from markets.bankruptcy.book import BondBook
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from scenarios.bankruptcy.credit_risk import defaults
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.economy import BondParameters
from scenarios.bankruptcy.state import State
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.point import RestingPoint, at_rest

STUDY = "welfare_by_short_limit"
"""Name of the table."""

MEMBERS_UP_TO = 2_000
"""Members up to which the table is made; it takes some ten runs."""

LIMIT_TOLERANCE = 1e-9
"""Error of the largest limit at which nobody defaults, as a share of the largest promise made where
there is default; the rounds' own."""

AS_GIVEN, NO_DEFAULT, NO_CREDIT = "as given", "nobody defaults", "nobody borrows"

P = TypeVar("P", bound=BondParameters)
Make = Callable[[P, np.random.Generator], Economy[float, BondQuotes, BondBook]]
Read = Callable[[P, RestingPoint], State]


class _NotCleared(Exception):
    """A run of the study that found no equilibrium."""


def welfare_by_short_limit(
    parameters: P, rng: np.random.Generator, make: Make[P], read: Read[P]
) -> pd.DataFrame | None:
    r"""Utility of every cohort at three short limits, all simulated.

    1. The economy as given.
    2. At the largest limit at which nobody defaults: the root in :math:`\kappa`, between zero and
       the largest promise made in 1, of what the borrower closest to default has left,
       :math:`\min_{i, s} w_{is} + Y_s (\delta_i + z_{e,i}) - z^-_i`, by Brent's method; every
       evaluation is a run. If nobody defaults in 1 it is 1 itself. Should defaults come and go as
       the limit rises, it is one of the limits at which they begin.
    3. Without borrowing, :math:`\kappa = 0`.

    Members are drawn alike in all three.

    Returns
    -------
    pandas.DataFrame or None
        One row per credit regime and cohort, with columns ``credit``, ``short_limit`` (NaN: none),
        ``bond_price``, ``expected_recovery``, ``cohort``, ``utility`` (mean of its members) and
        ``gain_in_goods`` (mean of what is gained over no borrowing, in goods at date 0 at their
        marginal utility there: exact where utility is linear at date 0). None if nobody may
        borrow, if one of the runs does not clear, or of economies of more than ``MEMBERS_UP_TO``
        members or with penalties.
    """
    from scipy.optimize import brentq

    if parameters.short_limit == 0.0:
        return None

    @cache
    def run(short_limit: float | None) -> State:
        changed = parameters.model_copy(update={"short_limit": short_limit})
        economy = make(changed, copy.deepcopy(rng))
        try:
            if economy.clear(changed.max_rounds) is not Outcome.CLEARED:
                raise _NotCleared
            return read(changed, at_rest("all", economy))
        finally:
            economy.close()

    try:
        given = run(parameters.short_limit)
        if given.members > MEMBERS_UP_TO or isinstance(given, DefaultState):
            return None
        solvent, limit = given, parameters.short_limit
        if defaults(given).any():
            most = float(np.max(given.promised))

            def left(kappa: float) -> float:
                # the limit that its largest borrower reaches by itself binds nobody
                return left_over(given if kappa == most else run(kappa))

            limit = float(brentq(left, 0.0, most, xtol=LIMIT_TOLERANCE * most))
            solvent = run(limit)
        idle = run(0.0)
    except _NotCleared:
        return None
    rows = [
        row
        for credit, short_limit, state in (
            (AS_GIVEN, parameters.short_limit, given),
            (NO_DEFAULT, limit, solvent),
            (NO_CREDIT, 0.0, idle),
        )
        for row in _rows(credit, short_limit, state, idle)
    ]
    return pd.DataFrame(rows)


def left_over(state: State) -> float:
    """Goods that the borrower closest to default has left in its worst state; negative if short.

    Where nobody borrows it is the least that anybody has, what the first promise could be.
    """
    left = np.min(state.resources, axis=1) - state.promised
    borrowers = state.promised > 0.0
    return float(np.min(left[borrowers] if borrowers.any() else left))


def utilities(state: State) -> FloatArray:
    """Utility of every member, shape (N,): equation (5), footnote 3, or exponential."""
    first, second, rho = state.first, state.second, state.probabilities
    missing = second[:, None] - state.later
    now = np.where(state.quadratic_now, -0.5 * first * (second - state.now) ** 2, first * state.now)
    quadratic = now - 0.5 * (missing * missing) @ rho
    with np.errstate(over="ignore", invalid="ignore"):
        loss = np.exp(-first * state.now) + second * (np.exp(-first[:, None] * state.later) @ rho)
        return np.where(state.quadratic, quadratic, -loss / first)


def _rows(
    credit: str, short_limit: float | None, state: State, idle: State
) -> list[dict[str, object]]:
    reached = utilities(state)
    gain = (reached - utilities(idle)) / idle.marginal_now()
    return [
        {
            "credit": credit,
            "short_limit": np.nan if short_limit is None else short_limit,
            "bond_price": state.bond_price,
            "expected_recovery": float(state.probabilities @ state.rates),
            "cohort": name,
            "utility": float(np.mean(reached[state.cohort == name])),
            "gain_in_goods": float(np.mean(gain[state.cohort == name])),
        }
        for name in dict.fromkeys(state.cohort.tolist())
    ]


def summary(scenario: str, studies: Mapping[str, pd.DataFrame]) -> str:
    """The scenario's sentence, and what bankruptcy is worth to the cohorts if that was studied."""
    table = studies.get(STUDY)
    if table is None or table["expected_recovery"].iloc[0] >= 1.0 - LIMIT_TOLERANCE:
        return scenario
    by = table.pivot(index="cohort", columns="credit", values="gain_in_goods")
    gain = by[AS_GIVEN] - by[NO_DEFAULT]
    limit = table["short_limit"][table["credit"] == NO_DEFAULT].iloc[0]
    shown = ", ".join(
        f"{round(gain[name], 9):+.4g} to {name}" for name in dict.fromkeys(table["cohort"])
    )
    return (
        f"{scenario}; compared with a short limit of {limit:.4g}, the largest at which nobody"
        f" defaults, bankruptcy is worth {shown} in goods at date 0"
    )
