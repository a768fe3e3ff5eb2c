r"""The trader's decision written a second time: its linear program, for a solver from outside.

:mod:`agents.traders` answers quotes with formulas. Here the same problem stands as the source
states it, in the four holdings :math:`v = (x, y, \theta, \psi)`, cash kept, security, repo lending
(the security borrowed) and repo borrowing (the security pledged). With the haircut :math:`1 - h`,
:math:`W = e_x + q e_y` and :math:`b` the trader's probability of state U,

.. math::

   \max_{x, y, \theta, \psi}\ & b\, C_U + (1 - b)\, C_D \quad \text{where} \\
   C_s &= \omega_s + x + (1+\rho) q [\theta - \psi + (1-h)(\theta + \psi)] + y D_s
       && \text{cash at date 1} \\
   \text{subject to}\quad
   0 &\le -(x - e_x) - q (y - e_y) - q (\theta - \psi) - (1-h) q (\theta + \psi)
       && \text{budget of date 0} \\
   0 &\le y + \theta - \psi && \text{box} \\
   0 &\le C_U, \quad 0 \le C_D && \text{solvency} \\
   0 &\le x, \quad 0 \le \theta, \quad 0 \le \psi .

Written as :math:`\max c \cdot v` subject to :math:`A v \ge g` the rows :math:`A` are the same for
all members, since they see the same quotes; beliefs enter :math:`c` only, endowments and incomes
:math:`g` only.

How a batch is solved
---------------------
1. One sparse block-diagonal program of many members goes to HiGHS, each member in units of the
   largest position it could carry.
2. HiGHS stops within a tolerance. Its answer is sharpened: an optimum lies on a vertex, where four
   independent rows bind, so every choice of four rows is solved as a linear system (at most 35,
   with matrices that all members share), and the best vertex that meets the other rows is taken.
3. The two must agree, or the member is named in an error.

Source: Bottazzi, Pascoa and Ramirez (slides), trader's problem.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from itertools import combinations
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog
from scipy.sparse import csr_array, eye_array, kron

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]

HOLDINGS = ("cash", "security", "repo_lending", "repo_borrowing")
"""The columns of every program: x, y, theta, psi."""

CONSTRAINTS = (
    "budget",
    "box",
    "solvency in state U",
    "solvency in state D",
    "cash >= 0",
    "repo lending >= 0",
    "repo borrowing >= 0",
)
"""The rows of every program."""

CHUNK = 1_000
"""Members that go to HiGHS in one call: large enough to share its overhead, small in memory."""

HIGHS_TOLERANCE = 1e-10
"""The tightest primal and dual feasibility tolerance that HiGHS accepts, in scaled units."""

AGREEMENT = 1e-7
"""How far HiGHS' optimum may lie from the best vertex, as a share of the cash involved.

