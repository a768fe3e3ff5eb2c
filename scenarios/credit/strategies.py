r"""What a borrower does with its debt at other costs of closing it, by its own linear program.

A borrower comes to a node of date 1 with what it chose at date 0. All quotes stay as they are, but
closing a unit of its debt, by prepaying or by handing over the collateral, costs :math:`m` in place
of :math:`\min\{B, pC\}`. It chooses again at the node and after it:

.. math:: \max \; g \cdot z \quad \text{subject to (B) at } \xi, \xi^+ \text{ and (S) at } \xi .

Of two ways to close a debt only the cheaper matters, so that one line of programs, one a cost,
tells what happens at every collateral value and prepayment cost. The multipliers of each program
give what Propositions 1 and 2 say there, beside what is done.

Source: Iraola and Torres-Martinez (SDT 364), sections 2 and 5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fractions import Fraction

import numpy as np
import pandas as pd

from markets.credit.contract import Contract
from scenarios.credit import conditions
from scenarios.credit.certificate import plans_of
from scenarios.credit.linear import maximise
from scenarios.credit.propositions import EQUAL, Case
from scenarios.credit.reading import CreditEconomy, Household
from simulator.point import RestingPoint
from simulator.proof.algebraic import Exact


def by_closing_cost(
    economy: CreditEconomy,
    resting: RestingPoint,
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
        affordable; and ``proposition``: "closes", "keeps" or "silent".

    Raises
    ------
    ValueError
        If utility is not linear, or the household owes nothing.
    """
    if not household.linear:
        raise ValueError(f'utility of "{household.name}" is not linear')
    terms = conditions.terms_at(
        economy, {n: Fraction(value) for n, value in resting.quotes.items()}
    )
    problem = conditions.program(economy, terms)
    plan = plans_of(resting.agents)[household.name]
    debt = plan["borrowed", contract.issued_at, contract.name]
    if debt <= EQUAL:
        raise ValueError(f'"{household.name}" owes nothing of {contract.name}')
    here = (node, *economy.tree.after(node))
    variables = list(problem.columns)
    chosen = np.array([variable[1] in here for variable in variables])
    taken = np.array([variable[1] == economy.tree.root for variable in variables])
    asked = np.array([row[1] in here for row in problem.rows])
    limits = np.array([float(v) for v in problem.limits(economy, terms, household)])
    before = np.array([plan[variable] for variable in variables]) * taken
    gains = problem.gains(economy, conditions.slopes(economy, household))
    wanted = np.array([float(gains[variable]) for variable in variables])[chosen]
    named = [variable for variable, inside in zip(variables, chosen, strict=True) if inside]
    rows = [row for row, inside in zip(problem.rows, asked, strict=True) if inside]
    matrix, place = conditions.dense(problem), (contract.name, node)
    budget = problem.rows.index(("budget", node))
    borrowed = variables.index(("borrowed", contract.issued_at, contract.name))
    kept = variables.index(("kept", node, contract.name))
    prepaid = variables.index(("prepaid", node, contract.name))
    seized = float(terms.seizure[place])
    found = []
    for cost in costs:
        changed = matrix.copy()
        changed[budget, borrowed] += cost - seized
        changed[budget, kept] -= cost - seized
        changed[budget, prepaid] = 0.0  # as dear as handing over the collateral
        left = (limits - changed @ before)[asked]
        best = maximise(wanted, at_most=(changed[np.ix_(asked, chosen)], left))
        if best is None:
            found.append((cost, np.nan, "silent"))
            continue
        amounts = dict(zip(named, best.x.tolist(), strict=True))
        prices = zip(rows, (-best.ineqlin.marginals).tolist(), strict=True)
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
        found.append((cost, amounts["kept", node, contract.name] / debt, case.said()))
    return pd.DataFrame(found, columns=["cost", "kept", "proposition"])
