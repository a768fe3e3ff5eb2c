r"""The certificate of an equilibrium in which debtors choose what they deliver.

The conditions are those of Dubey, Geanakoplos and Shubik, "Default and Punishment in General
Equilibrium" (2005), for one pooled bond: every member's plan, deliveries among them, is the best
one at the quotes; bond and equities clear; and the pool pays what debtors deliver. Everything is
recomputed from quotes and the table of members. That plans are best is verified twice: by a bound,
the most that the gradient of the concave utility at the choice promises over all feasible plans (a
linear program), and by a solver that is given the member's program.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from markets.quote import FloatArray
from scenarios.bankruptcy.certificate import (
    CHOICE_TOLERANCE,
    EXACT,
    HIGHS_TOLERANCE,
    SLSQP_TOLERANCE,
    SOLVED,
    certify,
    markets,
    satiation,
)
from scenarios.bankruptcy.default_program import (
    adds,
    chosen,
    gain,
    owned,
    plan_by_highs,
    plan_by_slsqp,
    possible_gain,
)
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.program import REACH, Rows
from scenarios.bankruptcy.state import State
from simulator.certificate import Certificate, Condition

BOUNDED = 200
"""Members whose possible gains are bounded, evenly spread; a linear program each."""


def certify_either(state: State, *, complete: bool = True) -> Certificate:
    """The certificate of a state with bankruptcy, or with default by choice."""
    if isinstance(state, DefaultState):
        return certify_default(state, complete=complete)
    return certify(state, complete=complete)


def certify_default(state: DefaultState, *, complete: bool = True) -> Certificate:
    """The certificate of a state in which debtors choose what they deliver.

    Parameters
    ----------
    state : DefaultState
        The state.
    complete : bool
        Whether it shows every member; if not, only what concerns members is checked.
    """
    limited = np.isfinite(state.short_limit)
    reach = "" if limited else f"; bond sales up to {REACH:g} times all goods"
    prices = np.append(state.bond_price, state.equity_prices)
    rates = np.maximum(np.max(state.rates) - 1.0, -np.min(state.rates))
    some = _spread(state.members, BOUNDED)
    conditions = [
        Condition(
            "budget",
            _budget(state),
            EXACT,
            "consumption is what endowment, trades and deliveries amount to",
        ),
        Condition(
            "bounds",
            _bounds(state),
            EXACT,
            "consumption and deliveries are at least 0, deliveries at most the promise, and sales"
            " within what is owned and the limit",
        ),
        Condition(
            "optimal_choice",
            float(
                np.max(_shares(state, some, (possible_gain(state, i) for i in some)), initial=0.0)
            ),
            CHOICE_TOLERANCE,
            "no feasible plan is better by more than this share of goods at date 0",
            f"{some.size} of {state.members}{reach}",
        ),
        *_solved(state, reach),
        Condition(
            "monotone",
            satiation(state),
            0.0,
            "(A2) nobody is satiated at date 0 or in any state",
        ),
        Condition(
            "quotes_in_range",
            max(float(rates), 0.0 if np.all(prices > 0.0) else np.inf),
            0.0,
            "prices are above 0 and repayment rates in [0, 1]",
        ),
    ]
    if complete:
        conditions += markets(state)
    return Certificate(tuple(conditions))


def _spread(members: int, most: int) -> Rows:
    return np.unique(np.linspace(0, members - 1, min(members, most)).astype(np.int64))


def _shares(state: DefaultState, rows: Rows, gains: Iterable[float]) -> FloatArray:
    """Gains in utility as shares of the members' goods at date 0 at their value there."""
    scale = (state.marginal_now() * state.endowed_now)[rows]
    return np.array(list(gains)) / scale


def _solved(state: DefaultState, reach: str) -> list[Condition]:
    """The comparison with a solver: HiGHS, or SLSQP where that has no optimum or can't have one."""
    some = _spread(state.members, SOLVED)
    found = {int(i): plan_by_highs(state, int(i)) if state.quadratic[i] else None for i in some}
    by_highs = {i: plan for i, plan in found.items() if plan is not None}
    others = {i: plan_by_slsqp(state, i) for i, plan in found.items() if plan is None}
    conditions = []
    for name, plans, tolerance in (
        ("HiGHS", by_highs, HIGHS_TOLERANCE),
        ("SLSQP", others, SLSQP_TOLERANCE),
    ):
        if plans:
            rows = np.array(list(plans), dtype=np.int64)
            better = _shares(state, rows, (gain(state, i, plan) for i, plan in plans.items()))
            conditions.append(
                Condition(
                    f"optimal_by_{name.lower()}",
                    float(np.max(better, initial=0.0)),
                    tolerance,
                    f"{name} finds no better plan for these members",
                    f"{rows.size} of {state.members}, by {name}{reach}",
                )
            )
    return conditions


def _budget(state: DefaultState) -> float:
    matrix = adds(state)
    worst = 0.0
    for i in range(state.members):
        plan = chosen(state, i)
        x = owned(state, i) + matrix @ plan
        size = owned(state, i) + np.abs(matrix) @ np.abs(plan)
        off = np.abs(x - np.concatenate([[state.now[i]], state.later[i]]))
        worst = max(worst, float(np.max(off / size)))
    return worst


def _bounds(state: DefaultState) -> float:
    goods = state.endowed_now + np.max(state.resources, axis=1)
    over = np.column_stack(
        [
            -state.now,
            -state.later,
            -state.bought,
            -state.sold,
            -state.delivered,
            state.delivered - state.sold[:, None],
            -(state.equities + state.endowed_equities),
            state.sold - state.short_limit,
        ]
    )
    return float(np.max(over / goods[:, None], initial=0.0))
