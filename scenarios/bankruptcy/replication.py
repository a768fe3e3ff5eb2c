"""Bankruptcy in general equilibrium, claim by claim, and default by choice beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from scenarios.bankruptcy import SOURCE, bankruptcy, bankruptcy_capm, bond_scenario
from scenarios.bankruptcy.errata import ERRATA
from scenarios.bankruptcy.propositions import prices, sharing_rule
from scenarios.bankruptcy.published import CASES, DEFAULT, DEFAULTS, WELFARE
from scenarios.bankruptcy.welfare import STUDY
from simulator.parameters import parse
from simulator.published import Claim, LeftOut, Paper, Published, claims
from simulator.replication import Measured, drawing, told_by
from simulator.run import Run, simulate

SCENARIOS: dict[str, Any] = {
    scenario.name: scenario for scenario in (bankruptcy.SCENARIO, bankruptcy_capm.SCENARIO)
}

ROUNDING = 1e-12
"""Largest error of a proposition at a polished equilibrium."""


def _run(row: Published, *, studies: bool = False, **more: object) -> Run[Any]:
    scenario = SCENARIOS[row.scenario]
    given = parse(scenario.parameters, {**row.parameters, **more})
    return simulate(scenario, given, studies=studies)


def polished(row: Published) -> Measured:
    """Quotes and choices of a polished run."""
    return told_by(_run(row, polish=True))


def default_by_choice(row: Published) -> Measured:
    """Quotes and promises where debtors choose to default; the closed form has their sum."""
    run = _run(row)
    told = told_by(run, promised=run.agents["promised"].to_numpy())
    equations: dict[str, object] = dict(told.closed_form)
    equations["promised"] = (equations["promised"], 0.0)
    return Measured(told.simulated, equations, told.certified)


def welfare(row: Published) -> Measured:
    """Utilities by short limit, from the runs of the study."""
    run = _run(row, studies=True)
    told: dict[str, object] = {}
    for credit, rows in run.studies[STUDY].groupby("credit"):
        told[f"short_limit, {credit}"] = rows["short_limit"].iloc[0]
        told[f"utility, {credit}"] = rows["utility"].tolist()
    return Measured(told, {}, run.certificate.holds, drawing(run, "welfare"))


def capital_asset_pricing(row: Published) -> Measured:
    """Propositions 2 and 3 at a polished equilibrium."""
    run = _run(row, polish=True)
    here = bond_scenario.state_of(run.parameters, run.points[-1])
    by_proposition = prices(here)
    told = told_by(
        run,
        **{
            "error of equity prices": float(
                np.max(np.abs(by_proposition.equities - here.equity_prices))
            ),
            "error of the bond price, lenders": by_proposition.bond_lending - here.bond_price,
            "error of the bond price, borrowers": by_proposition.bond_borrowing - here.bond_price,
            "error of consumption": float(np.max(np.abs(sharing_rule(here) - here.later))),
            "lower bound": by_proposition.lowest,
            "upper bound": by_proposition.highest,
            "bond price within its bounds": bool(
                by_proposition.lowest - ROUNDING
                <= here.bond_price
                <= by_proposition.highest + ROUNDING
            ),
        },
    )
    return Measured(told.simulated, {}, told.certified)


def net_trades(row: Published) -> Measured:
    """Figure 1: the rays of trade, the plans on them, and what the clearing house pays out."""
    run = _run(row, polish=True)
    here = bond_scenario.state_of(run.parameters, run.points[-1])
    price, rate = here.bond_price, float(here.rates[0])
    borrower, lender = int(np.argmin(here.bond)), int(np.argmax(here.bond))
    now = here.now - here.endowed_now
    later = here.later[:, 0] - here.endowed_later[:, 0]
    received = rate * here.bond[lender]
    told = {
        "borrower's trade on the ray (q, -1)": float(now[borrower] + price * later[borrower]),
        "lender's trade on the ray (-q, r)": float(now[lender] + price * later[lender] / rate),
        "trades at date 0 add up to": float(np.sum(now)),
        "borrower plans negative consumption": bool(here.later[borrower, 0] < 0.0),
        "seized less paid out": float(here.endowed_later[borrower, 0] - received),
        "net income transfers at date 0": (float(now[borrower]), float(now[lender])),
        "net income transfers at date 1": (float(later[borrower]), float(later[lender])),
    }
    return Measured(told, {}, run.certificate.holds, drawing(run, "net_trade_diagram"))


def _limited(case: str, limit: float, errata: tuple[int, ...], **expected: object) -> Published:
    return Published(
        case, bankruptcy_capm.SCENARIO.name, SOURCE, "Propositions 2 and 3",
        {"short_limit": limit},
        {
            **dict.fromkeys(
                ("error of equity prices", "error of the bond price, lenders",
                 "error of the bond price, borrowers", "error of consumption"), 0.0,
            ),
            **{name.replace("_", " "): value for name, value in expected.items()},
        },
        tolerance=ROUNDING, kind="proposition", errata=errata,
        looser={"lower bound": 1e-11, "upper bound": 1e-11},
    )  # fmt: skip


_BANKRUPT = CASES[1]
_PROMISED, _PRICE, _OWNED = 0.8708286934, 1.4354143467, 0.5

CLAIMS: tuple[Claim, ...] = (
    *claims(polished, CASES),
    Claim(
        Published(
            "bankruptcy of the borrower", "bankruptcy", SOURCE, "Figure 1",
            _BANKRUPT.parameters,
            {
                "borrower's trade on the ray (q, -1)": 0.0,
                "lender's trade on the ray (-q, r)": 0.0,
                "trades at date 0 add up to": 0.0,
                "borrower plans negative consumption": True,
                "seized less paid out": 0.0,
                "net income transfers at date 0": (_PRICE * _PROMISED, -_PRICE * _PROMISED),
                "net income transfers at date 1": (-_PROMISED, _OWNED),
            },
            tolerance=1e-9, kind="figure",
        ),
        net_trades,
    ),
    *claims(
        capital_asset_pricing,
        (
            _limited(
                "three investors, one bankrupt", 10.0, (1, 2, 3, 4, 6),
                lower_bound=1.006508303641, upper_bound=1.055469878616,
                bond_price_within_its_bounds=True,
            ),
            _limited(
                "short limit of .35, which binds", 0.35, (1, 2, 3, 4, 5),
                bond_price_within_its_bounds=False,
            ),
            _limited(
                "short limit of .2, which binds", 0.2, (1, 2, 3, 4, 5, 9),
                bond_price_within_its_bounds=False,
            ),
        ),
    ),
    *claims(welfare, WELFARE),
)  # fmt: skip

PAPERS = (
    Paper(
        "eichberger-rheinberger-summer",
        SOURCE,
        CLAIMS,
        ERRATA,
        (
            LeftOut(
                "Proposition 1, Lemmas 1, 3, 4, 5",
                "existence of a bankruptcy equilibrium, and steps of its proof",
                "existence for all economies is not shown by simulating some; every run is checked"
                " for no arbitrage (Lemma 1) and Walras' law (Lemma 5), and random economies clear",
            ),
            LeftOut(
                "Lemma 2", "which prices exclude arbitrage",
                "not true as printed with two or more equities: erratum 8",
            ),
            LeftOut(
                "Lemma 6", "consumption is feasible where markets clear and rates are realised",
                "it holds of every state, and no number is printed; it is the condition"
                " feasible_consumption of every certificate above",
            ),
            LeftOut(
                "section 5", "probability of default, exposure and loss are endogenous",
                "no numbers or features are printed; a run has them in its table of dates and its"
                " figure endogenous_credit_risk",
            ),
        ),
    ),
    Paper(
        "dubey-geanakoplos-shubik",
        DEFAULT,
        claims(default_by_choice, DEFAULTS),
        (),
        (
            LeftOut(
                "all their examples", "economies with several goods and assets",
                "another model: here their penalty is put into the example of section 2 of"
                " Eichberger, Rheinberger and Summer",
            ),
        ),
    ),
)  # fmt: skip
