r"""A study: isoleverage lines in the plane of the marginal belief and the price.

At a zero repo rate the security's market clears, at a haircut :math:`1 - h`, a marginal belief
:math:`m` and any price :math:`q`, where

.. math::

   F(m) \frac{\omega_U + W}{q - D_U} - (1 - F(m)) \frac{W}{q (1-h)} &= e_y
       && \text{(short market: solvency constrains longs, margin shorts)} \\
   F(m) \frac{W}{q (1-h)} - (1 - F(m)) \frac{\omega_D + W}{D_D - q} &= e_y
       && \text{(long market: margin constrains longs, solvency shorts).}

All such :math:`(m, q)` are the *isoleverage* line of the leverage :math:`1 / (1-h)`. An equilibrium
lies where it crosses the marginal trader's indifference, :math:`q = D_D - m (D_D - D_U)`, if the
box of the side that solvency constrains holds there, with repo cleared:

.. math::

   \frac{h}{2} \ge (1 - F(m)) \frac{W}{q e_y} \ \text{(short)}, \qquad
   \frac{2-h}{2} \ge F(m) \frac{W}{q e_y} \ \text{(long).}

Source: Bottazzi, Pascoa and Ramirez (slides), propositions and figures of the short and the long
market, with unit endowments, uniform beliefs and one income zero; the box of the long market is
missing there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import numpy as np
import pandas as pd

LEAST_HAIRCUT: Final = 1e-4
MOST_HAIRCUT: Final = 0.5
"""Ends of the haircuts over which the box is shown."""

PRICES: Final = 81
"""Prices at which each line is worked out, between the payoffs."""


def isoleverage(
    haircuts: Sequence[float],
    *,
    low_payoff: float,
    high_payoff: float,
    cash: float,
    securities: float,
    incomes: Mapping[str, tuple[float, float]],
    quantile: Callable[[np.ndarray], np.ndarray],
) -> pd.DataFrame:
    """Work out isoleverage lines, and how far the box is from binding on them.

    Parameters
    ----------
    haircuts : sequence of float
        Haircuts to include besides a grid of them; a haircut of zero has no line.
    low_payoff, high_payoff, cash, securities : float
        As in :func:`scenarios.repo.closed_form.solve`.
    incomes : mapping
        For the markets "short" and "long", income in state U and in state D.
    quantile : callable
        Inverse of the distribution of beliefs, of an array of shares.

    Returns
    -------
    pandas.DataFrame
        market, haircut, security_price, marginal_belief, box_slack (share of the supply; the box
        holds where it is at least 0): by market, then by haircut, then by price.
    """
    given = [haircut for haircut in haircuts if haircut > 0.0]
    levels = np.union1d(np.geomspace(LEAST_HAIRCUT, MOST_HAIRCUT, 40), given)
    inside = np.linspace(0.0, 1.0, PRICES + 2)[1:-1]
    haircut, price = np.meshgrid(
        levels, low_payoff + inside * (high_payoff - low_payoff), indexing="ij"
    )
    wealth = cash + price * securities
    by_margin = wealth / (price * haircut)
    tables = []
    for market in ("short", "long"):
        income_up, income_down = incomes[market]
        if market == "short":
            by_solvency = (income_up + wealth) / (price - low_payoff)
            share = (securities + by_margin) / (by_solvency + by_margin)
            slack = 0.5 * (1.0 - haircut) - (1.0 - share) * wealth / (price * securities)
        else:
            by_solvency = (income_down + wealth) / (high_payoff - price)
            share = (securities + by_solvency) / (by_solvency + by_margin)
            slack = 0.5 * (1.0 + haircut) - share * wealth / (price * securities)
        known = share <= 1.0
        tables.append(
            pd.DataFrame(
                {
                    "market": market,
                    "haircut": haircut.ravel(),
                    "security_price": price.ravel(),
                    "marginal_belief": np.where(
                        known, quantile(np.where(known, share, 1.0)), np.nan
                    ).ravel(),
                    "box_slack": np.where(known, slack, np.nan).ravel(),
                }
            )
        )
    return pd.concat(tables, ignore_index=True)
