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

with :math:`\nu_k = w_k` where utility is linear, and :math:`\tau` of every part of a plan its own
(the squares above are summed with each part's). It is solved by a semismooth Newton method with
line search, all members at once, from the prices of the last round.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from markets.quote import BoolArray, FloatArray

BUDGET_TOLERANCE = 1e-13
"""Largest violation of a row, as a share of its scale, of a program that is solved."""

DAMPING = (1e-15, 1e-11)
"""Share of the largest slope that each row could have that is always added to it."""

NEWTON_STEPS = 60
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
    inertia: FloatArray,
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
    inertia : array (H, size)
        τ: how far a unit of marginal utility moves each part of a plan.
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
    inertia: FloatArray,
    prices: FloatArray,
) -> Answer:
    """Semismooth Newton on the dual; from ``rows`` on, the rows are those of consumption."""
    prices = prices.copy()
    plans = np.empty_like(held)
    solved = np.zeros(len(held), dtype=np.bool_)
    todo = np.arange(len(held))
    dual = _Dual(held, matrix, incomes, rows, tastes, inertia, prices)
    for _ in range(NEWTON_STEPS):
        plans[todo] = dual.plans
        done = dual.gap <= BUDGET_TOLERANCE
        solved[todo[done]] = True
        todo, keep = todo[~done], ~done
        if todo.size == 0:
            break
        dual = dual.descend(keep)
        prices[todo] = dual.prices
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
        inertia: FloatArray,
        prices: FloatArray,
    ) -> None:
        self.problem = (held, matrix, incomes, rows, tastes, inertia)
        self.prices = prices
        moved = held - inertia * (prices @ matrix)
        self.plans = np.maximum(moved, 0.0)
        self.active = moved > 0.0
        self.gradient = -(self.plans @ matrix.T)
        self.objective = 0.5 * np.sum(self.plans**2 / inertia, axis=1)
        self.gradient[:, :rows] += incomes
        self.objective += np.einsum("hr,hr->h", prices[:, :rows], incomes)
        self.curvature: FloatArray | None = None
        if rows is None:
            return
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
        self.curvature = np.zeros_like(prices)
        self.curvature[:, rows:] = np.where(curved, wanted / (aversion * positive), np.inf)

    @cached_property
    def gap(self) -> FloatArray:
        """Largest violation of a row of each member, as a share of its scale."""
        held, matrix, incomes, rows, _, inertia = self.problem
        size = np.abs(matrix)
        terms = np.abs(held) + inertia * (np.abs(self.prices) @ size)
        rounding = np.where(self.active, terms, 0.0) @ size.T
        magnitude = self.plans @ size.T + 1e-2 * rounding + 1e-3
        magnitude[:, :rows] += np.abs(incomes)
        return np.asarray(np.max(np.abs(self.gradient) / magnitude, axis=1))

    def descend(self, keep: BoolArray) -> _Dual:
        """The dual after one Newton step with line search, of the members to ``keep``."""
        held, matrix, incomes, rows, tastes, inertia = self.problem
        tastes = _of(tastes, keep)
        held, incomes, inertia = held[keep], incomes[keep], inertia[keep]
        prices, gradient = self.prices[keep], self.gradient[keep]
        objective = self.objective[keep]
        slope = (matrix[None] * (inertia * self.active[keep])[:, None, :]) @ matrix.T
        diagonal = np.arange(matrix.shape[0])
        if self.curvature is not None:
            curvature = self.curvature[keep]
            fixed = ~np.isfinite(curvature)
            if fixed.any():
                slope[fixed[:, :, None] | fixed[:, None, :]] = 0.0
            slope[:, diagonal, diagonal] += np.where(fixed, 1.0, curvature)
        damping = np.clip(1e-8 * self.gap[keep], *DAMPING)[:, None]
        slope[:, diagonal, diagonal] += damping * (inertia @ (matrix**2).T)
        unit = 1.0 / np.sqrt(slope[:, diagonal, diagonal])  # rows of very different size
        slope *= unit[:, :, None] * unit[:, None, :]
        step = -unit * np.linalg.solve(slope, (gradient * unit)[:, :, None])[:, :, 0]
        downhill = np.einsum("hr,hr->h", gradient, step)
        length = np.ones(len(step))
        if rows is not None:
            shrinking = -step[:, rows:] / np.maximum(prices[:, rows:], 1e-300)  # 0: a good unliked
            length = np.minimum(length, 0.95 / np.maximum(np.max(shrinking, axis=1), 1e-300))
        floor = 1e-14 * (1.0 + np.abs(objective))
        found = trial = _Dual(
            held, matrix, incomes, rows, tastes, inertia, prices + length[:, None] * step
        )
        open_ = np.arange(len(step))
        for _ in range(40):
            fall = trial.objective - objective[open_] - 1e-4 * length[open_] * downhill[open_]
            past = np.einsum("hr,hr->h", trial.gradient, step[open_]) + 0.5 * downhill[open_]
            short = np.where(~(np.abs(fall) <= floor[open_]), ~(fall <= 0.0), ~(past <= 0.0))
            open_ = open_[short]
            if open_.size == 0:
                break
            length[open_] *= 0.5
            trial = _Dual(
                held[open_],
                matrix,
                incomes[open_],
                rows,
                _of(tastes, open_),
                inertia[open_],
                prices[open_] + length[open_, None] * step[open_],
            )
        if trial is found:
            return found
        prices = prices + length[:, None] * step
        return _Dual(held, matrix, incomes, rows, tastes, inertia, prices)


def _of(tastes: Tastes, rows: FloatArray | BoolArray | object) -> Tastes:
    """Tastes of some members."""
    return Tastes(tastes.weights[rows], tastes.aversion[rows])  # type: ignore[index]
