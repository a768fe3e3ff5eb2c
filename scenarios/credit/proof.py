r"""Plans and multipliers in exact numbers at exact quotes.

1. Each household's linear program is solved at those quotes by HiGHS. The binding constraints of
   the dual optimum that it names are solved again as a linear system of exact numbers.
2. What may be positive in an optimal plan follows (complementary slackness). One joint linear
   program finds plans on all optimal faces that clear every market, with the least gross
   positions; the columns that it uses are solved again in exact numbers.
3. The result is checked by :func:`scenarios.credit.exact.check`, and nothing is assumed to
   have worked before that.

Portfolios of single households are often not pinned down by an equilibrium; the proof shows one
that is, and prices, unit payments, utilities and payment rates are what to compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.optimize import nnls
from scipy.sparse import csr_array

from markets.quote import FloatArray
from scenarios.credit import conditions, exact
from scenarios.credit.conditions import Program, Row, Terms, Variable
from scenarios.credit.linear import maximise
from scenarios.credit.reading import CreditEconomy, Household
from simulator.proof.algebraic import Exact
from simulator.proof.elimination import bits, solve
from simulator.proof.recognition import simplest

SMALL = 1e-8
"""What HiGHS calls zero: multipliers, reduced costs and amounts of this size are none."""

NEARBY = 1e-9
"""Distance within which a multiplier that may move freely is held at a simple fraction."""

UNIQUE = 1e-7
"""Multipliers that HiGHS can't move by more than this are the only ones."""

LONGEST = 10_000
"""Bits of the longest number that a proof holds; Python reads no text of more than 4300 digits."""

Multipliers = dict[Row, Exact]


def prove_at(
    economy: CreditEconomy, quotes: Mapping[str, Exact], remarks: Mapping[str, Any]
) -> dict[str, Any] | str:
    """A proof at exact quotes, or why there is none.

    Parameters
    ----------
    quotes : mapping
        All quotes by name.
    remarks : mapping
        What the proof says besides: of the root that generates irrational quotes, and of quotes
        that are not determined and were held.
    """
    terms = conditions.terms_at(economy, quotes)
    problem = conditions.program(economy, terms)
    multipliers: dict[str, Multipliers] = {}
    for household in economy.households:
        prices = _multipliers(economy, terms, problem, household)
        if prices is None:
            return f"{household.name} has no best plan at the exact quotes"
        multipliers[household.name] = prices
    plans = _joint_plans(economy, terms, problem, multipliers)
    if plans is None:
        return "best plans at the exact quotes do not clear all markets"
    numbers = [price for prices in multipliers.values() for price in prices.values()]
    numbers += [amount for plan in plans.values() for amount in plan.values()]
    if max(bits(value) for value in numbers) > LONGEST:
        return f"the plans at the exact quotes have numbers of more than {LONGEST} bits"
    unique = {
        household.name: _unique(problem, economy, household, multipliers[household.name], plans)
        for household in economy.households
    }
    proof = {
        **remarks,
        "quotes": {name: str(value) for name, value in quotes.items()},
        "plans": {
            name: {f"{v[0]}[{v[2]}@{v[1]}]": str(amount) for v, amount in plan.items() if amount}
            for name, plan in plans.items()
        },
        "multipliers": {
            name: {conditions.label(row): str(price) for row, price in prices.items()}
            for name, prices in multipliers.items()
        },
        "multipliers_unique": unique,
    }
    found = exact.check(economy, proof)
    exactly = (found.sign, found.budgets, found.debts, found.dual, found.gap)
    cleared = (found.goods, found.securities, found.payments)
    return "plans and multipliers fail the check" if any((*exactly, *cleared)) else proof


def _multipliers(
    economy: CreditEconomy, terms: Terms, problem: Program, household: Household
) -> Multipliers | None:
    """An exact optimal solution of a household's dual, or None."""
    rows, gains = problem.rows, problem.gains(economy, conditions.slopes(economy, household))
    prices = dual(economy, terms, problem, household)
    if prices is None:
        return None
    wanted = np.array([float(gain) for gain in gains.values()])
    reduced = prices @ conditions.dense(problem) - wanted
    scale = SMALL * max(1.0, float(np.max(np.abs(wanted))))
    used = [row for row, price in zip(rows, prices, strict=True) if price > scale]
    tight = [v for v, cost in zip(gains, reduced, strict=True) if abs(cost) <= scale]
    equations = [
        ({row: problem.columns[v][row] for row in used if row in problem.columns[v]}, gains[v])
        for v in tight
    ]
    approximate = dict(zip(rows, prices.tolist(), strict=True))
    solution = solve(equations, used, lambda row: simplest(approximate[row], NEARBY))
    if solution is None:
        return None
    return {row: solution.get(row, Fraction(0)) for row in rows}


def dual(
    economy: CreditEconomy, terms: Terms, problem: Program, household: Household
) -> FloatArray | None:
    """An optimal solution of a household's dual by HiGHS, by row; None if there is none."""
    gains = problem.gains(economy, conditions.slopes(economy, household))
    limits = [float(limit) for limit in problem.limits(economy, terms, household)]
    wanted = [float(gain) for gain in gains.values()]
    found = maximise(wanted, at_most=(conditions.dense(problem), limits))
    return None if found is None else -np.asarray(found.ineqlin.marginals, dtype=np.float64)


