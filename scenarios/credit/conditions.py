r"""The paper's economy at given quotes, in exact numbers: the household's problem, and clearing.

Nothing here trades, iterates or solves. Quotes are fractions or numbers that the root of a
polynomial generates (:mod:`simulator.proof.algebraic`).

Source: Iraola and Torres-Martinez (SDT 364), section 2.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from markets.credit.contract import (
    BackwardPrepayment,
    Contract,
    ForwardPrepayment,
    RealCoupon,
    RealPrepayment,
    collateral_at,
)
from markets.credit.event_tree import Bundle
from markets.quote import FloatArray
from scenarios.credit.reading import CreditEconomy, Household
from simulator.proof.algebraic import Exact

Variable = tuple[str, str, str]
"""Part of a plan, node, and good or contract: ("kept", "u", "j0")."""

Row = tuple[str, ...]
"""A constraint: ("budget", node) or ("debt", node, contract)."""

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

    def delivery(self, contract: str, node: str) -> Exact:
        """R = min(A, p C) at date 2."""
        return min(self.coupon[contract, node], self.seizure[contract, node])

    def closing(self, contract: str, node: str) -> Exact:
        """min(B, p C) at date 1."""
        return min(self.prepayment[contract, node], self.seizure[contract, node])


@dataclass(frozen=True, slots=True)
class Program:
    """A household's problem at given quotes: maximise utility, rows at most their limits.

    Attributes
    ----------
    columns : dict
        Of every variable the coefficient in each row.
    consumed : dict
        Of every variable the goods that one unit of it consumes, by (node, good).
    rows : list
        The constraints (B) and (S).
    """

    columns: dict[Variable, dict[Row, Exact]]
    consumed: dict[Variable, dict[tuple[str, str], Fraction]]
    rows: list[Row]

    def limits(self, economy: CreditEconomy, terms: Terms, household: Household) -> list[Exact]:
        """Right-hand sides: the value of endowments, and zero."""
        value: dict[Row, Exact] = {
            ("budget", node): value_of(terms.goods[node], household.endowment[place])
            for place, node in enumerate(economy.tree.names)
        }
        return [value.get(row, ZERO) for row in self.rows]

    def gains(
        self, economy: CreditEconomy, slopes: Mapping[tuple[str, str], Fraction]
    ) -> dict[Variable, Fraction]:
        """Marginal utility of every variable at marginal utilities of consumption."""
        return {
            variable: sum((amount * slopes[place] for place, amount in goods.items()), ZERO)
            for variable, goods in self.consumed.items()
        }


def dense(problem: Program) -> FloatArray:
    """The constraints of a program as a matrix of numbers, rows by variables."""
    places = {row: place for place, row in enumerate(problem.rows)}
    matrix = np.zeros((len(problem.rows), len(problem.columns)))
    for column, coefficients in enumerate(problem.columns.values()):
        for row, amount in coefficients.items():
            matrix[places[row], column] = float(amount)
    return matrix


def slopes(economy: CreditEconomy, household: Household) -> dict[tuple[str, str], Fraction]:
    """Marginal utilities of a household with linear utility, by (node, good)."""
    return {
        (node, good): household.weights[n][g]
        for n, node in enumerate(economy.tree.names)
        for g, good in enumerate(economy.tree.goods)
    }


def later_nodes(economy: CreditEconomy, contract: Contract) -> tuple[str, ...]:
    """Nodes at which a contract is still alive after its issue."""
    tree = economy.tree
    after = tree.after(contract.issued_at)
    return (*after, *tree.last) if contract.issued_at == tree.root else after


def terms_at(economy: CreditEconomy, quotes: Mapping[str, Exact]) -> Terms:
    """What contracts ask for at quotes by name."""
    tree = economy.tree
    goods = {
        node: (Fraction(1), *(quotes[f"price[{good}@{node}]"] for good in tree.goods[1:]))
        for node in tree.names
    }
    price = {c.name: quotes[f"price[{c.name}@{c.issued_at}]"] for c in economy.contracts}
    coupon: dict[tuple[str, str], Exact] = {}
    seizure: dict[tuple[str, str], Exact] = {}
    payment: dict[tuple[str, str], Exact] = {}
    for contract in economy.contracts:
        for node in later_nodes(economy, contract):
            place = (contract.name, node)
            seizure[place] = value_of(goods[node], collateral_at(contract, node, tree))
            coupon[place] = _coupon(economy, contract, node, goods, price[contract.name])
            payment[place] = quotes[f"unit_payment[{contract.name}@{node}]"]
    long = [c for c in economy.contracts if c.issued_at == tree.root]
    resale = {(c.name, n): quotes[f"resale[{c.name}@{n}]"] for c in long for n in tree.middle}
    prepayment = {
        (c.name, node): _prepayment(economy, c, node, goods, price[c.name], coupon, seizure)
        for c in long
        for node in tree.middle
    }
    return Terms(goods, price, resale, payment, coupon, prepayment, seizure)


def program(economy: CreditEconomy, terms: Terms) -> Program:
    """The household's problem as printed: budgets (B) and portfolio restrictions (S)."""
    tree = economy.tree
    columns: dict[Variable, dict[Row, Exact]] = {}

    def add(variable: Variable, row: Row, amount: Exact) -> None:
        columns.setdefault(variable, {})
        columns[variable][row] = columns[variable].get(row, ZERO) + amount

    def consume(variable: Variable, node: str, goods: Bundle) -> None:
        """Buying goods to consume costs p c now and leaves Y c at the nodes that follow."""
        add(variable, ("budget", node), value_of(terms.goods[node], goods))
        for after in tree.after(node):
            add(
                variable,
                ("budget", after),
                -value_of(terms.goods[after], tree.become(goods, after)),
            )

    def new(part: str, node: str, name: str) -> Variable:
        variable = (part, node, name)
        columns[variable] = {}
        return variable

    for node in tree.names:
        for place, good in enumerate(tree.goods):
            unit = tuple(Fraction(int(place == other)) for other in range(len(tree.goods)))
            consume(new("consumed freely", node, good), node, unit)
    for contract in economy.contracts:
        name, issue = contract.name, contract.issued_at
        lent, borrowed = new("lent", issue, name), new("borrowed", issue, name)
        add(lent, ("budget", issue), terms.price[name])
        add(borrowed, ("budget", issue), -terms.price[name])
        consume(borrowed, issue, contract.collateral)
        if issue != tree.root:
            for node in tree.after(issue):
                add(lent, ("budget", node), -terms.payment[name, node])
                add(borrowed, ("budget", node), terms.delivery(name, node))
            continue
        for node in tree.middle:
            budget, debt = ("budget", node), ("debt", node, name)
            held = new("held after resale", node, name)
            add(lent, budget, -(terms.resale[name, node] + terms.payment[name, node]))
            add(held, budget, terms.resale[name, node])
            kept, prepaid = new("kept", node, name), new("prepaid", node, name)
            seized = terms.seizure[name, node]
            add(borrowed, budget, seized)
            add(kept, budget, terms.coupon[name, node] - seized)
            add(prepaid, budget, terms.prepayment[name, node] - seized)
            consume(kept, node, collateral_at(contract, node, tree))
            add(kept, debt, Fraction(1))
            add(prepaid, debt, Fraction(1))
            add(borrowed, debt, Fraction(-1))
            for last in tree.after(node):
                add(held, ("budget", last), -terms.payment[name, last])
                add(kept, ("budget", last), terms.delivery(name, last))
    rows: list[Row] = [("budget", node) for node in tree.names]
    rows += [
        ("debt", node, contract.name)
        for contract in economy.contracts
        if contract.issued_at == tree.root
        for node in tree.middle
    ]
    return Program(columns, consumed(economy), rows)


