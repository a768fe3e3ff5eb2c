r"""Which conditions bind in an equilibrium, and the equations that they make.

At rest a run shows which parts of every plan are positive, which debts are defaulted on in part,
and which pools are empty. By complementary slackness that turns the definition of equilibrium into
equations: budgets, clearing, the dual constraints of what is used, and the expectation of an empty
pool. They are linear in plans and multipliers at given quotes, and bilinear in all.

There are more equations than unknowns (Walras' law, strong duality), which agree with each other at
an equilibrium, and directions in which plans, multipliers or quotes may move without breaking any.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from scenarios.credit.clearing import clearing
from scenarios.credit.primitives import CreditEconomy, Household
from scenarios.credit.program import Program, Row, Variable, program, program_at
from scenarios.credit.terms import terms_at
from simulator.proof.algebraic import Exact
from simulator.proof.newton import Equation, System

Unknown = tuple[str, str, tuple[str, ...]]
"""("quote", name, ()), ("plan", household, variable) or ("multiplier", household, row)."""

Point = dict[Unknown, Fraction]

AT_FLOOR = 1e-7
"""Distance from what a vanishing borrower would deliver within which an empty pool is trusted."""


@dataclass(frozen=True, slots=True)
class ActiveSet:
    """What is used and what binds.

    Attributes
    ----------
    used : dict
        By household, the parts of its plan that are positive.
    slack : dict
        By household, the debts that are defaulted on in part: their multiplier is zero.
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
        Amounts up to this size, as a share of the largest endowment, count as zero.
    """
    point: Point = {quote(name): Fraction(value) for name, value in quotes.items()}
    problem = program_at(economy, quotes)
    terms = problem.terms
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
    traded = {v[2] for parts in used.values() for v in parts if v[0] in ("lent", "borrowed")}
    floors = {
        (contract.name, node)
        for contract in economy.first_contracts
        if contract.name not in traded
        for node in economy.later_nodes(contract)
        if abs(float(terms.floor(contract.name, node) - terms.payment[contract.name, node]))
        <= AT_FLOOR
    }
    return ActiveSet(used, slack, frozenset(floors), {}), point


def quote(name: str) -> Unknown:
    """The unknown that a quote is."""
    return ("quote", name, ())


def system(
    economy: CreditEconomy, active: ActiveSet, quotes: Mapping[str, float]
) -> System[Unknown]:
    """Everything that binds, for Newton's method."""
    names = [quote(name) for name in quotes]
    return System(lambda point: equations(economy, active, point), names)


def equations(
    economy: CreditEconomy, active: ActiveSet, point: Mapping[Unknown, Fraction]
) -> list[Equation[Unknown]]:
    """Everything that binds, at the quotes of a point."""
    quotes = {name: value for (kind, name, _), value in point.items() if kind == "quote"}
    terms = terms_at(economy, quotes)
    problem = program(economy, terms)
    binding: list[Equation[Unknown]] = []
    for household in economy.households:
        binding += _of_household(active, problem, household)
    used = {name: set(variables) for name, variables in active.used.items()}
    for _, coefficients, due in clearing(economy, terms):
        joint: dict[Unknown, Exact] = {
            ("plan", h.name, variable): amount
            for h in economy.households
            for variable, amount in coefficients.items()
            if variable in used[h.name]
        }
        if joint or not coefficients:
            binding.append((joint, due))
    for name, node in sorted(active.floors):
        binding.append(({}, terms.floor(name, node) - terms.payment[name, node]))
    return [*binding, *(({}, quotes[name] - value) for name, value in active.pinned.items())]


def pin(active: ActiveSet, pinned: Mapping[str, Fraction]) -> ActiveSet:
    """The active set with more quotes held."""
    return replace(active, pinned=active.pinned | dict(pinned))


def _of_household(
    active: ActiveSet, problem: Program, household: Household
) -> list[Equation[Unknown]]:
    """Its rows as equations, but for slack ones, and the dual constraints of what it uses."""
    name = household.name
    slack = set(active.slack[name])
    gains = problem.linear_gains(household)
    rows: dict[Row, dict[Unknown, Exact]] = {row: {} for row in problem.rows if row not in slack}
    binding: list[Equation[Unknown]] = []
    for variable in active.used[name]:
        column = {row: a for row, a in problem.columns[variable].items() if row not in slack}
        for row, amount in column.items():
            rows[row]["plan", name, variable] = amount
        dual: dict[Unknown, Exact] = {
            ("multiplier", name, row): amount for row, amount in column.items()
        }
        binding.append((dual, gains[variable]))
    limits = dict(zip(problem.rows, problem.limits(household), strict=True))
    return binding + [(left, limits[row]) for row, left in rows.items()]


def _defaulted(economy: CreditEconomy, plan: Mapping[Variable, float], row: Row) -> float:
    """Debt that is neither kept nor prepaid; none in the row of a budget."""
    if row[0] == "budget":
        return 0.0
    _, node, name = row
    owed = plan["borrowed", economy.tree.root, name]
    return owed - plan["kept", node, name] - plan["prepaid", node, name]
