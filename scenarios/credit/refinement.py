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


def refined(economy: CreditEconomy, point: RestingPoint) -> RestingPoint:
    """The exact equilibrium that the rounds approach, where it can be proved; else as it is."""
    point = replace(point, quotes=_without_dust(economy, point))
    proof = prove(economy, point.quotes, plans_of(point.agents))
    if not exact.is_proof(proof):
        return replace(point, proof=proof)
    proved = exact.read(economy, proof)
    quotes = {name: float(value) for name, value in proved.quotes.items()}
    agents = point.agents.assign(amount=_amounts(economy, proved, point.agents))
    return replace(point, quotes=quotes, agents=agents, proof=proof)


def _without_dust(economy: CreditEconomy, point: RestingPoint) -> dict[str, float]:
    """The quotes, with those of contracts that nobody trades and nobody trusts set to zero.

    They approach zero round by round, and at a price of a billionth a solver could still buy
    billions.
    """
    empty = tuple(f"[{name}@" for name in untraded(economy, point))
    return {
        name: 0.0 if any(mark in name for mark in empty) else value
        for name, value in point.quotes.items()
    }


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
