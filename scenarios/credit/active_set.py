r"""Which conditions bind in an equilibrium, and the equations that they make.

At rest a run shows which parts of every plan are positive, which debts are defaulted on in part,
and which pools are empty. By complementary slackness that turns the definition of equilibrium into
equations: budgets, clearing, the dual constraints of what is used, and the expectation of an empty
pool. They are linear in plans and multipliers at given quotes, and bilinear in all.

There are more equations than unknowns (Walras' law, strong duality), which agree with each other at
an equilibrium, and directions in which plans, multipliers or quotes may move without breaking any.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from fractions import Fraction
from typing import Any, cast

import numpy as np
from scipy.linalg import qr

from markets.quote import FloatArray
from scenarios.credit import conditions
from scenarios.credit.conditions import ZERO, Program, Row, Terms, Variable
from scenarios.credit.reading import CreditEconomy, Household
from simulator.proof.algebraic import Exact

Unknown = tuple[str, str, Any]
"""("quote", name, ""), ("plan", household, variable) or ("multiplier", household, row)."""

Point = dict[Unknown, Fraction]

Equation = tuple[dict[Unknown, Exact], Exact]
"""Coefficients of plans and multipliers, and what they add up to; fractions at a point."""

AT_FLOOR = 1e-7
"""Distance from what a vanishing borrower would deliver within which an empty pool is trusted."""

SINGULAR = 1e-9
"""Singular values below this, as a share of the largest, count as zero; those of economies in
which something moves freely are 1e-15, and all others were seen above 1e-5."""

STEP = Fraction(1, 2**100)
"""Step of the difference quotients; in fractions they are derivatives to thirty digits."""


@dataclass(frozen=True, slots=True)
class ActiveSet:
    """What is used and what binds.

    Attributes
    ----------
    used : dict
        By household, the parts of its plan that are positive.
    slack : dict
        By household, the debts of which a part is defaulted on: their multiplier is zero.
    floors : frozenset
        Contract and node of each empty pool that is expected to pay what a vanishing borrower
        would.
    pinned : dict
        Quotes that the equations leave free, and the value at which they are held.
    """

    used: dict[str, list[Variable]]
    slack: dict[str, list[Row]]
    floors: frozenset[tuple[str, str]]
    pinned: dict[str, Fraction]


def read(
    economy: CreditEconomy,
    quotes: Mapping[str, float],
    plans: Mapping[str, Mapping[Variable, float]],
    multipliers: Mapping[str, Mapping[Row, float]],
    smallest: float,
) -> tuple[ActiveSet, Point]:
    """The active set of a run, and its quotes, plans and multipliers as a point to start from.

    Parameters
    ----------
    smallest : float
        Amounts up to this size, as a share of the largest endowment, are none.
    """
    point: Point = {("quote", name, ""): Fraction(value) for name, value in quotes.items()}
    terms = conditions.terms_at(economy, {name: Fraction(value) for name, value in quotes.items()})
    problem = conditions.program(economy, terms)
    least = smallest * max(
        float(amount) for h in economy.households for row in h.endowment for amount in row
    )
    used: dict[str, list[Variable]] = {}
    slack: dict[str, list[Row]] = {}
    for household in economy.households:
        name, plan = household.name, plans[household.name]
        used[name] = [variable for variable in problem.columns if plan[variable] > least]
        slack[name] = [row for row in problem.rows if _defaulted(economy, plan, row) > least]
        point |= {("plan", name, v): Fraction(plan[v]) for v in used[name]}
        point |= {
            ("multiplier", name, row): Fraction(multipliers[name][row])
            for row in problem.rows
            if row not in slack[name]
        }
    lent = {v[2] for variables in used.values() for v in variables if v[0] in ("lent", "borrowed")}
    floors = {
        (contract.name, node)
        for contract in economy.contracts
        if contract.name not in lent and contract.issued_at == economy.tree.root
        for node in conditions.later_nodes(economy, contract)
        if abs(float(_floor(terms, contract.name, node) - terms.payment[contract.name, node]))
        <= AT_FLOOR
    }
    return ActiveSet(used, slack, frozenset(floors), {}), point


def equations(economy: CreditEconomy, active: ActiveSet, point: Point) -> list[Equation]:
    """Everything that binds, at the quotes of a point."""
    quotes = {name: value for (kind, name, _), value in point.items() if kind == "quote"}
    terms = conditions.terms_at(economy, quotes)
    problem = conditions.program(economy, terms)
    found: list[Equation] = []
    for household in economy.households:
        found += _of_household(economy, active, terms, problem, household)
    used = {name: set(variables) for name, variables in active.used.items()}
    for _, coefficients, due in conditions.clearing(economy, terms):
        joint: dict[Unknown, Exact] = {
            ("plan", h.name, variable): amount
            for h in economy.households
            for variable, amount in coefficients.items()
            if variable in used[h.name]
        }
        if joint or not coefficients:
            found.append((joint, due))
    for name, node in sorted(active.floors):
        found.append(({}, _floor(terms, name, node) - terms.payment[name, node]))
    found += [({}, quotes[name] - value) for name, value in active.pinned.items()]
    return found


def residuals(found: Sequence[Equation], point: Point) -> list[Fraction]:
    """By how much a point misses each equation."""
    missed = [
        sum((amount * point[unknown] for unknown, amount in left.items()), ZERO) - due
        for left, due in found
    ]
    return cast("list[Fraction]", missed)


def jacobian(economy: CreditEconomy, active: ActiveSet, point: Point) -> FloatArray:
    """Derivative of the residuals in the unknowns, in the order of the point."""
    base = equations(economy, active, point)
    missed = residuals(base, point)
    matrix = np.zeros((len(base), len(point)))
    places = {unknown: place for place, unknown in enumerate(point)}
    for row, (left, _) in enumerate(base):
        for unknown, amount in left.items():
            matrix[row, places[unknown]] = float(amount)
    for unknown, place in places.items():
        if unknown[0] == "quote":
            moved = point | {unknown: point[unknown] + STEP}
            there = residuals(equations(economy, active, moved), moved)
            matrix[:, place] = [float((b - a) / STEP) for a, b in zip(missed, there, strict=True)]
    return matrix


def free_quotes(matrix: FloatArray, point: Point) -> list[str]:
    """Quotes that must be pinned so that the equations determine all of them.

    Those are as many as there are directions in which quotes can move, and the ones that move
    furthest along them (pivots of a QR decomposition).
    """
    _, sizes, directions = np.linalg.svd(matrix)
    moving = directions[int(np.sum(sizes > SINGULAR * sizes[0])) :]
    names = [unknown[1] for unknown in point if unknown[0] == "quote"]
    moving = moving[:, : len(names)]
    count = int(np.linalg.matrix_rank(moving, tol=1e-6)) if moving.size else 0
    if not count:
        return []
    _, _, order = qr(moving, mode="economic", pivoting=True)
    return [names[place] for place in order[:count]]


def pin(active: ActiveSet, pinned: Mapping[str, Fraction]) -> ActiveSet:
    """The active set with more quotes held."""
    return replace(active, pinned=active.pinned | dict(pinned))


def _of_household(
    economy: CreditEconomy, active: ActiveSet, terms: Terms, problem: Program, household: Household
) -> list[Equation]:
    """Its rows as equations, but for slack ones, and the dual constraints of what it uses."""
    name = household.name
    slack = set(active.slack[name])
    gains = problem.gains(economy, conditions.slopes(economy, household))
    rows: dict[Row, dict[Unknown, Exact]] = {row: {} for row in problem.rows if row not in slack}
    found: list[Equation] = []
    for variable in active.used[name]:
        column = {row: a for row, a in problem.columns[variable].items() if row not in slack}
        for row, amount in column.items():
            rows[row]["plan", name, variable] = amount
        dual: dict[Unknown, Exact] = {
            ("multiplier", name, row): amount for row, amount in column.items()
        }
        found.append((dual, gains[variable]))
    limits = dict(zip(problem.rows, problem.limits(economy, terms, household), strict=True))
    return found + [(left, limits[row]) for row, left in rows.items()]


def _floor(terms: Terms, contract: str, node: str) -> Exact:
    """What a vanishing borrower would deliver."""
    if (contract, node) in terms.prepayment:
        return terms.closing(contract, node)
    return terms.delivery(contract, node)


def _defaulted(economy: CreditEconomy, plan: Mapping[Variable, float], row: Row) -> float:
    """Debt that is neither kept nor prepaid; none in the row of a budget."""
    if row[0] == "budget":
        return 0.0
    _, node, name = row
    owed = plan["borrowed", economy.tree.root, name]
    return owed - plan["kept", node, name] - plan["prepaid", node, name]
