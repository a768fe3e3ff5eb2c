r"""The certificate of an equilibrium with collateralised credit.

With linear utilities a resting point comes with a proof in exact numbers, and every condition is
checked exactly, with tolerance zero (:mod:`scenarios.credit.exact`). Otherwise the conditions
are checked in floating point from the tables. There a household's optimality needs no second
optimiser: utility is concave, so that no plan can be better than the one held by more than

.. math:: \max_z \; \nabla u(c^*) \cdot (K z - c^*) \quad \text{subject to (B), (S)},

a linear program that HiGHS solves. Source: Iraola and Torres-Martinez (SDT 364), definition of
equilibrium.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from scenarios.credit import exact
from scenarios.credit.clearing import clearing
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import Place, Program, Variable, program_at
from simulator.certificate import Certificate, Condition
from simulator.linear_program import maximise
from simulator.point import Proof, RestingPoint
from simulator.proof.algebraic import Exact

BUDGET_TOLERANCE = 1e-9
"""Overspending at a node, as a share of all wealth; plans are solved to rounding error."""

CLEARING_TOLERANCE = 1e-8
"""Excess demand as a share of all wealth; rounds stop at 1e-10."""

GAIN_TOLERANCE = 1e-7
"""What a household could gain, as a share of what its own endowment is worth to it. First-order
in the distance of quotes and plans from rest, times the largest positions it could take."""

UNBOUNDED = 1e300
"""Marginal utility of the first bit of a good that is liked, where utility is not linear."""

AGREEMENT = 1e-12
"""Tables hold the numbers of the proof rounded once."""


def certify(economy: CreditEconomy, point: RestingPoint) -> Certificate:
    """The certificate of a resting point, from its proof or its tables."""
    if exact.is_proof(point.proof):
        return _exactly(economy, point, point.proof)
    return _in_floating_point(economy, point)


def plans_of(agents: pd.DataFrame) -> dict[str, dict[Variable, float]]:
    """Plans by household from the table of agents."""
    plans: dict[str, dict[Variable, float]] = {}
    columns = (agents[name] for name in ("household", "part", "node", "instrument", "amount"))
    for household, part, node, instrument, amount in zip(*columns, strict=True):
        if part != "defaulted":
            plans.setdefault(str(household), {})[part, node, instrument] = float(amount)
    return plans


# ---------------------------------------------------------------------- exact
def _exactly(economy: CreditEconomy, point: RestingPoint, proof: Proof) -> Certificate:
    """Every condition checked in exact numbers; tolerances are zero."""
    proved = exact.read(economy, proof)
    missed = exact.check(economy, proved)
    unlike = [abs(float(proved.quotes[name]) - value) for name, value in point.quotes.items()]
    for household, plan in plans_of(point.agents).items():
        amounts = proved.plans[household]
        unlike += [abs(float(amounts[part]) - amount) for part, amount in plan.items()]
    how = "; ".join(exact.remarks(proof) or ["in exact arithmetic"])
    every = f"all {len(economy.households)} households; {how}"
    exactly = [
        ("plans", missed.sign, "no part of a plan is negative"),
        ("budgets", missed.budgets, "no household spends more than it has at any node (B)"),
        ("debts", missed.debts, "no household pays or prepays more than it owes (S)"),
        ("dual", missed.dual, "each household's multipliers meet its dual constraints"),
        ("optimality", missed.gap, "plan and multipliers have the same value: no plan is better"),
        ("securities", missed.securities, "securities clear at issue and at resale (ii)"),
        ("goods", missed.goods, "goods clear at every node (iii)"),
        ("unit payments", missed.payments, "securities pay what borrowers deliver (iv)"),
    ]
    return Certificate(
        (
            *(Condition(n, _residual(value), 0.0, text, every) for n, value, text in exactly),
            _margin(float(missed.margin)),
            Condition(
                "tables",
                max(unlike),
                AGREEMENT,
                "quotes and plans in the tables are those of the proof",
            ),
        )
    )


def _residual(violation: Exact) -> float:
    """A violation as a number that is zero only where the violation is."""
    return max(float(violation), sys.float_info.min) if violation > 0 else 0.0


def _margin(least: float) -> Condition:
    return Condition(
        "margin",
        0.0 if least > 0.0 else 1.0 - least,
        0.0,
        "collateral is worth more than the loan it secures, so that there is no arbitrage",
        "all contracts",
    )


# ---------------------------------------------------------------------- floating point
def _in_floating_point(economy: CreditEconomy, point: RestingPoint) -> Certificate:
    """Every condition checked from the tables."""
    problem = program_at(economy, point.quotes)
    terms = problem.terms
    wealth = sum(float(sum(problem.limits(household))) for household in economy.households)
    plans = plans_of(point.agents)
    residuals = dict.fromkeys(("plans", "budgets", "debts", "optimality"), 0.0)
    for household in economy.households:
        missed = _household(problem, household, plans[household.name], wealth)
        residuals = {name: max(value, missed[name]) for name, value in residuals.items()}
    total: dict[Variable, float] = {}
    for plan in plans.values():
        for variable, amount in plan.items():
            total[variable] = total.get(variable, 0.0) + amount
    cleared = dict.fromkeys(("goods", "security", "resale", "payment"), 0.0)
    for name, coefficients, due in clearing(economy, terms):
        value = sum(float(amount) * total[v] for v, amount in coefficients.items()) - float(due)
        kind = name.partition("[")[0]
        cleared[kind] = max(cleared[kind], abs(value) / wealth)
    residuals |= {
        "securities": max(cleared["security"], cleared["resale"]),
        "goods": cleared["goods"],
        "unit payments": cleared["payment"],
    }
    share = "as a share of all wealth"
    texts = {
        "plans": (f"no part of a plan is negative, {share}", BUDGET_TOLERANCE),
        "budgets": (f"no household spends more than it has (B), {share}", BUDGET_TOLERANCE),
        "debts": (f"no household pays or prepays more than it owes (S), {share}", BUDGET_TOLERANCE),
        "optimality": (
            "no plan is better by more, as a share of what the household's consumption is worth"
            " to it at its own marginal utility (bound by HiGHS)",
            GAIN_TOLERANCE,
        ),
        "securities": (f"securities clear at issue and resale (ii), {share}", CLEARING_TOLERANCE),
        "goods": (f"goods clear at every node (iii), {share}", CLEARING_TOLERANCE),
        "unit payments": (f"securities pay what is delivered (iv), {share}", CLEARING_TOLERANCE),
    }
    margins = (float(terms.margin(contract)) for contract in economy.contracts)
    return Certificate(
        (
            *(
                Condition(n, residuals[n], tolerance, text)
                for n, (text, tolerance) in texts.items()
            ),
            _margin(min(margins, default=1.0)),
        )
    )


def _household(
    problem: Program, household: Household, plan: Mapping[Variable, float], wealth: float
) -> dict[str, float]:
    """Violations of one household's conditions."""
    matrix = problem.matrix()
    amounts = np.array([plan[v] for v in problem.columns])
    limits = np.array([float(v) for v in problem.limits(household)])
    over = matrix @ amounts - limits
    budget = np.array([row[0] == "budget" for row in problem.rows])
    wanted = utility_gains(problem, household, plan)
    best = maximise(wanted, matrix, limits)
    own = float(wanted @ amounts)
    gain = best.value - own if best.status == "optimal" else np.inf
    return {
        "plans": max(0.0, float(-amounts.min())) / wealth,
        "budgets": max(0.0, float(over[budget].max())) / wealth,
        "debts": max(0.0, float(over[~budget].max(initial=0.0))) / wealth,
        "optimality": max(0.0, gain) / max(own, 1e-300),
    }


def utility_gains(
    problem: Program, household: Household, plan: Mapping[Variable, float]
) -> FloatArray:
    """Marginal utility of every part of a plan at the plan, (variables,).

    Where a good is liked and nothing of it consumed, ``UNBOUNDED``, unless utility is linear in it.
    """
    consumed: dict[Place, float] = {}
    for variable, goods in problem.consumed.items():
        for place, each in goods.items():
            consumed[place] = consumed.get(place, 0.0) + float(each) * plan[variable]
    tree = problem.economy.tree
    worths: dict[Place, Fraction] = {}
    for n, node in enumerate(tree.names):
        for g, good in enumerate(tree.goods):
            weight, amount = float(household.weights[n][g]), consumed[node, good]
            aversion = float(household.risk_aversion[g])
            slope = amount**-aversion if amount > 0.0 or aversion == 0.0 else UNBOUNDED
            worths[node, good] = Fraction(weight * slope if weight > 0.0 else 0.0)
    return np.array([float(gain) for gain in problem.gains(worths).values()])
