"""Credit with prepayment and default on an event tree, claim by claim."""

from __future__ import annotations

import json
from dataclasses import replace
from fractions import Fraction
from functools import cache
from typing import Any

import pandas as pd

from scenarios.credit import SOURCE, credit_tree, exact, liquidity_contraction, prepayment
from scenarios.credit.credit_tree import CreditScenario, described_points
from scenarios.credit.errata import ERRATA
from scenarios.credit.parameters import CreditTree
from scenarios.credit.published import (
    CONSUMED,
    EXAMPLE,
    LIQUID,
    LOGARITHMIC,
    NODES,
    PHI,
    PRINTED,
    RENTAL,
    ROUNDED,
    SHADOW_VALUES,
    TRIVIAL,
)
from scenarios.credit.read_out import consumption
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import Measured, drawing, told_by
from simulator.run import Run

SCENARIOS: dict[str, CreditScenario] = {
    scenario.name: scenario
    for scenario in (prepayment.SCENARIO, credit_tree.SCENARIO, liquidity_contraction.SCENARIO)
}


def _run(row: Published) -> Run[CreditTree]:
    """The run of a row; claims on one economy share it."""
    return _once(row.scenario, json.dumps(row.parameters))


@cache
def _once(scenario: str, parameters: str) -> Run[CreditTree]:
    return SCENARIOS[scenario].run(**json.loads(parameters))


def equilibrium(row: Published) -> Measured:
    """Quotes, rates, utilities and, where there is a rental contract, reservation rents."""
    run = _run(row)
    return told_by(run, **_rents(run.studies.get("rental_market", pd.DataFrame())))


def _rents(table: pd.DataFrame) -> dict[str, object]:
    """Columns of a table with one row per household, by name and household."""
    if table.empty:
        return {}
    rows = table.set_index("household")
    found = {f"{c}[{h}]": rows.loc[h, c] for c in ("most_paid", "least_taken") for h in rows.index}
    returns = ("return_on_letting", "return_on_security")
    return {**found, **{name: rows[name].iloc[0] for name in returns}}


def allocation(row: Published) -> Measured:
    """Consumption, shadow values, and the printed plans at the quotes that were found."""
    run = _run(row)
    ((economy, point),) = described_points(run)
    if not exact.is_proof(point.proof):
        raise ValueError(f"{row.case}: no equilibrium is proved")
    proved = exact.read(economy, point.proof)
    eaten = {name: list(consumption(economy, plan).values()) for name, plan in proved.plans.items()}
    plans: dict[str, Any] = {
        name: {**dict.fromkeys(plan, Fraction(0)), **PRINTED[name]}
        for name, plan in proved.plans.items()
    }
    printed = exact.check(economy, replace(proved, plans=plans))
    told = {
        "consumption of B": eaten["B"],
        "consumption of A and C": [a + c for a, c in zip(eaten["A"], eaten["C"], strict=True)],
        **{
            f"shadow values of {name}": [proved.multipliers[name]["budget", n] for n in NODES]
            for name in SHADOW_VALUES
        },
        "printed plans are an equilibrium at the quotes found": not any(printed.violations),
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "flows", "event_tree"))


def behaviour(row: Published) -> Measured:
    """The table of propositions: what each borrower does at each node, and what they say."""
    run = _run(row)
    table = run.tables["propositions"]
    told: dict[str, object] = {
        "propositions agree with what borrowers do": bool(table["agrees"].all()),
        "loans under water": int(table["underwater"].sum()),
    }
    for found in table.to_dict("records"):
        at = f"[{found['household']}, {found['node']}]"
        told |= {f"{name}{at}": found[name] for name in table.columns}
    return Measured(told, {}, run.certificate.holds, drawing(run, "strategy_map"))


