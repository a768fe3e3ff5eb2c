r"""Plans of members who choose what to repay: bonds bought and sold, equities, and deliveries.

A plan is a row :math:`z = (z^+, z^-, z_e, d)` of bonds bought, bonds sold, equities bought, and the
goods delivered on the bonds sold in each state, :math:`0 \le d_s \le z^-`. Consumption is

.. math::

   x_0 = w_0 - q_b (z^+ - z^-) - q_e z_e \ge 0, \qquad
   x_s = W_s + Y_s z_e + r_s z^+ - d_s \ge 0 ,

with :math:`W = w_1 + Y \delta`, and a separable penalty takes
:math:`\sum_s \rho_s \lambda_s (z^- - d_s)` from utility.

Source: Zame, "Efficiency and the Role of Default When Security Markets are Incomplete" (1993);
Dubey, Geanakoplos and Shubik, "Default and Punishment in General Equilibrium" (2005).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from agents.bankruptcy.trades import Consumption, Endowment
from agents.bankruptcy.utility import Rows
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class Plans:
    """Plans of every member.

    Attributes
    ----------
    lent, promised : arrays of shape (members,)
        Bonds bought, and bonds sold. A member may do both: its own promise may cost it less than
        the promises of all pay.
    equities : array of shape (members, equities)
        Equities bought less sold.
    delivered : array of shape (members, states)
        Goods delivered on the bonds sold.
    """

    lent: FloatArray
    promised: FloatArray
    equities: FloatArray
    delivered: FloatArray

    @classmethod
    def none(cls, members: int, instruments: BondAndEquities) -> Plans:
        """No trade."""
        return cls(
            np.zeros(members),
            np.zeros(members),
            np.zeros((members, instruments.equities)),
            np.zeros((members, instruments.states)),
        )

    @classmethod
    def of(cls, array: FloatArray, equities: int) -> Plans:
        """Plans from an array with one row per member, see the module."""
        return cls(array[:, 0], array[:, 1], array[:, 2 : 2 + equities], array[:, 2 + equities :])

    @property
    def array(self) -> FloatArray:
        """The plans as an array of shape (members, 2 + equities + states)."""
        return np.column_stack([self.lent, self.promised, self.equities, self.delivered])

    def rows(self, rows: Rows) -> Plans:
        """Some of the members."""
        return Plans(
            self.lent[rows], self.promised[rows], self.equities[rows], self.delivered[rows]
        )


def payments(instruments: BondAndEquities, quotes: BondQuotes) -> FloatArray:
    """What a unit of each entry of a plan adds to consumption at date 0 and in every state.

    Shape (1 + states, 2 + equities + states).
    """
    states, equities = instruments.states, instruments.equities
    matrix = np.zeros((1 + states, 2 + equities + states))
    matrix[0, :2] = -quotes.bond_price, quotes.bond_price
    matrix[0, 2 : 2 + equities] = -quotes.equity_prices
    matrix[1:, 0] = quotes.repayment_rates
    matrix[1:, 2 : 2 + equities] = instruments.payoffs
    matrix[1:, 2 + equities :] = -np.eye(states)
    return matrix


def consumed(
    endowment: Endowment, plans: Plans, instruments: BondAndEquities, quotes: BondQuotes
) -> Consumption:
    """Consumption at both dates; what rounding leaves below zero is zero."""
    added = plans.array @ payments(instruments, quotes).T
    return Consumption(
        np.maximum(endowment.now + added[:, 0], 0.0),
        np.maximum(endowment.later + added[:, 1:], 0.0),
    )
