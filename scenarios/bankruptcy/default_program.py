r"""The program of a member who chooses what it delivers, solved from outside.

With a plan :math:`z = (z^+, z^-, z_e, d)` and consumption :math:`x = x^0 + B z`,

.. math::

   \max_{z, x} u(x) - \sum_s \rho_s \lambda_s (z^- - d_s) \quad\text{subject to}\quad
   x, z^+, d \ge 0, \quad d_s \le z^- \le \kappa, \quad z_e \ge -\delta .

HiGHS solves it if it is a quadratic program, SciPy's SLSQP if not. Nothing of the code that trades
is used.

Source: Dubey, Geanakoplos and Shubik, "Default and Punishment in General Equilibrium" (2005).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from markets.quote import FloatArray
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.program import most_sold, optimum, utility
from simulator.linear_program import maximise


def adds(state: DefaultState) -> FloatArray:
    """B: what a unit of each entry of a plan adds to consumption, shape (1 + S, 2 + J + S)."""
    states = state.payoffs.shape[0]
    now = np.concatenate(
        [[-state.bond_price, state.bond_price], -state.equity_prices, np.zeros(states)]
    )
    later = np.column_stack([state.rates, np.zeros(states), state.payoffs, -np.eye(states)])
    return np.vstack([now, later])


def owned(state: DefaultState, member: int) -> FloatArray:
    """Consumption of a member that does not trade, shape (1 + S,)."""
    later = state.endowed_later[member] + state.payoffs @ state.endowed_equities[member]
    return np.concatenate([[state.endowed_now[member]], later])


def chosen(state: DefaultState, member: int) -> FloatArray:
    """The member's plan."""
    bonds = [state.bought[member], state.sold[member]]
    return np.concatenate([bonds, state.equities[member], state.delivered[member]])


def bounds(state: DefaultState, member: int) -> tuple[FloatArray, FloatArray]:
    """Lower and upper bounds of a plan's entries; d is bounded by promises besides."""
    states, equities = state.payoffs.shape
    low = np.concatenate([np.zeros(2), -state.endowed_equities[member], np.zeros(states)])
    high = np.full(2 + equities + states, np.inf)
    high[1] = most_sold(state)
    return low, high


def penalties(state: DefaultState, member: int) -> FloatArray:
    """Utility per unit of each entry of a plan, by the penalty."""
    equities = state.payoffs.shape[1]
    each = state.probabilities * state.penalty[member]
    return np.concatenate([[0.0, -float(np.sum(each))], np.zeros(equities), each])


def reached(state: DefaultState, member: int, plan: FloatArray) -> float:
    """Utility of a plan, less penalties."""
    x = owned(state, member) + adds(state) @ plan
    return utility(state, member, float(x[0]), x[1:]) + float(penalties(state, member) @ plan)


def slope(state: DefaultState, member: int, plan: FloatArray) -> FloatArray:
    """Gradient of :func:`reached`."""
    x = owned(state, member) + adds(state) @ plan
    first, second = state.first[member], state.second[member]
    if state.quadratic[member]:
        both = np.broadcast_to(state.quadratic_now, state.members)[member]
        now, later = first * (second - x[0] if both else 1.0), second - x[1:]
    else:
        now, later = np.exp(-first * x[0]), second * np.exp(-first * x[1:])
    values = np.concatenate([[now], state.probabilities * later])
    return np.asarray(values @ adds(state) + penalties(state, member))


def _behind(state: DefaultState) -> FloatArray:
    """Rows whose product with a plan is d - promise, shape (S, plan)."""
    states, equities = state.payoffs.shape
    return np.column_stack(
        [np.zeros(states), -np.ones(states), np.zeros((states, equities)), np.eye(states)]
    )