Its tolerances add up over rows and are divided by the slopes of the constraints; a wrong program
is off by far more.
"""

FEASIBLE = 1e-13
"""A row counts as met within this share of the sum of its terms, some hundred rounding errors."""

INDEPENDENT = 1e-12
"""Rows are independent if their smallest singular value, with rows of length 1, exceeds this."""


@dataclass(frozen=True)
class TraderPrograms:
    r"""Linear programs of n members at the same quotes.

    Parameters
    ----------
    low_payoff, high_payoff : float
        :math:`D_U` and :math:`D_D`, cash a security.
    haircut : float
        :math:`1 - h`, in [0, 1).
    security_price : float
        :math:`q > 0`, cash a security.
    repo_rate : float
        :math:`\rho`, per period; its sign is free here.
    belief : array of shape (n,)
        Probability of state U, the low payoff.
    endowed_cash, endowed_securities, income_up, income_down : array of shape (n,)
        :math:`e_x, e_y` at date 0 and :math:`\omega_U, \omega_D` in cash at date 1.
        One number stands for all members.

    Raises
    ------
    ValueError
        If a number is not finite, the price not positive, the haircut outside [0, 1), or lengths
        differ; a member is named by its row.
    """

    low_payoff: float
    high_payoff: float
    haircut: float
    security_price: float
    repo_rate: float
    belief: FloatArray
    endowed_cash: FloatArray
    endowed_securities: FloatArray
    income_up: FloatArray
    income_down: FloatArray

    def __post_init__(self) -> None:
        """Give every member a row and refuse what is no program."""
        names = [field.name for field in fields(self)]
        for name in names[:5]:
            if not np.isfinite(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite")
        if not self.security_price > 0.0:
            raise ValueError(f"security_price is {self.security_price}; it must be positive")
        if not 0.0 <= self.haircut < 1.0:
            raise ValueError(f"haircut is {self.haircut}; it lies in [0, 1)")
        given = [np.asarray(getattr(self, name), dtype=np.float64) for name in names[5:]]
        count = np.broadcast_shapes(*(array.shape for array in given), (1,))
        if len(count) != 1:
            raise ValueError(f"members have shape {count}; one row a member is needed")
        for name, array in zip(names[5:], given, strict=True):
            full = np.broadcast_to(array, count)
            wrong = np.flatnonzero(~np.isfinite(full))
            if wrong.size:
                raise ValueError(f"{name} of member {wrong[0]} is {full[wrong[0]]}")
            object.__setattr__(self, name, full)

    def __len__(self) -> int:
        return int(self.belief.size)

    def __getitem__(self, members: slice | NDArray[np.int64]) -> TraderPrograms:
        """The programs of some of the members."""
        values = {field.name: getattr(self, field.name) for field in fields(self)}
        for name in list(values)[5:]:
            values[name] = values[name][members]
        return TraderPrograms(**values)

    # ------------------------------------------------------------------ the program
    @property
    def objective(self) -> FloatArray:
        r""":math:`c`, shape (n, 4): expected cash at date 1 of one unit of each holding."""
        lent, owed = self._repaid
        count = len(self)
        expected = self.belief * self.low_payoff + (1.0 - self.belief) * self.high_payoff
        return np.column_stack(
            [np.ones(count), expected, np.full(count, lent), np.full(count, owed)]
        )

    @cached_property
    def rows(self) -> FloatArray:
        r""":math:`A`, shape (7, 4): the constraints in the order of :data:`CONSTRAINTS`."""
        price, haircut = self.security_price, self.haircut
        lent, owed = self._repaid
        return np.array(
            [
                [-1.0, -price, -price * (1.0 + haircut), price * (1.0 - haircut)],
                [0.0, 1.0, 1.0, -1.0],
                [1.0, self.low_payoff, lent, owed],
                [1.0, self.high_payoff, lent, owed],
                [1.0, 0.0, 0.0, 0.0],
                [0.0, 0.0, 1.0, 0.0],
                [0.0, 0.0, 0.0, 1.0],
            ]
        )

    @property
    def least(self) -> FloatArray:
        r""":math:`g`, shape (n, 7): what each row must reach."""
        nothing = np.zeros(len(self))
        return np.column_stack(
            [-self.wealth, nothing, -self.income_up, -self.income_down, nothing, nothing, nothing]
        )

    def dense(self, member: int) -> tuple[FloatArray, FloatArray, FloatArray]:
        r"""One member's program :math:`(c, A, g)`: maximise ``c @ v`` subject to ``A @ v >= g``."""
        return self.objective[member], self.rows, self.least[member]

    # ------------------------------------------------------------------ portfolios
    @property
    def wealth(self) -> FloatArray:
        """W, the endowment at the posted price, shape (n,)."""
        return self.endowed_cash + self.security_price * self.endowed_securities

    def slack(self, portfolios: FloatArray) -> FloatArray:
        r""":math:`A v - g` of portfolios of shape (n, ..., 4), shape (n, ..., 7).

        The box is added up first, since a pledged position and its funding cancel there without
        rounding error; at high leverage the order of terms is worth several digits.
        """
        cash, security, lending, borrowing = np.moveaxis(portfolios, -1, 0)

        def each(member: FloatArray) -> FloatArray:
            return member.reshape(-1, *(1,) * (cash.ndim - 1))

        price = self.security_price
        box = security + (lending - borrowing)
        margin = self.haircut * (lending + borrowing)
        endowment = each(self.endowed_cash) + price * each(self.endowed_securities)
        later = cash + (1.0 + self.repo_rate) * price * ((lending - borrowing) + margin)
        return np.stack(
            [
                endowment - cash - price * (box + margin),
                box,
                each(self.income_up) + (later + security * self.low_payoff),
                each(self.income_down) + (later + security * self.high_payoff),
                cash,
                lending,
                borrowing,
            ],
            axis=-1,
        )

    def gains(self, portfolios: FloatArray) -> FloatArray:
        """Expected utility less expected income of portfolios (n, ..., 4), shape (n, ...)."""
        cash, security, lending, borrowing = np.moveaxis(portfolios, -1, 0)
        belief = self.belief.reshape(-1, *(1,) * (cash.ndim - 1))
        expected = belief * self.low_payoff + (1.0 - belief) * self.high_payoff
        price = self.security_price
        repo = price * ((lending - borrowing) + self.haircut * (lending + borrowing))
        return np.asarray(cash + (1.0 + self.repo_rate) * repo + security * expected)

    def utilities(self, portfolios: FloatArray) -> FloatArray:
        """Expected cash at date 1 of portfolios of shape (n, 4), shape (n,)."""
        income = self.belief * self.income_up + (1.0 - self.belief) * self.income_down
        return income + self.gains(portfolios)

    @property
    def _repaid(self) -> tuple[float, float]:
        """Cash at date 1 of a security borrowed in repo, and of one pledged, with their margin."""
        funds = (1.0 + self.repo_rate) * self.security_price
        return funds * (1.0 + self.haircut), -funds * (1.0 - self.haircut)


