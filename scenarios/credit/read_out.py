"""What is read off a resting point: trade, utilities, and rates of payment."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from scenarios.credit import certificate, conditions, exact
from scenarios.credit.reading import CreditEconomy, Household, wealth
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.point import RestingPoint

Number = Any
"""An exact number, or one in floating point; the two are not mixed."""

FAR = 0.5
"""Move of a quote by an auction, as a share of the collateral's value (of the starting price, for
goods), from which it is told: the rounds might have gone to another equilibrium."""

TRADED = 1e-7
"""Debt as a share of all wealth, in terms of its collateral, and price or payment as a share of the
collateral, from which a contract counts as traded."""


def untraded(economy: CreditEconomy, resting: RestingPoint) -> list[str]:
    """Contracts of which nothing is expected, and that nobody trades or that cost nothing."""
    found = []
    totals = resting.agents.groupby(["part", "node", "instrument"])["amount"].sum()
    worth = wealth(economy).sum()
    for contract in economy.contracts:
        size = float(sum(contract.collateral))
        debt = totals["borrowed", contract.issued_at, contract.name] * size
        price = resting.quotes[f"price[{contract.name}@{contract.issued_at}]"]
        payments = [
            resting.quotes[f"unit_payment[{contract.name}@{node}]"]
            for node in conditions.later_nodes(economy, contract)
        ]
        idle = debt <= TRADED * worth or price <= TRADED * size
        if idle and max(payments) <= TRADED * size:
            found.append(contract.name)
    return found


def judged(economy: CreditEconomy, resting: RestingPoint) -> Outcome:
    """No trade, where an empty pool is distrusted; cleared otherwise."""
    return Outcome.NO_TRADE if untraded(economy, resting) else Outcome.CLEARED


def described(economy: CreditEconomy, model: Economy, resting: RestingPoint) -> dict[str, Any]:
    """Utilities, payment rates, auctions, and what is said of trade at a resting point."""
    plans = plans_at(economy, resting)
    told: dict[str, Any] = {
        f"utility[{household.name}]": float(utility(economy, household, plans[household.name]))
        for household in economy.households
    }
    told |= rates(economy, resting.agents)
    empty = untraded(economy, resting)
    remarks = [f"no trade in {', '.join(empty)}: trivial"] if empty else []
    if model.auction_move > FAR:
        remarks.append(f"an auction moved a quote by {model.auction_move:.2f}: far from the rounds")
    told |= {"auction_steps": model.auction_steps, "auction_move": model.auction_move}
    told["remark"] = "; ".join([*remarks, *exact.remarks(resting.proof)])
    told["exact"] = exact.proved(resting.proof)
    return told


def plans_at(
    economy: CreditEconomy, resting: RestingPoint
) -> Mapping[str, Mapping[conditions.Variable, Number]]:
    """Plans by household: in exact numbers where they are proved, in floating point elsewhere."""
    if not exact.proved(resting.proof):
        return certificate.plans_of(resting.agents)
    return exact.proved_plans(economy, resting.proof)


def utility(
    economy: CreditEconomy, household: Household, plan: Mapping[conditions.Variable, Number]
) -> Number:
    """Utility of a household at its plan; exact if utility is linear and the plan is."""
    total: Number = Fraction(0)
    aversion = float(household.risk_aversion)
    for (node, good), amount in consumption(economy, plan).items():
        weight = household.weights[economy.tree.places[node]][economy.tree.goods.index(good)]
        if household.linear:
            total += weight * amount
        elif weight > 0:
            power = float(amount) ** (1.0 - aversion) / (1.0 - aversion) if aversion != 1 else None
            total += float(weight) * (float(np.log(float(amount))) if power is None else power)
    return total


def consumption(
    economy: CreditEconomy, plan: Mapping[conditions.Variable, Number]
) -> dict[tuple[str, str], Number]:
    """Goods consumed at every node, collateral included, by (node, good)."""
    consumed: dict[tuple[str, str], Number] = dict.fromkeys(
        ((node, good) for node in economy.tree.names for good in economy.tree.goods), Fraction(0)
    )
    for variable, goods in conditions.consumed(economy).items():
        for place, each in goods.items():
            consumed[place] += each * plan[variable]
    return consumed


def rates(economy: CreditEconomy, agents: pd.DataFrame) -> dict[str, float]:
    """Shares of debt that is paid, prepaid and defaulted on, by contract and node of date 1.

    Not a number where nobody owes anything.
    """
    totals = agents.groupby(["part", "node", "instrument"])["amount"].sum()
    found = {}
    for contract in economy.contracts:
        if contract.issued_at != economy.tree.root:
            continue
        debt = totals["borrowed", economy.tree.root, contract.name]
        for node in economy.tree.middle:
            for told, part in (("paid", "kept"), ("prepaid", "prepaid"), ("defaulted",) * 2):
                amount = totals[part, node, contract.name]
                traded = debt * float(sum(contract.collateral)) > TRADED
                found[f"{told}[{contract.name}@{node}]"] = amount / debt if traded else np.nan
    return found