def possible_gain(state: DefaultState, member: int) -> float:
    """Bound on what any plan adds to the member's utility.

    Utility is concave, so that is the most that its gradient at the choice promises: a linear
    program, for HiGHS.
    """
    here = chosen(state, member)
    gradient = slope(state, member, here)
    low, high = bounds(state, member)
    solution = maximise(
        gradient,
        np.vstack([-adds(state), _behind(state)]),
        np.concatenate([owned(state, member), np.zeros(state.rates.size)]),
        low=low,
        high=high,
    )
    return float(solution.value - gradient @ here) if solution.status == "optimal" else np.inf


def plan_by_highs(state: DefaultState, member: int) -> FloatArray | None:
    """Best plan of a member whose program is quadratic; None if HiGHS reports no optimum.

    Goods are counted in units of what the member owns, utility in units of these goods at their
    largest value at date 0. The columns are z and x.
    """
    import highspy
    from scipy.sparse import csc_array

    base, matrix = owned(state, member), adds(state)
    rows, trades = matrix.shape
    unit = float(base[0] + base[1:] @ state.probabilities)
    both = np.broadcast_to(state.quadratic_now, state.members)[member]
    second = float(state.second[member])
    weight = float(state.first[member]) * (second if both else 1.0)
    low, high = bounds(state, member)
    rho = state.probabilities

    behind = np.column_stack([_behind(state), np.zeros((rho.size, rows))])
    sparse: Any = csc_array(np.vstack([np.column_stack([-matrix, np.eye(rows)]), behind]))
    model = highspy.HighsModel()
    lp, hessian = model.lp_, model.hessian_
    lp.num_row_, lp.num_col_ = sparse.shape
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = sparse.indptr, sparse.indices
    lp.a_matrix_.value_ = sparse.data
    lp.row_lower_ = np.concatenate([base / unit, np.full(rho.size, -np.inf)])
    lp.row_upper_ = np.concatenate([base / unit, np.zeros(rho.size)])
    lp.col_cost_ = np.concatenate(
        [-penalties(state, member) / weight, [-1.0], -rho * second / weight]
    )
    lp.col_lower_ = np.concatenate([low / unit, np.zeros(rows)])
    lp.col_upper_ = np.concatenate([high / unit, np.full(rows, np.inf)])
    curvature = np.concatenate(
        [np.zeros(trades), [unit / second if both else 0.0], rho * unit / weight]
    )
    hessian.dim_, hessian.format_ = curvature.size, highspy.HessianFormat.kTriangular
    hessian.start_ = np.arange(curvature.size + 1)
    hessian.index_, hessian.value_ = np.arange(curvature.size), curvature

    values = optimum(model, 1_000)
    return None if values is None else values[:trades] * unit


def plan_by_slsqp(state: DefaultState, member: int) -> FloatArray:
    """Best plan of a member with any utility; SLSQP starts from no trade."""
    from scipy.optimize import minimize

    base, matrix, behind = owned(state, member), adds(state), _behind(state)
    low, high = bounds(state, member)
    none = np.zeros(low.size)
    unit = abs(reached(state, member, none)) + 1e-300
    solution: Any = minimize(  # type: ignore[call-overload]
        lambda z: -reached(state, member, z) / unit,
        none,
        jac=lambda z: -slope(state, member, z) / unit,
        method="SLSQP",
        bounds=np.column_stack([low, high]),
        constraints=[
            {"type": "ineq", "fun": lambda z: base + matrix @ z, "jac": lambda z: matrix},
            {"type": "ineq", "fun": lambda z: -behind @ z, "jac": lambda z: -behind},
        ],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    return np.asarray(solution.x)


def gain(state: DefaultState, member: int, plan: FloatArray) -> float:
    """Utility that a member lacks of that of a plan, first moved into what is feasible."""
    first = 2 + state.equity_prices.size
    z = np.clip(plan, *bounds(state, member))
    z[first:] = np.minimum(z[first:], z[1])
    base, added = owned(state, member), adds(state) @ z
    over = -added / base
    if float(np.max(over)) > 1.0:
        z = z / float(np.max(over))
    return reached(state, member, z) - reached(state, member, chosen(state, member))
