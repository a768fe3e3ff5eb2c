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

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

import numpy as np

from markets.adjustment.extrapolated import STEP
from markets.credit.book import CreditBook
from markets.credit.contract import Contract
from markets.credit.event_tree import EventTree
from markets.credit.obligations import Obligations
from markets.credit.pools import deliveries, pooled
from markets.credit.quotes import CreditQuotes, NearbyQuotes
from markets.credit.references import check_references
from markets.market import Market, Start
from markets.quote import BoolArray, Excess, FloatArray, Limits, Quote
from markets.variable import Variable

EMPTY_POOL = 1e-9
"""Debt, as a share of all wealth, up to which a pool counts as empty."""

GOODS_EAGERNESS = (2.0, 4.0)
"""How much faster than contract prices goods prices move, on the scale of the coordinates: where
all utilities are linear, so that demand jumps, and where all are logarithmic or more curved."""

PAYMENT_EAGERNESS = 3.0
"""How much faster than contract prices expected payments move."""

SMALL_MOVE = 1e-6
"""Share by which a quote moves to measure what it changes; budgets are nearly linear in quotes."""

LOWEST_PRICE = 1e-6
"""Smallest price of a good, in units of its starting price."""

HIGHEST = 1e4
"""Largest coordinate: prices of goods in units of the starting price, quotes of a contract in units
of its collateral's value. No equilibrium was seen within a factor of a thousand of it."""

_MEANING = {
    "price": "price of a good, or what the borrower of a contract receives and its holder pays",
    "resale": "price at date 1 of a security of date 0",
    "unit_payment": "what a unit of a pass-through security pays at a node",
}


class CreditTrader(Protocol):
    """What the market learns about a cohort before it opens."""

    members: int
    wealth: FloatArray  # (D, L): what there would be of each good if all was consumed, in total
    curvature: float  # mean relative risk aversion, counted up to 1


