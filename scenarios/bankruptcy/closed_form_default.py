r"""The example of section 2 with a separable penalty on default instead of bankruptcy.

Utility is :math:`a_0 x_0 - (a_1 - x_1)^2 / 2 - \lambda (z^- - d)` with :math:`x \ge 0`, and the
borrower b delivers :math:`d \le z^-`, at most what leaves a good worth no more than the penalty:
:math:`\bar d = W - \max\{0, a_{1b} - \lambda\}` with :math:`W = w_{1b}`. With :math:`A = a_{0b}`,
:math:`B = a_{0l}`, :math:`g = a_1 - w_1`:

* no default: :math:`z = (A g_l - B g_b) / (A + B)`, if that is at most :math:`\bar d`;
* default: a promise costs the borrower its penalty, so that :math:`q = \lambda / A`; the lender
  spends :math:`q z = \bar d (g_l - \bar d) / B`, or all it has, and is repaid
  :math:`r = \bar d / z`;
* default deterred: if that would repay more than everything, the borrower promises all it has,
  :math:`z = \bar d = W` and :math:`r = 1`, at the lender's price, which lies between what the last
  good is worth to the borrower and the penalty.

Derived here, after Zame (1993) and Dubey, Geanakoplos and Shubik (2005).
"""

from __future__ import annotations

import math

from scenarios.bankruptcy import closed_form
from scenarios.bankruptcy.closed_form import Regime, TwoInvestors


def solve(
    weight: tuple[float, float],
    satiation: tuple[float, float],
    now: tuple[float, float],
    later: tuple[float, float],
    penalty: float,
    short_limit: float = math.inf,
) -> TwoInvestors | None:
    r"""Solve the example; None where it has no such simple form.

    That is where the borrower would deliver nothing (:math:`\bar d \le 0`), or where promises bring
    in more than the penalty to the lender too, who would then lend and borrow at once
    (:math:`B q > \lambda`).
    """
    free = closed_form.solve(weight, satiation, now, later, short_limit)
    borrower = free.borrower
    lender = 1 - borrower
    a, b = weight[borrower], weight[lender]
    gap_l = satiation[lender] - later[lender]
    most = later[borrower] - max(0.0, satiation[borrower] - penalty)
    if most <= 0.0:
        return None
    if free.promised <= most:
        found = free
        if free.regime in ("no bankruptcy", "lender spends all", "bankruptcy"):
            found = _of("no default", free.bond_price, free.promised, free.promised, borrower)
        return found if b * found.bond_price <= penalty else None
    cash = now[lender]
    spent = min(most * (gap_l - most) / b, cash)
    price, regime = penalty / a, "default"
    promised = spent / price
    if promised < most:
        promised, price, regime = most, spent / most, "default deterred"
    if promised > short_limit:
        paid = min(short_limit, most)
        promised, regime = short_limit, "short limit binds"
        price = min(paid * (gap_l - paid) / b, cash) / promised
    if b * price > penalty:
        return None
    return _of(regime, price, promised, min(promised, most), borrower)  # type: ignore[arg-type]


def _of(regime: Regime, price: float, promised: float, paid: float, borrower: int) -> TwoInvestors:
    return TwoInvestors(regime, price, price, paid / promised, promised, borrower)
