"""Clearing of all markets at given quotes, as linear equations in exact numbers.

Source: Iraola and Torres-Martinez (SDT 364), section 2, equilibrium conditions (ii) to (iv).
"""

from __future__ import annotations

from fractions import Fraction

from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import Variable, consumed
from scenarios.credit.terms import ZERO, Terms
from simulator.proof.algebraic import Exact


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
