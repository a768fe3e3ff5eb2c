r"""Believers: traders who agree on what an asset may pay and disagree on how likely it is.

A believer to whom good news has probability h chooses cash :math:`x`, the asset :math:`a`,
promises bought :math:`b_j` and issued :math:`s_j`, all at least 0, to

.. math:: \max\; x + a E_h[v] + \sum_j (b_j - s_j) E_h[R_j] \quad \text{subject to} \quad
          x + p\,a + \sum_j q_j (b_j - s_j) \le W, \quad
          \sum_j s_j C_j \le (x, a),

with :math:`W` the value of its endowment: whoever issues a promise holds what is pledged for it.
Every portfolio is a mixture of *ventures*: hold cash; buy promise j; write promise j against cash;
own the asset outright; own it and finance it by promise j. The best response puts all wealth into
the venture with the largest expected return, see :mod:`agents.promises.best_response`.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003).
"""

from __future__ import annotations

from typing import NamedTuple, Unpack

import mesa
import numpy as np
import pandas as pd

from agents.believing import Believing, BelievingCohort
from agents.cohort import in_given_order, rows_shown
from agents.promises.best_response import exposure, wealth_shares
from agents.promises.ventures import Ventures
from markets.promises.book import CollateralBook
from markets.promises.menu import Menu
from markets.promises.quotes import CollateralQuotes
from markets.quote import FloatArray
from markets.variable import Variable

EXPOSED = 1e-9
"""Payoff after good news minus after bad news, per unit of wealth, beyond which a trader counts as
long or, if negative, short."""


VARIABLES = (
    Variable("weight", "traders", "traders that the row stands for"),
    Variable("belief", "probability", "belief in good news, or in the first state"),
    Variable("belief_low", "probability", "lowest belief of those whom the row stands for"),
    Variable("belief_high", "probability", "highest belief of those whom the row stands for"),
    Variable("belief_{node}", "probability", "belief in state {node}"),
    Variable("patience", "number", "weight of consumption now in utility"),
    Variable("endowed_cash", "cash", "cash owned at the start"),
    Variable("endowed_asset", "units", "asset owned at the start"),
    Variable("consumed", "cash", "consumed at once"),
    Variable("cash", "cash", "cash kept, pledged cash included"),
    Variable("asset", "units", "asset held, pledged units included"),
    Variable("bought_{instrument}", "units", "units of {instrument} bought"),
    Variable("sold_{instrument}", "units", "units of {instrument} issued"),
)
"""Columns of the tables of traders in promises, beside those that tell members apart."""


class _Crowd(NamedTuple):
    """Stretches of the line of beliefs from the most pessimistic on, arrays of shape (n,).

    ``low`` and ``high`` are the numbers of members below its ends, ``belief`` one that stands for
    all, ``cash`` and ``asset`` what its members own in total.
    """

    low: FloatArray
    high: FloatArray
    belief: FloatArray
    cash: FloatArray
    asset: FloatArray


