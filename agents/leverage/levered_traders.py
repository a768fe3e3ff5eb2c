r"""Traders who disagree about news to come, and plan what to own after each piece of it.

A trader to whom news is good with probability h, at every date independently, chooses at every node
n that it may reach the asset a, a loan d against it, and what it saves, in cash or as loans to
others, to

.. math:: \max\; E_h[w_T] \quad \text{subject to} \quad p_n a_n - d_n + s_n = w_n, \quad
          0 \le d_n \le \ell_n a_n, \quad s_n \ge 0, \quad
          w_{n'} = p_{n'} a_n - d_n + s_n .

It doesn't discount, and consumes at the end. Since loans run one period, are surely repaid and bear
no interest, the best is all or nothing: with V of
:meth:`markets.leverage.quotes.LeverageQuotes.worth`, it puts all its wealth into assets with the
largest loan where that is worth more than cash, and saves all of it where not. Whoever buys with
the largest safe loan has nothing left after bad news.

A buyer who is indifferent is filled in part. In a continuum the line of beliefs is cut where plans
change; on a stretch between two cuts everybody plans the same.

Source: Geanakoplos, "The Leverage Cycle", NBER Macroeconomics Annual 24 (2010).
"""

from __future__ import annotations

from typing import NamedTuple, Unpack

import mesa
import numpy as np
import pandas as pd
from scipy.optimize import brentq

from agents.believing import Believing, BelievingCohort
from agents.cohort import in_given_order, rows_shown
from markets.leverage.quotes import LeverageBook, LeverageQuotes, LeverageTerms, Matched
from markets.quote import FloatArray
from markets.variable import Variable

GRID = 129
"""Beliefs at which a continuum is asked whether it buys, to find where plans change."""

SAME_BELIEF = 1e-9
"""Distance from a marginal buyer within which a change of plan is its own."""


VARIABLES = (
    Variable("weight", "traders", "traders that the row stands for"),
    Variable("belief", "probability", "probability given to good news at every date"),
    Variable("belief_low", "probability", "lowest belief of those whom the row stands for"),
    Variable("belief_high", "probability", "highest belief of those whom the row stands for"),
    Variable("endowed_cash", "cash", "cash that the date begins with"),
    Variable("endowed_loans", "cash", "loans to others that fall due"),
    Variable("endowed_asset", "assets", "assets that the date begins with"),
    Variable("loan_due", "cash per asset", "owed on each of these assets"),
    Variable("forward_price", "cash per asset", "price quoted for this news at the date before"),
    Variable("wealth", "cash", "cash, loans repaid, and assets less what is owed on them"),
    Variable("profit", "cash", "change of wealth since the date before"),
    Variable("call", "cash", "loans that fall due"),
    Variable("status", "", "solvent, or ruined: without wealth"),
    Variable("lent", "cash", "lent to others, of what is saved"),
    Variable("asset", "assets", "assets held"),
    Variable("owed", "cash", "borrowed against them"),
    Variable("saved", "cash", "cash kept and lent"),
    Variable("asset_after_{node}", "assets", "assets planned after {node}"),
    Variable("owed_after_{node}", "cash", "borrowed against them, as planned after {node}"),
    Variable("saved_after_{node}", "cash", "cash kept and lent, as planned after {node}"),
)
"""Columns of the table of traders, beside those that tell members apart."""


BLOCK = 8192
"""Single traders who answer at a time, so that their numbers stay in the processor's cache."""

ALL = slice(None)


class Plan(NamedTuple):
    """Plans of some rows of traders, each per member; arrays of shape (M, rows) but the last two.

    ``wealth`` at each open node, ``asset``, ``owed`` and ``saved`` there; the number of members
    below the two ends of each row.
    """

    wealth: FloatArray
    asset: FloatArray
    owed: FloatArray
    saved: FloatArray
    low: FloatArray
    high: FloatArray


