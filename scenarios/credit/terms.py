r"""What contracts ask for at given quotes, in exact numbers: the paper's rules, written once more.

Nothing here trades, iterates or solves. Quotes are fractions or numbers that the root of a
polynomial generates (:mod:`simulator.proof.algebraic`).

Source: Iraola and Torres-Martinez (SDT 364), section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

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
from markets.credit.event_tree import Bundle
from markets.credit.formula import Part, Quoted
from markets.credit.references import place_of
from scenarios.credit.primitives import CreditEconomy
from simulator.proof.algebraic import Exact

Prices = tuple[Exact, ...]
"""A price of each good, in the order of the tree's goods."""

ZERO = Fraction(0)


@dataclass(frozen=True, slots=True)
class Terms:
    """What contracts ask for at given quotes: coupon A, prepayment B and seizure p C, by place."""

    goods: dict[str, Prices]
    price: dict[str, Exact]
    resale: dict[tuple[str, str], Exact]
    payment: dict[tuple[str, str], Exact]
    coupon: dict[tuple[str, str], Exact]
    prepayment: dict[tuple[str, str], Exact]
    seizure: dict[tuple[str, str], Exact]

    def margin(self, contract: Contract) -> Exact:
        """P C - q: what the collateral is worth beyond the loan when it is granted."""
        return (
            value_of(self.goods[contract.issued_at], contract.collateral)
            - self.price[contract.name]
        )

    def floor(self, contract: str, node: str) -> Exact:
        """What a vanishing borrower would deliver: min(B, p C) at date 1, R at date 2."""
        if (contract, node) in self.prepayment:
            return self.closing(contract, node)
        return self.delivery(contract, node)

    def delivery(self, contract: str, node: str) -> Exact:
        """R = min(A, p C) at date 2."""
        return min(self.coupon[contract, node], self.seizure[contract, node])

    def closing(self, contract: str, node: str) -> Exact:
        """min(B, p C) at date 1."""
        return min(self.prepayment[contract, node], self.seizure[contract, node])


def terms_at(economy: CreditEconomy, quotes: Mapping[str, Exact]) -> Terms:
    """What contracts ask for at quotes by name."""
    tree = economy.tree
    goods = {
        node: (Fraction(1), *(quotes[f"price[{good}@{node}]"] for good in tree.goods[1:]))
        for node in tree.names
    }
    price = {c.name: quotes[f"price[{c.name}@{c.issued_at}]"] for c in economy.contracts}
    long = economy.first_contracts
    resale = {(c.name, n): quotes[f"resale[{c.name}@{n}]"] for c in long for n in tree.middle}
    coupon: dict[tuple[str, str], Exact] = {}
    seizure: dict[tuple[str, str], Exact] = {}
    payment: dict[tuple[str, str], Exact] = {}
    for contract in economy.contracts:
        for node in economy.later_nodes(contract):
            place = (contract.name, node)
            seizure[place] = value_of(goods[node], collateral_at(contract, node, tree))
            coupon[place] = _coupon(economy, contract, node, goods, price, resale)
            payment[place] = quotes[f"unit_payment[{contract.name}@{node}]"]
    prepayment = {
        (c.name, node): _prepayment(economy, c, node, goods, price, resale, coupon, seizure)
        for c in long
        for node in tree.middle
    }
    return Terms(goods, price, resale, payment, coupon, prepayment, seizure)


def value_of(prices: Sequence[Exact], goods: Bundle) -> Exact:
    """What a bundle costs."""
    return sum((p * v for p, v in zip(prices, goods, strict=True)), ZERO)


def _coupon(
    economy: CreditEconomy,
    contract: Contract,
    node: str,
    goods: Mapping[str, Prices],
    price: Mapping[str, Exact],
    resale: Mapping[tuple[str, str], Exact],
) -> Exact:
    """A of one unit at a node."""
    rule = contract.coupon
    if isinstance(rule, FormulaCoupon):
        if node not in rule.formulas:
            return ZERO
        return _formula(rule.formulas[node].part, economy, node, goods, price, resale, ZERO)
    if isinstance(rule, RealCoupon):
        return value_of(goods[node], rule.bundles.get(node, ()) or (ZERO,) * len(goods[node]))
    factor = 1 / (1 + rule.rate)
    long = contract.issued_at == economy.tree.root
    loan = price[contract.name]
    owed = loan / (factor + factor**2) if long else loan / factor
    return owed * _growth(contract, node, goods)


def _growth(contract: Contract, node: str, goods: Mapping[str, Prices]) -> Exact:
    """Growth of the price index of a contract with a fixed rate since its issue."""
    assert isinstance(contract.coupon, FixedRateCoupon)
    index = contract.coupon.index
    if index is None:
        return Fraction(1)
    return value_of(goods[node], index) / value_of(goods[contract.issued_at], index)


def _prepayment(
    economy: CreditEconomy,
    contract: Contract,
    node: str,
    goods: Mapping[str, Prices],
    price: Mapping[str, Exact],
    resale: Mapping[tuple[str, str], Exact],
    coupon: Mapping[tuple[str, str], Exact],
    seizure: Mapping[tuple[str, str], Exact],
) -> Exact:
    """B of one unit at a node of date 1."""
    rule = contract.prepayment
    if isinstance(rule, RealPrepayment):
        return value_of(goods[node], rule.bundles[node])
    if isinstance(rule, BackwardPrepayment):
        assert isinstance(contract.coupon, FixedRateCoupon)
        return (1 + contract.coupon.rate) * price[contract.name] * _growth(contract, node, goods)
    if isinstance(rule, FormulaPrepayment):
        owed = coupon[contract.name, node]
        part = rule.formulas[node].part
        return max(owed, _formula(part, economy, node, goods, price, resale, owed))
    assert isinstance(rule, ForwardPrepayment)
    ahead: Exact = ZERO
    for last in economy.tree.after(node):
        owed = coupon[contract.name, last]
        if rule.of == "deliveries":
            owed = min(owed, seizure[contract.name, last])
        ahead += rule.discount[last] * owed
    return coupon[contract.name, node] + ahead


def _formula(
    part: Part,
    economy: CreditEconomy,
    node: str,
    goods: Mapping[str, Prices],
    price: Mapping[str, Exact],
    resale: Mapping[tuple[str, str], Exact],
    coupon: Exact,
) -> Exact:
    """What a formula for a payment at a node says at given quotes."""
    tree = economy.tree
    if isinstance(part, Fraction):
        return part
    if isinstance(part, Quoted):
        if part.kind == "coupon":
            return coupon
        if part.kind == "q":
            return price[str(part.name)]
        at = place_of(part, node, tree)
        if part.kind == "pi":
            return resale[str(part.name), at]
        return goods[at][part.name if isinstance(part.name, int) else tree.goods.index(part.name)]
    values = [_formula(each, economy, node, goods, price, resale, coupon) for each in part.parts]
    match part.sign:
        case "+":
            return values[0] + values[1]
        case "-":
            return values[0] - values[1] if len(values) == 2 else -values[0]
        case "*":
            return values[0] * values[1]
        case "/":
            return values[0] / values[1]
        case "min":
            return min(values)
        case "max":
            return max(values)
        case "abs":
            return max(values[0], -values[0])
