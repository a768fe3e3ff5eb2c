r"""From quotes that have nearly settled to an equilibrium in exact fractions.

1. Every quote is rounded to the simplest fraction within a small distance.
2. Each household's linear program is solved at those quotes by HiGHS. The binding constraints of
   the dual optimum that it names are solved again as a linear system of fractions.
3. What may be positive in an optimal plan follows (complementary slackness). One joint linear
   program finds plans on all optimal faces that clear every market, with the least gross
   positions; the columns that it uses are solved again in fractions.
4. The result is a proof for :func:`scenarios.credit_tree.exact.check`. Nothing is assumed to have
   worked before that check.

Portfolios of single households are often not pinned down by an equilibrium; the proof shows one
that is, and prices, unit payments, utilities and payment rates are what to compare.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from typing import Any

import numpy as np
from scipy.sparse import csr_array

from scenarios.credit_tree import exact
from scenarios.credit_tree.exact import Program, Row, Terms, Variable
from scenarios.credit_tree.linear import maximise
from scenarios.credit_tree.reading import CreditEconomy, Household

DISTANCES = (1e-9, 1e-8, 1e-7, 1e-6)
"""How far a quote may be rounded; tried from the smallest."""

SMALL = 1e-8
"""What HiGHS calls zero: multipliers, reduced costs and amounts of this size are none."""

UNIQUE = 1e-7
"""Multipliers that HiGHS can't move by more than this are the only ones."""

Prices = dict[Row, Fraction]


def prove(economy: CreditEconomy, quotes: Mapping[str, float]) -> dict[str, Any] | None:
    """A proof of an equilibrium at fractions close to some quotes; None if none was found."""
    if not economy.linear:
        return None
    tried: list[dict[str, Fraction]] = []
    for distance in DISTANCES:
        rounded = {name: simplest(value, distance) for name, value in quotes.items()}
        if rounded in tried:
            continue
        tried.append(rounded)
        proof = _prove_at(economy, rounded)
        if proof is not None:
            return proof
    return None


def simplest(value: float, distance: float) -> Fraction:
    """A fraction with a small denominator within a distance of a number.

    Examples
    --------
    >>> simplest(0.4090909090, 1e-8)
    Fraction(9, 22)
    """
    target = Fraction(value)
    for digits in range(1, 13):
        found = target.limit_denominator(10**digits)
        if abs(found - target) <= Fraction(distance):
            return found
    return target


def _prove_at(economy: CreditEconomy, quotes: Mapping[str, Fraction]) -> dict[str, Any] | None:
    """A proof at given fractions, or None."""
    terms = exact.terms_at(economy, quotes)
    problem = exact.program(economy, terms)
    multipliers: dict[str, Prices] = {}
    for household in economy.households:
        prices = _multipliers(economy, terms, problem, household)
        if prices is None:
            return None
        multipliers[household.name] = prices
    plans = _joint_plans(economy, terms, problem, multipliers)
    if plans is None:
        return None
    unique = {
        household.name: _unique(problem, economy, household, multipliers[household.name], plans)
        for household in economy.households
    }
    proof = {
        "quotes": {name: str(value) for name, value in quotes.items()},
        "plans": {
            name: {f"{v[0]}[{v[2]}@{v[1]}]": str(amount) for v, amount in plan.items() if amount}
            for name, plan in plans.items()
        },
        "multipliers": {
            name: {exact.label(row): str(price) for row, price in prices.items()}
            for name, prices in multipliers.items()
        },
        "multipliers_unique": unique,
    }
    found = exact.check(economy, proof)
    exactly = (found.sign, found.budgets, found.debts, found.dual, found.gap)
    cleared = (found.goods, found.securities, found.payments)
    return proof if not any((*exactly, *cleared)) else None


