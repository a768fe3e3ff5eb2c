r"""Believers: traders who agree on what an asset may pay and disagree on how likely it is.

A believer to whom good news has probability h chooses cash :math:`x`, the asset :math:`a`,
promises bought :math:`b_j` and issued :math:`s_j`, all at least 0, to

.. math:: \max\; x + a E_h[v] + \sum_j (b_j - s_j) E_h[R_j] \quad \text{subject to} \quad
          x + p\,a + \sum_j q_j (b_j - s_j) \le W, \quad
          \sum_j s_j C_j \le (x, a),

with :math:`W` the value of its endowment: whoever issues a promise holds what is pledged for it.
Every portfolio is a mixture of *ventures*: hold cash; buy promise j; write promise j against cash;
own the asset outright; own it and finance it by promise j. A venture pays
:math:`(g_k, b_k) \ge 0` after good and bad news for a cost :math:`c_k`, so the best response puts
all wealth into the venture with the largest :math:`(h\, g_k + (1 - h)\, b_k) / c_k`. Where several
are best the market says how far each is filled.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import mesa
import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from agents.cohort import Cohort, Population, one_or_each, rows_shown
from agents.promises.ventures import Ventures, financings
from markets.ladder import Rung
from markets.promises.market import CollateralOrders, CollateralQuotes
from markets.quote import FloatArray
from markets.refused import Refused

TIE = 1e-11
"""Returns that differ by less, relatively, are equal: quotes are rounded, their ties are not."""

EXPOSED = 1e-9
"""Payoff after good less after bad news, on a unit of wealth, beyond which somebody takes sides."""


class _Crowd(NamedTuple):
    """Stretches of the line of beliefs from the most pessimistic on, arrays of shape (n,).

    ``low`` and ``high`` are the numbers of members below its ends, ``belief`` one that stands for
    all, ``cash`` and ``asset`` what its members own in all.
    """

    low: FloatArray
    high: FloatArray
    belief: FloatArray
    cash: FloatArray
    asset: FloatArray


class Believers(Cohort):
    """A cohort of believers who differ in belief and endowment.

    Parameters
    ----------
    model : mesa.Model
        The economy; its market is a :class:`markets.promises.market.CollateralMarket`.
    name : str
        Name of the cohort in records.
    beliefs : Beliefs, str or sequence of float
        Probabilities of good news, see :class:`agents.beliefs.Beliefs`.
    members : int
        Number of members, at least 2 (that of the given beliefs if they are given one by one).
    cash, asset : float or array
        Endowment of each member, not negative; one number in a continuum.
    population : {"individuals", "continuum"}
        Whether members are single traders, or a mass spread smoothly over the line of beliefs.

    Raises
    ------
    Refused
        If an endowment is negative, not finite or has the wrong length, if members of a continuum
        differ in it, if a belief lies outside (0, 1), or there are fewer than two members.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str = "believers",
        *,
        beliefs: Beliefs | str | Sequence[float] | FloatArray = "uniform",
        members: int = 10_000,
        cash: float | Sequence[float] | FloatArray = 1.0,
        asset: float | Sequence[float] | FloatArray = 1.0,
        population: Population = "individuals",
    ) -> None:
        self.population: Population = population
        self.beliefs = beliefs if isinstance(beliefs, Beliefs) else Beliefs(beliefs)
        if self.beliefs.values is not None:
            members = int(self.beliefs.values.size)
        if members < 2:
            raise Refused(f"members is {members}; a market needs at least two believers")
        super().__init__(model, name, members)
        self.cash = one_or_each("cash", cash, members)
        self.asset = one_or_each("asset", asset, members)
        if population == "continuum":
            self.beliefs.refuse_ties()
            if max(self.cash.size, self.asset.size) > 1:
                raise Refused(
                    "cash and asset are one number each in a continuum; make a cohort of each kind"
                )
        elif self.beliefs.values is not None:
            order = self.beliefs.order(self.cash, self.asset)
            self.cash = self.cash if self.cash.size == 1 else self.cash[order]
            self.asset = self.asset if self.asset.size == 1 else self.asset[order]
        self.endowed_cash, self.endowed_asset = self.total(self.cash), self.total(self.asset)
        self.posted: CollateralQuotes | None = None
        if population == "continuum":
            return
        self._belief = self.beliefs.members(members)
        # wealth of the first n members, so that no round needs to look at every one of them
        self._cash_below = self._running(self.cash)
        self._asset_below = self._running(self.asset)

    # ------------------------------------------------------------------ what the market learns
    def lines(self) -> FloatArray:
        """Beliefs of single traders; the ends of the line on which a continuum lies."""
        return self._belief if self.population == "individuals" else np.array([0.0, 1.0])

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: CollateralQuotes) -> CollateralOrders:
        """Best response of every member, added up (pure).

        The line of beliefs is cut where two ventures return the same, and at the marginal buyers.
        On a stretch between two cuts everybody answers alike, so one belief stands for all.
        """
        ventures = Ventures.at(posted)
        crowd = self._crowd(posted, ventures)
        wealth = crowd.cash + posted.asset_price * crowd.asset
        units = (wealth @ self._shares(posted, ventures, crowd.belief)) / ventures.cost
        return CollateralOrders(
            cash=float(units @ ventures.cash),
            asset=float(units @ ventures.asset),
            bought=units @ ventures.bought,
            sold=units @ ventures.sold,
            endowed_cash=self.endowed_cash,
            endowed_asset=self.endowed_asset,
        )

    def _crowd(self, posted: CollateralQuotes, ventures: Ventures) -> _Crowd:
        """The stretches of the line of beliefs on which members answer alike."""
        good, bad = (ventures.payoff / ventures.cost[:, None]).T
        rise = (good - bad)[:, None] - (good - bad)[None, :]
        gap = bad[None, :] - bad[:, None]
        crossing = np.divide(gap, rise, out=np.full_like(gap, -1.0), where=rise != 0.0).ravel()
        marginal = [rung.price for rung in (posted.asset_buyer, *posted.promise_buyer)]
        cuts = np.concatenate([crossing[(crossing > 0.0) & (crossing < 1.0)], marginal])
        if self.population == "continuum":
            knots = np.unique([0.0, 1.0, *(self.beliefs.below(cut) for cut in cuts.tolist())])
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

    def _shares(
        self, posted: CollateralQuotes, ventures: Ventures, belief: FloatArray
    ) -> FloatArray:
        """Share of wealth that each belief puts into each venture, shape (n, K).

        1. Cash, unless something is better.
        2. Promises in the order of the menu: where the return is at least as good as everything
           so far, all on the buyers' side of the marginal buyer turn to it.
        3. Promises written against cash: who finds them better turns to them; who is indifferent
           does so with cash that would lie idle.
        4. The asset, with the best financing: as in 2.
        """
        menu = posted.menu
        chances = np.stack([belief, 1.0 - belief], axis=1)
        returns = chances @ (ventures.payoff / ventures.cost[:, None]).T
        shares = np.zeros_like(returns)
        shares[:, 0] = 1.0
        best = returns[:, 0].copy()
        for j, rung in enumerate(posted.promise_buyer):
            above = _filled(rung, belief)
            asked = above if menu.on_good_news[j] else 1.0 - above
            at_least = returns[:, 1 + j] >= best * (1.0 - TIE)
            turned = np.where(at_least, asked, 0.0)
            shares *= (1.0 - turned)[:, None]
            shares[:, 1 + j] += turned
            np.maximum(best, returns[:, 1 + j], out=best)
        first = 1 + len(menu.names)
        outright = first + int(np.count_nonzero(menu.pledged_cash > 0.0))
        for k in range(first, outright):
            better = returns[:, k] > best * (1.0 + TIE)
            idle = np.where(returns[:, k] >= best * (1.0 - TIE), shares[:, 0], 0.0)
            shares[:, 0] -= idle
            shares[better] = 0.0
            shares[:, k] += np.where(better, 1.0, idle)
            np.maximum(best, returns[:, k], out=best)
        financing, return_ = self._financing(posted, returns[:, outright:])
        asked = np.where(return_ >= best * (1.0 - TIE), _filled(posted.asset_buyer, belief), 0.0)
        shares *= (1.0 - asked)[:, None]
        shares[:, outright:] += asked[:, None] * financing
        return shares

    @staticmethod
    def _financing(posted: CollateralQuotes, returns: FloatArray) -> tuple[FloatArray, FloatArray]:
        """How those who want the asset finance it, and what that returns; column 0 is outright.

        Where two ways return the same, the one that leaves less after bad news is taken; of
        promises that all leave nothing, as large a share as the market says.
        """
        rivals = set(posted.menu.rivals)
        chosen = np.zeros_like(returns)
        chosen[:, 0] = 1.0
        best = returns[:, 0].copy()
        for k, j in enumerate(financings(posted).tolist(), start=1):
            better = returns[:, k] > best * (1.0 + TIE)
            same = ~better & (returns[:, k] >= best * (1.0 - TIE))
            share = posted.issued[j] if j in rivals else 1.0
            turned = np.where(better, 1.0, np.where(same, share, 0.0))
            chosen *= (1.0 - turned)[:, None]
            chosen[:, k] += turned
            np.maximum(best, returns[:, k], out=best)
        return chosen, best

    def exposures(self, posted: CollateralQuotes, limit: int) -> pd.DataFrame:
        """Best response of members chosen evenly along the line of beliefs (pure).

        Columns: ``belief``, and ``exposure``, what a unit of wealth pays after good news less
        what it pays after bad.
        """
        if self.population == "continuum":
            belief = self.beliefs.members(limit)
        else:
            shown = np.linspace(0, self.members - 1, min(limit, self.members)).astype(np.int64)
            belief = self._belief[shown]
        exposure = self._exposure(posted, Ventures.at(posted), belief)
        return pd.DataFrame({"belief": belief, "exposure": exposure})

    def marginal(self, posted: CollateralQuotes) -> tuple[float, float]:
        """Least optimistic belief that gains by good news, least pessimistic that does by bad.

        1 and 0 where there is none.
        """
        ventures = Ventures.at(posted)
        crowd = self._crowd(posted, ventures)
        exposure = self._exposure(posted, ventures, crowd.belief)
        long, short = exposure > EXPOSED, exposure < -EXPOSED
        ends = [
            np.min(crowd.low[long], initial=self.members),
            np.max(crowd.high[short], initial=0.0),
        ]
        low, high = self.beliefs.quantile(np.array(ends) / self.members).tolist()
        return low, high

    def _exposure(
        self, posted: CollateralQuotes, ventures: Ventures, belief: FloatArray
    ) -> FloatArray:
        """What a unit of wealth of each belief pays after good less after bad news."""
        gain = (ventures.payoff[:, 0] - ventures.payoff[:, 1]) / ventures.cost
        exposure: FloatArray = self._shares(posted, ventures, belief) @ gain
        return exposure

    # ------------------------------------------------------------------ positions
    def hold(self, posted: CollateralQuotes, placed: object) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        self.posted = posted

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, a row a member, or a stretch of a continuum.

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
        shares = self._shares(posted, ventures, crowd.belief)
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
        return pd.DataFrame(
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


def _filled(rung: Rung, belief: FloatArray) -> FloatArray:
    """Share of each belief's order that is filled if all above a rung are."""
    return np.where(belief == rung.price, rung.filled, (belief > rung.price).astype(np.float64))
