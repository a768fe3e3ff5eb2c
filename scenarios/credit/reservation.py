r"""Between which values of a quote a household does not want to trade what it does not trade.

Optimal multipliers :math:`\lambda` of a household's plan :math:`z` meet its dual constraints,
:math:`\sum_r \lambda_r E_{rv} \ge g_v` for every part :math:`v`, with equality where
:math:`z_v > 0`; often there is more than one. A quote :math:`s` that stands in columns of parts
that are zero, as :math:`\pm s` in the budget of one node, leaves the plan optimal as long as some
of these multipliers meet the constraints of those columns. Divided by the multiplier of that node,
the constraints are linear in :math:`s`, in :math:`y = \lambda / \lambda_0` and in
:math:`t = 1 / \lambda_0`,

.. math:: \sum_r y_r E_{rv} - t g_v \ge 0, \qquad y_0 = 1,

so that the least and the largest :math:`s` are two linear programs. Where the columns are those of
a security, they are the most that the household would pay and the least that it would take for it.

With a proof, the binding constraints that HiGHS names are solved again in exact numbers and
checked.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from math import inf

import numpy as np

from markets.quote import FloatArray
from scenarios.credit.program import Row, Variable
from scenarios.credit.terms import ZERO
from simulator.linear_program import maximise
from simulator.proof.algebraic import Exact
from simulator.proof.elimination import solve
from simulator.proof.recognition import simplest

SMALL = 1e-9
"""Constraints that HiGHS leaves by less are binding, and numbers below are zero."""

NEARBY = 1e-9
"""Distance within which a multiplier that may move freely is held at a simple fraction."""

FINER = 1e3
"""What constraints are multiplied by: a violation of 1e-10, which HiGHS takes for none, is then one
of 1e-13."""

ROOMS = (1e-10, 1e-9, 1e-8)
"""What is left beside the least violation of the constraints, in units of the first good: the
first for which HiGHS finds multipliers."""

Ends = tuple[Exact | float, Exact | float]
"""The least and the largest quote, none of them negative; inf where there is no largest."""

Column = Mapping[Row, Exact]


@dataclass(frozen=True, slots=True)
class Held:
    """A household's plan with all that makes it optimal.

    Attributes
    ----------
    columns : mapping
        Of every part of a plan the coefficient in each row.
    gains : mapping
        Marginal utility of every part.
    used : set
        Parts that are positive.
    slack : set
        Rows that are not exhausted: their multipliers are zero.
    exact : bool
        Whether the plan is proved, so that the answer can be.
    """

    columns: Mapping[Variable, Column]
    gains: Mapping[Variable, Fraction]
    used: frozenset[Variable]
    slack: frozenset[Row]
    exact: bool

    def between(self, anchor: Row, signs: Mapping[Variable, int]) -> Ends | None:
        """The least and the largest quote at which the plan stays optimal.

        Parameters
        ----------
        anchor : Row
            The budget in which the quote stands.
        signs : mapping
            Of each part whose cost depends on it: 1 where it is paid, -1 where it is received. What
            ``columns`` say of these parts in that budget is without it.

        Returns
        -------
        tuple or None
            None if the plan is not optimal, whatever the quote.
        """
        return _Search(self, anchor, signs).ends()

    def missed(self, anchor: Row, signs: Mapping[Variable, int], quote: float) -> float:
        """By how much the plan misses being optimal at a quote, in units of the first good.

        The least violation of a constraint that multipliers can reach; inf if there are none.
        """
        return _Search(self, anchor, signs).missed(quote)


class _Search:
    """The two linear programs of one household and one quote."""

    def __init__(self, held: Held, anchor: Row, signs: Mapping[Variable, int]) -> None:
        self.held, self.signs = held, signs
        rows = {row for column in held.columns.values() for row in column}
        self.rows = sorted(rows - held.slack - {anchor})
        self.names: list[object] = ["quote", "t", *self.rows]
        # Each constraint: coefficients of the names, and a total that they are at least.
        self.asked: list[tuple[dict[object, Exact], Exact, Variable]] = []
        for variable, column in held.columns.items():
            left: dict[object, Exact] = {
                row: value for row, value in column.items() if row in rows and row != anchor
                and row not in held.slack
            }  # fmt: skip
            left["t"] = -held.gains[variable]
            if variable in signs:
                left["quote"] = Fraction(signs[variable])
            self.asked.append((left, -column.get(anchor, ZERO), variable))
        places = {name: place for place, name in enumerate(self.names)}
        self.matrix = np.zeros((len(self.asked), len(self.names)))
        for number, (left, _, _) in enumerate(self.asked):
            for name, value in left.items():
                self.matrix[number, places[name]] = float(value)
        self.due = np.array([float(total) for _, total, _ in self.asked])
        self.tight = np.array([v in held.used for _, _, v in self.asked])

    def missed(self, quote: float | None = None) -> float:
        """The least violation at a quote, or at the best quote."""
        wanted = np.append(np.zeros(len(self.names)), -1.0)
        found = self._solved(wanted, inf, quote)
        return inf if found is None else float(found[-1])

    def ends(self) -> Ends | None:
        """The least and the largest quote; None if the plan is not optimal."""
        missed = 0.0 if self.held.exact else self.missed()
        if missed == inf:
            return None
        for spare in (0.0, *ROOMS) if self.held.exact else ROOMS:
            low, high = (self._end(sign, missed + spare) for sign in (-1, 1))
            if low is not None and high is not None:
                return low, high
        return None

    def _end(self, sign: int, room: float) -> Exact | float | None:
        """The largest (1) or least (-1) quote, inf if there is no largest; None if infeasible."""
        wanted = np.zeros(len(self.names) + 1)
        wanted[0] = sign
        found = self._solved(wanted, room)
        if found is None:
            return inf if self._solved(0.0 * wanted, room) is not None else None
        return self._exactly(found) if self.held.exact else float(found[0])

    def _solved(
        self, wanted: FloatArray, room: float, quote: float | None = None
    ) -> FloatArray | None:
        """The best quote, t, multipliers and violation beyond ``room``, none unless it is inf."""
        spare = room if room < inf else 0.0
        violation = -np.ones((len(self.due), 1))
        matrix = np.vstack(
            [
                np.hstack([-self.matrix, violation]),
                np.hstack([self.matrix, violation])[self.tight],
            ]
        )
        limits = np.concatenate([-self.due, self.due[self.tight]]) + spare
        low, high = np.zeros(wanted.size), np.full(wanted.size, inf)
        if quote is not None:
            low[0] = high[0] = quote
        if room < inf:
            high[-1] = 0.0
        best = maximise(wanted, FINER * matrix, FINER * limits, low=low, high=high)
        return best.amounts if best.status == "optimal" else None

    def _exactly(self, found: FloatArray) -> Exact | float:
        """The quote in exact numbers, from what binds; the number itself if that fails."""
        approximate = dict(zip(self.names, found.tolist(), strict=False))
        slacks = self.matrix @ found[:-1] - self.due
        names = [name for name in self.names if abs(approximate[name]) > SMALL]
        equations = [
            ({name: left[name] for name in names if name in left}, total)
            for (left, total, _), slack in zip(self.asked, slacks, strict=True)
            if abs(slack) <= SMALL
        ]
        answer = solve(equations, names, lambda name: simplest(approximate[name], NEARBY))
        if answer is None or min(answer.values(), default=ZERO) < 0:
            return float(found[0])
        for left, total, variable in self.asked:
            value = sum((answer.get(n, ZERO) * amount for n, amount in left.items()), ZERO) - total
            if value < 0 or (value != 0 and variable in self.held.used):
                return float(found[0])
        return answer.get("quote", ZERO)
