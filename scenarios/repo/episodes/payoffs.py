r"""Payoffs of the model's security from the yield of an episode's bond.

The price today of a 10-year zero-coupon bond at the yield :math:`y` is :math:`(1 + y)^{-10}`. Until
date 1 the yield may rise by :math:`\Delta` (state U) or fall by as much (state D), and one security
is so much of the bond as is worth one of cash at the close from which the episode is followed,
:math:`y_0`:

.. math::

   D_U = \Big(\frac{1 + y_0}{1 + y_0 + \Delta}\Big)^{10}, \qquad
   D_D = \Big(\frac{1 + y_0}{1 + y_0 - \Delta}\Big)^{10}.

:math:`\Delta` is a parameter. Unless it is given it is the typical move of these yields over the
days that the episode is followed: the root mean square of all daily changes in the tables, times
the square root of the number of days. The tables are of turbulent days, and some of them lie after
the announcement; as a forecast it would not do.
"""

from __future__ import annotations

import numpy as np

from scenarios.repo.episodes.episodes import Episode, episodes, observed_response, zero_coupon_price


def typical_move(horizon: int) -> float:
    """Typical move of a yield over ``horizon`` trading days, percentage points."""
    changes = np.concatenate([np.diff(each.days["yield"].to_numpy()) for each in episodes()])
    return float(np.sqrt(horizon * np.mean(changes**2)))


def payoffs_from_yield(episode: Episode, horizon: int, move: float) -> tuple[float, float]:
    """Low and high payoff of a security worth 1 at the close where the episode's response starts.

    Parameters
    ----------
    episode : Episode
        The episode.
    horizon : int
        Trading days over which it is followed.
    move : float
        By how much the yield may rise or fall, percentage points; above 0.
    """
    start = observed_response(episode, horizon).yield_start
    worth = zero_coupon_price(start)
    low, high = zero_coupon_price([start + move, start - move]) / worth
    return float(low), float(high)
