"""Investors who deliver on their promises what they choose to, and are punished for the rest."""

from __future__ import annotations

from collections.abc import Sequence

import mesa
import numpy as np
import pandas as pd

from agents.bankruptcy.best_response import BLOCK
from agents.bankruptcy.default_response import Answer, Penalised, best_plans
from agents.bankruptcy.investors import Investors
from agents.bankruptcy.plans import Plans, consumed
from agents.bankruptcy.utility import Rows, Utility
from markets.bankruptcy.default_market import TREMBLE, DefaultBook
from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from markets.refused import Infeasible, Refused
from markets.variable import Variable

FOLLOW = 0.4
"""Share of the way to this round's plans by which those move that the next round's stay close to.
Where Newton's rule moves the price of a promise to which debtors are indifferent, errors of plans
follow e'' = e' - FOLLOW e, which shrinks them by the root of FOLLOW in every round; at one they
would go round for ever. Where plans follow prices at once they shrink by 1 - FOLLOW."""


class Defaulters(Investors):
    r"""Investors without bankruptcy: a separable penalty is all that makes them deliver.

    Parameters
    ----------
    model, name, utility, now, later, equities, names
        As for :class:`agents.bankruptcy.investors.Investors`.
    penalty : array of shape (members, states)
        :math:`\lambda_s \ge 0`, utility lost per good of default in a state.

    Raises
    ------
    Refused
        If a penalty is negative, or there is not one per member and state.
    """

    variables = (
        *Investors.variables,
        Variable("penalty[{node}]", "utility per good", "loss from a unit of default"),
        Variable("lent", "bonds", "bonds bought"),
        Variable("promised", "bonds", "bonds issued"),
        Variable("delivered[{node}]", "goods", "paid on what was promised"),
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
        penalty: FloatArray,
        names: Sequence[str] | None = None,
    ) -> None:
        super().__init__(
            model, name, utility=utility, now=now, later=later, equities=equities, names=names
        )
        if penalty.shape != self.goods_later.shape:
            raise Refused(
                f"{name}: penalty has shape {penalty.shape}; it must be one per member and state,"
                f" {self.goods_later.shape}"
            )
        wrong = penalty[~((penalty >= 0.0) & np.isfinite(penalty))]
        if wrong.size:
            raise Refused(f"{name}: penalty has {wrong[0]}; each must be finite and at least 0")
        self.penalty = penalty

    def open(self, instruments: BondAndEquities) -> None:
        """Learn what is traded; plans begin without trade."""
        super().open(instruments)
        self._everyone = Penalised(self.endowment, self.penalty)
        self._before = Plans.none(self.members, instruments)
        self._last: tuple[BondQuotes, Plans] | None = None

    def respond(self, posted: BondQuotes) -> DefaultBook:
        """Orders and deliveries at the posted quotes with their derivatives, added up."""
        size = 2 + self.instruments.equities
        slopes = np.zeros((size + self.instruments.states, size - 1 + self.instruments.states))
        blocks = []
        for first in range(0, self.members, BLOCK):
            answer = self._best(posted, slice(first, first + BLOCK))
            slopes += np.sum(answer.slopes, axis=0)
            blocks.append(answer.plans.array)
        plans = Plans.of(np.vstack(blocks), size - 2)
        self._last = (posted, plans)
        eaten = consumed(self.endowment, plans, self.instruments, posted)
        keeps = self.utility.marginal_later(eaten.later) < self.penalty
        moved = np.abs(plans.array - self._before.array)[:, :size] @ np.concatenate(
            [[posted.bond_price] * 2, posted.equity_prices]
        )
        return DefaultBook(
            lent=float(np.sum(plans.lent)),
            promised=float(np.sum(plans.promised)),
            equities=np.sum(plans.equities, axis=0),
            held=np.sum(self.equities, axis=0),
            repaid=np.sum(plans.delivered, axis=0),
            lent_slope=slopes[0],
            promised_slope=slopes[1],
            equities_slope=slopes[2:size],
            repaid_slope=slopes[size:],
            consumed_now=float(np.sum(eaten.now)),
            consumed_later=np.sum(eaten.later, axis=0),
            endowed_now=float(np.sum(self.now)),
            endowed_later=np.sum(self.endowment.later, axis=0),
            moved=float(np.sum(moved)),
            trembled=TREMBLE * float(np.sum(self.now)),
            kept=TREMBLE * np.sum(self.now[:, None] * keeps, axis=0),
        )

    def remember(self, posted: BondQuotes) -> None:
        """The plans that the next round's stay close to follow this round's."""
        if self._last is None or self._last[0] is not posted:
            self.respond(posted)
        assert self._last is not None
        before, plans = self._before.array, self._last[1].array
        self._before = Plans.of(before + FOLLOW * (plans - before), self.instruments.equities)

    def hold(self, posted: BondQuotes, placed: None) -> None:
        """Take the plans that the last orders at the posted quotes were."""
        if self._last is None or self._last[0] is not posted:
            self.respond(posted)
        assert self._last is not None
        self.posted, self.planned = posted, self._last[1]
        self.consumed = consumed(self.endowment, self.planned, self.instruments, posted)

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives, trades, deliveries and consumption, one row per member."""
        if self.posted is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        rows: Rows = self._shown(limit)
        columns = self._primitives(rows)
        states, equities = self.instruments.state_names, self.instruments.equity_names
        for s, name in enumerate(states):
            columns[numbered("penalty", name)] = self.penalty[rows, s]
        plans = self.planned.rows(rows)
        columns["bond"] = plans.lent - plans.promised
        columns["lent"], columns["promised"] = plans.lent, plans.promised
        for j, name in enumerate(equities):
            columns[numbered("equity", name)] = plans.equities[:, j]
        for s, name in enumerate(states):
            columns[numbered("delivered", name)] = plans.delivered[:, s]
        columns["consumption_now"] = self.consumed.now[rows]
        for s, name in enumerate(states):
            columns[numbered("consumption_later", name)] = self.consumed.later[rows, s]
        return pd.DataFrame(columns)

    def _best(self, posted: BondQuotes, rows: slice) -> Answer:
        try:
            return best_plans(
                self._everyone.rows(rows), self.instruments, posted, self._before.rows(rows)
            )
        except Infeasible as error:
            raise Infeasible(f"{self.name}: {error}") from None
