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

from collections.abc import Iterable, Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd

from markets.credit.contract import Contract
from scenarios.credit.certificate import plans_of
from scenarios.credit.linear import maximise
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import program_at
from scenarios.credit.propositions import EQUAL, Case, cases
from scenarios.credit.terms import Terms
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact

COSTS = 121
"""Costs of closing a debt at which a borrower chooses again."""

BEYOND = 1.25
"""The largest of them, in terms of the largest of collateral value, prepayment and coupon."""

MOST_BORROWERS = 6
"""Borrowers of each contract who choose again: every one takes ``COSTS`` programs per node."""


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
    tables = []
    for economy, point in points:
        shown: dict[str, list[str]] = {}
        for household, case in cases(economy, point):
            names = shown.setdefault(case.contract.name, [])
            if household.name not in names:
                names.append(household.name)
            if len(names) > MOST_BORROWERS:
                continue
            contract, node = case.contract, case.node
            costs = np.linspace(0.0, reach(case.terms, contract.name, node), COSTS)
            if household.linear:
                table = by_closing_cost(economy, point, household, contract, node, costs.tolist())
            else:
                table = _by_propositions(case, costs.tolist())
            by = "program" if household.linear else "propositions"
            place = (point.case, household.name, contract.name, node, by)
            for name, value in zip(PLACE, place, strict=True):
                table[name] = value
            tables.append(table)
    columns = [*PLACE, *ANSWER]
    if not tables:
        return pd.DataFrame(columns=columns)
    return pd.concat(tables, ignore_index=True)[columns]


PLACE = ("case", "household", "contract", "node", "by")
ANSWER = ("cost", "kept", "proposition")


def reach(terms: Terms, contract: str, node: str) -> float:
    """The largest cost of closing a debt that is looked at."""
    place = (contract, node)
    most = max(terms.seizure[place], terms.prepayment[place], terms.coupon[place])
    return BEYOND * float(most)


def _by_propositions(case: Case, costs: Sequence[float]) -> pd.DataFrame:
    """What the propositions say at given multipliers, at each cost of closing a debt."""
    coupon = case.terms.coupon[case.contract.name, case.node]
    ceiling = float(coupon + case.saving - case.excess_cost)
    if case.second() == "closes":
        ceiling = max(ceiling, float(coupon + case.saving))
    rows = [(m, 1.0, "keeps") if m > ceiling + TIE else (m, 0.0, "closes") for m in costs]
    return pd.DataFrame(rows, columns=list(ANSWER))


TIE = 1e-12
"""Units of the first good; a cost that is no further above what closing is worth equals it."""


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
    if not household.linear:
        raise ValueError(f'utility of "{household.name}" is not linear')
    problem = program_at(economy, point.quotes)
    terms, plan = problem.terms, plans_of(point.agents)[household.name]
    debt = plan["borrowed", contract.issued_at, contract.name]
    if debt <= EQUAL:
        raise ValueError(f'"{household.name}" owes nothing of {contract.name}')
    nodes = (node, *economy.tree.after(node))
    variables = list(problem.columns)
    chosen = np.array([variable[1] in nodes for variable in variables])
    taken = np.array([variable[1] == economy.tree.root for variable in variables])
    asked = np.array([row[1] in nodes for row in problem.rows])
    limits = np.array([float(v) for v in problem.limits(household)])
    before = np.array([plan[variable] for variable in variables]) * taken
    gains = problem.linear_gains(household)
    wanted = np.array([float(gains[variable]) for variable in variables])[chosen]
    named = [variable for variable, inside in zip(variables, chosen, strict=True) if inside]
    rows = [row for row, inside in zip(problem.rows, asked, strict=True) if inside]
    matrix, place = problem.matrix(), (contract.name, node)
    budget = problem.rows.index(("budget", node))
    borrowed = variables.index(("borrowed", contract.issued_at, contract.name))
    kept = variables.index(("kept", node, contract.name))
    prepaid = variables.index(("prepaid", node, contract.name))
    seized = float(terms.seizure[place])
    answers = []
    for cost in costs:
        changed = matrix.copy()
        changed[budget, borrowed] += cost - seized
        changed[budget, kept] -= cost - seized
        changed[budget, prepaid] = 0.0  # as expensive as handing over the collateral
        left = (limits - changed @ before)[asked]
        best = maximise(wanted, at_most=(changed[np.ix_(asked, chosen)], left))
        if best is None:
            answers.append((cost, np.nan, "does not say"))
            continue
        amounts = dict(zip(named, map(Fraction, best.amounts.tolist()), strict=True))
        prices = zip(rows, map(Fraction, best.multipliers.tolist()), strict=True)
        closing: dict[tuple[str, str], Exact] = {place: Fraction(cost)}
        case = Case(
            economy,
            replace(
                terms,
                seizure=terms.seizure | closing,
                prepayment=terms.prepayment | closing,
            ),
            contract,
            node,
            {row[1]: price for row, price in prices if row[0] == "budget"},
            amounts,
            EQUAL,
        )
        share = float(amounts["kept", node, contract.name]) / debt
        says = case.both() if case.prices[node] else "does not say"
        answers.append((cost, share, says))
    return pd.DataFrame(answers, columns=list(ANSWER))
