r"""Markets for goods and for pooled credit on an event tree.

Every contract is pooled into a pass-through security that costs what its borrowers receive. The
market posts, at every node, prices of goods (in units of the first good), contract prices
:math:`q`, resale prices :math:`\pi` of the securities of date 0, and the unit payments :math:`N`
that holders of those securities expect. Expectations are cleared like prices: the residual of a
unit payment is what borrowers' orders deliver per unit of debt, less what was quoted.

Coordinates have no unit: goods prices are measured in starting prices, and every quote of a
contract as a share of what its collateral is worth at those prices. Nobody lends more than the
collateral is worth at the prices posted.

Source: Iraola and Torres-Martinez (SDT 364), section 2, equilibrium conditions (ii) to (iv).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Protocol

import numpy as np

from markets.credit.contract import (
    BackwardPrepayment,
    Contract,
    FixedRateCoupon,
    ForwardPrepayment,
    RealCoupon,
    RealPrepayment,
    collateral_at,
)
from markets.credit.event_tree import EventTree
from markets.credit.quotes import CreditBook, CreditQuotes, NearbyQuotes
from markets.quote import BoolArray, Excess, FloatArray, Limits, Quote

EMPTY_POOL = 1e-9
"""Debt, as a share of all wealth, below which a pool counts as empty."""

GOODS_EAGERNESS = (4.0, 12.0)
"""How much faster than contract prices goods prices move, on the scale of the coordinates: where
all utilities are linear, so that demand jumps, and where all are logarithmic or more curved."""

PAYMENT_EAGERNESS = 3.0
"""How much faster than contract prices expected payments move."""

SMALL_MOVE = 1e-6
"""Share by which a quote moves to measure what it changes; budgets are nearly linear in quotes."""

LOWEST_PRICE = 1e-6
"""Smallest price of a good, in units of its starting price."""

_MEANING = {
    "price": "price of a good, or what the borrower of a contract receives and its holder pays",
    "resale": "price at date 1 of a security of date 0",
    "unit_payment": "what a unit of a pass-through security pays at a node",
}


class Endowed(Protocol):
    """What the market learns of a cohort before it opens."""

    members: int
    wealth: FloatArray  # (D, L): what there would be of each good if all was consumed, in total
    curvature: float  # mean relative risk aversion, counted up to 1


class CreditMarket:
    """Goods, contracts, resale and unit payments on one tree.

    Parameters
    ----------
    tree : EventTree
        The tree.
    contracts : sequence of Contract
        What can be issued, and where.
    starting_prices : array (D, L), optional
        Prices of goods to start from, in units of the first good; ones unless given.
    """

    def __init__(
        self,
        tree: EventTree,
        contracts: Sequence[Contract],
        starting_prices: FloatArray | None = None,
    ) -> None:
        for contract in contracts:
            contract.check(tree)
        self.tree, self.contracts = tree, tuple(contracts)
        nodes, goods = len(tree.nodes), len(tree.goods)
        self.starting_prices = (
            np.ones((nodes, goods)) if starting_prices is None else starting_prices
        )
        self.issued = np.array([tree.places[c.issued_at] for c in contracts], dtype=np.int64)
        self.middle = np.array([tree.places[name] for name in tree.middle], dtype=np.int64)
        self.last = np.array([tree.places[name] for name in tree.last], dtype=np.int64)
        self.first = np.flatnonzero(self.issued == tree.places[tree.root])
        before = tree.predecessors
        self.last_after = np.array(
            [int(np.flatnonzero(self.middle == before[t])[0]) for t in self.last], dtype=np.int64
        )
        self._tabulate()
        self._name()

    # ------------------------------------------------------------------ the market's protocol
    def open(self, cohorts: Sequence[Endowed]) -> None:
        """Learn what there is to trade and how demand bends."""
        supply = np.sum([cohort.wealth for cohort in cohorts], axis=0)
        self.total = float(np.mean(np.sum(self.starting_prices * supply, axis=1)))
        members = [cohort.members for cohort in cohorts]
        curved = float(np.average([cohort.curvature for cohort in cohorts], weights=members))
        low, high = GOODS_EAGERNESS
        goods = low + curved * (high - low)
        self._eagerness = np.repeat([goods, 1.0, PAYMENT_EAGERNESS], self._counts)

    def first_quotes(self) -> dict[str, float]:
        """Half of what is pledged is lent, and everybody pays the coupon as long as it is owed."""
        share = np.concatenate(
            [
                np.ones(self._goods),
                np.full(len(self.contracts), 0.5),
                np.full(self.middle.size * self.first.size, 0.25),
            ]
        )
        none = np.zeros((self.middle.size + self.last.size) * self.first.size)
        posted = self.post(np.concatenate([share, none]), True, none)
        return self.named(
            replace(
                posted,
                middle_payment=np.minimum(posted.coupon, posted.seizure),
                last_payment=posted.delivery[:, self.first],
            )
        )

    def far_quotes(self, rng: np.random.Generator) -> dict[str, float]:
        """Quotes drawn from a wide range.

        Those of contracts lie between nothing and all of the collateral's value, those of goods
        between an eighth and eight times the starting price.
        """
        size = len(self.excess_names)
        drawn = rng.uniform(0.0, 1.0, size)
        drawn[: self._goods] = 8.0 ** (2.0 * drawn[: self._goods] - 1.0)
        return self.named(self.post(drawn, True, np.zeros(size)))

    def limits(self, terms: Any) -> Limits:
        """Prices of goods stay positive; what caps a contract's price is its collateral."""
        size = len(self.excess_names)
        lower, upper = np.zeros(size), np.full(size, np.inf)
        lower[: self._goods] = LOWEST_PRICE
        attained = np.ones(size, dtype=np.bool_)
        attained[: self._goods] = False
        return Limits(lower, upper, attained, np.zeros(size, dtype=np.bool_))

    def locate(self, quotes: dict[str, float], terms: Any) -> FloatArray:
        """Coordinates of some quotes."""
        return np.asarray(np.array([quotes[name] for name in self._moving]) / self.units)

    def _pledged(self, goods: FloatArray) -> FloatArray:
        """Value of the collateral of each contract when it is issued, (J,)."""
        return np.asarray(np.sum(goods[self.issued] * self.collateral, axis=1))

    def post(self, coordinates: FloatArray, terms: Any, moved: FloatArray) -> CreditQuotes:
        """The quotes at some coordinates, with what contracts ask for at them."""
        values = coordinates * self.units
        first = self.first
        cuts = np.cumsum([self._goods, len(self.contracts), self.middle.size * first.size])
        goods_values, price, resale, payments = np.split(values, cuts)
        goods = np.ones_like(self.starting_prices)
        goods[:, 1:] = goods_values.reshape(len(goods), -1)
        price = np.minimum(price, self._pledged(goods))
        coupon, seizure = self._coupons(goods, price), self._seizures(goods)
        delivery = np.minimum(coupon, seizure)[self.last]
        middle_payment, last_payment = np.split(payments, [self.middle.size * first.size])
        at_middle = np.ix_(self.middle, first)
        return CreditQuotes(
            goods=goods,
            price=price,
            resale=resale.reshape(self.middle.size, first.size),
            middle_payment=middle_payment.reshape(self.middle.size, first.size),
            last_payment=last_payment.reshape(self.last.size, first.size),
            coupon=coupon[at_middle],
            prepayment=self._prepayments(goods, price, coupon, delivery),
            seizure=seizure[at_middle],
            delivery=delivery,
            tremble=bool(terms),
        )

    def named(self, posted: CreditQuotes) -> dict[str, float]:
        """The quotes by name."""
        values = np.concatenate(
            [
                posted.goods[:, 1:].ravel(),
                posted.price,
                posted.resale.ravel(),
                posted.middle_payment.ravel(),
                posted.last_payment.ravel(),
                posted.delivery[self.short],
            ]
        )
        return dict(zip(self._names, values.tolist(), strict=True))

    def excess(self, posted: CreditQuotes, book: CreditBook) -> Excess:
        """Excess demand for goods and securities; delivered less quoted unit payments."""
        middle, last = pooled(self, posted, book)
        payments = np.concatenate(
            [(middle - posted.middle_payment).ravel(), (last - posted.last_payment).ravel()]
        )
        traded = self.traded(book)
        units = np.concatenate([traded, payments])
        value = units * self.units
        share = np.concatenate(
            [value[: traded.size] / self.total, payments / self.units[traded.size :]]
        )
        return Excess(
            residual=self._eagerness * share,
            share=np.clip(share, -1.0, 1.0),
            units=units,
            unrest=book.unrest,
        )

    def traded(self, book: CreditBook) -> FloatArray:
        """Excess demand for goods, for securities at issue, and at resale."""
        issue, resale = book.lent - book.borrowed, book.resold - book.lent[self.first]
        return np.concatenate([book.goods[:, 1:].ravel(), issue, resale.ravel()])

    def nearby(self, coordinates: FloatArray, terms: Any) -> NearbyQuotes:
        """The quotes at some coordinates and at small moves of each."""
        distances = SMALL_MOVE * np.clip(np.abs(coordinates), 1e-3, 1.0)
        moves, none = np.diag(distances), np.zeros(0)
        return NearbyQuotes(
            self.post(coordinates, terms, none),
            [self.post(coordinates + move, terms, none) for move in moves],
            [self.post(coordinates - move, terms, none) for move in moves],
            distances,
        )

    def depth(
        self, posted: CreditQuotes, book: CreditBook, coordinates: FloatArray
    ) -> FloatArray | None:
        """Nothing: orders of traders with inertia say little about the slope of demand."""
        return None

    # ------------------------------------------------------------------ tables made once
    def _tabulate(self) -> None:
        """What contracts ask for, as arrays over nodes and contracts."""
        tree, contracts, goods = self.tree, self.contracts, len(self.tree.goods)
        shape = (len(tree.nodes), len(contracts))
        self.collateral = np.array([[float(v) for v in c.collateral] for c in contracts]).reshape(
            len(contracts), goods
        )
        self.seized = np.zeros((*shape, goods))
        self._real_coupon = np.zeros((*shape, goods))
        self._rate_coupon = np.zeros(shape)
        self._index = np.zeros((len(contracts), goods))
        self._nominal: BoolArray = np.ones(len(contracts), dtype=np.bool_)
        self._real_prepayment = np.zeros((self.middle.size, self.first.size, goods))
        self._rate_prepayment = np.zeros(self.first.size)
        self._discount = np.zeros((self.last.size, self.first.size))
        self._forward = np.zeros((self.first.size, 2), dtype=np.bool_)  # of coupons, of deliveries
        for j, contract in enumerate(contracts):
            later = list(tree.after(contract.issued_at))
            if contract.issued_at == tree.root:
                later += tree.last
            for name in later:
                self.seized[tree.places[name], j] = [
                    float(v) for v in collateral_at(contract, name, tree)
                ]
            coupon = contract.coupon
            if isinstance(coupon, RealCoupon):
                for name, bundle in coupon.bundles.items():
                    self._real_coupon[tree.places[name], j] = [float(v) for v in bundle]
            else:
                factor = 1.0 / (1.0 + float(coupon.rate))
                owed = 1.0 / (factor + factor**2) if contract.issued_at == tree.root else 1 / factor
                self._rate_coupon[[tree.places[name] for name in later], j] = owed
                if coupon.index is not None:
                    self._nominal[j] = False
                    self._index[j] = [float(v) for v in coupon.index]
        for k, j in enumerate(self.first.tolist()):
            rule = contracts[j].prepayment
            if isinstance(rule, RealPrepayment):
                for m, name in enumerate(tree.middle):
                    self._real_prepayment[m, k] = [float(v) for v in rule.bundles[name]]
            elif isinstance(rule, BackwardPrepayment):
                coupon = contracts[j].coupon
                assert isinstance(coupon, FixedRateCoupon)
                self._rate_prepayment[k] = 1.0 + float(coupon.rate)
            elif isinstance(rule, ForwardPrepayment):
                self._discount[:, k] = [float(rule.discount[name]) for name in tree.last]
                self._forward[k] = (rule.of == "coupons", rule.of == "deliveries")

    def _name(self) -> None:
        """Names and units of every quote."""
        tree, first = self.tree, [self.contracts[j].name for j in self.first]
        sizes = np.sum(self.starting_prices[self.issued] * self.collateral, axis=1)
        of_first = np.tile(sizes[self.first], self.middle.size)
        of_last = np.tile(sizes[self.first], self.last.size)
        goods = [f"price[{good}@{n}]" for n in tree.names for good in tree.goods[1:]]
        prices = [f"price[{c.name}@{c.issued_at}]" for c in self.contracts]
        resale = [f"resale[{j}@{n}]" for n in tree.middle for j in first]
        payments = [f"unit_payment[{j}@{n}]" for n in (*tree.middle, *tree.last) for j in first]
        self.short = tuple(
            np.array(
                [
                    (t, j)
                    for j, c in enumerate(self.contracts)
                    for t, place in enumerate(self.last)
                    if tree.predecessors[place] == self.issued[j]
                ],
                dtype=np.int64,
            )
            .reshape(-1, 2)
            .T
        )
        short = [
            f"unit_payment[{self.contracts[j].name}@{tree.last[t]}]"
            for t, j in zip(*self.short, strict=True)
        ]
        self._goods, self._payments = len(goods), len(goods) + len(prices) + len(resale)
        self._moving = [*goods, *prices, *resale, *payments]
        self._names = [*self._moving, *short]
        self.units = np.concatenate(
            [self.starting_prices[:, 1:].ravel(), sizes, of_first, of_first, of_last]
        )
        self.sizes = sizes
        self._counts = [len(goods), len(prices) + len(resale), len(payments)]
        self.disposable = np.repeat([False, True, False], self._counts)
        self.prices = np.repeat([True, True, False], self._counts)
        self.excess_names = tuple(f"excess_{name}" for name in self._moving)
        money = f"{tree.goods[0]} per unit"
        self.quotes = tuple(
            Quote(name, money, _MEANING[name.partition("[")[0]]) for name in self._names
        )

    # ------------------------------------------------------------------ what contracts ask for
    def _seizures(self, goods: FloatArray) -> FloatArray:
        """Value of the collateral of one unit at every node, (D, J)."""
        return np.asarray(np.einsum("njl,nl->nj", self.seized, goods))

    def _coupons(self, goods: FloatArray, price: FloatArray) -> FloatArray:
        """Coupon of one unit at every node, (D, J)."""
        real = np.einsum("njl,nl->nj", self._real_coupon, goods)
        return np.asarray(real + self._rate_coupon * price * self._adjusted(goods))

    def _adjusted(self, goods: FloatArray) -> FloatArray:
        """Growth of each contract's price index since its issue, (D, J)."""
        index = goods @ self._index.T
        at_issue = np.where(self._nominal, 1.0, index[self.issued, np.arange(self._nominal.size)])
        return np.where(self._nominal, 1.0, index / at_issue)

    def _prepayments(
        self, goods: FloatArray, price: FloatArray, coupon: FloatArray, delivery: FloatArray
    ) -> FloatArray:
        """Cost of prepaying one unit at date 1, (M, K)."""
        first = self.first
        at_middle = np.ix_(self.middle, first)
        real = np.einsum("mkl,ml->mk", self._real_prepayment, goods[self.middle])
        backward = self._rate_prepayment * price[first] * self._adjusted(goods)[at_middle]
        owed = np.where(self._forward[:, 0], coupon[np.ix_(self.last, first)], delivery[:, first])
        ahead = np.zeros_like(real)
        np.add.at(ahead, self.last_after, self._discount * owed)
        forward = np.where(np.any(self._forward, axis=1), coupon[at_middle] + ahead, 0.0)
        return np.asarray(real + backward + forward)


