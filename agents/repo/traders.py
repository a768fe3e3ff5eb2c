r"""Traders of a security who may pledge it or borrow it in repo: longs, shorts and cash holders.

A trader who thinks that state U (the low payoff) has probability :math:`b` expects
:math:`E = b D_U + (1 - b) D_D` of the security. It chooses cash :math:`x \ge 0`, security
:math:`y`, repo lending (borrowing the security) :math:`\theta \ge 0` and repo borrowing (pledging
it) :math:`\psi \ge 0` to maximise expected consumption subject to

.. math::

   (x - e_x) + q (y - e_y) + q (\theta - \psi) + (1-h) q (\theta + \psi) &\le 0, \\
   y + \theta - \psi &\ge 0, \\
   C_s = \omega_s + x + (1+\rho) q [\theta - \psi + (1-h)(\theta + \psi)] + y D_s &\ge 0 .

With :math:`W = e_x + q e_y` and the funded prices of :mod:`markets.repo.market`, the best response is

* long if :math:`E > e_1`:
  :math:`y = \psi = \min\{ W / (q(1-h)),\ (\omega_U + W) / (e_1 - D_U) \}`,
* short if :math:`E < e_2`:
  :math:`-y = \theta = \min\{ W / (q(1-h)),\ (\omega_D + W) / (D_D - e_2) \}`,
* cash otherwise: the first bound is margin, the second solvency.

A trader with :math:`E = e_1` or :math:`E = e_2` is indifferent, and its order is filled in part.
Where the repo rate is zero a trader is also indifferent between cash and repo; how much of its
position it funds is settled by the clearing house.

Source: Bottazzi, Pascoa and Ramirez (slides), trader's problem.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.beliefs import Beliefs
from agents.cohort import (
    Cohort,
    Population,
    one_or_each,
    rows_shown,
)
from agents.repo.order_sums import compiled_order_sums, order_sums
from markets.instruments import Security
from markets.ladder import Rung
from markets.quote import FloatArray
from markets.refused import Refused
from markets.repo.book import RepoBook
from markets.repo.quotes import RepoQuotes

ROUNDING = 1e-14
"""Cash below this share of what a trader turns over is rounding, and kept as zero."""

SAMPLED = 64
"""Members whose orders stand for all those waiting in a band of the ladder."""


@dataclass(frozen=True, slots=True)
class _Side:
    """Total orders of one side of a cohort with its derivatives."""

    total: float
    by_price: float
    by_funded_price: float
    in_band: float


class Traders(Cohort[float, RepoQuotes, RepoBook, float]):
    """A cohort of traders who share the problem above and differ in beliefs and endowments.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    beliefs : Beliefs, str or sequence of float
        Probabilities of the low payoff, see :class:`agents.beliefs.Beliefs`.
    members : int
        Number of members, at least 2 (that of the given beliefs if they are given one by one).
    cash, securities : float or array
        Endowment of each member at date 0: cash, and the security; not negative.
    income_up, income_down : float or array
        Income of each member at date 1, in states U (low payoff) and D (high payoff).
    population : {"individuals", "continuum"}
        Whether a member is one trader, or a slice of a continuum of them (a quantile interval of
        beliefs, whose order is the average over the slice).
    compiled : bool
        Whether to add up orders with numba, which the extra ``fast`` brings: worth its start of
        about a second for millions of members with different endowments.

    Raises
    ------
    Refused
        If an endowment is negative or not finite, has the wrong length, if there are fewer than
        two members, or if numba is asked for and missing.

    Notes
    -----
    Members are kept in rising order of belief, so that longs are the first rows and shorts the
    last, whatever order they were given in.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str = "traders",
        *,
        beliefs: Beliefs | str | Sequence[float] | FloatArray = "uniform",
        members: int = 10_000,
        cash: float | Sequence[float] | FloatArray = 1.0,
        securities: float | Sequence[float] | FloatArray = 1.0,
        income_up: float | Sequence[float] | FloatArray = 0.0,
        income_down: float | Sequence[float] | FloatArray = 0.0,
        population: Population = "individuals",
        compiled: bool = False,
    ) -> None:
        self.population: Population = population
        self.beliefs = beliefs if isinstance(beliefs, Beliefs) else Beliefs(beliefs)
        if self.beliefs.values is not None:
            members = int(self.beliefs.values.size)
        if members < 2:
            raise Refused(f"traders is {members}; a market needs at least two traders")
        if population == "continuum":
            self.beliefs.refuse_ties()
        super().__init__(model, name, members)
        given = {
            "cash": cash,
            "securities": securities,
            "income_up": income_up,
            "income_down": income_down,
        }
        fields = {key: one_or_each(key, value, members) for key, value in given.items()}
        self.alike = all(field.size == 1 for field in fields.values())
        if self.beliefs.values is not None and not self.alike:
            order = self.beliefs.order(*fields.values())
            fields = {
                key: field if field.size == 1 else field[order] for key, field in fields.items()
            }
        self.cash = fields["cash"]
        self.securities = fields["securities"]
        self.income_up = fields["income_up"]
        self.income_down = fields["income_down"]
        self._summing = compiled_order_sums() if compiled else order_sums
        self.total_cash = self.total(self.cash)
        self.supply = self.total(self.securities)
        self.held: RepoPositions | None = None

    # ------------------------------------------------------------------ what the market learns
    def open(self, security: Security) -> None:
        """Work out the reservation prices at the payoffs of ``security``."""
        self.security = security
        self.expected = security.expected(
            self.beliefs.means(np.linspace(0.0, 1.0, self.members + 1))
            if self.population == "continuum"
            else self.beliefs.members(self.members)
        )
        self._rising = self.expected[::-1]

    def reservation_prices(self) -> FloatArray:
        """Reservation prices: of each trader, or at the edges of each slice of the continuum."""
        if self.population == "continuum":
            return self.security.expected(self.beliefs.edges(self.members))
        return self.expected

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: RepoQuotes) -> RepoBook:
        """Best response of every member to the posted quotes, as totals (pure).

        Longs are a prefix and shorts a suffix of the rows; sizes are added up block by block.
        """
        longs, shorts = self._side(posted, long=True), self._side(posted, long=False)
        wealth = self.total_cash + posted.price * self.supply
        margin = posted.haircut * posted.price * (longs.total + shorts.total)
        return RepoBook(
            longs=longs.total,
            longs_by_price=longs.by_price,
            longs_by_long_price=longs.by_funded_price,
            longs_in_band=longs.in_band,
            shorts=shorts.total,
            shorts_by_price=shorts.by_price,
            shorts_by_short_price=shorts.by_funded_price,
            shorts_in_band=shorts.in_band,
            idle_cash=wealth - margin,
            cash=self.total_cash,
            supply=self.supply,
        )

    def shares(self, posted: RepoQuotes) -> tuple[FloatArray, FloatArray]:
        """Share of each member's wealth that goes long and that goes short, each (members,)."""
        everyone = slice(0, self.members)
        return (
            self._filled(posted.long_rung, everyone),
            1.0 - self._filled(posted.short_rung, everyone),
        )

    def positions(
        self,
        posted: RepoQuotes,
        placed: float,
        rows: NDArray[np.int64] | slice = slice(None),
        shares: tuple[FloatArray, FloatArray] | None = None,
    ) -> RepoPositions:
        r"""Holdings of members at the posted quotes (pure).

        Parameters
        ----------
        posted : RepoQuotes
            The quotes.
        placed : float
            Share of the idle cash that the clearing house places in repo (zero unless the repo
            rate is): 0 leaves every trader with no more repo than its position needs, 1 with no
            cash at all; between them its repo is the mixture.
        rows : array of int or slice
            The members asked for.
        shares : pair of arrays, optional
            Long and short shares of those members; their own unless given.
        """
        long_share, short_share = (
            tuple(share[rows] for share in self.shares(posted)) if shares is None else shares
        )
        bought = long_share * self._size(posted, rows, long=True)[0]
        sold = short_share * self._size(posted, rows, long=False)[0]
        price, loan = posted.price, 1.0 - posted.haircut
        wealth = self._pick(self.cash, rows) + price * self._pick(self.securities, rows)
        security = bought - sold
        pledged, borrowed = bought, sold
        if placed > 0.0:
            spare = wealth - price * security
            most_pledged = np.maximum(-spare, 0.0) / (price * loan)
            most_borrowed = np.maximum(spare, 0.0) / (price * (2.0 - loan))
            pledged = pledged + placed * (most_pledged - pledged)
            borrowed = borrowed + placed * (most_borrowed - borrowed)
        cash = (
            wealth
            - price * security
            - price * (borrowed - pledged)
            - posted.haircut * price * (borrowed + pledged)
        )
        turnover = wealth + price * (np.abs(security) + borrowed + pledged)
        cash = np.where(np.abs(cash) <= ROUNDING * turnover, 0.0, cash)
        return RepoPositions(cash, security, borrowed, pledged)

    def hold(self, posted: RepoQuotes, placed: float) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        self.posted, self.placed = posted, placed
        self.held = self.positions(posted, placed)

    # ------------------------------------------------------------------ the record
    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, one row per member.

        A slice of a continuum in which some are long and others are not is shown as one row each,
        with the mean belief of that part and its ``weight`` in traders.

        Parameters
        ----------
        limit : int, optional
            Show only about this many rows, evenly spread, with all around the marginal traders.
        """
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        splits = [self._above(self.posted.long_rung), self._above(self.posted.short_rung)]
        rows = rows_shown(self.members, limit, splits)
        if self.population == "continuum":
            low = np.union1d(rows.astype(np.float64), [s for s in splits if int(s) in rows])
            low = low[low < self.members]
            high = np.minimum(np.append(low[1:], self.members), np.floor(low) + 1.0)
            rows = low.astype(np.int64)
            middle = 0.5 * (low + high)
            shares = (
                (middle < splits[0]).astype(np.float64),
                (middle > splits[1]).astype(np.float64),
            )
            held = self.positions(self.posted, self.placed, rows, shares)
            knots = np.union1d(low, high) / self.members
            means = self.beliefs.means(knots)
            belief = means[np.searchsorted(knots, low / self.members)]
        else:
            low, high = rows.astype(np.float64), rows + 1.0
            held = RepoPositions(
                self.held.cash[rows],
                self.held.security[rows],
                self.held.borrowed[rows],
                self.held.pledged[rows],
            )
            belief = self.beliefs.members(self.members)[rows]
        count = rows.size
        return pd.DataFrame(
            {
                "cohort": self.name,
                "member": rows,
                "weight": high - low,
                "quantile_low": low / self.members,
                "quantile_high": high / self.members,
                "belief": belief,
                "endowed_cash": np.broadcast_to(self._pick(self.cash, rows), count),
                "endowed_securities": np.broadcast_to(self._pick(self.securities, rows), count),
                "income_up": np.broadcast_to(self._pick(self.income_up, rows), count),
                "income_down": np.broadcast_to(self._pick(self.income_down, rows), count),
                "cash": held.cash,
                "security": held.security,
                "repo_lending": held.borrowed,
                "repo_borrowing": held.pledged,
            }
        )

    def counts(self, posted: RepoQuotes) -> tuple[float, float]:
        """Number of members who are long, and of those who are not short, the marginal in part."""
        return self._above(posted.long_rung), self._above(posted.short_rung)

    # ------------------------------------------------------------------ inner workings
    def _edge(self, rung: Rung) -> tuple[int, int]:
        """Number of members surely above a rung, and of those at it or above."""
        if self.population == "continuum":
            count = self._above(rung)
            return int(count), int(np.ceil(count))
        return (
            self.members - int(self._rising.searchsorted(rung.price, side="right")),
            self.members - int(self._rising.searchsorted(rung.price, side="left")),
        )

    def _above(self, rung: Rung) -> float:
        """Number of members whose reservation price is above a rung, with those filled at it."""
        if self.population == "continuum":
            spread = self.security.high_payoff - self.security.low_payoff
            return self.members * self.beliefs.below(
                (self.security.high_payoff - rung.price) / spread
            )
        above, upto = self._edge(rung)
        return above + rung.filled * (upto - above)

    def _filled(self, rung: Rung, rows: slice) -> FloatArray:
        """Share of each row that counts as above a rung."""
        if self.population == "continuum":
            places = np.arange(rows.start, rows.stop, dtype=np.float64)
            return np.clip(self._above(rung) - places, 0.0, 1.0)
        expected = self.expected[rows]
        return np.where(expected == rung.price, rung.filled, expected > rung.price)

    def _side(self, posted: RepoQuotes, *, long: bool) -> _Side:
        """Total orders of the longs (the first rows) or of the shorts (the last)."""
        rung, band = (
            (posted.long_rung, posted.long_band) if long else (posted.short_rung, posted.short_band)
        )
        if self.alike:
            count = self._above(rung) if long else self.members - self._above(rung)
            each = [float(part[0]) for part in self._size(posted, slice(0, 1), long=long)]
            total, by_price, by_funded = (count * part for part in each)
            in_band = each[0] * max(self._above(band.below) - self._above(band.above), 0.0)
        else:
            total, by_price, by_funded = self._sum_side(posted, rung, long=long)
            above, below = self._above(band.above), self._above(band.below)
            in_band = self._waiting(posted, above, below, long=long)
        return _Side(total, by_price, by_funded, in_band)

    def _sum_side(
        self, posted: RepoQuotes, rung: Rung, *, long: bool
    ) -> tuple[float, float, float]:
        """Sums of the orders of one side and of their derivatives.

        All rows beyond the rung count in full, those on it with the share that is filled.
        """
        above, upto = self._edge(rung)
        first, last = (0, above) if long else (upto, self.members)
        sums = self._sum_rows(posted, first, last, long=long)
        if above < upto:
            filled = (self._above(rung) - above) / (upto - above)
            part = filled if long else 1.0 - filled
            sums += part * self._sum_rows(posted, above, upto, long=long)
        return float(sums[0]), float(sums[1]), float(sums[2])

    def _sum_rows(self, posted: RepoQuotes, first: int, last: int, *, long: bool) -> FloatArray:
        """Sums of what :meth:`_size` says of each row from ``first`` to before ``last``."""
        price, haircut, loss = posted.price, posted.haircut, self._loss(posted, long=long)
        fields = (self.cash, self.securities, self.income_up if long else self.income_down)
        cash, securities, income = (
            np.broadcast_to(field, self.members)[first:last] for field in fields
        )
        sums = self._summing(
            cash,
            securities,
            income,
            price,
            1.0 / (price * haircut) if haircut > 0.0 else np.inf,
            1.0 / loss,
        )
        by_price = sums.stopped_securities / loss
        if haircut > 0.0:
            by_price -= sums.margined_cash / (price * price * haircut)
        return np.array([sums.total, by_price, sums.stopped / (-loss if long else loss)])

    def _waiting(self, posted: RepoQuotes, start: float, stop: float, *, long: bool) -> float:
        """Orders of the members between two places on the ladder."""
        count = stop - start
        if count <= 0.0:
            return 0.0
        first, last = int(start), min(max(int(np.ceil(stop)), int(start) + 1), self.members)
        first = min(first, last - 1)
        rows: NDArray[np.int64] | slice = slice(first, last)
        if last - first > SAMPLED:
            rows = np.linspace(first, last - 1, SAMPLED).astype(np.int64)
        return count * float(np.mean(self._size(posted, rows, long=long)[0]))

    def _size(
        self, posted: RepoQuotes, rows: NDArray[np.int64] | slice, *, long: bool
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Full order of the chosen rows with its derivatives by the price and the funded price.

        Steps: wealth; what margin allows; what solvency allows; the smaller of the two.
        """
        price, haircut = posted.price, posted.haircut
        cash, securities = self._pick(self.cash, rows), self._pick(self.securities, rows)
        income = self._pick(self.income_up if long else self.income_down, rows)
        loss = self._loss(posted, long=long)
        wealth = cash + price * securities
        by_solvency = (income + wealth) / loss
        solvency_by_price = securities / loss
        solvency_by_funded = by_solvency / (-loss if long else loss)
        if haircut == 0.0:
            size, by_price, by_funded = by_solvency, solvency_by_price, solvency_by_funded
        else:
            by_margin = wealth / (price * haircut)
            solvent = by_solvency < by_margin
            size = np.minimum(by_margin, by_solvency)
            by_price = np.where(solvent, solvency_by_price, -cash / (price * price * haircut))
            by_funded = np.where(solvent, solvency_by_funded, 0.0)
        count = size.size
        return size, np.broadcast_to(by_price, count), np.broadcast_to(by_funded, count)

    def _loss(self, posted: RepoQuotes, *, long: bool) -> float:
        """What a security loses a long, or a short, in the state it does not expect."""
        low, high = self.security.low_payoff, self.security.high_payoff
        loss = posted.long_price - low if long else high - posted.short_price
        return max(loss, 1e-12 * (high - low))

    @staticmethod
    def _pick(field: FloatArray, rows: NDArray[np.int64] | slice) -> FloatArray:
        """Rows of a field; the one row where members are alike in it."""
        return field if field.size == 1 else field[rows]


@dataclass(frozen=True, slots=True)
class RepoPositions:
    """Holdings of a cohort, each of shape (members,).

    Attributes
    ----------
    cash
        x, cash kept.
    security
        y, negative when sold short.
    borrowed
        theta, securities borrowed in repo (cash lent).
    pledged
        psi, securities pledged in repo (cash borrowed).
    """

    cash: FloatArray
    security: FloatArray
    borrowed: FloatArray
    pledged: FloatArray