def _multipliers(
    economy: CreditEconomy, terms: Terms, problem: Program, household: Household
) -> Prices | None:
    """An exact optimal solution of a household's dual, or None."""
    variables, rows = list(problem.columns), problem.rows
    gains = problem.gains(economy, slopes(economy, household))
    matrix = exact.dense(problem)
    limits = [float(limit) for limit in problem.limits(economy, terms, household)]
    wanted = np.array([float(gains[v]) for v in variables])
    found = maximise(wanted, at_most=(matrix, limits))
    if found is None:
        return None
    prices = -np.asarray(found.ineqlin.marginals)
    reduced = prices @ matrix - wanted
    scale = SMALL * max(1.0, float(np.max(np.abs(wanted))))
    used = [row for row, price in zip(rows, prices, strict=True) if price > scale]
    tight = [v for v, cost in zip(variables, reduced, strict=True) if abs(cost) <= scale]
    equations = [
        ({row: problem.columns[v][row] for row in used if row in problem.columns[v]}, gains[v])
        for v in tight
    ]
    approximate = dict(zip(rows, prices.tolist(), strict=True))
    solution = solve(equations, used, lambda row: simplest(approximate[row], 1e-9))
    if solution is None:
        return None
    return {row: solution.get(row, Fraction(0)) for row in rows}


def _joint_plans(
    economy: CreditEconomy,
    terms: Terms,
    problem: Program,
    multipliers: Mapping[str, Prices],
) -> dict[str, dict[Variable, Fraction]] | None:
    """Plans on every household's optimal face that clear all markets, or None."""
    columns: list[tuple[str, Any]] = []
    equations: list[tuple[dict[tuple[str, Any], Fraction], Fraction]] = []
    for household in economy.households:
        prices, name = multipliers[household.name], household.name
        gains = problem.gains(economy, slopes(economy, household))
        rows: dict[Row, dict[tuple[str, Any], Fraction]] = {row: {} for row in problem.rows}
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
    for _, coefficients, due in exact.clearing(economy, terms):
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
    plans: dict[str, dict[Variable, Fraction]] = {h.name: {} for h in economy.households}
    for (name, variable), amount in solution.items():
        if variable in problem.columns:
            plans[name][variable] = amount
    return plans


def _support(
    columns: Sequence[tuple[str, Any]],
    equations: Sequence[tuple[Mapping[tuple[str, Any], Fraction], Fraction]],
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
    prices: Prices,
    plans: Mapping[str, Mapping[Variable, Fraction]],
) -> bool:
    """Whether a household's multipliers of budgets are the only optimal ones (by HiGHS).

    The dual optima are the multipliers that meet the dual constraints and leave no slack where
    the plan is positive; each multiplier is made as small and as large as they allow.
    """
    variables, rows = list(problem.columns), problem.rows
    matrix = exact.dense(problem)
    gains = problem.gains(economy, slopes(economy, household))
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


def slopes(economy: CreditEconomy, household: Household) -> dict[tuple[str, str], Fraction]:
    """Marginal utilities of a household with linear utility, by (node, good)."""
    return {
        (node, good): household.weights[n][g]
        for n, node in enumerate(economy.tree.names)
        for g, good in enumerate(economy.tree.goods)
    }


def solve(
    equations: Sequence[tuple[Mapping[Any, Fraction], Fraction]],
    unknowns: Sequence[Any],
    free: Any,
) -> dict[Any, Fraction] | None:
    """Solve linear equations in fractions by elimination; None if they contradict each other.

    Parameters
    ----------
    equations : sequence of (coefficients, total)
        Sparse rows.
    unknowns : sequence
        All unknowns.
    free : callable
        Value of an unknown that the equations leave free.
    """
    solved: dict[Any, tuple[dict[Any, Fraction], Fraction]] = {}
    for given, due in equations:
        row = {name: value for name, value in given.items() if value}
        total = due
        for name in [name for name in row if name in solved]:
            factor = row.pop(name)
            other, other_total = solved[name]
            for key, value in other.items():
                row[key] = row.get(key, Fraction(0)) - factor * value
                if not row[key]:
                    del row[key]
            total -= factor * other_total
        if not row:
            if total:
                return None
            continue
        pivot = min(row, key=lambda name: row[name].denominator + abs(row[name].numerator))
        scale = row.pop(pivot)
        row = {name: value / scale for name, value in row.items()}
        total /= scale
        for name, (other, other_total) in solved.items():
            factor = other.pop(pivot, Fraction(0))
            if factor:
                for key, value in row.items():
                    other[key] = other.get(key, Fraction(0)) - factor * value
                    if not other[key]:
                        del other[key]
                solved[name] = (other, other_total - factor * total)
        solved[pivot] = (row, total)
    values = {name: free(name) for name in unknowns if name not in solved}
    for name, (row, total) in solved.items():
        values[name] = total - sum((value * values[key] for key, value in row.items()), Fraction(0))
    return values
