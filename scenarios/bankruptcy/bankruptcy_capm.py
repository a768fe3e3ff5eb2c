"""A bond that may not be repaid, and equities: the capital asset pricing model with bankruptcy.

Scenario ``bankruptcy-capm``, after sections 3 to 5 of Eichberger, Rheinberger and Summer, "Credit
Risk in General Equilibrium" (2014). Model, symbols and errata are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import numbered
from markets.bankruptcy.quotes import BondQuotes
from scenarios.bankruptcy import BANKRUPTCY_CAPM, propositions, welfare
from scenarios.bankruptcy.bond_scenario import BondScenario, state_of
from scenarios.bankruptcy.capm_members import everybody
from scenarios.bankruptcy.capm_parameters import BankruptcyCapm
from scenarios.bankruptcy.captions import CAPTIONS
from scenarios.bankruptcy.certificate import wealth
from scenarios.bankruptcy.credit_risk import by_cohort, summary
from scenarios.bankruptcy.default_state import DefaultState
from scenarios.bankruptcy.economy import build
from scenarios.bankruptcy.endowment_risk import STUDY, credit_risk_by_endowment_risk
from scenarios.bankruptcy.page import CAPM_PAGE
from scenarios.bankruptcy.variables import VARIABLES
from simulator.economy import Economy
from simulator.point import Case, RestingPoint
from simulator.population.members import trading
from simulator.results import Results

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PROPOSITIONS_UP_TO = 100_000
"""Members up to which both propositions are evaluated at the resting point."""

BY_MEMBER = "credit_risk_by_member"
"""Name of the table of credit risk by member."""


def economy(
    parameters: BankruptcyCapm, rng: np.random.Generator
) -> Economy[float, BondQuotes, BondBook]:
    """The economy of these cohorts."""
    return build(parameters.instruments, everybody(parameters, rng), parameters, rng)


class BankruptcyCapmScenario(BondScenario[BankruptcyCapm]):
    """The scenario ``bankruptcy-capm``."""

    title = BANKRUPTCY_CAPM
    parameters = BankruptcyCapm
    variables = VARIABLES
    captions = CAPTIONS
    caution = (
        "The closed form is Proposition 2 at the simulated shortfall of promises; it does not say"
        " what that shortfall is."
    )
    headline = ("expected_recovery", "return_spread")
    page = CAPM_PAGE

    def cases(self, parameters: BankruptcyCapm) -> list[Case]:
        """One economy at one date."""
        return [Case("all", lambda rng: economy(parameters, rng), [{}])]

    def read_out(self, parameters: BankruptcyCapm, point: RestingPoint) -> Mapping[str, object]:
        """Credit risk, bounds of Proposition 2, how far 3 is off (NaN if they don't apply)."""
        state = state_of(parameters, point)
        names = ("bond_price_at_least", "bond_price_at_most", "sharing_rule_error")
        values = [math.nan] * 3
        if propositions.applies(state) and point.complete and state.members <= PROPOSITIONS_UP_TO:
            price = propositions.prices(state)
            error = float(np.max(np.abs(propositions.sharing_rule(state) - state.later)))
            values = [price.lowest, price.highest, error]
        bought = state.bond_price * (state.lent + state.promised)
        bought = bought + np.abs(state.equities) @ state.equity_prices
        known = {"traders_trading": trading(bought, wealth(state)) if point.complete else math.nan}
        return known | summary(state) | dict(zip(names, values, strict=True))

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
        if "name" in results.agents:
            state = state_of(results.parameters, results.points[-1])
            from simulator.net_trades import net_trades

            values = np.column_stack(
                [state.bond * state.bond_price, state.equities * state.equity_prices]
            )
            traded = ["bond", *(f"equity {name}" for name in instruments.equity_names)]
            shown["net_trades"] = net_trades(
                pd.DataFrame(values, _names(results.agents), traded), "goods at date 0"
            )
        return shown

    def tables(self, results: Results[BankruptcyCapm]) -> Mapping[str, pd.DataFrame]:
        """Credit risk by member and state, where members have names and somebody borrows."""
        if "name" not in results.agents:
            return {}
        state = state_of(results.parameters, results.points[-1])
        named = replace(state, cohort=_names(results.agents).to_numpy(dtype=object))
        table = by_cohort(named, results.parameters.instruments)
        return {} if table is None else {BY_MEMBER: table.rename(columns={"cohort": "name"})}

    def report(self, results: Results[BankruptcyCapm]) -> pd.DataFrame | None:
        """Credit risk by cohort and state; None if nobody borrows."""
        if not len(results.agents):
            return None
        state = state_of(results.parameters, results.points[-1])
        return by_cohort(state, results.parameters.instruments)


def _names(agents: pd.DataFrame) -> pd.Series:
    """Names of members, of their cohorts where they have none."""
    return agents["name"].fillna(agents["cohort"])


SCENARIO = BankruptcyCapmScenario()
