r"""The check of a proof of equilibrium, in exact numbers.

Nothing here trades, iterates or solves: quotes, plans and multipliers are read from a proof and
put into the conditions of the equilibrium definition as the paper prints them, in rational numbers
or in numbers that the root of a polynomial generates (:mod:`simulator.proof.algebraic`). A
household's optimality is verified by duality: its plan meets its constraints, its multipliers meet
the dual constraints, and both values are the same number.

Source: Iraola and Torres-Martinez (SDT 364), section 2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fractions import Fraction
from typing import TypeGuard

from scenarios.credit.clearing import clearing
from scenarios.credit.primitives import CreditEconomy
from scenarios.credit.program import Program, Row, Variable, label, program, spelled
from scenarios.credit.terms import ZERO, terms_at
from simulator.point import UNPROVED, Proof
from simulator.proof.algebraic import Exact, reader

AT_REST = 1e-6
"""Distance of proved quotes from the run's that is worth no remark."""


@dataclass(frozen=True, slots=True)
class Proved:
    """An equilibrium in exact numbers, and what proves it.

    Attributes
    ----------
    quotes : dict
        By name.
    plans : dict
        By household, the amount of every part of its plan, zeros included.
    multipliers : dict
        By household, the multiplier of every constraint.
    """

    quotes: dict[str, Exact]
    plans: dict[str, dict[Variable, Exact]]
    multipliers: dict[str, dict[Row, Exact]]

    def document(self) -> dict[str, object]:
        """As JSON: all numbers as text such as "9/22"; amounts that are zero are left out."""
        return {
            "quotes": {name: str(value) for name, value in self.quotes.items()},
            "plans": {
                name: {spelled(part): str(amount) for part, amount in plan.items() if amount}
                for name, plan in self.plans.items()
            },
            "multipliers": {
                name: {label(row): str(price) for row, price in prices.items()}
                for name, prices in self.multipliers.items()
            },
        }


def read(economy: CreditEconomy, proof: Proof) -> Proved:
    """The equilibrium that a JSON document describes.

    Raises
    ------
    ValueError
        If a utility is not linear, or the document is no proof of this economy.
    """
    if not economy.linear:
        raise ValueError("an exact proof needs linear utilities")
    try:
        number = reader(proof)
        quotes = {name: number(text) for name, text in _texts(proof["quotes"]).items()}
        problem = program(economy, terms_at(economy, quotes))
        names = {spelled(variable): variable for variable in problem.columns}
        plans: dict[str, dict[Variable, Exact]] = {}
        multipliers: dict[str, dict[Row, Exact]] = {}
        for household in (household.name for household in economy.households):
            amounts = _texts(_entry(proof, "plans", household))
            plans[household] = dict.fromkeys(problem.columns, ZERO)
            plans[household] |= {names[key]: number(text) for key, text in amounts.items()}
            prices = _texts(_entry(proof, "multipliers", household))
            multipliers[household] = {row: number(prices[label(row)]) for row in problem.rows}
    except (KeyError, TypeError, ValueError, ZeroDivisionError) as error:
        raise ValueError(f"the proof is not one of this economy: {error}") from None
    return Proved(quotes, plans, multipliers)


def _entry(document: Proof, name: str, key: str) -> object:
    table = document[name]
    if not isinstance(table, Mapping):
        raise TypeError(f"{name} is no table")
    return table[key]


def _texts(table: object) -> dict[str, str]:
    if not isinstance(table, Mapping) or not all(isinstance(v, str) for v in table.values()):
        raise TypeError("numbers of a proof are a table of texts by name")
    return {str(name): text for name, text in table.items()}


# ---------------------------------------------------------------------- the check
@dataclass(frozen=True, slots=True)
class Findings:
    """Largest violation of each condition of the definition; all zero in an equilibrium.

    ``gap`` is the distance of the utility of the dual from that of the plan; ``dual`` the largest
    violation of a dual constraint; ``margin``, which is not a violation, the smallest p C - q.
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

    @property
    def violations(self) -> tuple[Exact, ...]:
        """All but the margin."""
        return tuple(getattr(self, field.name) for field in fields(self) if field.name != "margin")


def check(economy: CreditEconomy, proved: Proved) -> Findings:
    """Check an equilibrium of an economy with linear utilities."""
    terms = terms_at(economy, proved.quotes)
    problem = program(economy, terms)
    worst: dict[str, Exact] = dict.fromkeys(("sign", "budgets", "debts", "dual", "gap"), ZERO)
    for household in economy.households:
        plan, prices = proved.plans[household.name], proved.multipliers[household.name]
        limits = problem.limits(household)
        gains = problem.linear_gains(household)
        worst["sign"] = max(worst["sign"], *(-amount for amount in plan.values()))
        spent: dict[Row, Exact] = dict.fromkeys(problem.rows, ZERO)
        for variable, amount in plan.items():
            if amount:
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
    cleared: dict[str, Exact] = dict.fromkeys(("goods", "security", "resale", "payment"), ZERO)
    total = _total(problem, proved)
    for name, coefficients, due in clearing(economy, terms):
        value = sum((amount * total[v] for v, amount in coefficients.items()), ZERO)
        kind = name.partition("[")[0]
        cleared[kind] = max(cleared[kind], value - due, due - value)
    negative = max((-value for value in proved.quotes.values()), default=ZERO)
    margins = (terms.margin(contract) for contract in economy.contracts)
    return Findings(
        **worst,
        goods=cleared["goods"],
        securities=max(cleared["security"], cleared["resale"], negative),
        payments=cleared["payment"],
        margin=min(margins, default=Fraction(1)),
    )


def _total(problem: Program, proved: Proved) -> dict[Variable, Exact]:
    """Plans added up over households."""
    return {v: sum((p[v] for p in proved.plans.values()), ZERO) for v in problem.columns}


# ---------------------------------------------------------------------- what is said of it
def is_proof(proof: Proof | None) -> TypeGuard[Proof]:
    """Whether there is a proof, rather than nothing or the reason why there is none."""
    return proof is not None and UNPROVED not in proof


def remarks(proof: Proof | None) -> list[str]:
    """What a reader should know of a proof, or why there is none."""
    if proof is None:
        return []
    if UNPROVED in proof:
        return [f"{UNPROVED}: {proof[UNPROVED]}"]
    notes = []
    root = proof.get("root")
    if isinstance(root, Mapping):
        notes.append(f"quotes are irrational, of degree {len(root['polynomial']) - 1}")
    distance = proof.get("distance_from_rest")
    if isinstance(distance, float) and distance > AT_REST:
        notes.append(f"a quote is {distance:.0e} away from where rounds ended")
    return notes
