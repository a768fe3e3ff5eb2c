r"""The check of a proof of equilibrium, in exact numbers.

Nothing here trades, iterates or solves: quotes, plans and multipliers are read from a proof and
put into the conditions of the equilibrium definition as the paper prints them, in fractions or in
numbers that the root of a polynomial generates (:mod:`simulator.proof.algebraic`). A
household's optimality is proved by duality: its plan meets its constraints, its multipliers meet
the dual constraints, and both values are the same number.

Source: Iraola and Torres-Martinez (SDT 364), section 2.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, TypeGuard

from scenarios.credit.conditions import (
    ZERO,
    Program,
    Row,
    Terms,
    Variable,
    clearing,
    consumed,
    label,
    program,
    slopes,
    terms_at,
    value_of,
)
from scenarios.credit.reading import CreditEconomy
from simulator.proof.algebraic import Exact, reader

AT_REST = 1e-6
"""Distance of proved quotes from the run's that is worth no remark."""

UNPROVED = "not proved"
"""Key of the reason why there is no proof, in a document that takes its place."""


@dataclass(frozen=True, slots=True)
class Findings:
    """Largest violation of each condition of the definition; all zero in an equilibrium.

    ``gap`` is the distance of the utility of the dual from that of the plan; ``dual`` the largest
    violation of a dual constraint; ``margin`` the smallest p C - q.
    """

    sign: Exact
    budgets: Exact
    debts: Exact
    dual: Exact
    gap: Exact
    goods: Exact
    securities: Exact
    payments: Exact
    margin: Exact


def check(economy: CreditEconomy, proof: Mapping[str, Any]) -> Findings:
    """Check a proof of equilibrium for an economy with linear utilities.

    Parameters
    ----------
    economy : CreditEconomy
        The economy.
    proof : mapping
        ``quotes`` by name, and by household ``plans`` (part, node, instrument to amount; what is
        not named is zero) and ``multipliers`` (of the rows); all numbers as text such as "9/22".

    Raises
    ------
    ValueError
        If a utility is not linear, or the proof is not one of this economy.
    """
    if not economy.linear:
        raise ValueError("a proof in fractions needs linear utilities")
    try:
        number = reader(proof)
        quotes = {name: number(value) for name, value in proof["quotes"].items()}
        terms = terms_at(economy, quotes)
        problem = program(economy, terms)
        plans = {
            household.name: _read_plan(proof["plans"][household.name], problem, number)
            for household in economy.households
        }
        multipliers = {
            household.name: {
                row: number(proof["multipliers"][household.name][label(row)])
                for row in problem.rows
            }
            for household in economy.households
        }
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"the proof is not one of this economy: {error}") from None
    worst: dict[str, Exact] = dict.fromkeys(("sign", "budgets", "debts", "dual", "gap"), ZERO)
    for household in economy.households:
        plan, prices = plans[household.name], multipliers[household.name]
        limits = problem.limits(economy, terms, household)
        gains = problem.gains(economy, slopes(economy, household))
        worst["sign"] = max(worst["sign"], *(-amount for amount in plan.values()))
        spent: dict[Row, Exact] = dict.fromkeys(problem.rows, ZERO)
        for variable, amount in plan.items():
            for row, coefficient in problem.columns[variable].items():
                spent[row] += coefficient * amount
        for row, limit in zip(problem.rows, limits, strict=True):
            kind = "budgets" if row[0] == "budget" else "debts"
            worst[kind] = max(worst[kind], spent[row] - limit)
            worst["dual"] = max(worst["dual"], -prices[row])
        for variable, column in problem.columns.items():
            cost = sum((prices[row] * amount for row, amount in column.items()), ZERO)
            worst["dual"] = max(worst["dual"], gains[variable] - cost)
        primal = sum((gains[variable] * amount for variable, amount in plan.items()), ZERO)
        dual = sum((prices[r] * limit for r, limit in zip(problem.rows, limits, strict=True)), ZERO)
        worst["gap"] = max(worst["gap"], dual - primal, primal - dual)
    total = {
        variable: sum((plan.get(variable, ZERO) for plan in plans.values()), ZERO)
        for variable in problem.columns
    }
    cleared: dict[str, Exact] = dict.fromkeys(("goods", "security", "resale", "payment"), ZERO)
    for name, coefficients, due in clearing(economy, terms):
        value = sum((amount * total[v] for v, amount in coefficients.items()), ZERO)
        kind = name.partition("[")[0]
        cleared[kind] = max(cleared[kind], value - due, due - value)
    negative = max((-value for value in quotes.values()), default=ZERO)
    return Findings(
        **worst,
        goods=cleared["goods"],
        securities=max(cleared["security"], cleared["resale"], negative),
        payments=cleared["payment"],
        margin=_least_margin(economy, terms),
    )


def proved(proof: Mapping[str, Any] | None) -> TypeGuard[Mapping[str, Any]]:
    """Whether there is a proof, rather than nothing or the reason why there is none."""
    return proof is not None and UNPROVED not in proof


def remarks(proof: Mapping[str, Any] | None) -> list[str]:
    """What a reader should know of a proof, or why there is none."""
    if proof is None:
        return []
    if UNPROVED in proof:
        return [f"{UNPROVED}: {proof[UNPROVED]}"]
    found = []
    if "root" in proof:
        found.append(f"quotes are irrational, of degree {len(proof['root']['polynomial']) - 1}")
    distance = float(proof.get("distance_from_rest", 0.0))
    if distance > AT_REST:
        found.append(f"a quote is {distance:.0e} away from where rounds ended")
    return found


def proved_plans(
    economy: CreditEconomy, proof: Mapping[str, Any]
) -> dict[str, dict[Variable, Exact]]:
    """Plans of a proof by household, zeros included."""
    number = reader(proof)
    places = {f"{v[0]}[{v[2]}@{v[1]}]": v for v in consumed(economy)}
    found: dict[str, dict[Variable, Exact]] = {}
    for household in economy.households:
        plan: dict[Variable, Exact] = dict.fromkeys(places.values(), ZERO)
        plan |= {places[k]: number(v) for k, v in proof["plans"][household.name].items()}
        found[household.name] = plan
    return found


def _read_plan(
    given: Mapping[str, str], problem: Program, number: Callable[[str], Exact]
) -> dict[Variable, Exact]:
    """A plan from its labels, part[instrument@node]."""
    by_label = {
        f"{part}[{name}@{node}]": (part, node, name) for part, node, name in problem.columns
    }
    return {by_label[key]: number(value) for key, value in given.items()}


def _least_margin(economy: CreditEconomy, terms: Terms) -> Exact:
    """Smallest p C - q: where collateral is worth no more than the loan there is arbitrage."""
    margins = [
        value_of(terms.goods[c.issued_at], c.collateral) - terms.price[c.name]
        for c in economy.contracts
    ]
    return min(margins, default=Fraction(1))
