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
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from scenarios.credit import conditions, exact
from scenarios.credit.conditions import Program, Terms, Variable, dense
from scenarios.credit.linear import maximise
from scenarios.credit.reading import CreditEconomy, Household
from simulator.certificate import Certificate, Condition
from simulator.proof.algebraic import Exact, reader

BUDGET_TOLERANCE = 1e-9
"""Overspending at a node, as a share of all wealth; plans are solved to rounding error."""

CLEARING_TOLERANCE = 1e-8
"""Excess demand as a share of all wealth; rounds stop at 1e-10."""

GAIN_TOLERANCE = 1e-7
"""What a household could gain, as a share of what its own endowment is worth to it. First-order
in the distance of quotes and plans from rest, times the largest positions it could take."""

AGREEMENT = 1e-12
"""Tables hold the numbers of the proof rounded once."""


def certify(
    economy: CreditEconomy,
    quotes: Mapping[str, float],
    agents: pd.DataFrame,
    proof: Mapping[str, Any] | None,
) -> Certificate:
    """The certificate of a resting point."""
    if exact.proved(proof):
        return _exactly(economy, quotes, agents, proof)
    return _in_floating_point(economy, quotes, agents)


def plans_of(agents: pd.DataFrame) -> dict[str, dict[Variable, float]]:
    """Plans by household from the table of agents."""
    plans: dict[str, dict[Variable, float]] = {}
    rows = zip(
        agents["household"], agents["part"], agents["node"], agents["instrument"],
        agents["amount"], strict=True,
    )  # fmt: skip
    for household, part, node, instrument, amount in rows:
        if part != "defaulted":
            plans.setdefault(str(household), {})[part, node, instrument] = float(amount)
    return plans


# ---------------------------------------------------------------------- exact
def _exactly(
    economy: CreditEconomy,
    quotes: Mapping[str, float],
    agents: pd.DataFrame,
    proof: Mapping[str, Any],
) -> Certificate:
    """Every condition checked in exact numbers; tolerances are zero."""
    found = exact.check(economy, proof)
    number = reader(proof)
    unlike = [abs(float(number(proof["quotes"][name])) - value) for name, value in quotes.items()]
    for household, plan in plans_of(agents).items():
        proved = proof["plans"][household]
        for (part, node, name), amount in plan.items():
            told = float(number(proved.get(f"{part}[{name}@{node}]", "0")))
            unlike.append(abs(told - amount))
    how = "; ".join(exact.remarks(proof) or ["in fractions"])
    every = f"all {len(economy.households)} households; {how}"
    exactly = [
        ("plans", found.sign, "no part of a plan is negative"),
        ("budgets", found.budgets, "no household spends more than it has at any node (B)"),
        ("debts", found.debts, "no household pays or prepays more than it owes (S)"),
        ("dual", found.dual, "each household's multipliers meet its dual constraints"),
        ("optimality", found.gap, "plan and multipliers have the same value: no plan is better"),
        ("securities", found.securities, "securities clear at issue and at resale (ii)"),
        ("goods", found.goods, "goods clear at every node (iii)"),
        ("unit payments", found.payments, "securities pay what borrowers deliver (iv)"),
    ]
    return Certificate(
        (
            *(Condition(n, _shown(value), 0.0, text, every) for n, value, text in exactly),
            _margin(float(found.margin)),
            Condition(
                "tables",
                max(unlike),
                AGREEMENT,
                "quotes and plans in the tables are those of the proof",
            ),
        )
    )


def _shown(violation: Exact) -> float:
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
@dataclass(frozen=True, slots=True)
class _Numbers:
    """The paper's constraints at the quotes, as numbers."""

    terms: Terms
    problem: Program
    variables: list[Variable]
    matrix: FloatArray
    wealth: float


