r"""Best responses of traders with inertia: a batch of small convex programs at once.

Each member :math:`h` holds a plan :math:`\hat z` and answers the quotes with the plan that solves

.. math:: \max_{z \ge 0,\, E z = b_h} \; u_h(K z) - \frac{1}{2 \tau} \lVert z - \hat z \rVert^2,
   \qquad u_h(c) = \sum_k w_{hk} \frac{c_k^{1 - \rho_{hk}}}{1 - \rho_{hk}},

with :math:`\rho_{hk} = 0` linear and :math:`\rho_{hk} = 1` logarithmic in a good. The dual is an
unconstrained smooth convex program in the prices :math:`\lambda` of the budgets and :math:`\nu` of
consumption,

.. math:: \min_{\lambda, \nu} \; \frac{1}{2 \tau} \lVert z(\lambda, \nu) \rVert^2
   + \lambda \cdot b_h + \sum_k \sup_c \, [w_{hk} u(c) - \nu_k c], \qquad
   z(\lambda, \nu) = \bigl(\hat z + \tau (K^\top \nu - E^\top \lambda)\bigr)_+ ,

with :math:`\nu_k = w_k` where utility is linear. It is solved by a semismooth Newton method with
line search, all members at once, from the prices of the last round.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import BoolArray, FloatArray

BUDGET_TOLERANCE = 1e-13
"""Largest violation of a row, as a share of its scale, of a program that is solved."""

NEWTON_STEPS = 200
"""Steps after which a program that is not solved is given up."""


@dataclass(frozen=True, slots=True)
class Tastes:
    """Utility of each member.

    Attributes
    ----------
    weights : array (H, C)
        w, for every node and good, flat.
    aversion : array (H, C)
        Relative risk aversion: 0 linear, 1 logarithmic. Given as (H,), it is the same for all.
    """

    weights: FloatArray
    aversion: FloatArray

    def __post_init__(self) -> None:
        """Give every node and good its risk aversion."""
        if self.aversion.ndim == 1:
            alike = np.broadcast_to(self.aversion[:, None], self.weights.shape)
            object.__setattr__(self, "aversion", alike)

    @property
    def curved(self) -> BoolArray:
        """What is liked with falling marginal utility, (H, C)."""
        return np.asarray((self.aversion > 0.0) & (self.weights > 0.0))

    @property
    def linear(self) -> BoolArray:
        """Which members have linear utility."""
        return np.asarray(~np.any(self.curved, axis=1))

    def marginal(self, consumption: FloatArray) -> FloatArray:
        """Marginal utility at consumption (H, C)."""
        power = np.where(self.weights > 0.0, consumption, 1.0) ** -self.aversion
        return self.weights * power

    def curvature(self, consumption: FloatArray) -> FloatArray:
        """How fast marginal utility falls at consumption (H, C)."""
        at = np.where(self.weights > 0.0, consumption, 1.0)
        return np.asarray(self.aversion * self.marginal(consumption) / at)


@dataclass(frozen=True, slots=True)
class Answer:
    """Plans of all members and the prices at which they are best.

    Attributes
    ----------
    plans : array (H, size)
        z.
    prices : array (H, rows + C)
        The dual prices of budgets and consumption, to start from next time.
    solved : array (H,)
        Which programs were solved to tolerance.
    """

    plans: FloatArray
    prices: FloatArray
    solved: BoolArray


def respond(
    held: FloatArray,
    budgets: FloatArray,
    incomes: FloatArray,
    consumption: FloatArray,
    tastes: Tastes,
    inertia: float,
    prices: FloatArray,
) -> Answer:
    """Best responses of all members.

    Parameters
    ----------
    held : array (H, size)
        Plans held.
    budgets, incomes : arrays (rows, size) and (H, rows)
        E and b, on a scale of one.
    consumption : array (C, size)
        K.
    tastes : Tastes
        Utility of each member.
    inertia : float
        τ: how far a unit of marginal utility moves a plan.
    prices : array (H, rows + C)
        Dual prices to start from; those of consumption are positive.
    """
    rows = len(budgets)
    if np.all(tastes.linear):
        pulled = held + inertia * (tastes.weights @ consumption)
        solved = _newton(pulled, budgets, incomes, None, tastes, inertia, prices[:, :rows])
        return Answer(solved.plans, np.hstack([solved.prices, tastes.weights]), solved.solved)
    matrix = np.vstack([budgets, -consumption])
    return _newton(held, matrix, incomes, rows, tastes, inertia, prices)


def _newton(
    held: FloatArray,
    matrix: FloatArray,
    incomes: FloatArray,
    rows: int | None,
    tastes: Tastes,
    inertia: float,
    prices: FloatArray,
) -> Answer:
    """Semismooth Newton on the dual; from ``rows`` on, the rows are those of consumption."""
    prices = prices.copy()
    plans = np.empty_like(held)
    solved = np.zeros(len(held), dtype=np.bool_)
    todo = np.arange(len(held))
    scale = 1.0 + np.max(np.abs(incomes), axis=1)
    for _ in range(NEWTON_STEPS):
        dual = _Dual(
            held[todo], matrix, incomes[todo], rows, _of(tastes, todo), inertia, prices[todo]
        )
        plans[todo] = dual.plans
        gap = np.max(np.abs(dual.gradient), axis=1)
        done = gap <= BUDGET_TOLERANCE * np.maximum(scale[todo], np.max(dual.plans, axis=1))
        solved[todo[done]] = True
        todo, keep = todo[~done], ~done
        if todo.size == 0:
            break
        prices[todo] = dual.descend(keep)
    return Answer(plans, prices, solved)


class _Dual:
    """The dual objective of some members at some prices, its gradient and its Newton step."""

    def __init__(
        self,
        held: FloatArray,
        matrix: FloatArray,
        incomes: FloatArray,
        rows: int | None,
        tastes: Tastes,
        inertia: float,
        prices: FloatArray,
    ) -> None:
        self.problem = (held, matrix, incomes, rows, tastes, inertia)
        self.prices = prices
        moved = held - inertia * (prices @ matrix)
        self.plans = np.maximum(moved, 0.0)
        self.active = moved > 0.0
        self.gradient = -(self.plans @ matrix.T)
        self.curvature = np.zeros_like(prices)
        self.objective = 0.5 / inertia * np.einsum("hz,hz->h", self.plans, self.plans)
        if rows is None:
            self.gradient += incomes
            self.objective += np.einsum("hr,hr->h", prices, incomes)
            return
        self.gradient[:, :rows] += incomes
        self.objective += np.einsum("hr,hr->h", prices[:, :rows], incomes)
        asked = prices[:, rows:]
        curved = tastes.curved
        aversion = np.where(curved, tastes.aversion, 1.0)
        weights = np.where(curved, tastes.weights, 1.0)
        positive = np.where(curved, asked, 1.0)
        wanted = (weights / positive) ** (1.0 / aversion)
        spare = np.where(
            aversion == 1.0,
            weights * np.log(wanted),
            weights * wanted ** (1.0 - aversion) / np.where(aversion == 1.0, 1.0, 1.0 - aversion),
        )
        self.objective += np.sum(np.where(curved, spare - asked * wanted, 0.0), axis=1)
        self.gradient[:, rows:] = np.where(curved, self.gradient[:, rows:] - wanted, 0.0)
        self.curvature[:, rows:] = np.where(curved, wanted / (aversion * positive), np.inf)

    def descend(self, keep: BoolArray) -> FloatArray:
        """Prices after one Newton step with line search, of the members to ``keep``."""
        held, matrix, incomes, rows, tastes, inertia = self.problem
        tastes = _of(tastes, keep)
        held, incomes = held[keep], incomes[keep]
        prices, gradient = self.prices[keep], self.gradient[keep]
        objective, curvature = self.objective[keep], self.curvature[keep]
        fixed = ~np.isfinite(curvature)
        slope = inertia * (matrix[None] * self.active[keep][:, None, :]) @ matrix.T
        slope[np.broadcast_to(fixed[:, :, None], slope.shape)] = 0.0
        slope[np.broadcast_to(fixed[:, None, :], slope.shape)] = 0.0
        diagonal = np.arange(matrix.shape[0])
        damped = 1e-11 * (1.0 + np.max(slope[:, diagonal, diagonal], axis=1))
        slope[:, diagonal, diagonal] += np.where(fixed, 1.0, curvature) + damped[:, None]
        step = -np.linalg.solve(slope, gradient[:, :, None])[:, :, 0]
        downhill = np.einsum("hr,hr->h", gradient, step)
        length = np.ones(len(step))
        if rows is not None:
            shrinking = -step[:, rows:] / np.maximum(prices[:, rows:], 1e-300)  # 0: a good unliked
            length = np.minimum(length, 0.95 / np.maximum(np.max(shrinking, axis=1), 1e-300))
        floor = 1e-14 * (1.0 + np.abs(objective))
        open_ = np.arange(len(step))
        for _ in range(40):
            trial = _Dual(
                held[open_],
                matrix,
                incomes[open_],
                rows,
                _of(tastes, open_),
                inertia,
                prices[open_] + length[open_, None] * step[open_],
            )
            short = (
                trial.objective
                > objective[open_] + 1e-4 * length[open_] * downhill[open_] + floor[open_]
            )
            open_ = open_[short]
            if open_.size == 0:
                break
            length[open_] *= 0.5
        return np.asarray(prices + length[:, None] * step)


def _of(tastes: Tastes, rows: FloatArray | BoolArray | object) -> Tastes:
    """Tastes of some members."""
    return Tastes(tastes.weights[rows], tastes.aversion[rows])  # type: ignore[index]
