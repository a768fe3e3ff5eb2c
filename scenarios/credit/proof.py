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

import numpy as np

from markets.quote import FloatArray
from scenarios.credit import exact
from scenarios.credit.clearing import clearing
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import Program, Row, Variable, program
from scenarios.credit.terms import terms_at
from simulator.linear_program import maximise
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

GROSS = ("lent", "borrowed", "held after resale")
"""Parts of a plan that gross positions consist of."""

Multipliers = dict[Row, Exact]

Column = tuple[str, tuple[str, ...]]
"""Household, and a part of its plan or a constraint that it need not exhaust."""


class NotProved(Exception):
    """There is no proof; the message says why."""


def prove_at(
    economy: CreditEconomy, quotes: Mapping[str, Exact], remarks: Mapping[str, object]
) -> dict[str, object]:
    """A proof at exact quotes, as a JSON document.

    Parameters
    ----------
    quotes : mapping
        All quotes by name.
    remarks : mapping
        What the proof says besides: of the root that generates irrational quotes, and of quotes
        that are not determined and were held.

    Raises
    ------
    NotProved
        If these quotes, or the best plans at them, are no equilibrium.
    NoField
        If the numbers are not those of an irreducible polynomial.
    """
    problem = program(economy, terms_at(economy, quotes))
    multipliers = {h.name: _multipliers(problem, h) for h in economy.households}
    plans = _joint_plans(problem, multipliers)
    numbers = [price for prices in multipliers.values() for price in prices.values()]
    numbers += [amount for plan in plans.values() for amount in plan.values()]
    if max(bits(value) for value in numbers) > LONGEST:
        raise NotProved(f"the plans at the exact quotes have numbers of more than {LONGEST} bits")
    proved = exact.Proved(dict(quotes), plans, multipliers)
    if any(exact.check(economy, proved).violations):
        raise NotProved("plans and multipliers fail the check")
    unique = {
        household.name: _unique(
            problem, household, multipliers[household.name], plans[household.name]
        )
        for household in economy.households
    }
    return {**remarks, **proved.document(), "multipliers_unique": unique}


def _multipliers(problem: Program, household: Household) -> Multipliers:
    """An exact optimal solution of a household's dual."""
    rows, gains = problem.rows, problem.linear_gains(household)
    prices = dual(problem, household)
    if prices is not None:
        wanted = np.array([float(gain) for gain in gains.values()])
        reduced = prices @ problem.matrix() - wanted
        scale = SMALL * max(1.0, float(np.max(np.abs(wanted))))
        used = [row for row, price in zip(rows, prices, strict=True) if price > scale]
        tight = [v for v, cost in zip(gains, reduced, strict=True) if abs(cost) <= scale]
        equations = [
            ({row: problem.columns[v][row] for row in used if row in problem.columns[v]}, gains[v])
            for v in tight
        ]
        approximate = dict(zip(rows, prices.tolist(), strict=True))
        solution = solve(equations, used, lambda row: simplest(approximate[row], NEARBY))
        if solution is not None:
            return {row: solution.get(row, Fraction(0)) for row in rows}
    raise NotProved(f"{household.name} has no best plan at the exact quotes")


def dual(problem: Program, household: Household) -> FloatArray | None:
    """An optimal solution of a household's dual by HiGHS, by row; None if there is none."""
    limits = [float(limit) for limit in problem.limits(household)]
    wanted = [float(gain) for gain in problem.linear_gains(household).values()]
    best = maximise(wanted, problem.matrix(), limits)
    return best.multipliers if best.status == "optimal" else None


def fitted(problem: Program, household: Household, plan: Mapping[Variable, float]) -> FloatArray:
    """Multipliers by row that come closest to making each used part of a plan worth its cost."""
    from scipy.optimize import nnls

    gains = problem.linear_gains(household)
    used = np.array([plan[variable] > SMALL for variable in problem.columns])
    wanted = np.array([float(gain) for gain in gains.values()])
    try:
        prices, _ = nnls(problem.matrix().T[used], wanted[used])
    except RuntimeError:  # its iterations have a limit
        raise NotProved(f"no multipliers fit the plan of {household.name} at rest") from None
    return np.asarray(prices)


