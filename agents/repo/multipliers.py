r"""Multipliers of the constraints in a trader's problem, from the formulas of its best response.

With :math:`\lambda_0` on the budget, :math:`\mu` on the box, :math:`\lambda_U, \lambda_D` on
solvency and :math:`\nu_x, \nu_\theta, \nu_\psi` on the signs of cash, repo lending and repo
borrowing, the first-order conditions of the problem in :mod:`agents.repo.traders` are

.. math::

   x:\quad & 1 + \lambda_U + \lambda_D + \nu_x = \lambda_0 \\
   y:\quad & E + \lambda_U D_U + \lambda_D D_D + \mu = \lambda_0 q \\
   \theta:\quad & (1+\rho) q (2-h) (1 + \lambda_U + \lambda_D) + \mu + \nu_\theta
       = \lambda_0 q (2-h) \\
   \psi:\quad & -(1+\rho) q h (1 + \lambda_U + \lambda_D) - \mu + \nu_\psi = -\lambda_0 q h .

1. A trader that expects more than :math:`e_1` (or less than :math:`e_2`) gains the difference on
   every security. Where margin stops it, :math:`\nu_x` is that gain over the margin
   :math:`q (1-h)`; where solvency does, :math:`\lambda_U` (or :math:`\lambda_D`) is the gain over
   what a security loses in the bad state. Others have neither.
2. :math:`\lambda_0` follows from the condition on cash, and what funding in repo saves per unit of
   its cash is :math:`s = \nu_x - \rho (1 + \lambda_U + \lambda_D)`.
3. A long, who pledges, has :math:`\mu = q h s`; a short, who lends,
   :math:`\mu = q (2-h) s`; of one who does neither, the condition on the security gives
   :math:`\mu = q - E`. The signs of repo follow from the conditions on :math:`\theta` and
   :math:`\psi`.

Without reuse :math:`\mu` is not in the condition on :math:`\theta`.

Source: Bottazzi, Pascoa and Ramirez (slides), first-order conditions and multipliers of the short
market at :math:`\rho = 0`; those at :math:`\rho < 0`, of the long market and without reuse are our
extension.
"""

from __future__ import annotations

import numpy as np

from agents.repo.primitives import Primitives, Rows, pick
from markets.quote import FloatArray
from markets.repo.quotes import RepoQuotes

MULTIPLIERS = (
    "budget_multiplier",
    "box_multiplier",
    "solvency_up_multiplier",
    "solvency_down_multiplier",
    "cash_multiplier",
    "lending_multiplier",
    "borrowing_multiplier",
)
"""Columns of the table of traders: expected cash at date 1 that a unit more of slack is worth, of
cash (budget, solvency, cash) or of the security (box, lending, borrowing)."""


def multipliers(
    traders: Primitives, posted: RepoQuotes, rows: Rows, belief: FloatArray
) -> dict[str, FloatArray]:
    """Multipliers of members at the posted quotes, by the names of :data:`MULTIPLIERS`.

    Parameters
    ----------
    traders, posted
        The members and the quotes.
    rows : array of int or slice
        The members asked for.
    belief : array
        Probability of the low payoff, one for each of these; of a slice of a continuum its mean.
    """
    price, rate, haircut = posted.price, posted.repo_rate, posted.haircut
    low, high = posted.security.low_payoff, posted.security.high_payoff
    expected = posted.security.expected(belief)
    wealth = traders.wealth(price, rows)
    cash, solvency = np.zeros_like(expected), [np.zeros_like(expected), np.zeros_like(expected)]
    long_gain = np.maximum(expected - posted.long_price, 0.0)
    short_gain = np.maximum(posted.short_price - expected, 0.0) * posted.reuse
    for state, (gain, loss, income) in enumerate(
        (
            (long_gain, posted.long_price - low, pick(traders.income_up, rows)),
            (short_gain, high - posted.short_price, pick(traders.income_down, rows)),
        )
    ):
        # the tighter limit, wealth / margin or (income + wealth) / loss, without dividing by zero
        margin = price * haircut
        by_margin = posted.margined & (wealth * loss <= (income + wealth) * margin)
        cash += np.where(by_margin, _over(gain, margin), 0.0)
        solvency[state] += np.where(by_margin, 0.0, _over(gain, loss))
    states = 1.0 + solvency[0] + solvency[1]
    saved = price * (cash - rate * states)
    box = np.where(
        long_gain > 0.0,
        (1.0 - haircut) * saved,
        np.where(short_gain > 0.0, (1.0 + haircut) * saved, np.maximum(price - expected, 0.0)),
    )
    return dict(
        zip(
            MULTIPLIERS,
            (
                states + cash,
                box,
                *solvency,
                cash,
                np.maximum((1.0 + haircut) * saved - box * posted.reuse, 0.0),
                np.maximum(box - (1.0 - haircut) * saved, 0.0),
            ),
            strict=True,
        )
    )


def _over(gain: FloatArray, each: float) -> FloatArray:
    """A gain over what it takes; nothing where there is no gain."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(gain > 0.0, gain / each, 0.0) if each > 0.0 else np.zeros_like(gain)
