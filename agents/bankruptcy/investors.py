"""Investors in a bond and equities: lenders, borrowers and shareholders by their own choice."""

from __future__ import annotations

from collections.abc import Sequence

import mesa
import numpy as np
import pandas as pd

from agents.bankruptcy.best_response import BLOCK, best_trades
from agents.bankruptcy.trade_slopes import solve_each, trade_slopes
from agents.bankruptcy.trades import Endowment, Trades, consumption
from agents.bankruptcy.utility import Rows, Utility
from agents.cohort import Cohort
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from markets.refused import Infeasible, Refused
from markets.variable import Variable


class Investors(Cohort[float, BondQuotes, BondBook, None]):
    """A cohort of investors who share a utility's form and differ in parameters and endowments.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    utility : Utility
        Of all members; its arrays tell how many there are.
    now : array of shape (members,)
        Goods at date 0, above zero.
    later : array of shape (members, states)
        Goods in each state of date 1, above zero.
    equities : array of shape (members, equities)
        Equities owned before trade, at least zero.
    names : sequence of str, optional
        Names of the members, for the table.

    Raises
    ------
    Refused
        If shapes disagree, or an endowment is not positive (assumption A3); when the market opens,
        if utility at the endowments is so flat that rounding leaves no slope or curvature.
    """

    variables: tuple[Variable, ...] = (
        Variable("utility", "", "kind of utility"),
        Variable("weight", "number", "weight of consumption at date 0 in utility"),
        Variable("satiation", "goods", "consumption at which utility is highest"),
        Variable("risk_aversion", "per good", "absolute risk aversion"),
        Variable("patience", "number", "weight of consumption at date 1 in utility"),
        Variable("endowed_now", "goods", "owned at date 0"),
        Variable("endowed_later[{node}]", "goods", "received at date 1"),
        Variable("endowed_equity[{instrument}]", "equities", "owned at the start"),
        Variable("bond", "bonds", "position: above zero lent, below zero promised"),
        Variable("equity[{instrument}]", "equities", "bought, or below zero sold"),
        Variable("consumption_now", "goods", "consumed at date 0"),
        Variable("consumption_later[{node}]", "goods", "consumed at date 1"),
    )

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        *,
        utility: Utility,
        now: FloatArray,
        later: FloatArray,
        equities: FloatArray,
        names: Sequence[str] | None = None,
    ) -> None:
        self.now = np.asarray(now, dtype=np.float64)
        self.goods_later = np.asarray(later, dtype=np.float64)
        self.equities = np.asarray(equities, dtype=np.float64)
        members = self.now.size
        if self.now.ndim != 1 or members == 0:
            raise Refused(f"{name}: now has shape {self.now.shape}; it must be one per member")
        for field, array in (("later", self.goods_later), ("equities", self.equities)):
            if array.ndim != 2 or array.shape[0] != members:
                raise Refused(
                    f"{name}: {field} has shape {array.shape}; it must have one row for each of"
                    f" the {members} members"
                )
        for field, array, allowed, wanted in (
            ("now", self.now, self.now > 0.0, "above 0"),
            ("later", self.goods_later, self.goods_later > 0.0, "above 0"),
            ("equities", self.equities, self.equities >= 0.0, "at least 0"),
        ):
            wrong = array[~(allowed & np.isfinite(array))]
            if wrong.size:
                raise Refused(f"{name}: {field} has {wrong[0]}; each must be finite and {wanted}")
        super().__init__(model, name, members)
        self.utility, self.names = utility, names
        self._start: Trades | None = None
        self._answer: tuple[BondQuotes, Trades] | None = None
        self.posted: BondQuotes | None = None

    def open(self, instruments: BondAndEquities) -> None:
        """Learn what is traded, and refuse endowments that do not fit it."""
        for field, given, wanted in (
            ("later", self.goods_later.shape[1], instruments.states),
            ("equities", self.equities.shape[1], instruments.equities),
        ):
            if given != wanted:
                raise Refused(
                    f"{self.name}: {field} has {given} entries per member; it must have {wanted}"
                )
        self.instruments = instruments
        self.endowment = Endowment(
            self.utility,
            self.now,
            self.goods_later + self.equities @ instruments.payoffs.T,
            self.equities,
        )
        for what, numbers in (
            ("marginal utility at date 0", self.utility.marginal_now(self.now)),
            ("curvature of utility", -self.utility.curvature_later(self.endowment.later)),
        ):
            wrong = numbers[~((numbers > 0.0) & np.isfinite(numbers))]
            if wrong.size:
                raise Refused(
                    f"{self.name}: {what} at the endowments has {wrong[0]}; each must be above 0"
                    " and finite, so risk aversion times goods must not be in the hundreds"
                )

    def goods(self) -> float:
        """Goods at date 0 and in the richest state of date 1, added up over the members."""
        later = np.sum(self.endowment.later, axis=0)
        return float(np.sum(self.now) + np.max(later))

    def marginal_values(self) -> tuple[float, FloatArray]:
        """Marginal utilities at the endowment, added up: date 0, and each state's share."""
        later = self.utility.marginal_later(self.endowment.later)
        return (
            float(np.sum(self.utility.marginal_now(self.now))),
            np.sum(later, axis=0) * self.instruments.probabilities,
        )

    def demand_slope(self) -> FloatArray:
        r"""How much more the members demand per fall of each price, if no bound held them.

        At the endowments: :math:`\sum_i v_{i0}' (V' \mathrm{diag}(-\rho v_i'') V)^{-1}` with
        :math:`V = (1, Y)`, shape (1 + equities, 1 + equities).
        """
        curvature = -self.utility.curvature_later(self.endowment.later)
        curvature = curvature * self.instruments.probabilities
        payoffs = np.column_stack([np.ones(self.instruments.states), self.instruments.payoffs])
        weight = self.utility.marginal_now(self.now)
        risk = np.einsum("sj,is,sk->ijk", payoffs, curvature, payoffs)
        unit = np.broadcast_to(np.eye(payoffs.shape[1]), risk.shape)
        return np.asarray(np.sum(weight[:, None, None] * solve_each(risk, unit), axis=0))

    def trades(self, posted: BondQuotes) -> Trades:
        """Best response of every member; the search begins at that of the round before.

        Raises
        ------
        Infeasible
            If a member has no best trade within reach, for instance because the quotes allow an
            arbitrage.
        """
        try:
            return best_trades(self.endowment, self.instruments, posted, self._start)
        except Infeasible as error:
            rates = ", ".join(f"{rate:.6g}" for rate in posted.repayment_rates)
            equities = "".join(f", {price:.6g}" for price in posted.equity_prices)
            raise Infeasible(
                f"{self.name}: {error} (bond and equity prices {posted.bond_price:.6g}{equities};"
                f" repayment rates {rates})"
            ) from None

    def respond(self, posted: BondQuotes) -> BondBook:
        """Orders at the posted quotes with their derivatives, added up over the members."""
        trades = self.trades(posted)
        self._answer = (posted, trades)
        consumed = consumption(self.endowment, trades, self.instruments, posted)
        bond = trades.trade[:, 0]
        promised = np.maximum(-bond, 0.0)
        resources = self._resources(trades)
        lent_slope, promised_slope, equities_slope, repaid_slope = self._slopes(trades, posted)
        return BondBook(
            lent=float(np.sum(np.maximum(bond, 0.0))),
            promised=float(np.sum(promised)),
            equities=np.sum(trades.trade[:, 1:], axis=0),
            held=np.sum(self.equities, axis=0),
            repaid=np.sum(np.minimum(promised[:, None], resources), axis=0),
            lent_slope=lent_slope,
            promised_slope=promised_slope,
            equities_slope=equities_slope,
            repaid_slope=repaid_slope,
            consumed_now=float(np.sum(consumed.now)),
            consumed_later=np.sum(np.maximum(consumed.later, 0.0), axis=0),
            endowed_now=float(np.sum(self.now)),
            endowed_later=np.sum(self.endowment.later, axis=0),
        )

    def remember(self, posted: BondQuotes) -> None:
        """Begin the next round's search at this round's trades."""
        if self._answer is not None and self._answer[0] is posted:
            self._start = self._answer[1]
        else:
            self._start = self.trades(posted)

    def hold(self, posted: BondQuotes, placed: None) -> None:
        """Take the trades that were ordered at the posted quotes, or are best there.

        Where utility is nearly linear trades are best only up to rounding of marginal utility, so
        the orders that cleared the markets are kept, not worked out again.
        """
        self.posted = posted
        answered = self._answer is not None and self._answer[0] is posted
        self.held = self._answer[1] if answered and self._answer else self.trades(posted)
        self.consumed = consumption(self.endowment, self.held, self.instruments, posted)

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives, trades and consumption, one row per member."""
        if self.posted is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        rows = self._shown(limit)
        columns = self._primitives(rows)
        states, equities = self.instruments.state_names, self.instruments.equity_names
        columns["bond"] = self.held.trade[rows, 0]
        for j, name in enumerate(equities):
            columns[numbered("equity", name)] = self.held.trade[rows, 1 + j]
        columns["consumption_now"] = self.consumed.now[rows]
        for s, name in enumerate(states):
            columns[numbered("consumption_later", name)] = self.consumed.later[rows, s]
        return pd.DataFrame(columns)

    def _shown(self, limit: int | None) -> Rows:
        """All members, or so many of them, evenly spread."""
        if limit is None or limit >= self.members:
            return slice(None)
        return np.unique(np.linspace(0, self.members - 1, max(limit, 2)).astype(np.int64))

    def _primitives(self, rows: Rows) -> dict[str, object]:
        """Columns of what members are and own before they trade."""
        places = np.arange(self.members)[rows]
        named = {} if self.names is None else {"name": [self.names[place] for place in places]}
        columns: dict[str, object] = {
            "cohort": self.name,
            **named,
            "member": places,
            **self.utility.rows(rows).columns(),
            "endowed_now": self.now[rows],
        }
        for s, name in enumerate(self.instruments.state_names):
            columns[numbered("endowed_later", name)] = self.goods_later[rows, s]
        for j, name in enumerate(self.instruments.equity_names):
            columns[numbered("endowed_equity", name)] = self.equities[rows, j]
        return columns

    def _resources(self, trades: Trades) -> FloatArray:
        """What the clearing house could seize of each member, shape (members, states)."""
        return self.endowment.later + trades.trade[:, 1:] @ self.instruments.payoffs.T

    def _slopes(
        self, trades: Trades, posted: BondQuotes
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Derivatives of lent, promised, equities and repaid with respect to the quotes."""
        payoffs = self.instruments.payoffs
        states, size = payoffs.shape[0], trades.trade.shape[1]
        width = size + states
        lent, promised = np.zeros(width), np.zeros(width)
        equities, repaid = np.zeros((size - 1, width)), np.zeros((states, width))
        resources = self._resources(trades)
        for first in range(0, self.members, BLOCK):
            rows = slice(first, first + BLOCK)
            some = trades.rows(rows)
            by = trade_slopes(self.endowment.rows(rows), some, self.instruments, posted)
            lent += np.sum(by[some.side > 0, 0], axis=0)
            borrows = some.side < 0
            promised -= np.sum(by[borrows, 0], axis=0)
            equities += np.sum(by[:, 1:], axis=0)
            seized = (borrows[:, None] & (-some.trade[:, :1] > resources[rows])).astype(np.float64)
            solvent = np.where(borrows[:, None], 1.0 - seized, 0.0)
            repaid -= solvent.T @ by[:, 0]
            if size > 1:
                gone = np.einsum("is,ijk->sjk", seized, by[:, 1:])
                repaid += np.einsum("sj,sjk->sk", payoffs, gone)
        return lent, promised, equities, repaid