def _joint_plans(
    problem: Program, multipliers: Mapping[str, Multipliers]
) -> dict[str, dict[Variable, Exact]]:
    """Plans on every household's optimal face that clear all markets."""
    columns: list[Column] = []
    equations: list[tuple[Mapping[Column, Exact], Exact]] = []
    for household in problem.economy.households:
        prices, name = multipliers[household.name], household.name
        gains = problem.linear_gains(household)
        rows: dict[Row, dict[Column, Exact]] = {row: {} for row in problem.rows}
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
        limits = problem.limits(household)
        equations += [(rows[row], limit) for row, limit in zip(problem.rows, limits, strict=True)]
    for _, coefficients, due in clearing(problem.economy, problem.terms):
        joint: dict[Column, Exact] = {}
        for name, part in columns:
            if len(part) == 3 and part in coefficients:
                joint[name, part] = coefficients[part]
        equations.append((joint, due))
    solution = None
    support = _support(columns, equations)
    if support is not None:
        within = set(support)
        trimmed = [
            ({c: amount for c, amount in left.items() if c in within}, due)
            for left, due in equations
        ]
        solution = solve(trimmed, support, lambda column: Fraction(0))
    if solution is None:
        raise NotProved("best plans at the exact quotes do not clear all markets")
    return {
        h.name: {v: solution.get((h.name, v), Fraction(0)) for v in problem.columns}
        for h in problem.economy.households
    }


def _support(
    columns: Sequence[Column], equations: Sequence[tuple[Mapping[Column, Exact], Exact]]
) -> list[Column] | None:
    """Columns that a vertex with the least gross positions uses, or None if there is no plan."""
    place = {column: number for number, column in enumerate(columns)}
    matrix = np.zeros((len(equations), len(columns)))
    for row, (left, _) in enumerate(equations):
        for column, amount in left.items():
            matrix[row, place[column]] = float(amount)
    due = [float(total) for _, total in equations]
    gains = [-float(part[0] in GROSS) for _, part in columns]
    best = maximise(gains, matrix, due, at_least=due)
    if best.status != "optimal":
        return None
    return [column for column, amount in zip(columns, best.amounts, strict=True) if amount > SMALL]


def _unique(
    problem: Program, household: Household, prices: Multipliers, plan: Mapping[Variable, Exact]
) -> bool:
    """Whether a household's multipliers of budgets are the only optimal ones (by HiGHS).

    The dual optima are the multipliers that meet the dual constraints and leave no slack where
    the plan is positive; each multiplier is made as small and as large as they allow.
    """
    matrix, gains = problem.matrix(), problem.linear_gains(household)
    wanted = np.array([float(gains[v]) for v in problem.columns])
    used = np.array([bool(plan[v]) for v in problem.columns])
    high = [0.0 if _slack(problem, row, plan) else np.inf for row in problem.rows]
    least = np.where(used, -wanted, -np.inf)
    for place, row in enumerate(problem.rows):
        if row[0] == "debt":
            continue
        direction = np.zeros(len(problem.rows))
        direction[place] = 1.0
        for sign in (1.0, -1.0):
            best = maximise(sign * direction, -matrix.T, -wanted, at_least=least, high=high)
            if not abs(float(prices[row]) - sign * best.value) <= UNIQUE:
                return False
    return True


def _slack(problem: Program, row: Row, plan: Mapping[Variable, Exact]) -> bool:
    """Whether a part of a debt is defaulted on, so that its row is no equation."""
    if row[0] != "debt":
        return False
    parts = (
        column.get(row, Fraction(0)) * plan[variable]
        for variable, column in problem.columns.items()
    )
    return bool(sum(parts, Fraction(0)))
