"""One borrower and one lender: a bond that the borrower may plan not to repay.

Scenario ``bankruptcy``, after the example in section 2 of Eichberger, Rheinberger and Summer,
"Credit Risk in General Equilibrium" (2014). Model and symbols are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field, model_validator

from agents.bankruptcy.utility import LinearQuadratic
from markets.bankruptcy.market import BondAndEquities
from scenarios.bankruptcy import closed_form as theory
from scenarios.bankruptcy import figures
from scenarios.bankruptcy.certificate import certify
from scenarios.bankruptcy.credit_risk import by_cohort, summary
from scenarios.bankruptcy.economy import Members, Rule, build
from scenarios.bankruptcy.state import State, read
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import Parameters, parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

SOURCE = "Eichberger, Rheinberger and Summer, Credit Risk in General Equilibrium (2014)"

INSTRUMENTS = BondAndEquities(np.ones(1), np.zeros((1, 0)), state_names=("",))


def about(meaning: str, unit: str = "", allowed: str = "", **field: Any) -> Any:
    """A parameter's declaration."""
    return Field(description=meaning, json_schema_extra={"unit": unit, "allowed": allowed}, **field)


def _goods(meaning: str, default: float) -> Any:
    return about(meaning, "goods", "a number above 0", default=default, gt=0.0)


class TwoInvestors(Parameters):
    """Parameters of the scenario ``bankruptcy``; the borrower is so called after the defaults."""

    borrower_weight: float = about(
        "marginal utility of goods at date 0 (a_0)", "utility per good", "a number above 0",
        default=2.0, gt=0.0,
    )  # fmt: skip
    borrower_satiation: float = _goods(
        "consumption at date 1 beyond which more is worse (a_1)", 2.5
    )
    borrower_endowment_now: float = _goods("goods at date 0 (w_0)", 1.0)
    borrower_endowment_later: float = _goods("goods at date 1 (w_1)", 0.5)
    lender_weight: float = about(
        "marginal utility of goods at date 0 (a_0)", "utility per good", "a number above 0",
        default=1.0, gt=0.0,
    )  # fmt: skip
    lender_satiation: float = _goods("consumption at date 1 beyond which more is worse (a_1)", 4.0)
    lender_endowment_now: float = _goods("goods at date 0 (w_0)", 3.0)
    lender_endowment_later: float = _goods("goods at date 1 (w_1)", 1.0)
    short_limit: float | None = about(
        "bonds that one investor may sell at most (kappa)", "bonds",
        "a number of at least 0; no limit if not given", default=None, ge=0.0,
    )  # fmt: skip
    rule: Literal["implicit", "newton", "matrix", "anderson"] = about(
        "rule that moves the quotes", default="implicit"
    )
    polish: bool = about(
        "whether to go on from the resting point by Newton steps", allowed="true or false",
        default=False,
    )  # fmt: skip

    @model_validator(mode="after")
    def _not_satiated(self) -> TwoInvestors:
        """Refuse satiation within what the economy has."""
        goods = self.borrower_endowment_later + self.lender_endowment_later
        for name in ("borrower_satiation", "lender_satiation"):
            if getattr(self, name) < goods:
                raise ValueError(
                    f"{name} is {getattr(self, name):g}; it must be at least {goods:g}, all goods"
                    " at date 1, or more could be worse"
                )
        return self

    @property
    def limit(self) -> float:
        """The short limit, infinite if there is none."""
        return math.inf if self.short_limit is None else self.short_limit

    def pair(self, name: str) -> tuple[float, float]:
        """A parameter of both investors."""
        return getattr(self, f"borrower_{name}"), getattr(self, f"lender_{name}")


def economy(parameters: TwoInvestors, rng: np.random.Generator | int = 0) -> Economy:
    """The economy of the two."""
    cohorts = [
        Members(
            role,
            LinearQuadratic(_one(parameters, role, "weight"), _one(parameters, role, "satiation")),
            now=_one(parameters, role, "endowment_now"),
            later=_one(parameters, role, "endowment_later")[:, None],
            equities=np.zeros((1, 0)),
        )
        for role in ("borrower", "lender")
    ]
    rule: Rule = parameters.rule
    return build(
        INSTRUMENTS, cohorts, parameters.limit, rule=rule, polish=parameters.polish, rng=rng
    )


def cases(parameters: TwoInvestors) -> list[Case]:
    """One economy at one date."""
    return [Case("two investors", lambda rng: economy(parameters, rng), [{}])]


def state_of(parameters: TwoInvestors, resting: RestingPoint) -> State:
    """A resting point as arrays."""
    return read(INSTRUMENTS, parameters.limit, resting)


def solution(parameters: TwoInvestors) -> theory.TwoInvestors:
    """The closed form at the parameters."""
    return theory.solve(
        parameters.pair("weight"),
        parameters.pair("satiation"),
        parameters.pair("endowment_now"),
        parameters.pair("endowment_later"),
        parameters.limit,
    )


def describe(
    parameters: TwoInvestors, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """The regime, the range of bond prices that clear, and credit risk."""
    solved = solution(parameters)
    return {
        "regime": solved.regime,
        "lowest_bond_price": solved.bond_price,
        "highest_bond_price": solved.highest_price,
        **summary(state_of(parameters, resting)),
    }


def closed_form(parameters: TwoInvestors, resting: RestingPoint) -> Mapping[str, float]:
    """The closed form; the bond price only where it is the only one that clears."""
    solved = solution(parameters)
    known = {"repayment_rate": solved.repayment_rate, "promised": solved.promised}
    if solved.highest_price == solved.bond_price:
        known["bond_price"] = solved.bond_price
    return known


def certified(parameters: TwoInvestors, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point."""
    return certify(state_of(parameters, resting), complete=resting.complete)


def _state(run: Run) -> State:
    parameters = run.parameters
    assert isinstance(parameters, TwoInvestors)
    quotes = run.equilibrium
    return state_of(parameters, RestingPoint("two investors", 1, quotes, run.agents, run.complete))


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    shown = {"quotes_by_round": figures.quotes_by_round(run.rounds, run.closed_form)}
    state = _state(run)
    if float(np.sum(state.promised)) > 0.0:
        shown["net_trade_diagram"] = figures.net_trade_diagram(state)
    return shown


SCENARIO = Scenario(
    name="bankruptcy",
    summary="a borrower plans to go bankrupt: the repayment rate is a quote that the rounds find",
    source=SOURCE,
    parameters=TwoInvestors,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    report=lambda run: by_cohort(_state(run), INSTRUMENTS),
    caution="Where nobody may borrow, every bond price from the lowest one up is an equilibrium;"
    " the rounds stop at the first that they meet.",
    headline=("regime", "highest_bond_price", "return_spread"),
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python.

    Parameters
    ----------
    seed : int
        Seed of the one random generator; this scenario draws nothing.
    **parameters
        Any of the fields of :class:`TwoInvestors`.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(TwoInvestors, parameters), seed=seed)


def _one(parameters: TwoInvestors, role: str, name: str) -> np.ndarray:
    return np.array([getattr(parameters, f"{role}_{name}")], dtype=np.float64)
