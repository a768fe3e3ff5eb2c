r"""A crash taken apart: bad news, ruined optimists, and tighter margins.

Between two dates the price falls from :math:`p_0` to :math:`p_1`. With a the marginal buyer at the
first, in this order:

1. *Bad news*: what the asset is worth to the same marginal buyer after the news.
2. *Ruined optimists*: the price at which the market clears if traders own what they are left with,
   and buyers may still borrow the same share of the price as before.
3. *Tighter margins*: the rest of the way, since less can be promised on each asset.

The middle one is no equilibrium: lenders who lent so much would not always be repaid. It says what
margins add to the loss of wealth.

Source: Geanakoplos (2010) names the three; taking them in this order is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.optimize import brentq


@dataclass(frozen=True, slots=True)
class Crash:
    """A fall of the price, in cash per asset, and its parts, which add up to it."""

    fall: float
    news: float
    ruined: float
    margins: float


def taken_apart(
    after: pd.DataFrame,
    worth: Callable[[float], float],
    below: Callable[[float], float],
    prices: tuple[float, float],
    *,
    borrowed: float,
    buyer: float,
) -> Crash:
    """Take the fall of the price between two dates apart.

    Parameters
    ----------
    after : pandas.DataFrame
        Rows of traders at the second date, see their ``table``.
    worth : callable
        Price at which a belief would be the marginal buyer's after the news.
    below : callable
        Share of traders whose belief is at most a number.
    prices : pair of float
        At both dates.
    borrowed : float
        Loan as a share of the price at the first date.
    buyer : float
        Marginal buyer at the first date.
    """
    cash, loans, asset = (
        after[f"endowed_{name}"].to_numpy(dtype=np.float64) for name in ("cash", "loans", "asset")
    )
    due = float(after["loan_due"].iloc[0])
    weight = after["weight"].to_numpy(dtype=np.float64)
    ends = np.cumsum(weight)
    there_is = float(weight @ asset)

    def bought(belief: float) -> float:
        """Assets that those above a belief buy at its price with loans as large as before."""
        price = worth(belief)
        wealth = cash + loans * (min(1.0, price / due) if due else 1.0)
        wealth = wealth + np.maximum(price - due, 0.0) * asset
        above = np.clip((ends - ends[-1] * below(belief)) / weight, 0.0, 1.0)
        return float(weight @ (above * wealth)) / (price * (1.0 - borrowed)) - there_is

    middle = worth(float(brentq(bought, 0.0, 1.0)))
    first, last = prices
    return Crash(first - last, first - worth(buyer), worth(buyer) - middle, middle - last)
