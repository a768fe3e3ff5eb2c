"""The clearing house of pooled credit: what borrowers deliver, it passes through."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from agents.credit.auction import Schedule, Tally
from agents.credit.households import HouseholdOrders
from agents.credit.plan import Plan
from markets.credit.book import CreditBook
from markets.credit.pools import pooled
from markets.credit.quotes import CreditQuotes, NearbyQuotes
from markets.quote import FloatArray
from markets.variable import Variable


@dataclass(frozen=True, slots=True)
class PoolAccounts:
    """Accounts of the pools on a netted book.

    Attributes
    ----------
    balance : float
        Largest difference, over nodes and pools, between what borrowers deliver and what the pool
        passes on at the unit payments that it works out; zero.
    split : float
        Largest debt that is neither kept, prepaid nor defaulted on; zero.
    walras : float
        Largest value of all excess demands at a node, unit payments counted; zero since every
        household spends its income.
    """

    balance: float
    split: float
    walras: float

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        return {"pool_balance": self.balance, "debt_unaccounted": self.split, "walras": self.walras}


class CreditPool(ClearingHouse[bool, CreditQuotes, CreditBook, HouseholdOrders, None]):
    """Pools each contract into a pass-through security.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    plan : Plan
        Where the parts of households' plans are.
    tremble : bool
        Whether holders expect an empty pool to pay what a vanishing borrower would deliver. If
        not, distrust of an empty pool confirms itself.
    """

    variables = (
        Variable("pool_balance", "first good", "largest delivery that is not passed on; zero"),
        Variable("debt_unaccounted", "units", "debt neither kept, prepaid nor defaulted on; zero"),
        Variable("walras", "first good", "largest value of all excess demands at a node; zero"),
    )

    def __init__(self, model: mesa.Model, plan: Plan, *, tremble: bool = True) -> None:
        super().__init__(model)
        self.plan, self.tremble = plan, tremble

    def charge(self, quotes: Mapping[str, float]) -> bool:
        """Whether an empty pool is expected to pay what a vanishing borrower would deliver."""
        return self.tremble

    def net(self, orders: Sequence[HouseholdOrders]) -> CreditBook:
        """Add up orders, exactly rounded, part by part."""
        total, goods = self._sums(orders)
        return self._totals(total, goods, max(order.unrest for order in orders))

    def tally(self, nearby: NearbyQuotes, schedules: Sequence[Schedule]) -> Tally:
        """Add up schedules, and how the imbalance of every market answers to them.

        The imbalance is linear in plans; what quotes change directly is measured around them.
        """
        market, posted = self.plan.market, nearby.posted
        book = self._totals(*self._sums(schedules))
        answers = np.column_stack(
            [
                market.imbalance(posted, self._totals(change, self.plan.demand @ change))
                for change in np.sum([s.answers for s in schedules], axis=0).T
            ]
        )
        directly = [
            market.imbalance(above, book) - market.imbalance(below, book)
            for above, below in zip(nearby.above, nearby.below, strict=True)
        ]
        answers[:, 2:] += np.column_stack(directly) / (2.0 * nearby.distances)
        return Tally(market.imbalance(posted, book), answers)

    def _sums(
        self, orders: Sequence[HouseholdOrders] | Sequence[Schedule]
    ) -> tuple[FloatArray, FloatArray]:
        """Sum of plans, exactly rounded, and of what they consume."""
        plans = np.stack([order.plan for order in orders])
        total = np.array([math.fsum(column) for column in plans.T])
        return total, np.asarray(np.sum([order.goods for order in orders], axis=0))

    def _totals(self, total: FloatArray, goods: FloatArray, unrest: float = 0.0) -> CreditBook:
        """The netted book of plans with this sum."""
        parts = {name: total[places] for name, places in self.plan.parts.items() if name != "x"}
        return CreditBook(goods=goods, unrest=unrest, **parts)

    def settle(self, posted: CreditQuotes, book: CreditBook) -> PoolAccounts:
        """Collect deliveries, pass them through, and draw up the accounts."""
        market, obligations = self.plan.market, self.plan.obligations
        empty = market.empty(book)
        middle, _ = pooled(obligations, posted, book, empty)
        debt = book.borrowed[obligations.first]
        delivered = (
            posted.coupon * book.kept
            + posted.prepayment * book.prepaid
            + posted.seizure * book.defaulted
        )
        balance = np.where(empty, 0.0, delivered - middle * debt)
        split = book.kept + book.prepaid + book.defaulted - debt
        return PoolAccounts(
            balance=float(np.max(np.abs(balance), initial=0.0)),
            split=float(np.max(np.abs(split), initial=0.0)),
            walras=self._walras(posted, book, delivered),
        )

    def redundant(self, posted: CreditQuotes, book: CreditBook) -> Mapping[str, float]:
        """Excess demand for the first good at every node, as a share of what there is.

        Its price is one, and no rule moves it: its markets are those that the budgets of a node
        leave over.
        """
        tree, supply = self.plan.market.tree, self.plan.market.supply[:, 0]
        shares = (book.goods[:, 0] / supply).tolist()
        names = (f"{tree.goods[0]} at node {node}" for node in tree.names)
        return dict(zip(names, shares, strict=True))

    def _walras(self, posted: CreditQuotes, book: CreditBook, delivered: FloatArray) -> float:
        """Largest value of excess demands at a node, as a share of wealth."""
        market, obligations = self.plan.market, self.plan.obligations
        value = np.sum(posted.goods * book.goods, axis=1)
        np.add.at(value, obligations.issued, posted.price * (book.lent - book.borrowed))
        lent = book.lent[obligations.first]
        resold = posted.resale * (book.resold - lent) - posted.middle_payment * lent + delivered
        np.add.at(value, obligations.middle, np.sum(resold, axis=1))
        after = obligations.last_after
        kept = book.kept[after] * posted.delivery[:, obligations.first]
        due = posted.last_payment * book.resold[after]
        np.add.at(value, obligations.last, np.sum(kept - due, axis=1))
        t, j = obligations.short
        owed = posted.delivery[t, j] * (book.borrowed[j] - book.lent[j])
        np.add.at(value, obligations.last[t], owed)
        return float(np.max(np.abs(value))) / market.total
