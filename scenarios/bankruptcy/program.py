r"""A member's own program, solved from outside: nothing of the code that trades is used.

A plan is a row :math:`z = (z^+, z^-, z_e)` of bonds bought, bonds sold, and equities bought. With
:math:`p = (q_b, -q_b, q_e)` and :math:`D = (r, -1, Y)` the program of equations (3) and (5) is

.. math::

   \max_{z, x} u(x_0, x_1) \quad\text{subject to}\quad
   p z + x_0 = w_0, \quad x_1 - D z = w_1 + Y \delta, \quad
   x_0, z^+ \ge 0, \quad 0 \le z^- \le \kappa, \quad z_e \ge -\delta .

Utility that is linear or quadratic at each date makes it a quadratic program, for HiGHS; for other
utilities SciPy's SLSQP solves it.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from markets.quote import FloatArray
from scenarios.bankruptcy.state import State

REACH = 100.0
"""Where bond sales have no limit, plans are compared that sell up to so many times all goods."""

FEASIBILITIES = (1e-10, 1e-9, 1e-8, 1e-7)
"""Primal and dual feasibility asked of HiGHS, in each member's own units: the tightest it accepts,
then wider ones up to its default, until it reports an optimum."""

REGULARIZATION = 1e-10
"""What HiGHS adds to the Hessian's diagonal. Its default of 1e-7 leaves plans worse by 4e-11 of the
goods at date 0, and none at all some by 1e-4."""

ITERATIONS = 20
"""Iterations of HiGHS per variable, after which it has found no optimum: an active-set method needs
about one, and in programs whose variables differ by many orders it can go round for ever."""

Rows = NDArray[np.int64]


def most_sold(state: State) -> float:
    """Bonds that a member can sell at most, or has to be compared with."""
    return min(state.short_limit, REACH * float(np.sum(state.endowed_now) + np.sum(state.goods)))


def prices_and_payments(state: State) -> tuple[FloatArray, FloatArray]:
    """:math:`p` of shape (2 + J,) and :math:`D` of shape (S, 2 + J)."""
    price = np.concatenate([[state.bond_price, -state.bond_price], state.equity_prices])
    pays = np.column_stack([state.rates, -np.ones_like(state.rates), state.payoffs])
    return price, pays


def optimum(model: Any, iterations: int) -> FloatArray | None:
    """Columns of a quadratic program at its optimum by HiGHS; None where it finds none."""
    import highspy

    highs = highspy.Highs()
    highs.setOptionValue("output_flag", False)
    highs.setOptionValue("qp_regularization_value", REGULARIZATION)
    highs.setOptionValue("qp_iteration_limit", iterations)
    for feasible in FEASIBILITIES:
        highs.setOptionValue("primal_feasibility_tolerance", feasible)
        highs.setOptionValue("dual_feasibility_tolerance", feasible)
        highs.passModel(model)
        try:
            highs.run()
        except ValueError:  # HiGHS gives up so where its basis grows without end
            return None
        if highs.getModelStatus() == highspy.HighsModelStatus.kOptimal:
            return np.asarray(highs.getSolution().col_value, dtype=np.float64)
    return None


def plans_by_highs(state: State, rows: Rows) -> FloatArray:
    """Best plans of members with quadratic programs, (n, 2 + J); NaN if HiGHS finds none.

    All go to HiGHS in one call, and one by one if it reports no optimum of them together.
    """
    n, trades = rows.size, 2 + state.equity_prices.size
    if n == 0:
        return np.empty((0, trades))
    model, unit = quadratic_programs(state, rows)
    values = optimum(model, ITERATIONS * model.lp_.num_col_)
    if values is not None:
        return np.asarray(np.reshape(values, (n, -1))[:, :trades] * unit)
    if n == 1:
        return np.full((1, trades), np.nan)
    return np.vstack([plans_by_highs(state, rows[k : k + 1]) for k in range(n)])


def quadratic_programs(state: State, rows: Rows) -> tuple[Any, FloatArray]:
    """The programs of some members as one model of HiGHS, and the units of their goods, (n, 1).

    Each member counts goods in units of what it owns, and utility in units of what these goods
    would be worth at date 0 to somebody without any; that leaves the same constraint matrix for
    all. The columns of a member are its :math:`z, x_0, x_1`.
    """
    import highspy
    from scipy.sparse import eye_array, kron

    price, pays = prices_and_payments(state)
    (states, trades), n = pays.shape, rows.size
    later = state.endowed_later[rows] + state.endowed_equities[rows] @ state.payoffs.T
    unit = (state.endowed_now[rows] + later @ state.probabilities)[:, None]
    satiation = state.second[rows, None]
    both = np.broadcast_to(state.quadratic_now, state.members)[rows, None]
    weight = state.first[rows, None] * np.where(both, satiation, 1.0)
    zero, free = np.zeros((n, 1)), np.full((n, states), np.inf)

    one = np.zeros((1 + states, trades + 1 + states))
    one[0, :trades], one[1:, :trades], one[:, trades:] = price, -pays, np.eye(1 + states)
    matrix: Any = kron(eye_array(n), one, format="csc")
    matrix.eliminate_zeros()
    owned = np.ravel(np.hstack([state.endowed_now[rows, None], later]) / unit)
    curvature = state.probabilities * unit / weight
    curvature_now = np.where(both, unit / satiation, 0.0)
    curvature = np.hstack([np.zeros((n, trades)), curvature_now, curvature])

    model = highspy.HighsModel()
    lp, hessian = model.lp_, model.hessian_
    lp.num_col_, lp.num_row_ = matrix.shape[1], matrix.shape[0]
    lp.a_matrix_.format_ = highspy.MatrixFormat.kColwise
    lp.a_matrix_.start_, lp.a_matrix_.index_ = matrix.indptr, matrix.indices
    lp.a_matrix_.value_ = matrix.data
    lp.row_lower_ = lp.row_upper_ = owned
    lp.col_cost_ = np.ravel(
        np.hstack([np.zeros((n, trades)), zero - 1.0, -state.probabilities * satiation / weight])
    )
    lp.col_lower_ = np.ravel(
        np.hstack([zero, zero, -state.endowed_equities[rows] / unit, zero, -free])
    )
    lp.col_upper_ = np.ravel(
        np.hstack([zero + np.inf, most_sold(state) / unit, np.full((n, trades - 1), np.inf), free])
    )
    hessian.dim_ = curvature.size
    hessian.format_ = highspy.HessianFormat.kTriangular
    hessian.start_ = np.arange(curvature.size + 1)
    hessian.index_, hessian.value_ = np.arange(curvature.size), np.ravel(curvature)
    return model, unit


def plan_by_slsqp(state: State, member: int) -> FloatArray:
    """Best plan of a member with any utility, (2 + J,); SLSQP starts from no trade."""
    from scipy.optimize import minimize

    price, pays = prices_and_payments(state)
    w0, owned = state.endowed_now[member], state.endowed_equities[member]
    later = state.endowed_later[member] + state.payoffs @ owned
    unit = abs(utility(state, member, w0, later)) + 1e-300

    def loss(z: FloatArray) -> float:
        return -utility(state, member, w0 - float(price @ z), later + pays @ z) / unit

    solution: Any = minimize(  # type: ignore[call-overload]
        loss,
        np.zeros(price.size),
        method="SLSQP",
        bounds=[(0.0, None), (0.0, most_sold(state)), *((-d, None) for d in owned)],
        constraints=[{"type": "ineq", "fun": lambda z: w0 - price @ z, "jac": lambda z: -price}],
        options={"ftol": 1e-12, "maxiter": 500},
    )
    return np.asarray(solution.x)


def utility(state: State, member: int, now: float, later: FloatArray) -> float:
    """Utility of a member, equation (5), footnote 3 or their exponential counterpart."""
    first, second = state.first[member], state.second[member]
    if state.quadratic[member]:
        both = np.broadcast_to(state.quadratic_now, state.members)[member]
        value = -0.5 * first * (second - now) ** 2 if both else first * now
        return float(value - 0.5 * state.probabilities @ (second - later) ** 2)
    with np.errstate(over="ignore"):
        loss = np.exp(-first * now) + second * state.probabilities @ np.exp(-first * later)
    return float(-loss / first)


def gain(state: State, member: int, plan: FloatArray) -> float:
    """Utility that a member lacks of that of a plan, first moved into the budget set."""
    price, pays = prices_and_payments(state)
    w0, owned = state.endowed_now[member], state.endowed_equities[member]
    high = np.full(price.size, np.inf)
    high[1] = most_sold(state)
    z = np.clip(plan, np.concatenate([[0.0, 0.0], -owned]), high)
    if float(price @ z) > w0:
        z = z * (w0 / float(price @ z))
    later = state.endowed_later[member] + state.payoffs @ owned + pays @ z
    best = utility(state, member, w0 - float(price @ z), later)
    return best - utility(state, member, state.now[member], state.later[member])
