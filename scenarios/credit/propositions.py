r"""Propositions 1 and 2, evaluated for every borrower, contract of date 0 and node of date 1.

With multipliers :math:`\lambda` of a household's budgets,

.. math::

   \Phi = \min\{B, pC\} - \Bigl(A + \sum_{\mu \in \xi^+}
          \frac{\lambda(\mu)}{\lambda(\xi)} R_\mu\Bigr), \qquad
   \Psi = \min\{B, pC\} - A .

* **Proposition 1.** If :math:`\Phi < 0` the household closes the debt. If :math:`\Phi > 0` it
  reduces it only where the collateral constraint binds: where it consumes freely of every good in
  the collateral, it keeps the debt. Otherwise the proposition does not say.
* **Proposition 2.** If :math:`\Psi > 0` and some contract :math:`k` issued at the node asks for no
  more collateral per loan, :math:`C_k / q_k \le C_j / \Psi`, and costs less,
  :math:`\sum \lambda R_k / q_k < \sum \lambda R_j / \Psi`, the household closes the debt.
  Debts are closed by whichever is cheaper: prepaid if :math:`B \le pC`, defaulted on if
  :math:`B \ge pC` (either, where they are equal).
* **Corollary.** If such a contract costs less at every node that follows,
  :math:`R_{\mu k} / q_k < R_{\mu j} / \Psi`, all households close the debt: nobody's multipliers
  need be known.

Source: Iraola and Torres-Martinez (SDT 364), section 5.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import Literal

import pandas as pd

from markets.credit.contract import Contract, collateral_at
from scenarios.credit import exact
from scenarios.credit.certificate import plans_of, utility_gains
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import Program, Row, Variable, program, program_at
from scenarios.credit.terms import Terms, terms_at
from simulator.linear_program import maximise
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

EQUAL = Fraction(1, 10**7)
"""Numbers closer than this count as equal where they are not proved."""

Says = Literal["closes", "keeps", "does not say"]
"""What a proposition says that a household does with a debt."""


@dataclass(frozen=True, slots=True)
class Case:
    """A borrower's debt at a node, with all that the propositions look at."""

    economy: CreditEconomy
    terms: Terms
    contract: Contract
    node: str
    prices: Mapping[str, Exact]
    plan: Mapping[Variable, Exact]
    equal: Fraction

    @property
    def closing(self) -> Exact:
        """min(B, p C)."""
        return self.terms.closing(self.contract.name, self.node)

    @property
    def saving(self) -> Exact:
        """Psi: what closing costs beyond the coupon."""
        return self.closing - self.terms.coupon[self.contract.name, self.node]

    @property
    def excess_cost(self) -> Exact:
        """Phi: what closing costs beyond the present value of what is owed."""
        return self.saving - self.later(self.contract.name) / self.prices[self.node]

    def later(self, contract: str) -> Exact:
        """Deliveries of a unit at date 2, in utility."""
        delivered = (
            self.prices[last] * self.terms.delivery(contract, last)
            for last in self.economy.tree.after(self.node)
        )
        return sum(delivered, Fraction(0))

    @property
    def collateral_binds(self) -> bool:
        """Whether some good in the collateral is not consumed beyond what is pledged."""
        bundle = collateral_at(self.contract, self.node, self.economy.tree)
        return any(
            amount > 0 and self.plan["consumed freely", self.node, good] <= self.equal
            for good, amount in zip(self.economy.tree.goods, bundle, strict=True)
        )

    def first(self) -> Says:
        """What Proposition 1 says."""
        if self.excess_cost < -self.equal:
            return "closes"
        if self.excess_cost > self.equal and not self.collateral_binds:
            return "keeps"
        return "does not say"

    def second(self) -> Says:
        """What Proposition 2 says."""
        mine = self.contract.name
        cheaper = (
            self.later(other.name) / self.terms.price[other.name]
            < self.later(mine) / self.saving - self.equal
            for other in self._lighter()
        )
        return "closes" if any(cheaper) else "does not say"

    def corollary(self) -> Says:
        """What the Corollary says, of all households."""
        mine, terms = self.contract.name, self.terms
        cheaper = (
            all(
                terms.delivery(other.name, last) / terms.price[other.name]
                < terms.delivery(mine, last) / self.saving - self.equal
                for last in self.economy.tree.after(self.node)
            )
            for other in self._lighter()
        )
        return "closes" if any(cheaper) else "does not say"

    def _lighter(self) -> list[Contract]:
        """Contracts issued at the node that ask for no more collateral per loan."""
        if self.saving <= self.equal:
            return []
        mine = collateral_at(self.contract, self.node, self.economy.tree)
        return [
            other
            for other in self.economy.contracts
            if other.issued_at == self.node
            and (price := self.terms.price[other.name]) > self.equal
            and all(
                theirs / price <= own / self.saving + self.equal
                for theirs, own in zip(other.collateral, mine, strict=True)
            )
        ]

    def both(self) -> Says:
        """What both propositions say together."""
        first = self.first()
        return "closes" if self.second() == "closes" else first

    def how(self) -> str:
        """How a debt is closed, if it is."""
        cost = self.terms.prepayment[self.contract.name, self.node]
        seized = self.terms.seizure[self.contract.name, self.node]
        if max(cost - seized, seized - cost) <= self.equal:
            return "prepays or defaults"
        return "prepays" if cost < seized else "defaults"


