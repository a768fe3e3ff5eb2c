r"""The equilibrium of two investors, one state and one bond, if utility is quadratic at both dates.

With utility :math:`-\frac12 b (a - x_0)^2 - \frac12 (a - x_1)^2`, :math:`G_i = a_i - w_{0i}` and
:math:`g_i = a_i - w_{1i}`, the borrower b is the one with the smaller :math:`g / (b G)`. In terms
of the promise z and of what is lent, :math:`T = q z`, the first-order conditions are
:math:`b_b (G_b - T) T = z (g_b + z)` of the borrower and
:math:`b_l (G_l + T) T = r z (g_l - r z)` of the lender, who receives :math:`r z = \min\{z, W\}`
with :math:`W = w_{1b}`.

Utility is that of Magill and Quinzii, "Infinite Horizon CAPM" (2000), which footnote 3 of
Eichberger, Rheinberger and Summer (2014) names; the solution is derived here.
"""

from __future__ import annotations

import math

import numpy as np

from scenarios.bankruptcy.closed_form import Regime, TwoInvestors


def solve(
    weight: tuple[float, float],
    satiation: tuple[float, float],
    now: tuple[float, float],
    later: tuple[float, float],
    short_limit: float = math.inf,
) -> TwoInvestors:
    r"""Solve the example.

    1. Without bankruptcy both conditions give z at a price, and equal ones at a root of
       :math:`(g_l - b_l G_l q)(1 + b_b q^2) = (b_b G_b q - g_b)(1 + b_l q^2)` between the two
       investors' own prices; with weights of one that is :math:`q = (g_b + g_l)/(G_b + G_l)`.
    2. If z exceeds W, :math:`T` solves the lender's condition with :math:`r z = W`, and the
       borrower's gives z.
    3. If the lender has less than T, it spends all it has.
    4. If z exceeds the short limit, it is the limit, and the lender's condition gives the price.

    Parameters
    ----------
    weight, satiation, now, later : pairs of float
        :math:`b, a, w_0, w_1` of the two.
    short_limit : float
        :math:`\kappa`.
    """
    own = [(satiation[i] - later[i]) / (weight[i] * (satiation[i] - now[i])) for i in (0, 1)]
    borrower = 0 if own[0] <= own[1] else 1
    lender = 1 - borrower
    a, b = weight[borrower], weight[lender]
    gap_b, gap_l = satiation[borrower] - later[borrower], satiation[lender] - later[lender]
    now_b, now_l = satiation[borrower] - now[borrower], satiation[lender] - now[lender]
    seized, cash = later[borrower], now[lender]
    if short_limit == 0.0:
        return TwoInvestors("no borrowing allowed", own[lender], math.inf, 1.0, 0.0, borrower)
    if own[0] == own[1]:
        return TwoInvestors("no trade", own[0], own[0], 1.0, 0.0, borrower)

    def promise(spent: float) -> float:
        """Promise at which the borrower raises so much."""
        return 0.5 * (-gap_b + math.sqrt(gap_b * gap_b + 4.0 * a * (now_b - spent) * spent))

    def lend(paid: float) -> float:
        """What the lender spends to be paid so much."""
        worth = paid * (gap_l - paid) / b
        return 0.5 * (-now_l + math.sqrt(now_l * now_l + 4.0 * worth))

    lending = np.array([-b * now_l, gap_l])
    borrowing = np.array([a * now_b, -gap_b])
    roots = np.roots(
        np.polysub(np.polymul(lending, [a, 0.0, 1.0]), np.polymul(borrowing, [b, 0.0, 1.0]))
    )
    between = roots[(abs(roots.imag) < 1e-9) & (roots.real > own[borrower])].real
    price = float(np.min(between[between < own[lender]]))
    regime: Regime = "no bankruptcy"
    promised = (a * now_b * price - gap_b) / (1.0 + a * price * price)
    spent = price * promised
    if promised > seized:
        spent = lend(seized)
        promised, regime = promise(spent), "bankruptcy"
    if spent > cash:
        spent, promised, regime = cash, promise(cash), "lender spends all"
    if promised > short_limit:
        promised, regime = short_limit, "short limit binds"
        spent = min(lend(min(promised, seized)), cash)
    return TwoInvestors(
        regime, spent / promised, spent / promised, min(1.0, seized / promised), promised, borrower
    )