def best_portfolios(programs: TraderPrograms) -> FloatArray:
    """Optimal portfolios, shape (n, 4) in the order of :data:`HOLDINGS`.

    Steps: HiGHS solves all members together; the answer is sharpened to a vertex; both agree.

    Returns
    -------
    array
        A row of NaN for a member whose program is unbounded.

    Raises
    ------
    ValueError
        If a member's program is infeasible, if HiGHS gives up on it, or if HiGHS and the vertices
        disagree on its optimum; the member is named by its row.
    """
    best = np.empty((len(programs), len(HOLDINGS)))
    for start in range(0, len(programs), CHUNK):
        members = slice(start, start + CHUNK)
        some = programs[members]
        found = _highs(some, start)
        sharp = _best_vertices(some)
        bounded = np.isfinite(found[:, 0])
        apart = np.abs(some.gains(sharp) - some.gains(found))
        allowed = AGREEMENT * np.maximum(_unit(some), _turnover(some, sharp))
        wrong = np.flatnonzero(bounded & ~(apart <= allowed))
        if wrong.size:
            raise ValueError(
                f"member {start + wrong[0]}: HiGHS' optimum and the best vertex differ by"
                f" {apart[wrong[0]]:.3g} in cash"
            )
        best[members] = np.where(bounded[:, np.newaxis], sharp, np.nan)
    return best


def best_utilities(
    *,
    low_payoff: float,
    high_payoff: float,
    haircut: float,
    security_price: float,
    repo_rate: float,
    belief: FloatArray,
    endowed_cash: FloatArray,
    endowed_securities: FloatArray,
    income_up: FloatArray,
    income_down: FloatArray,
) -> FloatArray:
    """Largest expected cash at date 1 that each member can reach, shape (n,).

    Infinite where a program is unbounded, which takes a haircut of zero (or one too small for
    HiGHS to tell from it) and a funded price outside the payoffs. Parameters and errors are those
    of :class:`TraderPrograms` and :func:`best_portfolios`.

    Examples
    --------
    An optimist with a wealth of 1.75 buys 175 of cash worth of the security at a haircut of 1%.

    >>> best_utilities(
    ...     low_payoff=0.7, high_payoff=1.15, haircut=0.01, security_price=0.75, repo_rate=0.0,
    ...     belief=np.array([0.1]), endowed_cash=np.array([1.0]),
    ...     endowed_securities=np.array([1.0]), income_up=np.array([100.0]),
    ...     income_down=np.array([0.0]),
    ... ).round(6)
    array([94.583333])
    """
    programs = TraderPrograms(
        low_payoff,
        high_payoff,
        haircut,
        security_price,
        repo_rate,
        belief,
        endowed_cash,
        endowed_securities,
        income_up,
        income_down,
    )
    portfolios = best_portfolios(programs)
    unbounded = np.isnan(portfolios[:, 0])
    return np.where(unbounded, np.inf, programs.utilities(portfolios))


# ---------------------------------------------------------------------- HiGHS
def _highs(programs: TraderPrograms, first: int) -> FloatArray:
    """Portfolios that HiGHS finds, (n, 4); NaN where unbounded.

    All members in one program; if that has no solution, one by one to find out whose has none.
    """
    together = _solve(programs)
    if isinstance(together, np.ndarray):
        return together
    found = np.empty((len(programs), len(HOLDINGS)))
    for member in range(len(programs)):
        alone = _solve(programs[member : member + 1])
        if isinstance(alone, str):
            if alone != "unbounded":
                raise ValueError(f"member {first + member}: the program is {alone}")
            alone = np.full((1, len(HOLDINGS)), np.nan)
        found[member] = alone[0]
    return found