class LeveredTraders(BelievingCohort[LeverageTerms, LeverageQuotes, LeverageBook, Matched]):
    """A cohort of traders who differ in belief and endowment.

    Its market is a :class:`markets.leverage.market.LeverageMarket`; parameters and errors are
    those of :class:`agents.believing.BelievingCohort`, with the endowments those of date 0.

    Attributes
    ----------
    cash, lent, asset : array
        What a date begins with: cash, loans to others that fall due, and assets, against each of
        which what the house last announced is owed. One row per member, or per stretch of
        ``stretches``; a single row if all are alike.
    stretches : array of shape (rows + 1,)
        Number of members of a continuum below the ends of its rows.
    """

    variables = VARIABLES

    def __init__(
        self, model: mesa.Model, name: str = "traders", **given: Unpack[Believing]
    ) -> None:
        super().__init__(model, name, **given)
        self.lent = np.zeros(1)
        self.stretches = np.array([0.0, float(self.members)])
        self._belief = self.lines() if self.population == "individuals" else None
        self.before: FloatArray | None = None
        self.held: tuple[LeverageQuotes, Plan, Matched] | None = None

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: LeverageQuotes) -> LeverageBook:
        """Plans of all members, added up (changes nothing)."""
        ends = range(0, 1 if self._belief is None else self.members, BLOCK)
        sums = np.zeros((3, posted.tree.count))
        for start in ends:
            plan = self.plan(posted, slice(start, start + BLOCK) if len(ends) > 1 else ALL)
            sums += np.stack([plan.asset, plan.owed, plan.saved]) @ (plan.high - plan.low)
        asset, owed, saved = sums
        return LeverageBook(
            asset=asset,
            owed=owed,
            saved=saved,
            endowed_cash=self.endowed_cash,
            endowed_asset=self.endowed_asset,
        )

    def plan(self, posted: LeverageQuotes, part: slice = ALL) -> Plan:
        """Best response of every row, or of some single traders (changes nothing).

        1. The rows, and which of them buy at each node.
        2. Wealth at the node where they stand: cash, loans repaid, assets less what is owed.
        3. From there on, node by node, wealth buys or is saved, and is worth what follows after
           good and after bad news.
        """
        low, high, buys = self._rows(posted, part)
        tree, root, price = posted.tree, posted.terms.root, posted.price
        shape = (tree.count, low.size)
        wealth, asset, owed, saved = (np.zeros(shape) for _ in range(4))
        wealth[root] = self._at(self.wealth(posted, part), low)
        for node in np.flatnonzero(tree.reached(root)):
            loan = posted.loan[node]
            down = buys[node] * wealth[node]
            paid = price[node] - loan
            asset[node] = down / paid if paid > 0.0 else 0.0
            owed[node], saved[node] = loan * asset[node], wealth[node] - down
            for child in (tree.good[node], tree.bad[node]):
                if child < tree.count:
                    wealth[child] = saved[node] + asset[node] * (price[child] - loan)
        return Plan(wealth, asset, owed, saved, low, high)

    def exposures(self, posted: LeverageQuotes, limit: int) -> pd.DataFrame:
        """Best response of members evenly along the line of beliefs, where they stand (pure).

        Columns: ``belief``, and ``exposure``, value of assets over own wealth; 0 for the ruined.
        """
        plan, root = self.plan(posted), posted.terms.root
        if self._belief is None:
            belief = self.beliefs.members(limit)
            below = (np.arange(limit) + 0.5) * self.members / limit
            row = np.searchsorted(plan.low, below, side="right") - 1
        else:
            row = np.linspace(0, self.members - 1, min(limit, self.members)).astype(np.int64)
            belief = self._belief[row]
        value, wealth = posted.price[root] * plan.asset[root, row], plan.wealth[root, row]
        exposure = np.divide(value, wealth, out=np.zeros_like(value), where=wealth > 0.0)
        return pd.DataFrame({"belief": belief, "exposure": exposure})

    def wealth(self, posted: LeverageQuotes, part: slice = ALL) -> FloatArray:
        """Wealth where traders stand, one row per member or stretch, or one if all are alike."""
        cash, lent, asset = (
            field if field.size == 1 else field[part]
            for field in (self.cash, self.lent, self.asset)
        )
        worth = max(float(posted.price[posted.terms.root]) - posted.terms.loan_due, 0.0)
        return cash + posted.recovery * lent + worth * asset

    def _rows(
        self, posted: LeverageQuotes, part: slice
    ) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Members below both ends of every row, and the share of it that buys at each node."""
        marginal = np.array([rung.price for rung in posted.buyer])
        if self._belief is not None:
            belief = self._belief[part]
            _, gain = posted.worth(belief)
            filled = np.array([rung.filled for rung in posted.buyer])
            at = belief == marginal[:, None]
            buys = np.where(at, filled[:, None], (gain > 0.0).astype(np.float64))
            places = np.arange(*part.indices(self.members), dtype=np.float64)
            return places, places + 1.0, buys
        cuts = np.concatenate([marginal, self._other_cuts(posted, marginal)])
        ends = np.unique(np.concatenate([self.stretches, self.members * self.beliefs.below(cuts)]))
        middle = self.beliefs.quantile(0.5 * (ends[:-1] + ends[1:]) / self.members)
        _, gain = posted.worth(middle)
        return ends[:-1], ends[1:], (gain > 0.0).astype(np.float64)

    def _other_cuts(self, posted: LeverageQuotes, marginal: FloatArray) -> FloatArray:
        """Beliefs other than marginal buyers' at which somebody of a continuum changes its plan.

        There are none where more optimism always means more buying, as in the source's example.
        """
        grid = np.union1d(np.linspace(0.0, 1.0, GRID), marginal)
        _, gain = posted.worth(grid)
        gain[np.abs(grid - marginal[:, None]) <= SAME_BELIEF] = 0.0
        found = []
        for node, k in zip(*np.nonzero(gain[:, :-1] * gain[:, 1:] < 0.0), strict=True):

            def at(belief: float, node: int = int(node)) -> float:
                return float(posted.worth(np.array([belief]))[1][node, 0])

            found.append(brentq(at, grid[k], grid[k + 1]))
        return np.array(found)

    def _at(self, field: FloatArray, low: FloatArray) -> FloatArray:
        """A field at the rows that begin at ``low``."""
        if field.size == 1 or self._belief is not None:
            return np.broadcast_to(field, low.shape)
        return field[np.searchsorted(self.stretches, low, side="right") - 1]

    # ------------------------------------------------------------------ positions
    def hold(self, posted: LeverageQuotes, placed: Matched) -> None:
        """Take the positions of the node where traders stand, and lend what the house places."""
        self.held = posted, self.plan(posted), placed

    def carry(self) -> None:
        """Begin the next date with what was held: cash, loans to others, and pledged assets."""
        assert self.held is not None
        posted, plan, placed = self.held
        root = posted.terms.root
        self.stretches = np.append(plan.low, float(self.members))
        self.before = plan.wealth[root]
        self.asset, saved = placed.asset * plan.asset[root], placed.saved * plan.saved[root]
        self.lent, self.cash = placed.lent * saved, (1.0 - placed.lent) * saved
        self.held = None

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives, what a date began with, and the plan, one row per member or stretch.

        Columns ``asset``, ``owed`` and ``saved`` are held where traders stand; with the name of a
        node behind them, planned there. ``profit`` is the change of wealth since the last date,
        ``call`` what falls due, and ``status`` is ``ruined`` for a trader without wealth.
        """
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        posted, plan, placed = self.held
        tree, root = posted.tree, posted.terms.root
        rows = np.arange(plan.low.size)
        if self._belief is None:
            ends = np.append(plan.low, float(self.members)) / self.members
            belief = self.beliefs.means(ends)
            low, high = self.beliefs.quantile(ends[:-1]), self.beliefs.quantile(ends[1:])
        else:
            near = [float(self._belief.searchsorted(rung.price)) for rung in posted.buyer]
            rows = rows_shown(self.members, limit, near)
            belief = low = high = self._belief[rows]

        def shown(field: FloatArray) -> FloatArray:
            return self._at(field, plan.low)[rows]

        wealth = plan.wealth[root][rows]
        before = wealth if self.before is None else shown(self.before)
        asset = shown(self.asset)
        columns = {
            "cohort": self.name,
            "member": rows,
            "belief": belief,
            "belief_low": low,
            "belief_high": high,
            "weight": (plan.high - plan.low)[rows],
            "endowed_cash": shown(self.cash),
            "endowed_loans": shown(self.lent),
            "endowed_asset": asset,
            "loan_due": posted.terms.loan_due,
            "forward_price": posted.terms.forward_price,
            "wealth": wealth,
            "profit": wealth - before,
            "call": posted.terms.loan_due * asset,
            "status": np.where(wealth > 0.0, "solvent", "ruined"),
            "lent": placed.lent * plan.saved[root][rows],
        }
        for node in np.flatnonzero(tree.reached(root)):
            after = "" if node == root else f"_after_{tree.names[node]}"
            for name, field in (("asset", plan.asset), ("owed", plan.owed), ("saved", plan.saved)):
                columns[f"{name}{after}"] = field[node][rows]
        table = pd.DataFrame(columns)
        return table if self.names is None else in_given_order(table, self.names, self.given[rows])
