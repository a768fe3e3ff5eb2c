r"""Haircuts that bound what a lender in repo may lose: the four cases of footnote 4.

A lender whose endowment is worth :math:`w p` lends against :math:`x w` securities, :math:`(1-h) p`
on each, or is owed :math:`(1-h)(1+r) p` on each with interest. If collateral turns out to be worth
less than that, the borrower leaves it and the lender loses the difference. Value-at-risk asks that
the loss exceed a share :math:`k` of the endowment with probability :math:`\pi` at most:

.. math:: \Pr\Big[ x \Big( (1-h)(1+\iota r) - \frac{v}{p} \Big) > k \Big] \le \pi
          \quad\Longleftrightarrow\quad
          h \ge 1 - \frac{e^{Q} + k/x}{1 + \iota r},

where :math:`\iota` is 1 if the full repayment must be covered and 0 if the principal, and :math:`Q`
is the :math:`\pi`-quantile of :math:`\ln(v/p)`. The clearing house takes that from the law which
values the call in a repo (Proposition 7): normal with variance :math:`1/\tau_v` and a mean of
:math:`v/p` of one, so that :math:`Q = \Phi^{-1}(\pi)/\sqrt{\tau_v} - 1/(2\tau_v)`.

=============  ======================  ===========================
               :math:`k = 0`           :math:`k > 0`
=============  ======================  ===========================
principal      constant :math:`h`      :math:`h(x)`
repayment      :math:`h(r)`            :math:`h(x, r)`
=============  ======================  ===========================

The footnote gives each lender a haircut of its own where :math:`k > 0`. Here a central clearing
house novates all loans ("haircuts should not vary with counterparty", footnote 5), so that there is
one haircut for a security, and :math:`x` is that of all lenders together, out of the endowment of
those who may lend. It is announced before anybody trades: at the exposure and the repo rate of the
day before. On the first day exposure counts as the whole endowment in cash, one half.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", footnote 4, which
names the four cases; the formula is our derivation.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from scipy.special import ndtri

from markets.margin.known import Known
from markets.margin.rule import MarginRule
from markets.refused import Refused

Covered = Literal["principal", "repayment"]

WHOLE = math.nextafter(1.0, 0.0)
"""Largest haircut below 1: what a haircut of all but nothing rounds to."""

FIRST_EXPOSURE = 0.5
"""Exposure on the first day: half of an endowment is cash, and all of it may be lent."""


@dataclass(frozen=True, slots=True)
class LenderMargin(MarginRule):
    """The least haircut at which a lender loses too much with a small probability.

    Parameters
    ----------
    tail : float
        The probability, in (0, 1).
    value_precision : float
        Precision of ln v.
    covered : {"principal", "repayment"}
        What a loss is counted from.
    tolerated : float
        Share k of its endowment that a lender may lose with a higher probability; at least 0.
    endowment : float
        Endowment of those who may lend, in securities.
    least : float
        Haircut below which none is announced.
    first_rate : float
        The repo rate that counts on the first day.
    """

    tail: float
    value_precision: float
    covered: Covered
    tolerated: float
    endowment: float
    least: float
    first_rate: float = 0.0

    def __post_init__(self) -> None:
        """Refuse a probability or a tolerated loss outside its range."""
        if not 0.0 < self.tail < 1.0:
            raise Refused(f"tail is {self.tail}; it must lie strictly between 0 and 1")
        if not 0.0 <= self.tolerated < math.inf:
            raise Refused(f"tolerated_loss is {self.tolerated}; it must be at least 0")

    def haircut(self, known: Known) -> float:
        """Haircut (1 - loan-to-value ratio), the same at any price."""
        rate, exposure = known.repo_rate, known.position / self.endowment
        if known.charged is None:
            rate, exposure = self.first_rate, FIRST_EXPOSURE
        sigma = self.value_precision**-0.5
        worst = math.exp(float(ndtri(self.tail)) * sigma - 0.5 * sigma**2)
        if self.tolerated > 0.0:
            worst = worst + self.tolerated / exposure if exposure > 0.0 else math.inf
        owed = 1.0 + (rate if self.covered == "repayment" else 0.0)
        return min(max(self.least, 1.0 - worst / owed), WHOLE)