def _solve(programs: TraderPrograms) -> FloatArray | str:
    """Solve some programs as one, or say why not.

    Positions are measured by their value at the posted price, and a member's cash in
    :func:`_unit`, so that the same block serves all members and numbers are of order one.
    """
    count, price = len(programs), programs.security_price
    unit = _unit(programs)
    in_cash = np.array([1.0, 1.0 / price, 1.0 / price, 1.0 / price])
    block = programs.rows[:4] * in_cash
    block[1] *= price
    # scipy-stubs know of no sparse constraints
    rows: Any = -kron(eye_array(count), csr_array(block), format="csr")
    answer = "not solved"
    for presolve in (True, False):
        result = linprog(
            -(programs.objective * in_cash).ravel(),
            A_ub=rows,
            b_ub=-(programs.least[:, :4] / unit[:, np.newaxis]).ravel(),
            bounds=[(0.0, None), (None, None), (0.0, None), (0.0, None)] * count,
            method="highs",
            options={
                "presolve": presolve,
                "primal_feasibility_tolerance": HIGHS_TOLERANCE,
                "dual_feasibility_tolerance": HIGHS_TOLERANCE,
            },
        )
        if result.status == 0:
            scaled = np.asarray(result.x, dtype=np.float64).reshape(count, len(HOLDINGS))
            return np.asarray(scaled * in_cash * unit[:, np.newaxis])
        if result.status == 3:
            return "unbounded"
        # presolve need not tell an unbounded program from an infeasible one
        answer = "infeasible" if result.status == 2 else f"not solved ({result.message})"
    return answer


def _unit(programs: TraderPrograms) -> FloatArray:
    """Largest position that margin allows or that wealth and incomes could answer for, in cash."""
    wealth = np.abs(programs.wealth)
    means = wealth + np.maximum(np.abs(programs.income_up), np.abs(programs.income_down))
    if programs.haircut > 0.0:
        means = np.minimum(means, wealth / programs.haircut)
    return np.where(means > 0.0, means, 1.0)


def _turnover(programs: TraderPrograms, portfolios: FloatArray) -> FloatArray:
    """Cash and value of all positions of portfolios (..., 4), shape (...,)."""
    absolute = np.abs(portfolios)
    value = programs.security_price * np.sum(absolute[..., 1:], axis=-1)
    return np.asarray(absolute[..., 0] + value)


# ---------------------------------------------------------------------- vertices
def _best_vertices(programs: TraderPrograms) -> FloatArray:
    """The feasible vertex of highest utility, (n, 4); NaN if there is none.

    1. Four independent rows make a vertex: solve for it, and correct it by its residuals, which
       at high leverage gains three digits.
    2. Drop it if it misses another row by more than rounding.
    3. Of the others take the one with the highest expected utility; of those that are equal up
       to rounding, the one with the smallest positions.
    """
    price = programs.security_price
    in_cash = np.array([1.0, 1.0 / price, 1.0 / price, 1.0 / price])
    scaled = programs.rows * in_cash
    length = np.linalg.norm(scaled, axis=1, keepdims=True)
    bases = np.array(list(combinations(range(len(CONSTRAINTS)), len(HOLDINGS))))
    weakest = np.linalg.svd((scaled / length)[bases], compute_uv=False)[:, -1]
    bases = bases[weakest > INDEPENDENT]
    inverse = in_cash[:, np.newaxis] * np.linalg.inv((scaled / length)[bases])
    inverse = inverse / length[bases][:, np.newaxis, :, 0]

    binding = programs.least[:, bases]
    vertices = np.einsum("vij,nvj->nvi", inverse, binding)
    every = np.arange(len(bases))[:, np.newaxis]
    missed = programs.slack(vertices)[:, every, bases]
    vertices = vertices - np.einsum("vij,nvj->nvi", inverse, missed)

    terms = np.abs(vertices) @ np.abs(programs.rows).T + np.abs(programs.least)[:, np.newaxis]
    feasible = np.all(programs.slack(vertices) >= -FEASIBLE * terms, axis=2)
    worth = programs.gains(vertices) - FEASIBLE * _turnover(programs, vertices)
    best = np.argmax(np.where(feasible, worth, -np.inf), axis=1)
    members = np.arange(len(programs))
    chosen = vertices[members, best]
    return np.where(feasible[members, best][:, np.newaxis], chosen, np.nan)
