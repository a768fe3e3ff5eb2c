r"""Prices at which nobody would trade a bond that nobody trades.

A member lends if the bond pays it more than it costs, and borrows if the bond brings in more than
the promise costs. With :math:`\lambda_i` the value of a good at date 0 to member i, nobody does
while

.. math::

   \max_i \frac{1}{\lambda_i} \sum_s \rho_s r_s v_{1i}'(x_{is}) \le q_b \le
   \min_{i:\ \text{may borrow}} \frac{1}{\lambda_i} \sum_s \rho_s v_{1i}'(x_{is}) .

Nothing else depends on the price of a bond that nobody holds. Where nobody may borrow
(:math:`\kappa = 0`) there is no upper end: in the example of section 2 the lower end is
:math:`\max_i g_i / a_{0i}`. An equity has no such interval. Somebody holds some of it, who could
both sell it and buy more, so that its price is what it is worth to its holder.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014).
"""

from __future__ import annotations

import math

import numpy as np

from scenarios.bankruptcy.certificate import multipliers
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.state import State


def interval_of_bond_prices(state: State) -> tuple[float, float] | None:
    """The lowest and the highest bond price at which nobody would trade.

    None if somebody does, or if debtors choose what they deliver.
    """
    if state.promises > 0.0 or isinstance(state, DefaultState):
        return None
    later = state.marginal_later() * state.probabilities
    value = multipliers(state).value
    lowest = float(np.max(later @ state.rates / value))
    highest = float(np.min(np.sum(later, axis=1) / value)) if state.short_limit > 0.0 else math.inf
    # with one price between them, rounding may put the ends the wrong way round
    return lowest, max(lowest, highest)
