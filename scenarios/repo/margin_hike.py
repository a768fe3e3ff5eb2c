"""The price of a security when a clearing house raises its margin.

Scenario ``margin-hike``, after Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when
margins are raised?" (slides). The model, its symbols and the errata are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, TypedDict

import numpy as np
import pandas as pd

from agents.beliefs import Beliefs
from agents.repo.traders import Traders
from markets.repo.quotes import RepoQuotes
from scenarios.repo import MARGIN_HIKE
from scenarios.repo import closed_form as theory
from scenarios.repo.captions import MARGIN_HIKE as CAPTIONS
from scenarios.repo.certificate import certify
from scenarios.repo.economy import MarginHike, build, number
from scenarios.repo.holdings import Holdings, charged
from scenarios.repo.intervals import untraded_prices
from scenarios.repo.page import PAGE
from scenarios.repo.summary import percent, summary
from scenarios.repo.variables import MARGIN_HIKE as COLUMNS
from scenarios.repo.verdict import verdict
from simulator.certificate import Certificate
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


SHOWN = 6
"""Digits after the point of a haircut that a rule charges, in words."""

PLAINLY_TRADED = 1e-6
"""Share of all securities above which a trader's net trade is no dust."""


class MarginHikeScenario(Scenario[MarginHike]):
    """The scenario ``margin-hike``."""

    title = MARGIN_HIKE
    parameters = MarginHike
    variables = COLUMNS
    captions = CAPTIONS
    headline = ("haircut", "marginal_long", "marginal_short", "regime", "verdict")
    regimes = ("regime",)
    page = PAGE

    def cases(self, parameters: MarginHike) -> list[Case]:
        """One economy, taken through the announced haircuts."""
        announcements = [{"margin": rule} for rule in parameters.charging]
        return [Case(parameters.market, lambda rng: build(parameters, rng), announcements)]

    def describe(
        self, parameters: MarginHike, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Marginal traders, the regime and the verdict at a resting point."""
        posted = economy.posted
        assert isinstance(posted, RepoQuotes)
        traders = [cohort for cohort in economy.cohorts if isinstance(cohort, Traders)]
        counts = [cohort.counts(posted) for cohort in traders]
        members = sum(cohort.members for cohort in traders)
        long, short = posted.marginal_beliefs
        return {
            "haircut": posted.haircut,
            "marginal_long": sum(long for long, _ in counts) / members,
            "marginal_short": sum(short for _, short in counts) / members,
            "marginal_belief_long": long,
            "marginal_belief_short": short,
            **self.read_out(parameters, point),
        }

    def read_out(self, parameters: MarginHike, point: RestingPoint) -> Mapping[str, object]:
        """The regime and the verdict, and what they rest on."""
        judged = verdict(**_terms(parameters, point), agents=point.agents)
        return {
            "regime": judged.regime,
            "verdict": judged.market,
            "long_elasticity": judged.long_elasticity,
            "short_elasticity": judged.short_elasticity,
            "longs_constrained_by": judged.longs_constrained_by,
            "shorts_constrained_by": judged.shorts_constrained_by,
            "marginal_from_net_trades": judged.marginal_from_net_trades,
            "traders_trading": _trading(point) if point.complete else math.nan,
        }

    def closed_form(
        self, parameters: MarginHike, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The continuum's equilibrium from the source's equations, if it has one in closed form.

        There is none for traders who differ in endowments, as they do after a date that they carry
        positions from, or whose beliefs are listed one by one.
        """
        if not parameters.has_closed_form or (parameters.carry and point.date > 1):
            return None
        if len(point.agents):
            haircut = charged(point.agents)
        elif parameters.margin is None:
            haircut = parameters.haircuts[point.date - 1]
        else:
            return None
        beliefs = Beliefs(parameters.beliefs)
        income_up, income_down = parameters.incomes
        solution = theory.solve(
            haircut=haircut,
            low_payoff=parameters.low_payoff,
            high_payoff=parameters.high_payoff,
            cash=number(parameters.cash),
            securities=number(parameters.securities),
            income_up=number(income_up),
            income_down=number(income_down),
            cdf=beliefs.below,
            quantile=lambda share: float(beliefs.quantile(np.array([share]))[0]),
            reuse=parameters.reuse,
        )
        return {
            "security_price": solution.security_price,
            "repo_rate": solution.repo_rate,
            "marginal_long": solution.marginal_long,
            "marginal_short": solution.marginal_short,
        }

    def intervals(
        self, parameters: MarginHike, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices at which nobody wants to trade, where single traders all keep what they own."""
        carried = parameters.carry and point.date > 1
        if parameters.population != "individuals" or not point.complete or carried:
            return {}
        names = ("security", "endowed_securities")
        security, endowed = (point.agents[name].to_numpy() for name in names)
        if not np.all(np.abs(security - endowed) <= PLAINLY_TRADED * endowed.sum()):
            return {}
        terms = _terms(parameters, point)
        if verdict(**terms, agents=point.agents).trade:
            return {}
        return {"security_price": untraded_prices(Holdings.read(point.agents, **terms))}

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of holdings."""
        announced = None if parameters.margin else parameters.haircuts[point.date - 1]
        return certify(
            **_terms(parameters, point),
            agents=point.agents,
            announced=announced,
            complete=point.complete,
        )

    def summary(self, results: Results[MarginHike]) -> str:
        """How price and repo rate answered the haircuts of this run."""
        if "haircut" not in results.dates:
            return super().summary(results)
        if results.parameters.margin is None:
            return summary(results.parameters.haircuts, results.ends)
        shown = [round(float(haircut), SHOWN) for haircut in results.dates["haircut"]]
        return summary(shown, results.ends)

    def studies(
        self, parameters: MarginHike, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """The closed form over all haircuts, in a short and in a long market, and isoleverage."""
        if not parameters.has_closed_form:
            return {}
        from scenarios.repo.isoleverage import isoleverage
        from scenarios.repo.over_haircuts import LEVERED_INCOMES, haircut_grid

        beliefs = Beliefs(parameters.beliefs)
        up, down = parameters.incomes
        economy: SharedTerms = {
            "low_payoff": parameters.low_payoff,
            "high_payoff": parameters.high_payoff,
            "cash": number(parameters.cash),
            "securities": number(parameters.securities),
            "incomes": {**LEVERED_INCOMES, parameters.market: (number(up), number(down))},
        }
        grid = haircut_grid(
            **economy,
            cdf=beliefs.below,
            quantile=lambda share: float(beliefs.quantile(np.array([share]))[0]),
            reuse=parameters.reuse,
        )
        studies = {"closed_form_by_haircut": grid}
        if parameters.reuse and parameters.margin is None:
            studies["isoleverage"] = isoleverage(
                parameters.haircuts, **economy, quantile=beliefs.quantile
            )
        return studies

    def figures(self, results: Results[MarginHike]) -> Mapping[str, Figure]:
        """The figures of a run; the one over all haircuts only where there is a closed form."""
        from scenarios.repo import figures
        from scenarios.repo.over_haircuts import slides_points
        from simulator.rounds_figures import excess, quotes

        parameters, dates = results.parameters, results.dates
        if results.rounds.empty:
            return {}

        def haircut(_: str, date: int) -> str:
            for rate in dates.loc[dates["date"] == date, "haircut"].dropna().tolist():
                return f"haircut {percent(round(rate, SHOWN))}"
            return ""

        shown = {
            "quotes_by_round": quotes(results, label=haircut),
            "excess_demand_by_round": excess(results, label=haircut),
        }
        if not results.agents.empty:
            shown["positions_by_belief"] = figures.positions_by_belief(results.agents, dates)
        if "name" in results.agents:
            from simulator.net_trades import net_trades

            point = results.points[-1]
            bought = point.agents["security"] - point.agents["endowed_securities"]
            values = pd.DataFrame({"security": bought * point.quotes["security_price"]})
            shown["net_trades"] = net_trades(values.set_axis(point.agents["name"]), "cash")
        if "isoleverage" in results.studies:
            shown["isoleverage"] = figures.isoleverage(
                results.studies["isoleverage"], parameters.haircuts, parameters.market, dates
            )
        if "closed_form_by_haircut" in results.studies:
            sources = (parameters.low_payoff, parameters.high_payoff, parameters.beliefs)
            alike = sources == (0.70, 1.15, "uniform")
            alike = alike and parameters.reuse and parameters.cash == parameters.securities == 1
            shown["price_against_haircut"] = figures.against_haircut(
                results.studies["closed_form_by_haircut"],
                slides_points() if alike else None,
                dates,
                reuse=parameters.reuse,
                carried=parameters.carry,
            )
        return shown


SCENARIO = MarginHikeScenario()


class SharedTerms(TypedDict):
    """What the studies by theory have in common."""

    low_payoff: float
    high_payoff: float
    cash: float
    securities: float
    incomes: Mapping[str, tuple[float, float]]


class Terms(TypedDict):
    """The numbers of a resting point that certificate and verdict start from."""

    low_payoff: float
    high_payoff: float
    haircut: float
    security_price: float
    repo_rate: float
    reuse: bool


def _trading(point: RestingPoint) -> float:
    """Number of traders who hold anything else than what they own, or trade in repo."""
    names = ("security", "endowed_securities", "repo_lending", "repo_borrowing", "weight")
    security, endowed, lending, borrowing, weight = (point.agents[n].to_numpy() for n in names)
    traded = np.abs(security - endowed) + np.abs(lending) + np.abs(borrowing)
    return float(weight[traded > 0.0].sum())


def _terms(parameters: MarginHike, point: RestingPoint) -> Terms:
    """The numbers of a resting point that certificate and verdict start from."""
    return {
        "low_payoff": parameters.low_payoff,
        "high_payoff": parameters.high_payoff,
        "haircut": charged(point.agents),
        "security_price": point.quotes["security_price"],
        "repo_rate": point.quotes["repo_rate"],
        "reuse": parameters.reuse,
    }
