"""A bond that may not be repaid, and equities: the capital asset pricing model with bankruptcy.

Scenario ``bankruptcy-capm``, after sections 3 to 5 of Eichberger, Rheinberger and Summer, "Credit
Risk in General Equilibrium" (2014). Model, symbols and errata are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import numbered
from markets.bankruptcy.quotes import BondQuotes
from scenarios.bankruptcy import BANKRUPTCY_CAPM, propositions, welfare
from scenarios.bankruptcy.bond_scenario import BondScenario, state_of
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm, members_of
from scenarios.bankruptcy.credit_risk import by_cohort, summary
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.economy import build
from scenarios.bankruptcy.endowment_risk import STUDY, credit_risk_by_endowment_risk
from simulator.economy import Economy
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PROPOSITIONS_UP_TO = 100_000
"""Members up to which both propositions are evaluated at the resting point."""


def economy(
    parameters: BankruptcyCapm, rng: np.random.Generator
) -> Economy[float, BondQuotes, BondBook]:
    """The economy of these cohorts."""
    names = parameters.cohort_names
    cohorts = [
        members_of(c, n, rng, parameters.penalty)
        for c, n in zip(parameters.cohorts, names, strict=True)
    ]
    return build(parameters.instruments, cohorts, parameters, rng)


class BankruptcyCapmScenario(BondScenario[BankruptcyCapm]):
    """The scenario ``bankruptcy-capm``."""

    title = BANKRUPTCY_CAPM
    parameters = BankruptcyCapm
    caution = (
        "The closed form is Proposition 2 at the simulated shortfall of promises; it does not say"
        " what that shortfall is."
    )
    headline = ("expected_recovery", "return_spread")

    def cases(self, parameters: BankruptcyCapm) -> list[Case]:
        """One economy at one date."""
        return [Case("all", lambda rng: economy(parameters, rng), [{}])]

    def describe(
        self, parameters: BankruptcyCapm, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Credit risk, bounds of Proposition 2, and how far 3 is off (NaN if they don't apply)."""
        state = state_of(parameters, point)
        names = ("bond_price_at_least", "bond_price_at_most", "sharing_rule_error")
        values = [math.nan] * 3
        if propositions.applies(state) and point.complete and state.members <= PROPOSITIONS_UP_TO:
            price = propositions.prices(state)
            error = float(np.max(np.abs(propositions.sharing_rule(state) - state.later)))
            values = [price.lowest, price.highest, error]
        return summary(state) | dict(zip(names, values, strict=True))

    def closed_form(
        self, parameters: BankruptcyCapm, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """Prices by Proposition 2 at the shortfall of the resting point, where it applies."""
        if not (len(point.agents) and point.complete):
            return None
        state, names = state_of(parameters, point), parameters.instruments.equity_names
        if isinstance(state, DefaultState):
            standard = propositions.equities_by_default_state(state)
            if standard is None:
                return None
            named = zip(names, standard, strict=True)
            return {numbered("equity_price", name): float(value) for name, value in named}
        if not propositions.applies(state):
            return None
        price = propositions.prices(state)
        known = {
            numbered("equity_price", name): float(value)
            for name, value in zip(names, price.equities, strict=True)
        }
        if state.promises > 0.0:
            known["bond_price"] = price.bond_borrowing
        return known

    def studies(
        self, parameters: BankruptcyCapm, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """Credit risk by endowment risk; welfare with bankruptcy, without it, without credit."""
        tables = {
            STUDY: credit_risk_by_endowment_risk(parameters, rng, economy),
            welfare.STUDY: welfare.welfare_by_short_limit(parameters, rng, economy, state_of),
        }
        return {name: table for name, table in tables.items() if table is not None}

    def summary(self, results: Results[BankruptcyCapm]) -> str:
        """What is traded, and what bankruptcy is worth to the cohorts."""
        return welfare.summary(super().summary(results), results.studies)

    def figures(self, results: Results[BankruptcyCapm]) -> Mapping[str, Figure]:
        """Rounds; the security market line of quadratic utilities; credit risk if studied."""
        from scenarios.bankruptcy import figures

        shown = dict(super().figures(results))
        instruments = results.parameters.instruments
        if len(results.agents):
            state = state_of(results.parameters, results.points[-1])
            if bool(np.all(state.quadratic)) and not isinstance(state, DefaultState):
                shown["security_market_line"] = figures.security_market_line(
                    state, instruments, results.outcome
                )
        if STUDY in results.studies:
            shown["endogenous_credit_risk"] = figures.credit_risk(
                results.studies[STUDY], instruments
            )
        if welfare.STUDY in results.studies:
            shown["welfare"] = figures.welfare_figure(results.studies[welfare.STUDY])
        return shown

    def report(self, results: Results[BankruptcyCapm]) -> pd.DataFrame | None:
        """Credit risk by cohort and state; None if nobody borrows."""
        if not len(results.agents):
            return None
        state = state_of(results.parameters, results.points[-1])
        return by_cohort(state, results.parameters.instruments)


SCENARIO = BankruptcyCapmScenario()