def consumed(economy: CreditEconomy) -> dict[Variable, dict[tuple[str, str], Fraction]]:
    """Goods that one unit of every variable consumes, by (node, good): c = x + C phi."""
    tree = economy.tree
    found: dict[Variable, dict[tuple[str, str], Fraction]] = {}

    def note(part: str, node: str, name: str, goods: Bundle) -> None:
        amounts = zip(tree.goods, goods, strict=True)
        found[part, node, name] = {(node, good): amount for good, amount in amounts if amount}

    nothing = (ZERO,) * len(tree.goods)
    for node in tree.names:
        for place, good in enumerate(tree.goods):
            note(
                "consumed freely",
                node,
                good,
                tuple(Fraction(int(place == other)) for other in range(len(tree.goods))),
            )
    for contract in economy.contracts:
        name, issue = contract.name, contract.issued_at
        note("lent", issue, name, nothing)
        note("borrowed", issue, name, contract.collateral)
        if issue == tree.root:
            for node in tree.middle:
                note("held after resale", node, name, nothing)
                note("kept", node, name, collateral_at(contract, node, tree))
                note("prepaid", node, name, nothing)
    return found


def clearing(
    economy: CreditEconomy, terms: Terms
) -> list[tuple[str, dict[Variable, Exact], Exact]]:
    """Conditions (ii) to (iv) as linear equations in total plans: name, coefficients, total.

    Terminal payments of contracts of date 1, N = R, do not depend on plans; they are checked as
    the equation 0 = R - N.
    """
    tree = economy.tree
    goods_of = consumed(economy)
    equations: list[tuple[str, dict[Variable, Exact], Exact]] = []
    for place, node in enumerate(tree.names):
        for row, good in enumerate(tree.goods):
            demand: dict[Variable, Exact] = {}
            for variable, goods in goods_of.items():
                amount = goods.get((node, good), ZERO)
                if node != tree.root:
                    left = tuple(goods.get((tree.before(node), g), ZERO) for g in tree.goods)
                    amount -= tree.become(left, node)[row]
                if amount:
                    demand[variable] = amount
            supply = sum((h.endowment[place][row] for h in economy.households), ZERO)
            equations.append((f"goods[{good}@{node}]", demand, supply))
    one = Fraction(1)
    for contract in economy.contracts:
        name, issue = contract.name, contract.issued_at
        lent, borrowed = ("lent", issue, name), ("borrowed", issue, name)
        equations.append((f"security[{name}@{issue}]", {lent: one, borrowed: -one}, ZERO))
        if issue != tree.root:
            for node in tree.after(issue):
                owed = terms.delivery(name, node) - terms.payment[name, node]
                equations.append((f"payment[{name}@{node}]", {}, owed))
            continue
        for node in tree.middle:
            held = ("held after resale", node, name)
            equations.append((f"resale[{name}@{node}]", {held: one, lent: -one}, ZERO))
            kept, prepaid = ("kept", node, name), ("prepaid", node, name)
            seized = terms.seizure[name, node]
            delivered = {
                lent: terms.payment[name, node],
                kept: seized - terms.coupon[name, node],
                prepaid: seized - terms.prepayment[name, node],
                borrowed: -seized,
            }
            equations.append((f"payment[{name}@{node}]", delivered, ZERO))
            for last in tree.after(node):
                equations.append(
                    (
                        f"payment[{name}@{last}]",
                        {lent: terms.payment[name, last], kept: -terms.delivery(name, last)},
                        ZERO,
                    )
                )
    return equations