def _in_floating_point(
    economy: CreditEconomy, quotes: Mapping[str, float], agents: pd.DataFrame
) -> Certificate:
    """Every condition checked from the tables."""
    terms = conditions.terms_at(economy, {name: Fraction(value) for name, value in quotes.items()})
    problem = conditions.program(economy, terms)
    wealth = sum(
        float(sum(problem.limits(economy, terms, household))) for household in economy.households
    )
    numbers = _Numbers(terms, problem, list(problem.columns), dense(problem), wealth)
    plans = plans_of(agents)
    worst = dict.fromkeys(("plans", "budgets", "debts", "optimality"), 0.0)
    for household in economy.households:
        for name, value in _household(economy, numbers, household, plans[household.name]).items():
            worst[name] = max(worst[name], value)
    total: dict[Variable, float] = {}
    for plan in plans.values():
        for variable, amount in plan.items():
            total[variable] = total.get(variable, 0.0) + amount
    cleared = dict.fromkeys(("goods", "security", "resale", "payment"), 0.0)
    for name, coefficients, due in conditions.clearing(economy, terms):
        value = sum(float(amount) * total[v] for v, amount in coefficients.items()) - float(due)
        kind = name.partition("[")[0]
        cleared[kind] = max(cleared[kind], abs(value) / wealth)
    securities = max(cleared["security"], cleared["resale"])
    margins = [
        float(sum(p * v for p, v in zip(terms.goods[c.issued_at], c.collateral, strict=True)))
        - float(terms.price[c.name])
        for c in economy.contracts
    ]
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
    residuals = worst | {
        "securities": securities,
        "goods": cleared["goods"],
        "unit payments": cleared["payment"],
    }
    checked = [
        Condition(name, residuals[name], tolerance, text)
        for name, (text, tolerance) in texts.items()
    ]
    return Certificate((*checked, _margin(min(margins, default=1.0))))


def _household(
    economy: CreditEconomy,
    numbers: _Numbers,
    household: Household,
    plan: Mapping[Variable, float],
) -> dict[str, float]:
    """Violations of one household's conditions."""
    amounts = np.array([plan[v] for v in numbers.variables])
    limits = np.array([float(v) for v in numbers.problem.limits(economy, numbers.terms, household)])
    over = numbers.matrix @ amounts - limits
    budget = np.array([row[0] == "budget" for row in numbers.problem.rows])
    gain, worth = improvement(economy, numbers.problem, numbers.matrix, limits, household, amounts)
    return {
        "plans": max(0.0, float(-amounts.min())) / numbers.wealth,
        "budgets": max(0.0, float(over[budget].max())) / numbers.wealth,
        "debts": max(0.0, float(over[~budget].max(initial=0.0))) / numbers.wealth,
        "optimality": max(0.0, gain) / worth,
    }


def improvement(
    economy: CreditEconomy,
    problem: Program,
    matrix: FloatArray,
    limits: FloatArray,
    household: Household,
    amounts: FloatArray,
) -> tuple[float, float]:
    """Upper bound of what a household could gain, and what its consumption is worth to it."""
    worths = marginal_utilities(economy, problem, household, amounts)
    gains = problem.gains(economy, {p: Fraction(v) for p, v in worths.items()})
    wanted = np.array([float(gains[v]) for v in problem.columns])
    found = maximise(wanted, at_most=(matrix, limits))
    own = float(wanted @ amounts)
    return (np.inf if found is None else -float(found.fun) - own), max(own, 1e-300)


def marginal_utilities(
    economy: CreditEconomy, problem: Program, household: Household, amounts: FloatArray
) -> dict[tuple[str, str], float]:
    """Marginal utility of consumption at a plan, by (node, good); infinite at nothing."""
    consumed: dict[tuple[str, str], float] = {}
    for goods, amount in zip(problem.consumed.values(), amounts, strict=True):
        for place, each in goods.items():
            consumed[place] = consumed.get(place, 0.0) + float(each) * amount
    aversion = float(household.risk_aversion)
    found = {}
    for n, node in enumerate(economy.tree.names):
        for g, good in enumerate(economy.tree.goods):
            weight = float(household.weights[n][g])
            at = consumed[node, good]
            slope = at**-aversion if at > 0.0 or aversion == 0.0 else 1e300
            found[node, good] = weight * slope if weight > 0.0 else 0.0
    return found
