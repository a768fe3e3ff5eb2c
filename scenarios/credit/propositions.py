r"""Propositions 1 and 2, evaluated for every borrower, contract of date 0 and node of date 1.

With multipliers :math:`\lambda` of a household's budgets,

.. math::

   \Phi = \min\{B, pC\} - \Bigl(A + \sum_{\mu \in \xi^+}
          \frac{\lambda(\mu)}{\lambda(\xi)} R_\mu\Bigr), \qquad
   \Psi = \min\{B, pC\} - A .

* **Proposition 1.** If :math:`\Phi < 0` the household closes the debt. If :math:`\Phi > 0` it
  reduces it only where the collateral constraint binds: where it consumes freely of every good in
  the collateral, it keeps the debt. Otherwise the proposition is silent.
* **Proposition 2.** If :math:`\Psi > 0` and some contract :math:`k` issued at the node asks for no
  more collateral per loan, :math:`C_k / q_k \le C_j / \Psi`, and costs less,
  :math:`\sum \lambda R_k / q_k < \sum \lambda R_j / \Psi`, the household closes the debt.
* **Corollary.** Debts are closed by whichever is cheaper: prepaid if :math:`B \le pC`, defaulted on
  if :math:`B \ge pC` (either, where they are equal).

Source: Iraola and Torres-Martinez (SDT 364), section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from markets.credit.contract import Contract, collateral_at
from scenarios.credit import conditions, exact
from scenarios.credit.certificate import marginal_utilities, plans_of
from scenarios.credit.conditions import Program, Terms, Variable, dense
from scenarios.credit.linear import maximise
from scenarios.credit.reading import CreditEconomy, Household
from simulator.point import RestingPoint
from simulator.proof.algebraic import reader

EQUAL = Fraction(1, 10**7)
"""Numbers closer than this count as equal where they are not proved."""

Number = Any
"""An exact number, or one in floating point; the two are not mixed."""


@dataclass(frozen=True, slots=True)
class Case:
    """A borrower's debt at a node, with all that the propositions look at."""

    economy: CreditEconomy
    terms: Terms
    contract: Contract
    node: str
    prices: Mapping[str, Number]
    plan: Mapping[Variable, Number]
    equal: Fraction

    @property
    def closing(self) -> Number:
        """min(B, p C)."""
        return self.terms.closing(self.contract.name, self.node)

    @property
    def saving(self) -> Number:
        """Psi: what closing costs beyond the coupon."""
        return self.closing - self.terms.coupon[self.contract.name, self.node]

    @property
    def excess_cost(self) -> Number:
        """Phi: what closing costs beyond the present value of what is owed."""
        return self.saving - self.later(self.contract.name) / self.prices[self.node]

    def later(self, contract: str) -> Number:
        """Deliveries of a unit at date 2, in utility."""
        zero: Number = Fraction(0)
        return sum(
            (
                self.prices[last] * self.terms.delivery(contract, last)
                for last in self.economy.tree.after(self.node)
            ),
            zero,
        )

    @property
    def collateral_binds(self) -> bool:
        """Whether some good in the collateral is not consumed beyond what is pledged."""
        bundle = collateral_at(self.contract, self.node, self.economy.tree)
        return any(
            amount > 0 and self.plan["consumed freely", self.node, good] <= self.equal
            for good, amount in zip(self.economy.tree.goods, bundle, strict=True)
        )

    def first(self) -> str:
        """What Proposition 1 says: "closes", "keeps" or "silent"."""
        if self.excess_cost < -self.equal:
            return "closes"
        if self.excess_cost > self.equal and not self.collateral_binds:
            return "keeps"
        return "silent"

    def second(self) -> str:
        """What Proposition 2 says: "closes" or "silent"."""
        if self.saving <= self.equal:
            return "silent"
        mine = collateral_at(self.contract, self.node, self.economy.tree)
        for other in self.economy.contracts:
            price = self.terms.price[other.name]
            if other.issued_at != self.node or price <= self.equal:
                continue
            lighter = all(
                theirs / price <= own / self.saving + self.equal
                for theirs, own in zip(other.collateral, mine, strict=True)
            )
            cheaper = self.later(other.name) / price < (
                self.later(self.contract.name) / self.saving - self.equal
            )
            if lighter and cheaper:
                return "closes"
        return "silent"

    def said(self) -> str:
        """What both propositions say together: "closes", "keeps" or "silent"."""
        first = self.first()
        return "closes" if self.second() == "closes" else first

    def how(self) -> str:
        """How a debt is closed, by the Corollary."""
        cost = self.terms.prepayment[self.contract.name, self.node]
        seized = self.terms.seizure[self.contract.name, self.node]
        if max(cost - seized, seized - cost) <= self.equal:
            return "prepays or defaults"
        return "prepays" if cost < seized else "defaults"


