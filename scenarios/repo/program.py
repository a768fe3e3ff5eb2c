r"""The trader's decision written a second time: its linear program, for a solver from outside.

:mod:`agents.repo.traders` answers quotes with formulas. Here the same problem stands as the source
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
   0 &\le y + \theta - \psi && \text{box, or } 0 \le y - \psi \text{ without reuse} \\
   0 &\le C_U, \quad 0 \le C_D && \text{solvency} \\
   0 &\le x, \quad 0 \le \theta, \quad 0 \le \psi .

Written as :math:`\max c \cdot v` subject to :math:`A v \ge g` the rows :math:`A` are the same for
all members, since they see the same quotes; beliefs enter :math:`c` only, endowments and incomes
:math:`g` only.

Source: Bottazzi, Pascoa and Ramirez (slides), trader's problem.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

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


@dataclass(frozen=True)
class TraderPrograms:
    r"""Linear programs of n members at the same quotes.

    Parameters
    ----------
    low_payoff, high_payoff : float
        :math:`D_U` and :math:`D_D`, cash per security.
    haircut : float
        :math:`1 - h`, in [0, 1).
    security_price : float
        :math:`q > 0`, cash per security.
    repo_rate : float
        :math:`\rho`, per period; its sign is free here.
    belief : array of shape (n,)
        Probability of state U, the low payoff.
    endowed_cash, endowed_securities, income_up, income_down : array of shape (n,)
        :math:`e_x, e_y` at date 0 and :math:`\omega_U, \omega_D` in cash at date 1.
        One number stands for all members.
    reuse : bool
        Whether what was borrowed in repo may be sold or pledged again; if not, :math:`\theta` is
        not in the box.

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
    reuse: bool = field(default=True, kw_only=True)

    def __post_init__(self) -> None:
        """Give every member its row and refuse what is no program."""
        names = [each.name for each in fields(self)]
        for name in names[:5]:
            if not np.isfinite(getattr(self, name)):
                raise ValueError(f"{name} is {getattr(self, name)}; it must be finite")
        if not self.security_price > 0.0:
            raise ValueError(f"security_price is {self.security_price}; it must be positive")
        if not 0.0 <= self.haircut < 1.0:
            raise ValueError(f"haircut is {self.haircut}; it lies in [0, 1)")
        members = names[5:10]
        given = [np.asarray(getattr(self, name), dtype=np.float64) for name in members]
        count = np.broadcast_shapes(*(array.shape for array in given), (1,))
        if len(count) != 1:
            raise ValueError(f"members have shape {count}; one row per member is needed")
        for name, array in zip(members, given, strict=True):
            full = np.broadcast_to(array, count)
            wrong = np.flatnonzero(~np.isfinite(full))
            if wrong.size:
                raise ValueError(f"{name} of member {wrong[0]} is {full[wrong[0]]}")
            object.__setattr__(self, name, full)

    def __len__(self) -> int:
        return int(self.belief.size)

    def __getitem__(self, members: slice | NDArray[np.int64]) -> TraderPrograms:
        """The programs of some of the members."""
        values = {each.name: getattr(self, each.name) for each in fields(self)}
        for name in list(values)[5:10]:
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
                [0.0, 1.0, 1.0 if self.reuse else 0.0, -1.0],
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
    @cached_property
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
        net = security + (lending - borrowing)
        margin = self.haircut * (lending + borrowing)
        endowment = each(self.endowed_cash) + price * each(self.endowed_securities)
        later = cash + (1.0 + self.repo_rate) * price * ((lending - borrowing) + margin)
        return np.stack(
            [
                endowment - cash - price * (net + margin),
                net if self.reuse else security - borrowing,
                each(self.income_up) + (later + security * self.low_payoff),
                each(self.income_down) + (later + security * self.high_payoff),
                cash,
                lending,
                borrowing,
            ],
            axis=-1,
        )

    def gross(self, portfolios: FloatArray) -> FloatArray:
        """Cash and value of all positions of portfolios (n, ..., 4), shape (n, ...)."""
        absolute = np.abs(portfolios)
        value = self.security_price * np.sum(absolute[..., 1:], axis=-1)
        return np.asarray(absolute[..., 0] + value)

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
