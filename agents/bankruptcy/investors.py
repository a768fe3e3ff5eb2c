"""Investors in a bond and equities: lenders, borrowers and shareholders by their own choice."""

from __future__ import annotations

from dataclasses import dataclass

import mesa
import numpy as np
import pandas as pd

from agents.bankruptcy.best_response import best_trades
from agents.bankruptcy.trade_slopes import trade_slopes
from agents.bankruptcy.trades import Consumption, Endowment, Trades, consumption
from agents.bankruptcy.utility import Utility
from agents.cohort import Cohort
from markets.bankruptcy.market import BondAndEquities, BondQuotes, numbered
from markets.quote import FloatArray
from markets.refused import Refused

BLOCK = 1 << 13
"""Members whose derivatives are worked out at a time, so that intermediate arrays stay small."""


@dataclass(frozen=True, slots=True)
class BondOrders:
    """Orders of a cohort, added up over its members (see :class:`markets.bankruptcy.market.BondBook`).

    ``spent`` is consumption at date 0, ``eaten`` positive consumption in each state of date 1, and
    ``endowed_now`` and ``endowed_later`` what there was before trade.
    """

    lent: float
    promised: float
    equities: FloatArray
    held: FloatArray
    repaid: FloatArray
    lent_slope: FloatArray
    promised_slope: FloatArray
    equities_slope: FloatArray
    repaid_slope: FloatArray
    spent: float
    eaten: FloatArray
    endowed_now: float
    endowed_later: FloatArray


class Investors(Cohort):
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

    Raises
    ------
    Refused
        If shapes disagree or an endowment is not positive (assumption A3).
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        *,
        utility: Utility,
        now: FloatArray,
        later: FloatArray,
        equities: FloatArray,
    ) -> None:
        self.now = np.asarray(now, dtype=np.float64)
        self.goods_later = np.asarray(later, dtype=np.float64)
        self.equities = np.asarray(equities, dtype=np.float64)
        members = self.now.size
        if self.now.ndim != 1 or members == 0:
            raise Refused(f"{name}: now has shape {self.now.shape}; it must be one a member")
        for field, array in (("later", self.goods_later), ("equities", self.equities)):
            if array.ndim != 2 or array.shape[0] != members:
                raise Refused(
                    f"{name}: {field} has shape {array.shape}; it must have a row for each of the"
                    f" {members} members"
                )
        for field, array in (("now", self.now), ("later", self.goods_later)):
            if not np.all(array > 0.0):
                raise Refused(f"{name}: {field} has {np.min(array)}; each must be above 0")
        if not np.all(self.equities >= 0.0):
            raise Refused(f"{name}: equities has {np.min(self.equities)}; each at least 0")
        super().__init__(model, name, members)
        self.utility = utility
        self._last: Trades | None = None
        self.posted: BondQuotes | None = None

    def open(self, instruments: BondAndEquities) -> None:
        """Learn what is traded, and refuse endowments that do not fit it."""
        for field, given, wanted in (
            ("later", self.goods_later.shape[1], instruments.states),
            ("equities", self.equities.shape[1], instruments.equities),
        ):
            if given != wanted:
                raise Refused(
                    f"{self.name}: {field} has {given} entries a member; it must have {wanted}"
                )
        self.instruments = instruments
        self.endowment = Endowment(
            self.utility,
            self.now,
            self.goods_later + self.equities @ instruments.payoffs.T,
            self.equities,
        )

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
        bends = -self.utility.curvature_later(self.endowment.later) * self.instruments.probabilities
        payoffs = np.column_stack([np.ones(self.instruments.states), self.instruments.payoffs])
        weight = self.utility.marginal_now(self.now)
        risk = np.einsum("sj,is,sk->ijk", payoffs, bends, payoffs)
        return np.asarray(np.sum(weight[:, None, None] * np.linalg.inv(risk), axis=0))

    def trades(self, posted: BondQuotes) -> Trades:
        """Best response of every member; the search begins at the last one found."""
        return best_trades(self.endowment, self.instruments, posted, self._last)

    def respond(self, posted: BondQuotes) -> BondOrders:
        """Orders at the posted quotes with their derivatives, added up over the members."""
        trades = self._last = self.trades(posted)
        eaten = consumption(self.endowment, trades, self.instruments, posted)
        bond = trades.trade[:, 0]
        promised = np.maximum(-bond, 0.0)
        resources = self._resources(trades)
        lent_slope, promised_slope, equities_slope, repaid_slope = self._slopes(trades, posted)
        return BondOrders(
            lent=float(np.sum(np.maximum(bond, 0.0))),
            promised=float(np.sum(promised)),
            equities=np.sum(trades.trade[:, 1:], axis=0),
            held=np.sum(self.equities, axis=0),
            repaid=np.sum(np.minimum(promised[:, None], resources), axis=0),
            lent_slope=lent_slope,
            promised_slope=promised_slope,
            equities_slope=equities_slope,
            repaid_slope=repaid_slope,
            spent=float(np.sum(eaten.now)),
            eaten=np.sum(np.maximum(eaten.later, 0.0), axis=0),
            endowed_now=float(np.sum(self.now)),
            endowed_later=np.sum(self.endowment.later, axis=0),
        )

    def hold(self, posted: BondQuotes, placed: object) -> None:
        """Take the trades that are best at the posted quotes."""
        self.posted = posted
        self.held = self._last = self.trades(posted)
        self.eaten: Consumption = consumption(self.endowment, self.held, self.instruments, posted)

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives, trades and consumption, a row a member."""
        if self.posted is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        rows: slice | np.ndarray = slice(None)
        if limit is not None and limit < self.members:
            rows = np.unique(np.linspace(0, self.members - 1, max(limit, 2)).astype(np.int64))
        states, equities = self.instruments.state_names, self.instruments.equity_names
        columns: dict[str, object] = {
            "cohort": self.name,
            "member": np.arange(self.members)[rows],
            **self.utility.rows(rows).columns(),
            "endowed_now": self.now[rows],
        }
        for s, name in enumerate(states):
            columns[numbered("endowed_later", name)] = self.goods_later[rows, s]
        for j, name in enumerate(equities):
            columns[numbered("endowed_equity", name)] = self.equities[rows, j]
        columns["bond"] = self.held.trade[rows, 0]
        for j, name in enumerate(equities):
            columns[numbered("equity", name)] = self.held.trade[rows, 1 + j]
        columns["consumption_now"] = self.eaten.now[rows]
        for s, name in enumerate(states):
            columns[numbered("consumption_later", name)] = self.eaten.later[rows, s]
        return pd.DataFrame(columns)

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
