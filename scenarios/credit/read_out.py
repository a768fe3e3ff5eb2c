"""What is read off a resting point: trade, utilities, and rates of payment."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import inf, log

import numpy as np
import pandas as pd

from scenarios.credit import exact
from scenarios.credit.certificate import plans_of
from scenarios.credit.primitives import CreditEconomy, Household, wealth
from scenarios.credit.program import Place, Variable, consumed
from simulator.outcome import Ending, Outcome
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

FAR = 0.5
"""Move of a quote by an auction, as a share of the collateral's value (of the starting price, for
goods), from which it is reported: the rounds might have gone to another equilibrium."""

"""What the quotes found were made of, from the least that households tell to the most."""

TRADED = 1e-7
"""Debt as a share of all wealth, in terms of its collateral, and price or payment as a share of the
collateral, from which a contract counts as traded."""


def untraded(economy: CreditEconomy, point: RestingPoint) -> list[str]:
    """Contracts of which nothing is expected, and that nobody trades or that cost nothing."""
    names = []
    totals = _totals(point.agents)
    worth = wealth(economy).sum()
    for contract in economy.contracts:
        size = float(sum(contract.collateral))
        debt = totals["borrowed", contract.issued_at, contract.name] * size
        price = point.quotes[f"price[{contract.name}@{contract.issued_at}]"]
        payments = [
            point.quotes[f"unit_payment[{contract.name}@{node}]"]
            for node in economy.later_nodes(contract)
        ]
        idle = debt <= TRADED * worth or price <= TRADED * size
        if idle and max(payments) <= TRADED * size:
            names.append(contract.name)
    return names


def trading(economy: CreditEconomy, point: RestingPoint) -> float:
    """Number of households that lend or borrow, or hold what others issued."""
    agents = point.agents
    credit = agents["part"].isin(("lent", "borrowed", "held after resale"))
    plainly = agents["amount"] > TRADED * float(wealth(economy).sum())
    return float(agents.loc[credit & plainly, "household"].nunique())


def judged(economy: CreditEconomy, point: RestingPoint) -> Ending:
    """No trade, where an empty pool is distrusted; cleared otherwise."""
    names = untraded(economy, point)
    if not names:
        return Ending(Outcome.CLEARED, "")
    return Ending(
        Outcome.NO_TRADE,
        f"nobody trades {', '.join(names)}, of which holders expect nothing",
    )


def read_out(economy: CreditEconomy, point: RestingPoint) -> dict[str, object]:
    """Utilities, payment rates, how it is verified, and how many trade."""
    exactly = exact.is_proof(point.proof)
    return {
        **{f"utility[{name}]": value for name, value in utilities(economy, point).items()},
        **rates(economy, point.agents),
        "exact": exactly,
        "verified": "in exact arithmetic" if exactly else "in floating point",
        "traders_trading": trading(economy, point),
    }


def remark(economy: CreditEconomy, point: RestingPoint, auction_move: float) -> str:
    """Remarks on a resting point that the last auction moved so far from the rounds."""
    empty = untraded(economy, point)
    remarks = [f"no trade in {', '.join(empty)}: trivial"] if empty else []
    if auction_move > FAR:
        remarks.append(f"an auction moved a quote by {auction_move:.2f}: far from the rounds")
    return "; ".join([*remarks, *exact.remarks(point.proof)])


def utilities(economy: CreditEconomy, point: RestingPoint) -> dict[str, float]:
    """Utility of every household at its plan: rounded once where the plan is proved."""
    if exact.is_proof(point.proof):
        proved = exact.read(economy, point.proof)
        return {h.name: _linear(economy, h, proved.plans[h.name]) for h in economy.households}
    plans = {
        name: {variable: Fraction(amount) for variable, amount in plan.items()}
        for name, plan in plans_of(point.agents).items()
    }
    return {
        h.name: (_linear if h.linear else _curved)(economy, h, plans[h.name])
        for h in economy.households
    }


def _linear(economy: CreditEconomy, household: Household, plan: Mapping[Variable, Exact]) -> float:
    total: Exact = Fraction(0)
    for (node, good), amount in consumption(economy, plan).items():
        total += _weight(economy, household, node, good) * amount
    return float(total)


def _curved(economy: CreditEconomy, household: Household, plan: Mapping[Variable, Exact]) -> float:
    total = 0.0
    for (node, good), amount in consumption(economy, plan).items():
        weight = float(_weight(economy, household, node, good))
        aversion = float(household.risk_aversion[economy.tree.goods.index(good)])
        if weight > 0.0:
            at = float(amount)
            if at <= 0.0 and aversion >= 1.0:
                return -inf
            each = log(at) if aversion == 1.0 else at ** (1.0 - aversion) / (1.0 - aversion)
            total += weight * each
    return total


def _weight(economy: CreditEconomy, household: Household, node: str, good: str) -> Fraction:
    return household.weights[economy.tree.places[node]][economy.tree.goods.index(good)]


def consumption(economy: CreditEconomy, plan: Mapping[Variable, Exact]) -> dict[Place, Exact]:
    """Goods consumed at every node, collateral included, by (node, good)."""
    tree = economy.tree
    eaten: dict[Place, Exact] = {
        (node, good): Fraction(0) for node in tree.names for good in tree.goods
    }
    for variable, goods in consumed(economy).items():
        for place, each in goods.items():
            eaten[place] += each * plan[variable]
    return eaten


def rates(economy: CreditEconomy, agents: pd.DataFrame) -> dict[str, float]:
    """Shares of debt that is paid, prepaid and defaulted on, by contract and node of date 1.

    Not a number where nobody owes anything.
    """
    totals = _totals(agents)
    shares = {}
    for contract in economy.first_contracts:
        debt = totals["borrowed", economy.tree.root, contract.name]
        traded = debt * float(sum(contract.collateral)) > TRADED
        for node in economy.tree.middle:
            for action, part in (("paid", "kept"), ("prepaid", "prepaid"), ("defaulted",) * 2):
                amount = totals[part, node, contract.name]
                shares[f"{action}[{contract.name}@{node}]"] = amount / debt if traded else np.nan
    return shares


def _totals(agents: pd.DataFrame) -> Mapping[tuple[str, str, str], float]:
    """Amounts summed over households, by part, node and instrument."""
    sums = agents.groupby(["part", "node", "instrument"], as_index=False)["amount"].sum()
    columns = (sums[name] for name in ("part", "node", "instrument", "amount"))
    return {(p, n, i): float(amount) for p, n, i, amount in zip(*columns, strict=True)}
