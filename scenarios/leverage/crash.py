r"""A crash taken apart: bad news, ruined optimists, and tighter margins.

Between two dates the price falls from :math:`p_0` to :math:`p_1`. With a the marginal buyer at the
first, in this order:

1. *Bad news*: what the asset is worth to the same marginal buyer after the news.
2. *Ruined optimists*: the price at which the market clears if traders own what they are left with,
   and buyers may still borrow the same share of the price as before.
3. *Tighter margins*: the rest of the way, since less can be promised on each asset.

The middle one is no equilibrium: lenders who lent so much would not always be repaid. It says what
margins add to the loss of wealth. Before the news the price is held down by what cash will earn
after it; where that is much, the first part can be negative.

Source: Geanakoplos (2010) names the three; taking them in this order is ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
import pandas as pd
from scipy.optimize import brentq

from agents.beliefs import Beliefs
from markets.leverage.quotes import LeverageQuotes, LeverageTerms
from scenarios.leverage.economy import LeverageCycle
from simulator.point import DateEnd


@dataclass(frozen=True, slots=True)
class Crash:
    """A fall of the price, in cash per asset, and its parts, which add up to it."""

    fall: float
    news: float
    ruined: float
    margins: float

    def columns(self) -> dict[str, float]:
        """The numbers by the names that they have in tables."""
        return {
            "fall": self.fall,
            "bad_news": self.news,
            "ruined_optimists": self.ruined,
            "tighter_margins": self.margins,
        }


def between(parameters: LeverageCycle, earlier: DateEnd, later: DateEnd) -> Crash | None:
    """Take the fall of the price between the ends of two dates apart.

    None where they are of two cases, the news was not bad, not every trader is known, or beliefs
    follow no distribution.
    """
    point, tree = later.point, parameters.tree
    if earlier.point.case != point.case:
        return None
    bad = parameters.heard[point.date - 1].endswith("bad")
    if not (bad and parameters.spread and point.complete and len(point.agents)):
        return None
    before, node = parameters.node(earlier.point.date), parameters.node(point.date)
    price = np.append(np.array(list(point.quotes.values())), tree.settled)
    terms = LeverageTerms(node, parameters.caps_by_node(point.case))
    margin, buyer = (earlier.described[name] for name in ("margin", "marginal_buyer"))
    assert isinstance(margin, float)
    assert isinstance(buyer, float)
    return taken_apart(
        point.agents,
        partial(LeverageQuotes(tree, terms, price, ()).indifferent, node),
        Beliefs(parameters.beliefs).below,
        (float(price[before]), float(price[node])),
        borrowed=1.0 - margin,
        buyer=buyer,
    )


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

    def left(belief: float) -> float:
        """Wealth of those above a belief less the down payments at its price, loans as before."""
        price = worth(belief)
        wealth = cash + loans * (min(1.0, price / due) if due else 1.0)
        wealth = wealth + np.maximum(price - due, 0.0) * asset
        above = np.clip((ends - ends[-1] * below(belief)) / weight, 0.0, 1.0)
        return float(weight @ (above * wealth)) - there_is * price * (1.0 - borrowed)

    middle = worth(float(brentq(left, 0.0, 1.0)))
    first, last = prices
    return Crash(first - last, first - worth(buyer), worth(buyer) - middle, middle - last)
