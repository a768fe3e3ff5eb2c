"""From where rounds rest to the exact equilibrium that they approach, where it can be proved."""

from __future__ import annotations

from dataclasses import replace
from fractions import Fraction

import pandas as pd

from scenarios.credit import exact
from scenarios.credit.certificate import plans_of
from scenarios.credit.crossover import prove
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import Variable
from scenarios.credit.read_out import untraded
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

DUST = 1e-10
"""Resale price and later payments, as shares of the collateral, that are none: rounds end there."""


def refined(economy: CreditEconomy, point: RestingPoint) -> RestingPoint:
    """The exact equilibrium that the rounds approach, where it can be proved; else as it is."""
    point = _without_dust(economy, point)
    proof = prove(economy, point.quotes, plans_of(point.agents))
    if not exact.is_proof(proof):
        return replace(point, proof=proof)
    proved = exact.read(economy, proof)
    quotes = {name: float(value) for name, value in proved.quotes.items()}
    agents = point.agents.assign(amount=_amounts(economy, proved, point.agents))
    return replace(point, quotes=quotes, agents=agents, proof=proof)


def _without_dust(economy: CreditEconomy, point: RestingPoint) -> RestingPoint:
    """The point with quotes of worthless securities set to zero, and holdings kept as they were.

    Worthless are contracts that nobody trades and nobody trusts, and a security at a node from
    which nothing is paid any more. Their quotes approach zero round by round, and at a price of a
    billionth a solver could still buy billions. Where the price is zero nobody minds holding the
    security, so that each lender keeps what it would give away, as
    :meth:`agents.credit.households.Households.hold` has it where the rounds reached zero
    themselves: only then does the table clear in units, not only in value.
    """
    worthless = _worthless(economy, point)
    if not worthless:
        return point
    columns = (point.agents[name] for name in ("household", "part", "node", "instrument"))
    places = list(zip(*columns, strict=True))
    held = dict(zip(places, point.agents["amount"].tolist(), strict=True))
    for household in (household.name for household in economy.households):
        for contract in economy.contracts:
            name, issue = contract.name, contract.issued_at
            lent = (household, "lent", issue, name)
            if f"price[{name}@{issue}]" in worthless:
                held[lent] = held[household, "borrowed", issue, name]
            for node in economy.tree.middle:
                if f"resale[{name}@{node}]" in worthless:
                    held[household, "held after resale", node, name] = held[lent]
    quotes = {name: 0.0 if name in worthless else v for name, v in point.quotes.items()}
    agents = point.agents.assign(amount=[held[place] for place in places])
    return replace(point, quotes=quotes, agents=agents)


def _worthless(economy: CreditEconomy, point: RestingPoint) -> set[str]:
    """Names of the quotes of worthless securities."""
    empty = tuple(f"[{name}@" for name in untraded(economy, point))
    worthless = {name for name in point.quotes if any(mark in name for mark in empty)}
    for contract in economy.first_contracts:
        least = DUST * float(sum(contract.collateral))
        for node in economy.tree.middle:
            ahead = [f"resale[{contract.name}@{node}]"]
            ahead += [f"unit_payment[{contract.name}@{last}]" for last in economy.tree.after(node)]
            if all(point.quotes[name] <= least for name in ahead):
                worthless |= set(ahead)
    return worthless


def _amounts(economy: CreditEconomy, proved: exact.Proved, agents: pd.DataFrame) -> list[float]:
    """The proved plans in the rows of the table of agents."""
    columns = (agents[name] for name in ("household", "part", "node", "instrument"))
    return [
        float(_amount(economy, proved.plans[household], (part, node, name)))
        for household, part, node, name in zip(*columns, strict=True)
    ]


def _amount(economy: CreditEconomy, plan: dict[Variable, Exact], variable: Variable) -> Exact:
    """One number of a proved plan; what is defaulted on is what is neither kept nor prepaid."""
    part, node, name = variable
    if part != "defaulted":
        return plan.get(variable, Fraction(0))
    kept, prepaid = plan["kept", node, name], plan["prepaid", node, name]
    return plan["borrowed", economy.tree.root, name] - kept - prepaid
