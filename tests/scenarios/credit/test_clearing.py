"""Clearing as linear equations: Walras' law ties them to the budgets."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from scenarios.credit import housing
from scenarios.credit.clearing import clearing
from scenarios.credit.economy import build
from scenarios.credit.parameters import CreditTree
from scenarios.credit.prepayment import Prepayment
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import Variable, program_at
from scenarios.credit.terms import Terms
from simulator.proof.algebraic import Exact

ECONOMIES = {"one good": Prepayment(), "two goods": housing.Housing()}


@pytest.mark.parametrize("name", ECONOMIES)
def test_values_of_all_excess_demands_at_a_node_are_the_excess_of_budgets(name: str) -> None:
    """Walras' law, in exact arithmetic, at random quotes and plans of one household."""
    parameters: CreditTree = ECONOMIES[name]
    economy = parameters.economies()["economy"]
    market = build(economy, parameters, np.random.default_rng(2)).market
    quotes = market.random_quotes(np.random.default_rng(2))
    posted = market.post(market.locate(quotes, True), True, np.zeros(0))
    problem = program_at(economy, market.named(posted))
    terms, tree = problem.terms, economy.tree
    rng = np.random.default_rng(3)
    total = {v: Fraction(round(1000 * rng.uniform()), 1000) for v in problem.columns}
    value: dict[str, Exact] = dict.fromkeys(tree.names, Fraction(0))
    for equation, coefficients, due in clearing(economy, terms):
        excess = sum((a * total[v] for v, a in coefficients.items()), Fraction(0)) - due
        kind, _, place = equation.removesuffix("]").partition("[")
        instrument, _, node = place.partition("@")
        price: Exact = Fraction(-1)  # of money promised less delivered
        if kind == "goods":
            price = terms.goods[node][tree.goods.index(instrument)]
        elif kind != "payment":
            price = (
                terms.price[instrument] if kind == "security" else terms.resale[instrument, node]
            )
        if kind == "payment" and not coefficients:
            continue  # N = R of contracts of date 1, whatever is traded
        value[node] += price * excess
    limits = [
        sum(parts, Fraction(0))
        for parts in zip(*map(problem.limits, economy.households), strict=True)
    ]
    for row, limit in zip(problem.rows, limits, strict=True):
        if row[0] == "budget":
            column = problem.columns
            spent = sum(
                (column[v].get(row, Fraction(0)) * a for v, a in total.items()), Fraction(0)
            )
            missing = _later(economy, terms, total, row[1])
            assert value[row[1]] + missing == spent - limit, row


def _later(
    economy: CreditEconomy, terms: Terms, total: dict[Variable, Fraction], node: str
) -> Exact:
    """Payments at date 2 on what is held then, of securities that clear at dates 0 and 1."""
    tree = economy.tree
    if tree.date(node) != 2:
        return Fraction(0)
    before = tree.before(node)
    held = (
        terms.payment[c.name, node]
        * (total["lent", tree.root, c.name] - total["held after resale", before, c.name])
        for c in economy.first_contracts
    )
    short = (
        terms.delivery(c.name, node) * total["borrowed", before, c.name]
        - terms.payment[c.name, node] * total["lent", before, c.name]
        for c in economy.contracts
        if c.issued_at == before
    )
    return sum((*held, *short), Fraction(0))