def contraction(row: Published) -> Measured:
    """The same households with credit at every node of date 1, and without it at u and d."""
    run = _run(row)
    wide, narrow = run.dates.iloc[0], run.dates.iloc[1]
    found = run.tables["propositions"]
    sunk = found[found["underwater"]]
    names = ("prepaid[j0@u]", "defaulted[j0@d]")
    told = {
        **{f"{name} with credit everywhere": wide[name] for name in names},
        **{f"{name} with credit at m only": narrow[name] for name in names},
        "under water with credit everywhere": bool((sunk["case"] != "credit at m").any()),
        "under water with credit at m only": "/".join(sunk["household"] + " at " + sunk["node"]),
    }
    return Measured(told, {}, run.certificate.holds)


CLAIMS: tuple[Claim, ...] = (
    *claims(equilibrium, (EXAMPLE, TRIVIAL)),
    Claim(
        Published(
            "consumption, shadow values and positions of the example", "prepayment", SOURCE,
            "section 3, consumption and figure of financial positions; shadow values follow",
            expected={
                "consumption of B": [Fraction(x) for x in CONSUMED["B"]],
                "consumption of A and C": [
                    Fraction(a) + Fraction(c)
                    for a, c in zip(CONSUMED["A"], CONSUMED["C"], strict=True)
                ],
                **{
                    f"shadow values of {name}": [Fraction(x) for x in values]
                    for name, values in SHADOW_VALUES.items()
                },
                "printed plans are an equilibrium at the quotes found": True,
            },
            tolerance=ROUNDED, kind="figure", errata=(1, 2),
        ),
        allocation,
    ),
    Claim(
        Published(
            "payment, prepayment and default in the example", "prepayment", SOURCE,
            "section 3, (i) to (iv); section 5, Propositions 1 and 2, Corollary",
            expected={
                **{f"phi[{h}, {n}]": Fraction(x) for (h, n), x in PHI.items()},
                "prepaid[B, m]": 1.0,
                "prepaid[C, u]": 1.0,
                "paid[B, d]": 1.0,
                "defaulted[C, d]": 1.0,
                "proposition_1[B, m]": "does not say",
                "proposition_2[B, m]": "closes",
                "psi[B, m]": 0.5,
                **{f"corollary[B, {n}]": "closes" for n in ("m",)},
                "propositions agree with what borrowers do": True,
                "loans under water": 1,
                "underwater[B, d]": True,
            },
            tolerance=ROUNDED, kind="proposition", errata=(1,),
        ),
        behaviour,
    ),
    Claim(
        Published(
            "a liquidity contraction at u and d", "liquidity-contraction", SOURCE,
            "section 3, (iii); section 5, loans under water without other credit",
            expected={
                "prepaid[j0@u] with credit everywhere": 1.0,
                "prepaid[j0@u] with credit at m only": 0.5,
                "defaulted[j0@d] with credit everywhere": 1.0,
                "defaulted[j0@d] with credit at m only": 0.5,
                "under water with credit everywhere": False,
                "under water with credit at m only": "B at d",
            },
            tolerance=ROUNDED, kind="proposition", errata=(1,),
        ),
        contraction,
    ),
    *claims(equilibrium, (RENTAL, LIQUID)),
    Claim(
        replace(
            LIQUID,
            case="nobody is under water where there is a loan for every debt",
            expected={
                "propositions agree with what borrowers do": True,
                "loans under water": 0,
            },
            kind="proposition",
        ),
        behaviour,
    ),
    *claims(equilibrium, (LOGARITHMIC,)),
)  # fmt: skip

PAPERS = (
    Paper(
        "iraola-torres-martinez",
        SOURCE,
        CLAIMS,
        ERRATA,
        (
            LeftOut(
                "section 4, Theorem", "existence of a non-trivial equilibrium",
                "existence for all economies is not shown by simulating some; of 200 random"
                " economies all end in an equilibrium",
            ),
            LeftOut(
                "section 2, footnote 4", "functions of coupons at a price of zero",
                "prices are in units of the first good and never zero here",
            ),
            LeftOut(
                "section 6", "an infinite horizon", "the paper leaves it to later work",
            ),
        ),
    ),
)  # fmt: skip
