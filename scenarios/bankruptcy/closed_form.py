r"""The equilibrium of two investors, one state and one bond, in closed form.

With utility :math:`a_0 x_0 - (a_1 - x_1)^2 / 2` and :math:`g_i = a_{1i} - w_{1i}`, the borrower b
is the one with the smaller :math:`g / a_0`, the lender l the other. With :math:`A = a_{0b}`,
:math:`B = a_{0l}`, :math:`W = w_{1b}` the first-order conditions are :math:`z = A q - g_b` of the
borrower and :math:`r (g_l - r z) = B q` of the lender.

Source: the example of section 2 of Eichberger, Rheinberger and Summer, "Credit Risk in General
Equilibrium" (2014); the source draws it, the solution is derived here.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Regime = Literal[
    "no bankruptcy",
    "bankruptcy",
    "lender spends all",
    "short limit binds",
    "no borrowing allowed",
    "no trade",
    "no default",
    "default deterred",
    "default",
]


@dataclass(frozen=True, slots=True)
class TwoInvestors:
    """The closed form.

    Attributes
    ----------
    regime : str
        Which constraints bind.
    bond_price : float
        The only price, or the lowest one where many are (``highest_price`` tells).
    highest_price : float
        The highest price; infinite where nobody may borrow.
    repayment_rate, promised : float
        Share of the promise that is paid, and bonds sold.
    borrower : int
        0 or 1.
    """

    regime: Regime
    bond_price: float
    highest_price: float
    repayment_rate: float
    promised: float
    borrower: int


def solve(
    weight: tuple[float, float],
    satiation: tuple[float, float],
    now: tuple[float, float],
    later: tuple[float, float],
    short_limit: float = math.inf,
) -> TwoInvestors:
    r"""Solve the example.

    1. Without bankruptcy :math:`z = (A g_l - B g_b) / (A + B)`, if that is at most :math:`W`.
    2. Else :math:`r = W / z`, the lender spends :math:`q z = W (g_l - W) / B`, and the borrower's
       condition :math:`z (z + g_b) = A q z` gives z.
    3. If she has less than she would spend, :math:`q z = w_{0l}` instead.
    4. If z exceeds the short limit, it is the limit, and the lender's condition gives the price
       (:math:`q z = w_{0l}` again bounds it).

    Parameters
    ----------
    weight, satiation, now, later : pairs of float
        :math:`a_0, a_1, w_0, w_1` of the two.
    short_limit : float
        :math:`\kappa`.
    """
    gaps = [satiation[i] - later[i] for i in (0, 1)]
    borrower = 0 if gaps[0] / weight[0] <= gaps[1] / weight[1] else 1
    lender = 1 - borrower
    a, b = weight[borrower], weight[lender]
    gap_b, gap_l = gaps[borrower], gaps[lender]
    seized, cash = later[borrower], now[lender]
    highest = max(gap_b / a, gap_l / b)
    if short_limit == 0.0:
        return TwoInvestors("no borrowing allowed", highest, math.inf, 1.0, 0.0, borrower)
    free = (a * gap_l - b * gap_b) / (a + b)
    if free <= 0.0:
        return TwoInvestors("no trade", highest, highest, 1.0, 0.0, borrower)

    def promise(spent: float) -> float:
        """Promise at which the borrower raises so much: z (z + g_b) / A = spent."""
        root = math.sqrt(gap_b * gap_b + 4.0 * a * spent)
        # where all digits of the difference cancel, the same root without a difference
        return 0.5 * (-gap_b + root) or 2.0 * a * spent / (gap_b + root)

    regime: Regime = "no bankruptcy"
    promised, spent = free, free * (free + gap_b) / a
    if free > seized:
        spent = seized * (gap_l - seized) / b
        promised, regime = promise(spent), "bankruptcy"
    if spent > cash:
        promised, regime = promise(cash), "lender spends all"
    price = (promised + gap_b) / a
    if promised > short_limit:
        promised, regime = short_limit, "short limit binds"
        rate = min(1.0, seized / promised)
        price = min(rate * (gap_l - rate * promised) / b, cash / promised)
    return TwoInvestors(regime, price, price, min(1.0, seized / promised), promised, borrower)