def label(row: Row) -> str:
    """Name of a row in a proof: budget[u], debt[j0@u]."""
    return f"budget[{row[1]}]" if row[0] == "budget" else f"debt[{row[2]}@{row[1]}]"


def value_of(prices: Sequence[Exact], goods: Bundle) -> Exact:
    """What a bundle costs."""
    return sum((p * v for p, v in zip(prices, goods, strict=True)), ZERO)


def _coupon(
    economy: CreditEconomy,
    contract: Contract,
    node: str,
    goods: Mapping[str, Prices],
    price: Exact,
) -> Exact:
    """A of one unit at a node."""
    rule = contract.coupon
    if isinstance(rule, RealCoupon):
        return value_of(goods[node], rule.bundles.get(node, ()) or (ZERO,) * len(goods[node]))
    factor = 1 / (1 + rule.rate)
    long = contract.issued_at == economy.tree.root
    owed = price / (factor + factor**2) if long else price / factor
    return owed * _growth(contract, node, goods)


def _growth(contract: Contract, node: str, goods: Mapping[str, Prices]) -> Exact:
    """Growth of the price index of a contract with a fixed rate since its issue."""
    index = getattr(contract.coupon, "index", None)
    if index is None:
        return Fraction(1)
    return value_of(goods[node], index) / value_of(goods[contract.issued_at], index)


def _prepayment(
    economy: CreditEconomy,
    contract: Contract,
    node: str,
    goods: Mapping[str, Prices],
    price: Exact,
    coupon: Mapping[tuple[str, str], Exact],
    seizure: Mapping[tuple[str, str], Exact],
) -> Exact:
    """B of one unit at a node of date 1."""
    rule = contract.prepayment
    if isinstance(rule, RealPrepayment):
        return value_of(goods[node], rule.bundles[node])
    if isinstance(rule, BackwardPrepayment):
        rate = contract.coupon.rate  # type: ignore[union-attr]
        return (1 + rate) * price * _growth(contract, node, goods)
    assert isinstance(rule, ForwardPrepayment)
    ahead: Exact = ZERO
    for last in economy.tree.after(node):
        owed = coupon[contract.name, last]
        if rule.of == "deliveries":
            owed = min(owed, seizure[contract.name, last])
        ahead += rule.discount[last] * owed
    return coupon[contract.name, node] + ahead