def evaluate(economy: CreditEconomy, resting: RestingPoint) -> pd.DataFrame:
    """A row a borrower, contract of date 0 and node of date 1: predicted beside taken.

    Returns
    -------
    pandas.DataFrame
        ``case``, ``household``, ``contract``, ``node``; ``closing_cost`` min(B, pC), ``phi``,
        ``psi``; ``proposition_1``, ``proposition_2``, ``corollary`` and ``predicted``; shares of
        the debt that are ``paid``, ``prepaid`` and ``defaulted``; ``underwater`` (part of the debt
        is kept although the collateral is worth less than prepaying costs); ``agrees``.
    """
    proof = resting.proof if exact.proved(resting.proof) else None
    quotes = proof["quotes"] if proof is not None else resting.quotes
    number = Fraction if proof is None else reader(proof)
    terms = conditions.terms_at(economy, {name: number(value) for name, value in quotes.items()})
    problem = conditions.program(economy, terms)
    plans: Mapping[str, Mapping[Variable, Number]] = (
        plans_of(resting.agents) if proof is None else exact.proved_plans(economy, proof)
    )
    rows = []
    for household in economy.households:
        plan = plans[household.name]
        prices = (
            _multipliers(economy, terms, problem, household, plan)
            if proof is None
            else {
                node: number(proof["multipliers"][household.name][f"budget[{node}]"])
                for node in economy.tree.names
            }
        )
        equal = EQUAL if proof is None else Fraction(0)
        for contract in economy.contracts:
            debt = plan["borrowed", contract.issued_at, contract.name]
            if contract.issued_at != economy.tree.root or debt <= EQUAL:
                continue
            for node in economy.tree.middle:
                case = Case(economy, terms, contract, node, prices, plan, equal)
                rows.append(_row(case, household, resting.case, debt))
    return pd.DataFrame(rows, columns=list(COLUMNS))


COLUMNS = (
    "case",
    "household",
    "contract",
    "node",
    "closing_cost",
    "phi",
    "psi",
    "proposition_1",
    "proposition_2",
    "corollary",
    "predicted",
    "paid",
    "prepaid",
    "defaulted",
    "underwater",
    "agrees",
)


def _row(case: Case, household: Household, name: str, debt: Number) -> dict[str, object]:
    """One debt of one borrower at one node."""
    contract, node = case.contract.name, case.node
    paid = float(case.plan["kept", node, contract] / debt)
    prepaid = float(case.plan["prepaid", node, contract] / debt)
    defaulted = 1.0 - paid - prepaid
    how = case.how()
    predicted = {"closes": how, "keeps": "pays", "silent": "silent"}[case.said()]
    closed_wrongly = (how == "prepays" and defaulted > EQUAL) or (
        how == "defaults" and prepaid > EQUAL
    )
    agrees = not closed_wrongly and {
        "silent": True,
        "pays": paid > 1.0 - EQUAL,
    }.get(predicted, paid < EQUAL)
    sunk = case.terms.seizure[contract, node] < case.terms.prepayment[contract, node]
    return {
        "case": name,
        "household": household.name,
        "contract": contract,
        "node": node,
        "closing_cost": float(case.closing),
        "phi": float(case.excess_cost),
        "psi": float(case.saving),
        "proposition_1": case.first(),
        "proposition_2": case.second(),
        "corollary": how,
        "predicted": predicted,
        "paid": paid,
        "prepaid": prepaid,
        "defaulted": defaulted,
        "underwater": bool(sunk and paid > EQUAL),
        "agrees": bool(agrees),
    }


def _multipliers(
    economy: CreditEconomy,
    terms: Terms,
    problem: Program,
    household: Household,
    plan: Mapping[Variable, Number],
) -> dict[str, Number]:
    """Multipliers of a household's budgets, by HiGHS, of its program made linear at its plan."""
    amounts = np.array([float(plan[v]) for v in problem.columns])
    worths = marginal_utilities(economy, problem, household, amounts)
    gains = problem.gains(economy, {place: Fraction(v) for place, v in worths.items()})
    found = maximise(
        [float(gains[v]) for v in problem.columns],
        at_most=(
            dense(problem),
            [float(v) for v in problem.limits(economy, terms, household)],
        ),
    )
    if found is None:
        return dict.fromkeys(economy.tree.names, float("nan"))
    return {
        row[1]: -float(price)
        for row, price in zip(problem.rows, found.ineqlin.marginals, strict=True)
        if row[0] == "budget"
    }