class Believers(BelievingCohort[Menu, CollateralQuotes, CollateralBook]):
    """A cohort of believers who differ in belief and endowment.

    Its market is a :class:`markets.promises.market.CollateralMarket`; parameters and errors are
    those of :class:`agents.believing.BelievingCohort`.
    """

    variables = VARIABLES

    def __init__(
        self, model: mesa.Model, name: str = "believers", **given: Unpack[Believing]
    ) -> None:
        super().__init__(model, name, **given)
        self.posted: CollateralQuotes | None = None
        if self.population == "continuum":
            return
        self._belief = self.lines()
        # endowments of the first n members, so that no round needs to look at every member
        self._cash_below = self._running(self.cash)
        self._asset_below = self._running(self.asset)

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: CollateralQuotes) -> CollateralBook:
        """Best response of every member, added up (pure).

        The line of beliefs is cut where two ventures return the same, and at the marginal buyers.
        On a stretch between two cuts everybody orders the same, so one belief stands for all.
        """
        ventures = Ventures.at(posted)
        crowd = self._crowd(posted, ventures)
        wealth = crowd.cash + posted.asset_price * crowd.asset
        units = (wealth @ wealth_shares(posted, ventures, crowd.belief)) / ventures.cost
        return CollateralBook(
            cash=float(units @ ventures.cash),
            asset=float(units @ ventures.asset),
            bought=units @ ventures.bought,
            sold=units @ ventures.sold,
            endowed_cash=self.endowed_cash,
            endowed_asset=self.endowed_asset,
        )

    def _crowd(self, posted: CollateralQuotes, ventures: Ventures) -> _Crowd:
        """The stretches of the line of beliefs on which members order the same."""
        good, bad = (ventures.payoff / ventures.cost[:, None]).T
        one, other = np.triu_indices(good.size, 1)
        rise = (good - bad)[one] - (good - bad)[other]
        gap = bad[other] - bad[one]
        crossing = np.divide(gap, rise, out=np.full_like(gap, -1.0), where=rise != 0.0)
        marginal = [rung.price for rung in (posted.asset_buyer, *posted.promise_buyer)]
        cuts = np.concatenate([crossing[(crossing > 0.0) & (crossing < 1.0)], marginal])
        if self.population == "continuum":
            knots = np.unique(np.concatenate([[0.0, 1.0], self.beliefs.below(cuts)]))
            count = self.members * np.diff(knots)
            return _Crowd(
                knots[:-1] * self.members, knots[1:] * self.members, self.beliefs.means(knots),
                count * self.cash, count * self.asset,
            )  # fmt: skip
        sides = [self._belief.searchsorted(cuts, side="left")]
        sides.append(self._belief.searchsorted(cuts, side="right"))
        places = np.unique([0, self.members, *np.concatenate(sides).tolist()])
        low, high = places[:-1], places[1:]
        # a member within rounding of a cut is indifferent; the mean is not
        belief = 0.5 * (self._belief[low] + self._belief[high - 1])
        return _Crowd(
            low.astype(np.float64), high.astype(np.float64), belief,
            self._cash_below[high] - self._cash_below[low],
            self._asset_below[high] - self._asset_below[low],
        )  # fmt: skip

    def _running(self, field: FloatArray) -> FloatArray:
        """Sum of a field over the first n members, n from 0."""
        if field.size == 1:
            return np.asarray(field[0] * np.arange(self.members + 1.0))
        return np.concatenate([[0.0], np.cumsum(field)])

    def exposures(self, posted: CollateralQuotes, limit: int) -> pd.DataFrame:
        """Best response of members chosen evenly along the line of beliefs (pure).

        Columns: ``belief``, and ``exposure``, what a unit of wealth pays after good news minus
        what it pays after bad news.
        """
        if self.population == "continuum":
            belief = self.beliefs.members(limit)
        else:
            shown = np.linspace(0, self.members - 1, min(limit, self.members)).astype(np.int64)
            belief = self._belief[shown]
        exposures = exposure(posted, Ventures.at(posted), belief)
        return pd.DataFrame({"belief": belief, "exposure": exposures})

    def marginal(self, posted: CollateralQuotes) -> tuple[float, float]:
        """Least optimistic belief that gains by good news, least pessimistic that gains by bad.

        1 and 0 where there is none.
        """
        ventures = Ventures.at(posted)
        crowd = self._crowd(posted, ventures)
        exposures = exposure(posted, ventures, crowd.belief)
        long, short = exposures > EXPOSED, exposures < -EXPOSED
        ends = [
            np.min(crowd.low[long], initial=self.members),
            np.max(crowd.high[short], initial=0.0),
        ]
        low, high = self.beliefs.quantile(np.array(ends) / self.members).tolist()
        return low, high

    # ------------------------------------------------------------------ positions
    def hold(self, posted: CollateralQuotes, placed: None) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        self.posted = posted

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, one row per member, or per stretch of a continuum.

        Parameters
        ----------
        limit : int, optional
            Show only about this many members, evenly spread, with all around the marginal buyers.
        """
        posted = self.posted
        if posted is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        ventures = Ventures.at(posted)
        crowd = self._crowd(posted, ventures)
        shares = wealth_shares(posted, ventures, crowd.belief)
        if self.population == "individuals":
            marginal = [rung.price for rung in (posted.asset_buyer, *posted.promise_buyer)]
            near = [float(place) for place in self._belief.searchsorted(marginal)]
            rows = rows_shown(self.members, limit, near)
            shares = shares[crowd.high.searchsorted(rows, side="right")]
            belief = low = high = self._belief[rows]
            weight = np.ones(rows.size)
        else:
            rows, belief, weight = np.arange(crowd.low.size), crowd.belief, crowd.high - crowd.low
            low, high = (self.beliefs.quantile(end / self.members) for end in crowd[:2])
        cash = self.cash if self.cash.size == 1 else self.cash[rows]
        asset = self.asset if self.asset.size == 1 else self.asset[rows]
        units = (cash + posted.asset_price * asset)[:, None] * shares / ventures.cost
        names = posted.menu.names
        shown = pd.DataFrame(
            {
                "cohort": self.name,
                "member": rows,
                "weight": weight,
                "belief": belief,
                "belief_low": low,
                "belief_high": high,
                "endowed_cash": np.broadcast_to(cash, rows.size),
                "endowed_asset": np.broadcast_to(asset, rows.size),
                "cash": units @ ventures.cash,
                "asset": units @ ventures.asset,
                **dict(
                    zip([f"bought_{n}" for n in names], (units @ ventures.bought).T, strict=True)
                ),
                **dict(zip([f"sold_{n}" for n in names], (units @ ventures.sold).T, strict=True)),
            }
        )
        return shown if self.names is None else in_given_order(shown, self.names, self.given[rows])
