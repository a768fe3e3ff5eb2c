r"""Plans strictly inside their bounds, and how they would change: what traders tell an auction.

A cautious member likes to have a little of everything. At quotes :math:`u` and caution
:math:`\mu > 0` it wants

.. math:: \max_{z > 0,\, E(u) z = b_h(u)} \; u_h(K z) + \mu \sum_i \log z_i ,

whose conditions, with prices :math:`\lambda` of budgets and slacks :math:`s > 0`, are

.. math:: K^\top u_h'(K z) - E^\top \lambda + s = 0, \qquad E z = b_h, \qquad z_i s_i = \mu .

As :math:`\mu` vanishes, so do the slacks of what is held, and the plan is a best response
outright. One Newton step on these conditions is linear in the caution and in a move
:math:`\Delta u` of the quotes,

.. math:: \Delta z = a + \mu\, c + G\, \Delta u ,

and :math:`(a, c, G)` is the member's *schedule*: what it changes by itself, for the sake of
caution, and in answer to the quotes. Schedules of all members are one batch of linear systems.

Source: primal-dual interior points as in S. J. Wright, *Primal-Dual Interior-Point Methods*
(1997), chapter 6; every member is a block, and quotes are what the blocks share.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.credit.inertia import Tastes
from markets.quote import FloatArray

OWN_SHARE = 0.9
"""Share of the way to its bounds that a member goes in a step of its own."""


@dataclass(frozen=True, slots=True)
class Programs:
    """The programs of all members at some quotes, and how they change with each of n quotes.

    Attributes
    ----------
    budgets, incomes : arrays (rows, size) and (H, rows)
        E and b.
    budget_slopes, income_slopes : arrays (n, rows, size) and (n, H, rows)
        Their derivatives.
    consumption : array (C, size)
        K.
    tastes : Tastes
        Utility of each member.
    """

    budgets: FloatArray
    incomes: FloatArray
    budget_slopes: FloatArray
    income_slopes: FloatArray
    consumption: FloatArray
    tastes: Tastes


class Interior:
    r"""Plans, prices and slacks of all members, and the Newton step that they could take.

    Parameters
    ----------
    plans : array (H, size)
        z > 0.
    prices : array (H, rows)
        λ.
    slacks : array (H, size)
        s > 0, in units of ``worth``.
    row_worth, worth : arrays (H, rows) and (H, size)
        What money is worth to each member at the node of a row, and where a part is decided.
        Caution is counted in money: with these m, :math:`z_i s_i = \mu m_i`.
    """

    def __init__(
        self,
        plans: FloatArray,
        prices: FloatArray,
        slacks: FloatArray,
        row_worth: FloatArray,
        worth: FloatArray,
    ) -> None:
        self.plans, self.prices, self.slacks = plans, prices, slacks
        self._row_worth, self._worth = row_worth, worth

    def schedules(self, programs: Programs) -> FloatArray:
        """Sum over members of a, c and the columns of G, (size, 2 + n)."""
        size, budgets = self.plans.shape[1], programs.budgets
        consumption, tastes = programs.consumption, programs.tastes
        consumed = self.plans @ consumption.T
        worth, row_worth = self._worth[:, :, None], self._row_worth[:, None, :]
        pull = (tastes.marginal(consumed) @ consumption - self.prices @ budgets) / self._worth
        short = programs.incomes - self.plans @ budgets.T
        self.error = max(float(np.max(np.abs(pull + self.slacks))), float(np.max(np.abs(short))))
        slopes = programs.budget_slopes
        wanted = np.empty((len(self.plans), size + len(budgets), 2 + len(slopes)))
        wanted[:, :size, 0], wanted[:, size:, 0] = pull, short
        wanted[:, :size, 1], wanted[:, size:, 1] = 1.0 / self.plans, 0.0
        dearer = np.moveaxis(np.tensordot(self.prices, slopes, (1, 1)), 1, 2)
        wanted[:, :size, 2:] = -dearer / worth
        wanted[:, size:, 2:] = np.moveaxis(
            programs.income_slopes - np.moveaxis(slopes @ self.plans.T, 2, 1), 0, 2
        )
        matrix = np.zeros((len(self.plans), size + len(budgets), size + len(budgets)))
        matrix[:, :size, size:] = budgets.T * row_worth / worth
        matrix[:, size:, :size] = budgets
        if not np.all(tastes.linear):
            bend = tastes.curvature(consumed)
            matrix[:, :size, :size] = consumption.T @ (bend[:, :, None] * consumption) / worth
        place = np.arange(size)
        matrix[:, place, place] += self.slacks / self.plans
        self._answer = np.linalg.solve(matrix, wanted)
        return np.asarray(np.sum(self._answer[:, :size], axis=0))

    def aim(self, move: FloatArray, caution: float) -> None:
        """Choose the step for a move of the quotes and a caution."""
        size = self.plans.shape[1]
        step = self._answer @ np.concatenate([[1.0, caution], move])
        self._plan_step, self._price_step = step[:, :size], step[:, size:] * self._row_worth
        self._slack_step = (caution - self.slacks * self._plan_step) / self.plans - self.slacks

    def rooms(self) -> FloatArray:
        """How often the step fits until a plan or a slack of each member reaches zero, (H,)."""
        shrinking = np.maximum(-self._plan_step / self.plans, -self._slack_step / self.slacks)
        return np.asarray(1.0 / np.maximum(np.max(shrinking, axis=1), 1e-300))

    def room(self) -> float:
        """How often the step fits until a plan or a slack reaches zero."""
        return float(np.min(self.rooms()))

    def collect_itself(self, moves: int, caution: float) -> None:
        """Every member takes its own step at the quotes posted, none of ``moves`` quotes moving."""
        self.aim(np.zeros(moves), caution)
        self.take(np.minimum(1.0, OWN_SHARE * self.rooms())[:, None])

    def products(self, share: float) -> FloatArray:
        """The products z s after a share of the step, (H, size)."""
        plans = self.plans + share * self._plan_step
        return np.asarray(plans * (self.slacks + share * self._slack_step))

    def take(self, share: float | FloatArray) -> None:
        """Take a share of the step, for all alike or (H, 1)."""
        self.plans = self.plans + share * self._plan_step
        self.prices = self.prices + share * self._price_step
        self.slacks = self.slacks + share * self._slack_step
