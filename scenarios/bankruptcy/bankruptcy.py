"""One borrower and one lender: a bond that the borrower may plan not to repay.

Scenario ``bankruptcy``, after the example in section 2 of Eichberger, Rheinberger and Summer,
"Credit Risk in General Equilibrium" (2014). Model and symbols are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from agents.bankruptcy.utility import LinearQuadratic, QuadraticAtBothDates
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities
from markets.bankruptcy.quotes import BondQuotes
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.bankruptcy import BANKRUPTCY, closed_form_both_dates, closed_form_default, welfare
from scenarios.bankruptcy import closed_form as theory
from scenarios.bankruptcy.bond_scenario import BondScenario, state_of
from scenarios.bankruptcy.captions import CAPTIONS
from scenarios.bankruptcy.credit_risk import by_cohort, summary
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.economy import BondParameters, Members, build, penalties
from scenarios.bankruptcy.page import PAGE
from scenarios.bankruptcy.variables import VARIABLES
from simulator.economy import Economy
from simulator.parameters import about
from simulator.point import Case, RestingPoint
from simulator.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

INSTRUMENTS = BondAndEquities(np.ones(1), np.zeros((1, 0)), state_names=("",))


def _positive(meaning: str, unit: str, default: float) -> Any:
    """Declare a number above zero."""
    return about(meaning, unit, "a number above 0", default=default, gt=0.0)


WEIGHT = ("marginal utility of goods at date 0 (a_0), or weight of date 0", "utility per good")
SATIATION = ("consumption (at date 1, or at both) beyond which more is worse (a_1)", "goods")
NOW = ("goods at date 0 (w_0)", "goods")
LATER = ("goods at date 1 (w_1)", "goods")


class TwoInvestors(BondParameters):
    """Parameters of the scenario ``bankruptcy``; the borrower is so called after the defaults."""

    utility: Literal["quadratic", "quadratic at both dates"] = about(
        "form of both utility functions; quadratic means linear at date 0", default="quadratic"
    )
    borrower_weight: float = _positive(*WEIGHT, 2.0)
    borrower_satiation: float = _positive(*SATIATION, 2.5)
    borrower_endowment_now: float = _positive(*NOW, 1.0)
    borrower_endowment_later: float = _positive(*LATER, 0.5)
    lender_weight: float = _positive(*WEIGHT, 1.0)
    lender_satiation: float = _positive(*SATIATION, 4.0)
    lender_endowment_now: float = _positive(*NOW, 3.0)
    lender_endowment_later: float = _positive(*LATER, 1.0)

    @property
    def instruments(self) -> BondAndEquities:
        """A bond and no equity, in one state."""
        return INSTRUMENTS

    @model_validator(mode="after")
    def _not_satiated(self) -> TwoInvestors:
        """Refuse satiation below what the economy has."""
        goods, date = sum(self.pair("endowment_later")), "at date 1"
        if self.utility != "quadratic" and sum(self.pair("endowment_now")) > goods:
            goods, date = sum(self.pair("endowment_now")), "at date 0"
        if self.penalty is not None:
            penalties(self.penalty, 1, 1)
        for name in ("borrower_satiation", "lender_satiation"):
            if getattr(self, name) < goods:
                raise Refused(
                    f"{name} is {getattr(self, name):g}; it must be at least {goods:g}, all goods"
                    f" {date}, or more could be worse"
                )
        return self

    def pair(self, name: str) -> tuple[float, float]:
        """A parameter of both investors."""
        return getattr(self, f"borrower_{name}"), getattr(self, f"lender_{name}")

    @property
    def solution(self) -> theory.TwoInvestors | None:
        """The closed form; with a penalty only where one of the two borrows and the other lends."""
        if self.penalty is not None:
            if self.utility != "quadratic":
                return None
            return closed_form_default.solve(
                self.pair("weight"),
                self.pair("satiation"),
                self.pair("endowment_now"),
                self.pair("endowment_later"),
                float(np.ravel(self.penalty)[0]),
                self.limit,
            )
        solve = theory.solve if self.utility == "quadratic" else closed_form_both_dates.solve
        return solve(
            self.pair("weight"),
            self.pair("satiation"),
            self.pair("endowment_now"),
            self.pair("endowment_later"),
            self.limit,
        )


def economy(
    parameters: TwoInvestors, rng: np.random.Generator
) -> Economy[float, BondQuotes, BondBook]:
    """The economy of the two."""

    def one(role: str, name: str) -> FloatArray:
        return np.array([getattr(parameters, f"{role}_{name}")], dtype=np.float64)

    form = LinearQuadratic if parameters.utility == "quadratic" else QuadraticAtBothDates
    cohorts = [
        Members(
            role,
            form(one(role, "weight"), one(role, "satiation")),
            now=one(role, "endowment_now"),
            later=one(role, "endowment_later")[:, None],
            equities=np.zeros((1, 0)),
            penalty=None if parameters.penalty is None else penalties(parameters.penalty, 1, 1),
        )
        for role in ("borrower", "lender")
    ]
    return build(INSTRUMENTS, cohorts, parameters, rng)


class BankruptcyScenario(BondScenario[TwoInvestors]):
    """The scenario ``bankruptcy``."""

    title = BANKRUPTCY
    parameters = TwoInvestors
    variables = VARIABLES
    captions = CAPTIONS
    caution = (
        "Where nobody may borrow, every bond price from the lowest one up is an equilibrium; the"
        " rounds stop at the first that they meet."
    )
    headline = ("regime", "return_spread")
    regimes = ("regime",)
    page = PAGE

    def cases(self, parameters: TwoInvestors) -> list[Case]:
        """One economy at one date."""
        return [Case("two investors", lambda rng: economy(parameters, rng), [{}])]

    def read_out(self, parameters: TwoInvestors, point: RestingPoint) -> Mapping[str, object]:
        """The regime, and credit risk."""
        solution = parameters.solution
        regime = solution.regime if solution is not None else ""
        return {"regime": regime, **summary(state_of(parameters, point))}

    def closed_form(
        self, parameters: TwoInvestors, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The closed form; the bond price only where it is the only one that clears."""
        solution = parameters.solution
        if solution is None:
            return None
        known = {"repayment_rate": solution.repayment_rate, "promised": solution.promised}
        if solution.highest_price == solution.bond_price:
            known["bond_price"] = solution.bond_price
        return known

    def studies(
        self, parameters: TwoInvestors, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """Welfare with bankruptcy, without it, and without credit."""
        table = welfare.welfare_by_short_limit(parameters, rng, economy, state_of)
        return {} if table is None else {welfare.STUDY: table}

    def summary(self, results: Results[TwoInvestors]) -> str:
        """What the borrower does, and what bankruptcy is worth to the two."""
        return welfare.summary(super().summary(results), results.studies)

    def figures(self, results: Results[TwoInvestors]) -> Mapping[str, Figure]:
        """Quotes and excess demand by round; the net trades of the two if they trade the bond."""
        from scenarios.bankruptcy.figures import net_trade_diagram, welfare_figure

        shown = dict(super().figures(results))
        if len(results.agents):
            state = state_of(results.parameters, results.points[-1])
            if state.promises > 0.0 and not isinstance(state, DefaultState):
                shown["net_trade_diagram"] = net_trade_diagram(state, results.outcome)
        if welfare.STUDY in results.studies:
            shown["welfare"] = welfare_figure(results.studies[welfare.STUDY])
        return shown

    def report(self, results: Results[TwoInvestors]) -> pd.DataFrame | None:
        """Credit risk by investor; None if nobody borrows."""
        if not len(results.agents):
            return None
        return by_cohort(state_of(results.parameters, results.points[-1]), INSTRUMENTS)


SCENARIO = BankruptcyScenario()