def pooled(
    market: CreditMarket, posted: CreditQuotes, book: CreditBook
) -> tuple[FloatArray, FloatArray]:
    r"""Deliveries per unit of debt that the book implies, at date 1 (M, K) and date 2 (T, K).

    Equilibrium condition (iv). A pool without debt delivers nothing per nothing: with the
    *tremble* it is expected to pay what a vanishing borrower would,
    :math:`\min(B, pC)` at date 1 and :math:`R` at date 2, otherwise what was quoted.
    """
    debt = book.borrowed[market.first]
    delivered, later = deliveries(market, posted, book)
    delivery = posted.delivery[:, market.first]
    empty = debt * market.sizes[market.first] <= EMPTY_POOL * market.total
    owed = np.where(empty, 1.0, debt)
    if posted.tremble:
        middle_floor, last_floor = np.minimum(posted.prepayment, posted.seizure), delivery
    else:
        middle_floor, last_floor = posted.middle_payment, posted.last_payment
    return (
        np.where(empty, middle_floor, delivered / owed),
        np.where(empty, last_floor, later / owed),
    )


def deliveries(
    market: CreditMarket, posted: CreditQuotes, book: CreditBook
) -> tuple[FloatArray, FloatArray]:
    """What borrowers of date 0 deliver to each pool, at date 1 (M, K) and date 2 (T, K)."""
    seized = book.borrowed[market.first] - book.kept - book.prepaid
    delivered = (
        posted.coupon * book.kept + posted.prepayment * book.prepaid + posted.seizure * seized
    )
    return delivered, posted.delivery[:, market.first] * book.kept[market.last_after]


def imbalance(market: CreditMarket, posted: CreditQuotes, book: CreditBook) -> FloatArray:
    """Excess demands, and deliveries less what the quoted payments promise, as shares of wealth.

    One a coordinate; linear in the book.
    """
    debt = book.borrowed[market.first]
    delivered, later = deliveries(market, posted, book)
    traded = market.traded(book)
    missing = [delivered - posted.middle_payment * debt, later - posted.last_payment * debt]
    value = traded * market.units[: traded.size]
    return np.concatenate([value, *(each.ravel() for each in missing)]) / market.total