def fitted(
    economy: CreditEconomy, problem: Program, household: Household, plan: Mapping[Variable, float]
) -> FloatArray:
    """Multipliers by row that come closest to making each used part of a plan worth its cost."""
    gains = problem.gains(economy, conditions.slopes(economy, household))
    used = np.array([plan[variable] > SMALL for variable in problem.columns])
    wanted = np.array([float(gain) for gain in gains.values()])
    prices, _ = nnls(conditions.dense(problem).T[used], wanted[used])
    return np.asarray(prices)


def _joint_plans(
    economy: CreditEconomy,
    terms: Terms,
    problem: Program,
    multipliers: Mapping[str, Multipliers],
) -> dict[str, dict[Variable, Exact]] | None:
    """Plans on every household's optimal face that clear all markets, or None."""
    columns: list[tuple[str, Any]] = []
    equations: list[tuple[dict[tuple[str, Any], Exact], Exact]] = []
    for household in economy.households:
        prices, name = multipliers[household.name], household.name
        gains = problem.gains(economy, conditions.slopes(economy, household))
        rows: dict[Row, dict[tuple[str, Any], Exact]] = {row: {} for row in problem.rows}
        for variable, column in problem.columns.items():
            cost = sum((prices[row] * amount for row, amount in column.items()), Fraction(0))
            if cost == gains[variable]:
                columns.append((name, variable))
                for row, amount in column.items():
                    rows[row][name, variable] = amount
        for row in problem.rows:
            if prices[row] == 0:
                columns.append((name, row))
                rows[row][name, row] = Fraction(1)
        limits = problem.limits(economy, terms, household)
        equations += [(rows[row], limit) for row, limit in zip(problem.rows, limits, strict=True)]
    for _, coefficients, due in conditions.clearing(economy, terms):
        joint = {
            (name, variable): coefficients[variable]
            for name, variable in columns
            if variable in coefficients
        }
        equations.append((joint, due))
    support = _support(columns, equations)
    if support is None:
        return None
    within = set(support)
    trimmed = [
        ({c: amount for c, amount in left.items() if c in within}, due) for left, due in equations
    ]
    solution = solve(trimmed, support, lambda column: Fraction(0))
    if solution is None:
        return None
    plans: dict[str, dict[Variable, Exact]] = {h.name: {} for h in economy.households}
    for (name, variable), amount in solution.items():
        if variable in problem.columns:
            plans[name][variable] = amount
    return plans


def _support(
    columns: Sequence[tuple[str, Any]],
    equations: Sequence[tuple[Mapping[tuple[str, Any], Exact], Exact]],
) -> list[tuple[str, Any]] | None:
    """Columns that a vertex with the least gross positions uses, or None if there is no plan."""
    place = {column: number for number, column in enumerate(columns)}
    entries = [
        (row, place[column], float(amount))
        for row, (left, _) in enumerate(equations)
        for column, amount in left.items()
    ]
    row_of, column_of, values = (np.array(part) for part in zip(*entries, strict=True))
    matrix = csr_array((values, (row_of, column_of)), shape=(len(equations), len(columns)))
    due = [float(total) for _, total in equations]
    gains = [-float(c[1][0] in ("lent", "borrowed", "held after resale")) for c in columns]
    found = maximise(gains, equal=(matrix, due))
    if found is None:
        return None
    return [column for column, amount in zip(columns, found.x, strict=True) if amount > SMALL]


def _unique(
    problem: Program,
    economy: CreditEconomy,
    household: Household,
    prices: Multipliers,
    plans: Mapping[str, Mapping[Variable, Exact]],
) -> bool:
    """Whether a household's multipliers of budgets are the only optimal ones (by HiGHS).

    The dual optima are the multipliers that meet the dual constraints and leave no slack where
    the plan is positive; each multiplier is made as small and as large as they allow.
    """
    variables, rows = list(problem.columns), problem.rows
    matrix = conditions.dense(problem)
    gains = problem.gains(economy, conditions.slopes(economy, household))
    wanted = np.array([float(gains[v]) for v in variables])
    plan = plans[household.name]
    used = np.array([bool(plan.get(v)) for v in variables])
    slack = np.array(
        [
            sum(
                (problem.columns[v].get(row, Fraction(0)) * plan.get(v, 0) for v in variables),
                Fraction(0),
            )
            != 0
            if row[0] == "debt"
            else False
            for row in rows
        ]
    )
    bounds = [(0.0, 0.0) if idle else (0.0, None) for idle in slack]
    for place, row in enumerate(rows):
        if row[0] == "debt":
            continue
        direction = np.zeros(len(rows))
        direction[place] = 1.0
        for sign in (1.0, -1.0):
            found = maximise(
                sign * direction,
                at_most=(-matrix.T[~used], -wanted[~used]),
                equal=(matrix.T[used], wanted[used]),
                bounds=bounds,
            )
            if found is None or abs(sign * found.fun + float(prices[row])) > UNIQUE:
                return False
    return True
