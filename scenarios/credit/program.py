r"""The household's problem at given quotes, in exact numbers, as the paper prints it.

Maximise utility of consumption subject to budgets (B) and portfolio restrictions (S). Nothing here
trades, iterates or solves.

Source: Iraola and Torres-Martinez (SDT 364), section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

import numpy as np

from markets.credit.contract import collateral_at
from markets.credit.event_tree import Bundle
from markets.quote import FloatArray
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.terms import ZERO, Terms, terms_at, value_of
from simulator.proof.algebraic import Exact

Variable = tuple[str, str, str]
"""Part of a plan, node, and good or contract: ("kept", "u", "j0")."""

Row = tuple[str, ...]
"""A constraint: ("budget", node) or ("debt", node, contract)."""

Place = tuple[str, str]
"""Node and good."""


@dataclass(frozen=True, slots=True)
class Program:
    """A household's problem at given quotes: maximise utility, rows at most their limits.

    Attributes
    ----------
    economy : CreditEconomy
        The economy.
    terms : Terms
        What contracts ask for.
    columns : dict
        Of every variable the coefficient in each row.
    consumed : dict
        Of every variable the goods that one unit of it consumes, by (node, good).
    rows : list
        The constraints (B) and (S).
    """

    economy: CreditEconomy
    terms: Terms
    columns: dict[Variable, dict[Row, Exact]]
    consumed: dict[Variable, dict[Place, Fraction]]
    rows: list[Row]

    def limits(self, household: Household) -> list[Exact]:
        """Right-hand sides: the value of endowments, and zero."""
        value: dict[Row, Exact] = {
            ("budget", node): value_of(self.terms.goods[node], household.endowment[place])
            for place, node in enumerate(self.economy.tree.names)
        }
        return [value.get(row, ZERO) for row in self.rows]

    def gains(self, worths: Mapping[Place, Fraction]) -> dict[Variable, Fraction]:
        """Marginal utility of every variable at marginal utilities of consumption."""
        return {
            variable: sum((amount * worths[place] for place, amount in goods.items()), ZERO)
            for variable, goods in self.consumed.items()
        }

    def linear_gains(self, household: Household) -> dict[Variable, Fraction]:
        """Marginal utility of every variable to a household with linear utility."""
        tree = self.economy.tree
        return self.gains(
            {
                (node, good): household.weights[n][g]
                for n, node in enumerate(tree.names)
                for g, good in enumerate(tree.goods)
            }
        )

    def matrix(self) -> FloatArray:
        """The constraints as a matrix of numbers, rows by variables."""
        places = {row: place for place, row in enumerate(self.rows)}
        matrix = np.zeros((len(self.rows), len(self.columns)))
        for column, coefficients in enumerate(self.columns.values()):
            for row, amount in coefficients.items():
                matrix[places[row], column] = float(amount)
        return matrix


def program_at(economy: CreditEconomy, quotes: Mapping[str, float]) -> Program:
    """The household's problem at quotes in floating point, by name."""
    return program(economy, terms_at(economy, {n: Fraction(v) for n, v in quotes.items()}))


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
        for contract in economy.first_contracts
        for node in tree.middle
    ]
    return Program(economy, terms, columns, consumed(economy), rows)


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


def label(row: Row) -> str:
    """Name of a constraint in a proof: budget[u], debt[j0@u]."""
    return f"budget[{row[1]}]" if row[0] == "budget" else f"debt[{row[2]}@{row[1]}]"


def spelled(variable: Variable) -> str:
    """Name of a part of a plan in a proof: kept[j0@u]."""
    part, node, name = variable
    return f"{part}[{name}@{node}]"
