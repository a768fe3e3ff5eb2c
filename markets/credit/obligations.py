r"""What contracts ask of borrowers at given prices of goods and contracts, as arrays.

Coupons :math:`A`, costs of prepaying :math:`B` and seized collateral :math:`p C` of every contract
at every node (:mod:`markets.credit.contract` has the rules).

Source: Iraola and Torres-Martinez (SDT 364), section 2.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import numpy as np
from numpy.typing import NDArray

from markets.credit.contract import (
    BackwardPrepayment,
    Contract,
    FixedRateCoupon,
    FormulaCoupon,
    FormulaPrepayment,
    ForwardPrepayment,
    RealCoupon,
    RealPrepayment,
    collateral_at,
)
from markets.credit.event_tree import Bundle, EventTree
from markets.credit.formula import Compiled, Quoted, compiled
from markets.credit.references import place_of
from markets.quote import BoolArray, FloatArray

Places = NDArray[np.int64]


class Obligations:
    """Contracts on a tree as arrays: D nodes, M of them at date 1, T at date 2, L goods.

    There are J contracts, K of them issued at date 0.

    Parameters
    ----------
    tree : EventTree
        The tree.
    contracts : sequence of Contract
        What can be issued, and where.

    Attributes
    ----------
    issued : array (J,)
        Node at which each contract is issued.
    first : array (K,)
        Which contracts are issued at date 0.
    middle, last : arrays (M,) and (T,)
        Nodes of date 1 and of date 2.
    last_after : array (T,)
        Which node of date 1 (place in ``middle``) each node of date 2 follows.
    short : pair of arrays
        Place in ``last`` and contract, of every contract of date 1 and node at which it ends.
    collateral : array (J, L)
        Collateral of one unit at issue.
    seized : array (D, J, L)
        What has become of it at every later node.
    """

    def __init__(self, tree: EventTree, contracts: Sequence[Contract]) -> None:
        self.issued: Places = np.array([tree.places[c.issued_at] for c in contracts], np.int64)
        self.middle: Places = np.array([tree.places[name] for name in tree.middle], np.int64)
        self.last: Places = np.array([tree.places[name] for name in tree.last], np.int64)
        self.first: Places = np.flatnonzero(self.issued == tree.places[tree.root])
        before = tree.predecessors
        self.last_after: Places = np.array(
            [int(np.flatnonzero(self.middle == before[t])[0]) for t in self.last], np.int64
        )
        ends = [
            (t, j)
            for j in range(len(contracts))
            for t, place in enumerate(self.last)
            if before[place] == self.issued[j]
        ]
        pairs = np.array(ends, dtype=np.int64).reshape(-1, 2)
        self.short: tuple[Places, Places] = (pairs[:, 0], pairs[:, 1])
        count, goods = len(contracts), len(tree.goods)
        self.collateral = np.array([_numbers(c.collateral) for c in contracts])
        self.collateral = self.collateral.reshape(count, goods)
        self.seized = np.zeros((len(tree.nodes), count, goods))
        self._real_coupon = np.zeros((len(tree.nodes), count, goods))
        self._rate_coupon = np.zeros((len(tree.nodes), count))
        self._index = np.zeros((count, goods))
        self._nominal: BoolArray = np.ones(count, dtype=np.bool_)
        self._real_prepayment = np.zeros((self.middle.size, self.first.size, goods))
        self._rate_prepayment = np.zeros(self.first.size)
        self._discount = np.zeros((self.last.size, self.first.size))
        self._forward = np.zeros((self.first.size, 2), dtype=np.bool_)  # of coupons, of deliveries
        self._tree, self._names = tree, [contract.name for contract in contracts]
        self._formula_coupon: list[tuple[int, int, Compiled]] = []
        self._formula_prepayment: list[tuple[int, int, Compiled]] = []
        for j, contract in enumerate(contracts):
            self._tabulate_coupon(tree, j, contract)
        for k, j in enumerate(self.first.tolist()):
            self._tabulate_prepayment(tree, k, contracts[j])

    def _tabulate_coupon(self, tree: EventTree, j: int, contract: Contract) -> None:
        """Collateral and coupon of a contract at every node after its issue."""
        later = list(tree.after(contract.issued_at))
        if contract.issued_at == tree.root:
            later += tree.last
        for name in later:
            self.seized[tree.places[name], j] = _numbers(collateral_at(contract, name, tree))
        coupon = contract.coupon
        if isinstance(coupon, RealCoupon):
            for name, bundle in coupon.bundles.items():
                self._real_coupon[tree.places[name], j] = _numbers(bundle)
            return
        if isinstance(coupon, FormulaCoupon):
            for name, formula in coupon.formulas.items():
                value = compiled(formula.part, partial(self._place, node=name))
                self._formula_coupon.append((tree.places[name], j, value))
            return
        factor = 1.0 / (1.0 + float(coupon.rate))
        owed = 1.0 / (factor + factor**2) if contract.issued_at == tree.root else 1 / factor
        self._rate_coupon[[tree.places[name] for name in later], j] = owed
        if coupon.index is not None:
            self._nominal[j] = False
            self._index[j] = _numbers(coupon.index)

    def _tabulate_prepayment(self, tree: EventTree, k: int, contract: Contract) -> None:
        """Cost of prepaying a contract of date 0."""
        rule = contract.prepayment
        if isinstance(rule, RealPrepayment):
            for m, name in enumerate(tree.middle):
                self._real_prepayment[m, k] = _numbers(rule.bundles[name])
        elif isinstance(rule, BackwardPrepayment):
            assert isinstance(contract.coupon, FixedRateCoupon)
            self._rate_prepayment[k] = 1.0 + float(contract.coupon.rate)
        elif isinstance(rule, ForwardPrepayment):
            self._discount[:, k] = [float(rule.discount[name]) for name in tree.last]
            self._forward[k] = (rule.of == "coupons", rule.of == "deliveries")
        elif isinstance(rule, FormulaPrepayment):
            for m, name in enumerate(tree.middle):
                value = compiled(rule.formulas[name].part, partial(self._place, node=name))
                self._formula_prepayment.append((m, k, value))

    def _place(self, quoted: Quoted, node: str) -> int:
        """Where a quote stands in :meth:`_quoted`; the coupon at the node comes last."""
        tree, goods, contracts = self._tree, len(self._tree.goods), len(self._names)
        if quoted.kind == "coupon":
            return -1
        if quoted.kind == "q":
            return len(tree.names) * goods + self._names.index(str(quoted.name))
        at = place_of(quoted, node, tree)
        if quoted.kind == "p":
            good = quoted.name if isinstance(quoted.name, int) else tree.goods.index(quoted.name)
            return tree.places[at] * goods + good
        first = [self._names[j] for j in self.first]
        before = len(tree.names) * goods + contracts
        return before + tree.middle.index(at) * len(first) + first.index(str(quoted.name))

    # ------------------------------------------------------------------ at given prices
    def pledged(self, goods: FloatArray) -> FloatArray:
        """Value of the collateral of each contract when it is issued, (J,)."""
        return np.asarray(np.sum(goods[self.issued] * self.collateral, axis=1))

    def seizures(self, goods: FloatArray) -> FloatArray:
        """Value of the collateral of one unit at every node, (D, J)."""
        return np.asarray(np.einsum("njl,nl->nj", self.seized, goods))

    def coupons(self, goods: FloatArray, price: FloatArray, resale: FloatArray) -> FloatArray:
        """Coupon of one unit at every node, (D, J), at prices (D, L), (J,) and (M, K)."""
        real = np.einsum("njl,nl->nj", self._real_coupon, goods)
        owed = np.asarray(real + self._rate_coupon * price * self._growth(goods))
        if self._formula_coupon:
            quoted = _quoted(goods, price, resale)
            for node, j, value in self._formula_coupon:
                owed[node, j] = value(quoted)
        return owed

    def prepayments(
        self,
        goods: FloatArray,
        price: FloatArray,
        resale: FloatArray,
        coupon: FloatArray,
        delivery: FloatArray,
    ) -> FloatArray:
        """Cost of prepaying one unit at date 1, (M, K), with coupons (D, J), deliveries (T, J)."""
        first = self.first
        at_middle = np.ix_(self.middle, first)
        real = np.einsum("mkl,ml->mk", self._real_prepayment, goods[self.middle])
        backward = self._rate_prepayment * price[first] * self._growth(goods)[at_middle]
        owed = np.where(self._forward[:, 0], coupon[np.ix_(self.last, first)], delivery[:, first])
        ahead = np.zeros_like(real)
        np.add.at(ahead, self.last_after, self._discount * owed)
        forward = np.where(np.any(self._forward, axis=1), coupon[at_middle] + ahead, 0.0)
        cost = np.asarray(real + backward + forward)
        if self._formula_prepayment:
            quoted = _quoted(goods, price, resale)
            for m, k, value in self._formula_prepayment:
                due = float(coupon[self.middle[m], first[k]])
                cost[m, k] = max(due, value([*quoted, due]))
        return cost

    def _growth(self, goods: FloatArray) -> FloatArray:
        """Growth of each contract's price index since its issue, (D, J)."""
        index = goods @ self._index.T
        at_issue = np.where(self._nominal, 1.0, index[self.issued, np.arange(self._nominal.size)])
        return np.where(self._nominal, 1.0, index / at_issue)


def _quoted(goods: FloatArray, price: FloatArray, resale: FloatArray) -> list[float]:
    """All prices as one list, for formulas."""
    values: list[float] = np.concatenate([goods.ravel(), price, resale.ravel()]).tolist()
    return values


def _numbers(bundle: Bundle) -> list[float]:
    return [float(amount) for amount in bundle]
