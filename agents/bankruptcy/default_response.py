r"""The best plan of every member who may default on any share of its promises, at a penalty.

With the plans :math:`z = (z^+, z^-, z_e, d)` of :mod:`agents.bankruptcy.plans` a member maximises

.. math::

   v_0(x_0) + \sum_s \rho_s \left[ v_1(x_s) - \lambda_s (z^- - d_s) \right]
   - \tfrac12 \sum_k p_k (z_k - \bar z_k)^2

subject to :math:`x \ge 0`, :math:`z^+, d \ge 0`, :math:`d_s \le z^- \le \kappa` and
:math:`z_e \ge -\delta`. It delivers as long as a good is worth less to it than the penalty,
:math:`v_1'(x_s) \le \lambda_s`.

The last term is inertia: :math:`\bar z` is the plan of the round before, so it vanishes where
plans rest, and there the plan is the best one without it. It is needed because the penalty is
linear: a member who defaults a little in every state, and whose utility is linear at date 0, is
indifferent between all promises at one bond price, and would jump from none to the limit there.

All members are solved together by a primal-dual interior-point method. With constraints
:math:`s = h + G z \ge 0` and :math:`x = x^0 + B z \ge 0`, multipliers y and the value of a good
:math:`m = \omega v'(x) + y_x`, :math:`\omega = (1, \rho)`, each pass takes a Newton step towards

.. math::

   B' m + \ell + G' y - p (z - \bar z) = 0, \qquad s y = \mu, \qquad x y_x = \mu ,

for a falling :math:`\mu`, and stays inside the constraints. Steps, and derivatives of the plan by
the quotes, solve one system in which m and y are unknowns of their own, as
:math:`K = -\omega v'' + y_x / x` and y/s are huge where a bound binds:
:math:`p\,dz - B' dm - G' dy = dB' m`, :math:`B\,dz + K^{-1} dm = -dB\,z` and
:math:`G\,dz + \mathrm{diag}(s / y)\,dy = 0` are the derivatives.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.bankruptcy.plans import Plans, payments
from agents.bankruptcy.trade_slopes import solve_each
from agents.bankruptcy.trades import Endowment
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from markets.refused import Infeasible

INERTIA = 0.1
"""Curvature of the inertia in a trade, as a share of the curvature of a member's utility in it at
the endowment."""

GAP = 1e-19
"""Complementarity at which the search ends, as a share of the member's goods at the same value."""

FLAT = 1e-12
"""Gradient that counts as zero, as a share of the largest of what it is the sum of."""

BACK = 0.995
"""Share of the way to the nearest constraint that a step may go."""

DUST = 1e-11
"""Slack, in the member's units, that is zero whatever its multiplier: where both vanish, what is
left of the search."""

PASSES = 200
"""Passes before a search is given up; some twenty are usual."""

AT_BOUND = 1e-8
"""Slack, as a share of its own multiplier and in the member's units, below which it is zero."""


@dataclass(frozen=True, slots=True)
class Penalised:
    """Members who choose what to repay.

    Attributes
    ----------
    endowment : Endowment
        Of the members.
    penalty : array of shape (members, states)
        Utility lost per good of default in each state, before probabilities.
    """

    endowment: Endowment
    penalty: FloatArray

    def rows(self, rows: slice) -> Penalised:
        """Some of the members."""
        return Penalised(self.endowment.rows(rows), self.penalty[rows])


@dataclass(frozen=True, slots=True)
class Answer:
    """Best plans, and their derivatives by the quotes, shape (members, plan, quotes)."""

    plans: Plans
    slopes: FloatArray


def best_plans(
    members: Penalised, instruments: BondAndEquities, quotes: BondQuotes, before: Plans
) -> Answer:
    """Best response of every member to the quotes, given its plan of the round before.

    Raises
    ------
    Infeasible
        If a member's search does not end, with the member's row.
    """
    return _Search(members, instruments, quotes, before).run()