class CreditMarket(Market[bool, CreditQuotes, CreditBook, CreditTrader]):
    """Goods, contracts, resale and unit payments on one tree.

    The terms announced say whether an empty pool is expected to deliver what a vanishing borrower
    would.

    Parameters
    ----------
    tree : EventTree
        The tree.
    contracts : sequence of Contract
        What can be issued, and where.
    starting_prices : array (D, L), optional
        Prices of goods to start from, in units of the first good; ones unless given.
    """

    pace: float | FloatArray = STEP

    excess_variables = (
        Variable(
            "excess_price[{instrument}@{node}]",
            "units",
            "demand for {instrument} at {node} less supply",
        ),
        Variable(
            "excess_resale[{instrument}@{node}]",
            "units",
            "securities {instrument} wanted at {node} less those offered again",
        ),
        Variable(
            "excess_unit_payment[{instrument}@{node}]",
            "first good per unit",
            "payment delivered at {node} on {instrument} less the one quoted",
        ),
    )

    def __init__(
        self,
        tree: EventTree,
        contracts: Sequence[Contract],
        starting_prices: FloatArray | None = None,
    ) -> None:
        for contract in contracts:
            contract.check(tree)
        check_references(contracts, tree)
        self.tree, self.contracts = tree, tuple(contracts)
        self.obligations = Obligations(tree, contracts)
        self.starting_prices = (
            np.ones((len(tree.nodes), len(tree.goods)))
            if starting_prices is None
            else starting_prices
        )
        self._name()

    # ------------------------------------------------------------------ quotes
    def open(self, cohorts: Sequence[CreditTrader]) -> None:
        """Learn what there is to trade and how demand bends."""
        self.supply = np.asarray(np.sum([cohort.wealth for cohort in cohorts], axis=0))
        self.total = float(np.mean(np.sum(self.starting_prices * self.supply, axis=1)))
        members = [cohort.members for cohort in cohorts]
        curved = float(np.average([cohort.curvature for cohort in cohorts], weights=members))
        low, high = GOODS_EAGERNESS
        goods = low + curved * (high - low)
        self._eagerness = np.repeat([goods, 1.0, PAYMENT_EAGERNESS], self._counts)

    def first_quotes(self) -> dict[str, float]:
        """Half of what is pledged is lent, and everybody pays the coupon as long as it is owed."""
        obligations = self.obligations
        first, middle, last = obligations.first, obligations.middle, obligations.last
        share = np.concatenate(
            [
                np.ones(self._goods),
                np.full(len(self.contracts), 0.5),
                np.full(middle.size * first.size, 0.25),
            ]
        )
        none = np.zeros((middle.size + last.size) * first.size)
        posted = self.post(np.concatenate([share, none]), True, none)
        return self.named(
            replace(
                posted,
                middle_payment=np.minimum(posted.coupon, posted.seizure),
                last_payment=posted.delivery[:, first],
            )
        )

    def starting_quotes(self, start: Start, rng: np.random.Generator) -> dict[str, float]:
        """Quotes to start from; ``pessimistic``: nobody lends or expects any payment."""
        if start != "pessimistic":
            return super().starting_quotes(start, rng)
        lent = {f"price[{c.name}@{c.issued_at}]" for c in self.contracts}
        return {
            name: 0.0 if name in lent or not name.startswith("price") else value
            for name, value in self.first_quotes().items()
        }

    def random_quotes(self, rng: np.random.Generator) -> dict[str, float]:
        """Quotes drawn from a wide range.

        Those of contracts lie between nothing and all of the collateral's value, those of goods
        between an eighth and eight times the starting price.
        """
        size = len(self.excess_names)
        drawn = rng.uniform(0.0, 1.0, size)
        drawn[: self._goods] = 8.0 ** (2.0 * drawn[: self._goods] - 1.0)
        return self.named(self.post(drawn, True, np.zeros(size)))

    def limits(self, terms: bool) -> Limits:
        """Prices of goods stay positive; what caps a contract's price is its collateral."""
        size = len(self.excess_names)
        lower = np.zeros(size)
        lower[: self._goods] = LOWEST_PRICE
        attained = np.ones(size, dtype=np.bool_)
        attained[: self._goods] = False
        return Limits(lower, np.full(size, HIGHEST), attained, np.zeros(size, dtype=np.bool_))

    def locate(self, quotes: Mapping[str, float], terms: bool) -> FloatArray:
        """Coordinates of some quotes."""
        return np.asarray(np.array([quotes[name] for name in self._moving]) / self.units)

    def post(self, coordinates: FloatArray, terms: bool, moved: FloatArray) -> CreditQuotes:
        """The quotes at some coordinates, with what contracts ask for at them."""
        values, obligations = coordinates * self.units, self.obligations
        middle, first = obligations.middle, obligations.first
        at_middle = (middle.size, first.size)
        pairs = middle.size * first.size
        cuts = np.cumsum([self._goods, len(self.contracts), pairs, pairs])
        goods_values, price, resale, middle_payment, last_payment = np.split(values, cuts)
        goods = np.ones_like(self.starting_prices)
        goods[:, 1:] = goods_values.reshape(len(goods), -1)
        price = np.minimum(price, obligations.pledged(goods))
        resale = resale.reshape(at_middle)
        coupon, seizure = obligations.coupons(goods, price, resale), obligations.seizures(goods)
        delivery = np.minimum(coupon, seizure)[obligations.last]
        return CreditQuotes(
            goods=goods,
            price=price,
            resale=resale,
            middle_payment=middle_payment.reshape(at_middle),
            last_payment=last_payment.reshape(obligations.last.size, first.size),
            coupon=coupon[np.ix_(middle, first)],
            prepayment=obligations.prepayments(goods, price, resale, coupon, delivery),
            seizure=seizure[np.ix_(middle, first)],
            delivery=delivery,
            tremble=terms,
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
                posted.delivery[self.obligations.short],
            ]
        )
        return dict(zip(self._names, values.tolist(), strict=True))

    def nearby(self, coordinates: FloatArray, terms: bool) -> NearbyQuotes:
        """The quotes at some coordinates and at small moves of each."""
        distances = SMALL_MOVE * np.clip(np.abs(coordinates), 1e-3, 1.0)
        moves, none = np.diag(distances), np.zeros(0)
        return NearbyQuotes(
            self.post(coordinates, terms, none),
            [self.post(coordinates + move, terms, none) for move in moves],
            [self.post(coordinates - move, terms, none) for move in moves],
            distances,
        )

    # ------------------------------------------------------------------ clearing
    def excess(self, posted: CreditQuotes, book: CreditBook) -> Excess:
        """Excess demand for goods and securities; delivered less quoted unit payments."""
        middle, last = pooled(self.obligations, posted, book, self.empty(book))
        payments = np.concatenate(
            [(middle - posted.middle_payment).ravel(), (last - posted.last_payment).ravel()]
        )
        traded = self._traded(book)
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

    def empty(self, book: CreditBook) -> BoolArray:
        """Which pools of date 0 have no debt to speak of, (K,)."""
        first = self.obligations.first
        return np.asarray(book.borrowed[first] * self.sizes[first] <= EMPTY_POOL * self.total)

    def imbalance(self, posted: CreditQuotes, book: CreditBook) -> FloatArray:
        """Excess demands, and deliveries less what was promised, as shares of wealth, (n,).

        Linear in the book.
        """
        debt = book.borrowed[self.obligations.first]
        delivered, later = deliveries(self.obligations, posted, book)
        traded = self._traded(book)
        missing = [delivered - posted.middle_payment * debt, later - posted.last_payment * debt]
        value = traded * self.units[: traded.size]
        return np.concatenate([value, *(each.ravel() for each in missing)]) / self.total

    def _traded(self, book: CreditBook) -> FloatArray:
        """Excess demand for goods, for securities at issue, and at resale."""
        resale = book.resold - book.lent[self.obligations.first]
        return np.concatenate(
            [book.goods[:, 1:].ravel(), book.lent - book.borrowed, resale.ravel()]
        )

    def _name(self) -> None:
        """Names and units of every quote."""
        tree, obligations = self.tree, self.obligations
        first = [self.contracts[j].name for j in obligations.first]
        sizes = obligations.pledged(self.starting_prices)
        of_first = np.tile(sizes[obligations.first], obligations.middle.size)
        of_last = np.tile(sizes[obligations.first], obligations.last.size)
        goods = [f"price[{good}@{n}]" for n in tree.names for good in tree.goods[1:]]
        prices = [f"price[{c.name}@{c.issued_at}]" for c in self.contracts]
        resale = [f"resale[{j}@{n}]" for n in tree.middle for j in first]
        payments = [f"unit_payment[{j}@{n}]" for n in (*tree.middle, *tree.last) for j in first]
        short = [
            f"unit_payment[{self.contracts[j].name}@{tree.last[t]}]"
            for t, j in zip(*obligations.short, strict=True)
        ]
        self._goods = len(goods)
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
            Quote(name, money, _MEANING[what], f"{what}[{{instrument}}@{{node}}]")
            for name in self._names
            for what in [name.partition("[")[0]]
        )
