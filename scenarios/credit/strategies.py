r"""What a borrower does with its debt at other costs of closing it, by its own linear program.

A borrower comes to a node of date 1 with what it chose at date 0. All quotes stay as they are, but
closing a unit of its debt, by prepaying or by handing over the collateral, costs :math:`m` in place
of :math:`\min\{B, pC\}`. It chooses again at the node and after it:

.. math:: \max \; g \cdot z \quad \text{subject to (B) at } \xi, \xi^+ \text{ and (S) at } \xi .

Of two ways to close a debt only the cheaper matters, so that one line of programs, one per cost,
gives what happens at every collateral value and prepayment cost. The multipliers of each program
give what Propositions 1 and 2 say there, beside what is done.

Source: Iraola and Torres-Martinez (SDT 364), sections 2 and 5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from fractions import Fraction
from itertools import pairwise

import numpy as np
import pandas as pd

from markets.credit.contract import Contract
from scenarios.credit.certificate import plans_of
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import program_at
from scenarios.credit.propositions import EQUAL, Case, Says, cases
from simulator.linear_program import maximise
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

COSTS = 121
"""Costs of closing a debt in the table of strategies."""

COARSE = 8
"""The borrower chooses again at every ``COARSE``-th of them first, and between two at which it does
the same, and the propositions say the same, not again."""

BEYOND = 1.25
"""The largest of them, in terms of the largest of collateral value, prepayment and coupon."""

MOST_BORROWERS = 6
"""Borrowers of each contract in the table: each takes some 20 programs per node."""

TIE = 1e-12
"""Units of the first good; a cost that is no further above what closing is worth equals it."""

PLACE = ("case", "household", "contract", "node", "by")
ANSWER = ("cost", "kept", "proposition")

Answer = tuple[float, Says]
"""The share of a debt that is kept, and what the propositions say."""


def payment_strategies(points: Iterable[tuple[CreditEconomy, RestingPoint]]) -> pd.DataFrame:
    """What borrowers do at each cost of closing their debts, at the resting points of a run.

    With linear utility they choose again (:func:`by_closing_cost`). With concave utility the table
    has what Propositions 1 and 2 say at the multipliers of the resting point.

    Returns
    -------
    pandas.DataFrame
        ``case``, ``household``, ``contract``, ``node``, ``by`` ("program" or "propositions"), and
        the columns of :func:`by_closing_cost`.
    """
    rows: list[tuple[object, ...]] = []
    for economy, point in points:
        shown: dict[str, list[str]] = {}
        for household, case in cases(economy, point):
            names = shown.setdefault(case.contract.name, [])
            if household.name not in names:
                names.append(household.name)
            if len(names) > MOST_BORROWERS:
                continue
            contract, node = case.contract, case.node
            costs = np.linspace(0.0, _reach(case), COSTS).tolist()
            if household.linear:
                borrower = Borrower(economy, point, household, contract, node)
                answers = _refined(borrower.at, costs)
            else:
                answers = [_by_propositions(case, cost) for cost in costs]
            by = "program" if household.linear else "propositions"
            place = (point.case, household.name, contract.name, node, by)
            rows += [(*place, cost, *answer) for cost, answer in zip(costs, answers, strict=True)]
    return pd.DataFrame(rows, columns=[*PLACE, *ANSWER])


def by_closing_cost(
    economy: CreditEconomy,
    point: RestingPoint,
    household: Household,
    contract: Contract,
    node: str,
    costs: Sequence[float],
) -> pd.DataFrame:
    """What a borrower with linear utility does at each cost of closing its debt.

    Parameters
    ----------
    contract : Contract
        A contract of date 0 of which the household owes some.
    costs : sequence of float
        Costs m of closing one unit at the node.

    Returns
    -------
    pandas.DataFrame
        ``cost``; ``kept``, the share of the debt that is kept, not a number where no plan is
        affordable; and ``proposition``: "closes", "keeps" or "does not say".

    Raises
    ------
    ValueError
        If utility is not linear, or the household owes nothing.
    """
    borrower = Borrower(economy, point, household, contract, node)
    return pd.DataFrame([(cost, *borrower.at(cost)) for cost in costs], columns=list(ANSWER))


class Borrower:
    """A household with linear utility that comes to a node with a debt, and chooses again there.

    Parameters and errors are those of :func:`by_closing_cost`.
    """

    def __init__(
        self,
        economy: CreditEconomy,
        point: RestingPoint,
        household: Household,
        contract: Contract,
        node: str,
    ) -> None:
        if not household.linear:
            raise ValueError(f'utility of "{household.name}" is not linear')
        problem = program_at(economy, point.quotes)
        plan = plans_of(point.agents)[household.name]
        self.debt = plan["borrowed", contract.issued_at, contract.name]
        if self.debt <= EQUAL:
            raise ValueError(f'"{household.name}" owes nothing of {contract.name}')
        nodes = (node, *economy.tree.after(node))
        variables, gains = list(problem.columns), problem.linear_gains(household)
        self.economy, self.terms, self.contract, self.node = economy, problem.terms, contract, node
        self.chosen = [place for place, v in enumerate(variables) if v[1] in nodes]
        self.variables = [variables[place] for place in self.chosen]
        self.asked = [place for place, row in enumerate(problem.rows) if row[1] in nodes]
        self.rows = [problem.rows[place] for place in self.asked]
        root = economy.tree.root
        self.before = np.array([plan[v] if v[1] == root else 0.0 for v in variables])
        self.limits = np.array([float(limit) for limit in problem.limits(household)])
        self.wanted = np.array([float(gains[variable]) for variable in self.variables])
        self.matrix = problem.matrix()
        self.budget = problem.rows.index(("budget", node))
        self.borrowed = variables.index(("borrowed", contract.issued_at, contract.name))
        self.kept = variables.index(("kept", node, contract.name))
        self.prepaid = variables.index(("prepaid", node, contract.name))

    def at(self, cost: float) -> Answer:
        """What it does at a cost of closing a unit of its debt, and what the propositions say."""
        place = (self.contract.name, self.node)
        change = cost - float(self.terms.seizure[place])
        matrix = self.matrix.copy()
        matrix[self.budget, self.borrowed] += change
        matrix[self.budget, self.kept] -= change
        matrix[self.budget, self.prepaid] = 0.0  # as expensive as handing over the collateral
        left = (self.limits - matrix @ self.before)[self.asked]
        best = maximise(self.wanted, matrix[np.ix_(self.asked, self.chosen)], left)
        if best.status != "optimal":
            return np.nan, "does not say"
        amounts = dict(zip(self.variables, map(Fraction, best.amounts.tolist()), strict=True))
        prices = dict(zip(self.rows, map(Fraction, best.multipliers.tolist()), strict=True))
        closing: dict[tuple[str, str], Exact] = {place: Fraction(cost)}
        case = Case(
            self.economy,
            replace(
                self.terms,
                seizure=self.terms.seizure | closing,
                prepayment=self.terms.prepayment | closing,
            ),
            self.contract,
            self.node,
            {row[1]: price for row, price in prices.items() if row[0] == "budget"},
            amounts,
            EQUAL,
        )
        share = float(amounts["kept", self.node, self.contract.name]) / self.debt
        return share, case.both() if case.prices[self.node] else "does not say"


def _refined(at: Callable[[float], Answer], costs: Sequence[float]) -> list[Answer]:
    """Answers at all costs, asked for only where they change, see ``COARSE``."""
    last = len(costs) - 1
    known = {n: at(costs[n]) for n in {*range(0, last, COARSE), last}}

    def fill(low: int, high: int) -> None:
        if high - low < 2:
            return
        (one, says), (other, said) = known[low], known[high]
        if says == said and (abs(one - other) <= EQUAL or np.isnan([one, other]).all()):
            known.update(dict.fromkeys(range(low + 1, high), known[low]))
            return
        middle = (low + high) // 2
        known[middle] = at(costs[middle])
        fill(low, middle)
        fill(middle, high)

    ends = sorted(known)
    for low, high in pairwise(ends):
        fill(low, high)
    return [known[n] for n in range(len(costs))]


def _by_propositions(case: Case, cost: float) -> Answer:
    """What the propositions say at given multipliers, at a cost of closing a debt."""
    coupon = case.terms.coupon[case.contract.name, case.node]
    ceiling = coupon + case.saving - case.excess_cost
    if case.second() == "closes":
        ceiling = max(ceiling, coupon + case.saving)
    return (1.0, "keeps") if cost > float(ceiling) + TIE else (0.0, "closes")


def _reach(case: Case) -> float:
    """The largest cost of closing a debt that is looked at."""
    place, terms = (case.contract.name, case.node), case.terms
    most = max(terms.seizure[place], terms.prepayment[place], terms.coupon[place])
    return BEYOND * float(most)