class _Search:
    """The search of all members; goods, bonds and equities in units of what a member owns."""

    def __init__(
        self,
        members: Penalised,
        instruments: BondAndEquities,
        quotes: BondQuotes,
        before: Plans,
    ) -> None:
        endowment, rho = members.endowment, instruments.probabilities
        self.instruments, self.quotes, self.utility = instruments, quotes, endowment.utility
        states, equities = instruments.states, instruments.equities
        count = endowment.now.size
        self.size = 2 + equities + states
        self.unit = endowment.now + endowment.later @ rho
        self.worth = endowment.utility.marginal_now(endowment.now)
        self.weights = np.concatenate([[1.0], rho])
        self.pays = payments(instruments, quotes)
        owned = np.column_stack([endowment.now, endowment.later])
        self.owned = owned / self.unit[:, None]
        self.bounds, self.room = self._bounds(endowment, quotes)

        self.linear = np.zeros((count, self.size))
        self.linear[:, 1] = -(members.penalty @ rho)
        self.linear[:, 2 + equities :] = members.penalty * rho
        self.linear /= self.worth[:, None]

        curvature = -endowment.utility.curvature_later(endowment.later) * rho
        square = np.column_stack([np.ones((states, 2)), instruments.payoffs**2])
        scale = (self.unit / self.worth)[:, None]
        self.inertia = np.zeros((count, self.size))
        self.inertia[:, : 2 + equities] = INERTIA * (curvature @ square) * scale
        self.before = before.array / self.unit[:, None]
        self.z = self._inside(endowment)

    def _bounds(self, endowment: Endowment, quotes: BondQuotes) -> tuple[FloatArray, FloatArray]:
        """G and h of the constraints on single entries, in the order of the plan, then the rest."""
        states, first = self.instruments.states, 2 + self.instruments.equities
        rows = [np.eye(self.size)]
        behind = np.zeros((states, self.size))
        behind[:, 1], behind[:, first:] = 1.0, -np.eye(states)
        rows.append(behind)
        room = np.zeros((endowment.now.size, self.size + states))
        room[:, 2:first] = endowment.equities / self.unit[:, None]
        if np.isfinite(quotes.short_limit):
            rows.append(-np.eye(self.size)[1:2])
            room = np.column_stack([room, quotes.short_limit / self.unit])
        return np.vstack(rows), room

    def _inside(self, endowment: Endowment) -> FloatArray:
        """A plan inside all constraints: a little of everything."""
        z = np.zeros((endowment.now.size, self.size))
        first = 2 + self.instruments.equities
        cost = self.quotes.bond_price + float(np.sum(self.quotes.equity_prices))
        little = 0.25 * self.owned[:, 0] / max(cost, 1.0)
        z[:, 0] = little
        least = np.min(self.owned[:, 1:], axis=1)
        z[:, 1] = np.minimum(0.5 * self.quotes.short_limit / self.unit, least)
        z[:, 2:first] = np.where(endowment.equities > 0.0, 0.0, little[:, None])
        z[:, first:] = 0.5 * z[:, 1:2]
        return z

    def run(self) -> Answer:
        """Search until every member's conditions hold."""
        slack_x, slack = self.owned + self.z @ self.pays.T, self.room + self.z @ self.bounds.T
        y_x, y = np.full_like(slack_x, 0.1), np.full_like(slack, 0.1)
        share, done = np.zeros(self.unit.size), np.zeros(self.unit.size, dtype=np.bool_)
        with np.errstate(all="ignore"):
            for _ in range(PASSES):
                gap = np.maximum(np.max(slack_x * y_x, axis=1), np.max(slack * y, axis=1))
                left, value, curved = self._left(slack_x, y_x, y)
                size = 1.0 + value @ np.abs(self.pays) + y @ np.abs(self.bounds)
                size = np.max(size + np.abs(self.linear), axis=1)
                done = (gap <= GAP * size) & (np.max(np.abs(left), axis=1) <= FLAT * size)
                if done.all():
                    return self._answer(slack_x, slack, y_x, y, value, curved)
                mean = (np.sum(slack_x * y_x, axis=1) + np.sum(slack * y, axis=1)) / (
                    slack_x.shape[1] + slack.shape[1]
                )
                target = np.maximum(np.where(share > 0.9, 0.05, 0.3) * mean, 0.1 * GAP)[:, None]
                loose_x = 1.0 / (curved + y_x / slack_x)
                right = np.column_stack(
                    [left, (y_x - target / slack_x) * loose_x, slack - target / y]
                )
                matrix = self._matrix(loose_x, slack / y)
                matrix[done] = np.eye(right.shape[1])
                solved = solve_each(matrix, right[:, :, None])[:, :, 0]
                step, dm, dy = np.split(solved, [self.size, self.size + slack_x.shape[1]], axis=1)
                by_x = step @ self.pays.T
                by_x, dy_x = _pairs(slack_x, y_x, target, by_x, dm + curved * by_x)
                by, dy = _pairs(slack, y, target, step @ self.bounds.T, dy)
                primal = np.minimum(_room(slack_x, by_x), _room(slack, by))
                dual = np.minimum(_room(y_x, dy_x), _room(y, dy))
                share = np.where(done, 0.0, np.minimum(primal, dual))
                move = share[:, None]
                self.z = self.z + move * step
                y_x, y = y_x + move * dy_x, y + move * dy
                # moved like the plan rather than recomputed from it, to keep the last digits
                slack_x, slack = slack_x + move * by_x, slack + move * by
        worst = int(np.argmax(~done))
        raise Infeasible(
            f"member {worst} has no best plan within reach at the posted quotes: its search has not"
            f" ended after {PASSES} passes; a short limit on bonds would bound its promises"
        )

    def _left(
        self, consumption: FloatArray, y_x: FloatArray, y: FloatArray
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Gradient with multipliers, the value of a good m, and minus the curvature."""
        unit, worth = self.unit[:, None], self.worth[:, None]
        now, later = consumption[:, 0] * self.unit, consumption[:, 1:] * unit
        utility = self.utility
        marginal = np.column_stack([utility.marginal_now(now), utility.marginal_later(later)])
        curved = -np.column_stack([utility.curvature_now(now), utility.curvature_later(later)])
        value = marginal * self.weights / worth + y_x
        left = value @ self.pays + self.linear + y @ self.bounds
        left -= self.inertia * (self.z - self.before)
        return left, value, curved * self.weights * unit / worth

    def _matrix(self, loose_x: FloatArray, loose: FloatArray) -> FloatArray:
        """Matrix of the unknowns dz, dm and dy, symmetric; the arguments are 1/K and s/y."""
        rows = np.vstack([self.pays, self.bounds])
        total = self.size + rows.shape[0]
        matrix = np.zeros((loose.shape[0], total, total))
        matrix[:, : self.size, self.size :] = -rows.T
        matrix[:, self.size :, : self.size] = -rows
        every = np.arange(total)
        matrix[:, every, every] = np.column_stack([self.inertia, -loose_x, -loose])
        return matrix

    def _answer(
        self,
        slack_x: FloatArray,
        slack: FloatArray,
        y_x: FloatArray,
        y: FloatArray,
        value: FloatArray,
        curved: FloatArray,
    ) -> Answer:
        """Plans with exact zeros where bounds bind, and their derivatives by the quotes."""
        states, equities = self.instruments.states, self.instruments.equities
        first, unit = 2 + equities, self.unit[:, None]
        z = self.z.copy()
        binds = slack <= np.maximum(AT_BOUND * y, DUST)
        if binds.shape[1] > self.size + states:
            z[:, 1] = np.where(binds[:, -1], self.quotes.short_limit / self.unit, z[:, 1])
        z[:, :first] = np.where(binds[:, :first], -self.room[:, :first], z[:, :first])
        z[:, first:] = np.where(binds[:, self.size : self.size + states], z[:, 1:2], z[:, first:])
        z[:, first:] = np.where(binds[:, first : self.size], 0.0, z[:, first:])
        if np.all(self.quotes.repayment_rates == 1.0):
            # a bond that pays in full is worth a promise that is kept: lending to oneself is undone
            both = np.minimum(z[:, 0], z[:, 1]) * np.all(z[:, first:] == z[:, 1:2], axis=1)
            z[:, :2] -= both[:, None]
            z[:, first:] -= both[:, None]

        slopes = self._slopes(z, value, 1.0 / (curved + y_x / slack_x), slack / y)
        z *= unit
        z[:, 1] = np.minimum(z[:, 1], self.quotes.short_limit)
        z[:, first:] = np.minimum(z[:, first:], z[:, 1:2])
        return Answer(Plans.of(z, equities), slopes * unit[:, :, None])

    def _slopes(
        self, z: FloatArray, value: FloatArray, loose_x: FloatArray, loose: FloatArray
    ) -> FloatArray:
        """Derivatives of the plan by the quotes, see the module; the last two are 1/K and s/y."""
        states, equities = self.instruments.states, self.instruments.equities
        size = self.size
        matrix = self._matrix(loose_x, loose)
        right = np.zeros((*matrix.shape[:2], 1 + equities + states))
        right[:, 0, 0], right[:, 1, 0] = -value[:, 0], value[:, 0]
        right[:, size, 0] = z[:, 1] - z[:, 0]
        for j in range(equities):
            right[:, 2 + j, 1 + j], right[:, size, 1 + j] = -value[:, 0], -z[:, 2 + j]
        for s in range(states):
            right[:, 0, 1 + equities + s] = value[:, 1 + s]
            right[:, size + 1 + s, 1 + equities + s] = z[:, 0]
        return solve_each(matrix, right)[:, :size]


def _pairs(
    slack: FloatArray, y: FloatArray, target: FloatArray, by: FloatArray, dy: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Changes of slacks and multipliers: the smaller of each pair to its last digits.

    Given both, the one of the smaller follows from complementarity,
    ``y * by + slack * dy = target - slack * y``.
    """
    tight = slack < y
    exact_by = np.where(tight, (target - slack * dy) / y - slack, by)
    return exact_by, np.where(tight, dy, (target - y * by) / slack - y)


def _room(numbers: FloatArray, change: FloatArray) -> FloatArray:
    """Share of a change that keeps all numbers above zero, at most one; a little is left."""
    reach = np.where(change < 0.0, -numbers / change, np.inf)
    return np.asarray(np.minimum(1.0, BACK * np.min(reach, axis=1)))
