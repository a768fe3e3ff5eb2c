r"""A household's plan on an event tree: which numbers it chooses, and what they cost.

A plan is a vector :math:`z \ge 0` of autonomous consumption :math:`x`, securities bought at issue
and held after resale :math:`\theta`, contracts issued :math:`\varphi`, and at date 1 for every
contract of date 0 the debt that is kept :math:`\varphi^\alpha`, prepaid :math:`\varphi^\beta` and
defaulted on :math:`\varphi^\gamma`. In matrices,

.. math:: c = K z, \qquad E z = b, \qquad z \ge 0,

where the rows of :math:`E` are the budgets, one per node, and
:math:`\varphi - \varphi^\alpha - \varphi^\beta - \varphi^\gamma = 0`, one per node of date 1 and
contract of date 0. All households share :math:`K` and :math:`E`; they differ in :math:`b` and in
tastes. Budgets hold with equality without loss: consumption takes up any slack.

Source: Iraola and Torres-Martinez (SDT 364), section 2, constraints (B) and (S).
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from markets.credit.market import CreditMarket
from markets.credit.obligations import Places
from markets.credit.quotes import CreditQuotes
from markets.quote import FloatArray

PART_NAMES = {"x": "consumed freely", "resold": "held after resale"}
"""Names of parts of a plan in tables, where the short ones would not be understood."""


class Plan:
    """Where the parts of a plan are, and the matrices of consumption and budgets.

    Parameters
    ----------
    market : CreditMarket
        The tree, its goods and its contracts.
    """

    def __init__(self, market: CreditMarket) -> None:
        self.market, self.obligations = market, market.obligations
        nodes, goods = market.starting_prices.shape
        middle, first = self.obligations.middle.size, self.obligations.first.size
        contracts = len(market.contracts)
        shapes = {
            "x": (nodes, goods),
            "lent": (contracts,),
            "resold": (middle, first),
            "borrowed": (contracts,),
            "kept": (middle, first),
            "prepaid": (middle, first),
            "defaulted": (middle, first),
        }
        self.parts: dict[str, Places] = {}
        start = 0
        for name, shape in shapes.items():
            size = int(np.prod(shape))
            self.parts[name] = np.arange(start, start + size).reshape(shape)
            start += size
        self.size = start
        self.rows = nodes + middle * first

    # ------------------------------------------------------------------ fixed by the tree
    @cached_property
    def consumption(self) -> FloatArray:
        """K: goods consumed, collateral included, at each node; (D, L, size)."""
        market, obligations, parts = self.market, self.obligations, self.parts
        nodes, goods = market.starting_prices.shape
        consumed = np.zeros((nodes, goods, self.size))
        for node in range(nodes):
            for good in range(goods):
                consumed[node, good, parts["x"][node, good]] = 1.0
        for j in range(len(market.contracts)):
            consumed[obligations.issued[j], :, parts["borrowed"][j]] += obligations.collateral[j]
        for m, node in enumerate(obligations.middle):
            for k, j in enumerate(obligations.first.tolist()):
                consumed[node, :, parts["kept"][m, k]] += obligations.seized[node, j]
        return consumed

    @cached_property
    def demand(self) -> FloatArray:
        """Goods consumed less what is left of earlier consumption, (D, L, size)."""
        demand = self.consumption.copy()
        for node, before in enumerate(self.market.tree.predecessors):
            if before >= 0:
                demand[node] -= self.market.tree.carried[node] @ self.consumption[before]
        return demand

    # ------------------------------------------------------------------ set by the quotes
    def budgets(self, posted: CreditQuotes) -> FloatArray:
        """E at the posted quotes, (rows, size)."""
        obligations, parts = self.obligations, self.parts
        nodes = len(self.market.starting_prices)
        matrix = np.zeros((self.rows, self.size))
        matrix[:nodes] = np.einsum("nl,nlz->nz", posted.goods, self.demand)
        matrix[obligations.issued, parts["lent"]] += posted.price
        matrix[obligations.issued, parts["borrowed"]] -= posted.price
        middle, last = obligations.middle[:, None], obligations.last[:, None]
        first = obligations.first[None, :]
        lent = np.broadcast_to(parts["lent"][first], parts["resold"].shape)
        matrix[middle, parts["resold"]] += posted.resale
        matrix[middle, lent] -= posted.resale + posted.middle_payment
        matrix[middle, parts["kept"]] += posted.coupon
        matrix[middle, parts["prepaid"]] += posted.prepayment
        matrix[middle, parts["defaulted"]] += posted.seizure
        after = obligations.last_after
        matrix[last, parts["resold"][after]] -= posted.last_payment
        matrix[last, parts["kept"][after]] += posted.delivery[:, obligations.first]
        t, j = obligations.short
        matrix[obligations.last[t], parts["lent"][j]] -= posted.delivery[t, j]
        matrix[obligations.last[t], parts["borrowed"][j]] += posted.delivery[t, j]
        splits = np.arange(nodes, self.rows).reshape(parts["kept"].shape)
        matrix[splits, np.broadcast_to(parts["borrowed"][first], splits.shape)] = -1.0
        for name in ("kept", "prepaid", "defaulted"):
            matrix[splits, parts[name]] = 1.0
        return matrix

    def incomes(self, posted: CreditQuotes, endowment: FloatArray) -> FloatArray:
        """B of each member, (H, rows), from endowments (H, D, L)."""
        value = np.einsum("nl,hnl->hn", posted.goods, endowment)
        return np.pad(value, ((0, 0), (0, self.rows - value.shape[1])))

    @cached_property
    def units(self) -> FloatArray:
        """Size of one unit of each part in starting prices, (size,): what scales plans."""
        market, parts = self.market, self.parts
        units = np.ones(self.size)
        units[parts["x"]] = market.starting_prices
        units[parts["lent"]] = units[parts["borrowed"]] = market.sizes
        for name in ("resold", "kept", "prepaid", "defaulted"):
            units[parts[name]] = market.sizes[self.obligations.first]
        return units

    @cached_property
    def nodes_of_parts(self) -> Places:
        """Node whose budget pays for each part, (size,): where it is decided."""
        parts, obligations = self.parts, self.obligations
        nodes = np.empty(self.size, dtype=np.int64)
        nodes[parts["x"]] = np.arange(len(parts["x"]))[:, None]
        nodes[parts["lent"]] = nodes[parts["borrowed"]] = obligations.issued
        for name in ("resold", "kept", "prepaid", "defaulted"):
            nodes[parts[name]] = obligations.middle[:, None]
        return nodes

    @cached_property
    def nodes_of_rows(self) -> Places:
        """Node of each budget and of each split of old debt, (rows,)."""
        nodes = np.arange(len(self.market.starting_prices))
        return np.concatenate(
            [nodes, np.repeat(self.obligations.middle, self.obligations.first.size)]
        )

    @cached_property
    def labels(self) -> list[tuple[str, str, str, int]]:
        """Part, node, instrument and place of every number in a plan, for tables."""
        market, tree = self.market, self.market.tree
        contracts = [contract.name for contract in market.contracts]
        first = [contracts[j] for j in self.obligations.first]
        issued = [contract.issued_at for contract in market.contracts]
        by_part = {
            "x": [(node, good) for node in tree.names for good in tree.goods],
            "lent": list(zip(issued, contracts, strict=True)),
            "borrowed": list(zip(issued, contracts, strict=True)),
        }
        pairs = [(node, name) for node in tree.middle for name in first]
        return [
            (PART_NAMES.get(part, part), node, name, int(place))
            for part, places in self.parts.items()
            for (node, name), place in zip(by_part.get(part, pairs), places.ravel(), strict=True)
        ]