@dataclass(frozen=True, slots=True)
class Found:
    """A row of the table of propositions, see :func:`evaluate`."""

    case: str
    household: str
    contract: str
    node: str
    closing_cost: float
    phi: float
    psi: float
    proposition_1: Says
    proposition_2: Says
    corollary: Says
    closes_by: str
    predicted: str
    paid: float
    prepaid: float
    defaulted: float
    underwater: bool
    agrees: bool


def evaluate(economy: CreditEconomy, point: RestingPoint) -> pd.DataFrame:
    """One row per borrower, contract of date 0 and node of date 1: predicted beside taken.

    Returns
    -------
    pandas.DataFrame
        ``case``, ``household``, ``contract``, ``node``; ``closing_cost`` min(B, pC), ``phi``,
        ``psi``; ``proposition_1``, ``proposition_2``, ``corollary``, ``closes_by`` (if it is
        closed) and ``predicted``; shares of the debt that are ``paid``, ``prepaid`` and
        ``defaulted``; ``underwater`` (part of the debt is kept although the collateral is worth
        less than prepaying costs); ``agrees``.
    """
    rows = []
    for household, case in cases(economy, point):
        debt = case.plan["borrowed", case.contract.issued_at, case.contract.name]
        rows.append(_row(case, household, point.case, debt))
    return pd.DataFrame(rows, columns=[field.name for field in fields(Found)])


def cases(economy: CreditEconomy, point: RestingPoint) -> list[tuple[Household, Case]]:
    """Every borrower's debt of every contract of date 0 at every node of date 1.

    In exact numbers where there is a proof; elsewhere multipliers are those of the program made
    linear at the plan. Where income is worth nothing to a household, nothing is said of its debt.
    """
    plans: Mapping[str, Mapping[Variable, Exact]]
    if exact.is_proof(point.proof):
        proved = exact.read(economy, point.proof)
        problem = program(economy, terms_at(economy, proved.quotes))
        plans, equal = proved.plans, Fraction(0)
        multipliers: Mapping[str, Mapping[Row, Exact]] = proved.multipliers
    else:
        problem, equal = program_at(economy, point.quotes), EQUAL
        amounts = plans_of(point.agents)
        plans = {
            name: {v: Fraction(amount) for v, amount in plan.items()}
            for name, plan in amounts.items()
        }
        multipliers = {
            h.name: prices
            for h in economy.households
            if (prices := _multipliers(problem, h, amounts[h.name])) is not None
        }
    debts: list[tuple[Household, Case]] = []
    for household in economy.households:
        plan, of_rows = plans[household.name], multipliers.get(household.name, {})
        worths = {row[1]: price for row, price in of_rows.items() if row[0] == "budget"}
        for contract in economy.first_contracts:
            if plan["borrowed", contract.issued_at, contract.name] > EQUAL:
                debts += [
                    (household, Case(economy, problem.terms, contract, node, worths, plan, equal))
                    for node in economy.tree.middle
                    if worths.get(node)
                ]
    return debts


def _row(case: Case, household: Household, name: str, debt: Exact) -> Found:
    """One debt of one borrower at one node."""
    contract, node = case.contract.name, case.node
    paid = float(case.plan["kept", node, contract] / debt)
    prepaid = float(case.plan["prepaid", node, contract] / debt)
    defaulted = 1.0 - paid - prepaid
    how, says = case.how(), case.both()
    wrong = {"prepays": defaulted, "defaults": prepaid}.get(how, 0.0) > EQUAL
    agrees = {"closes": paid < EQUAL, "keeps": paid > 1.0 - EQUAL}.get(says, True)
    sunk = case.terms.seizure[contract, node] < case.terms.prepayment[contract, node]
    return Found(
        case=name,
        household=household.name,
        contract=contract,
        node=node,
        closing_cost=float(case.closing),
        phi=float(case.excess_cost),
        psi=float(case.saving),
        proposition_1=case.first(),
        proposition_2=case.second(),
        corollary=case.corollary(),
        closes_by=how,
        predicted={"closes": how, "keeps": "pays"}.get(says, says),
        paid=paid,
        prepaid=prepaid,
        defaulted=defaulted,
        underwater=bool(sunk and paid > EQUAL),
        agrees=agrees and not wrong,
    )


def _multipliers(
    problem: Program, household: Household, plan: Mapping[Variable, float]
) -> dict[Row, Exact] | None:
    """Multipliers of a household's program made linear at its plan, by HiGHS."""
    limits = [float(limit) for limit in problem.limits(household)]
    wanted = utility_gains(problem, household, plan)
    best = maximise(wanted, problem.matrix(), limits)
    if best.status != "optimal":
        return None
    pairs = zip(problem.rows, best.multipliers.tolist(), strict=True)
    return {row: Fraction(price) for row, price in pairs}
