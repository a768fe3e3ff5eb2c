"""The price of a security when a clearing house raises its margin.

Scenario ``margin-hike``, after Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when
margins are raised?" (slides). The model, its symbols and the errata are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Literal, TypedDict

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from agents.beliefs import Beliefs
from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.traders import Traders
from markets.instruments import Security
from markets.margin import FlatMargin
from markets.quote import FloatArray
from markets.repo.book import RepoBook
from markets.repo.market import RepoMarket
from markets.repo.quotes import RepoQuotes
from scenarios.repo import MARGIN_HIKE
from scenarios.repo import closed_form as theory
from scenarios.repo.certificate import certify
from scenarios.repo.page import PAGE
from scenarios.repo.summary import percent, summary
from scenarios.repo.verdict import verdict
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import GivenBeliefs, Parameters, about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

PRESET_INCOME = 1_000.0
"""Income at date 1 of traders on the side that margin, not solvency, is to constrain (the sources'
captions ask for at least 107.6 at a haircut of 1%)."""

Haircut = Annotated[float, Field(ge=0.0, lt=1.0)]
Amount = Annotated[float, Field(ge=0.0)]


class MarginHike(Parameters):
    """Parameters of the scenario ``margin-hike``."""

    market: Literal["short", "long"] = about(
        "preset of the incomes: in a short market the longs, in a long market the shorts are"
        " constrained by solvency; income_up and income_down override it",
        default="short",
    )
    haircuts: list[Haircut] = about(
        "haircut that the clearing house announces at each date",
        "share of a position's value",
        "a list of at least one haircut in [0, 1)",
        default=[0.01, 0.03],
        min_length=1,
    )
    low_payoff: float = about(
        "payoff of the security in state U", "cash", "a number in [0, high_payoff)",
        default=0.70, ge=0.0,
    )  # fmt: skip
    high_payoff: float = about(
        "payoff of the security in state D", "cash", "a number above low_payoff",
        default=1.15, gt=0.0,
    )  # fmt: skip
    beliefs: GivenBeliefs = about(
        "probabilities that traders give to the low payoff",
        "probability",
        '"uniform", "beta(a, b)" or a list of probabilities strictly between 0 and 1',
        default="uniform",
    )
    cash: Amount | list[Amount] = about(
        "cash of each trader at date 0", "cash",
        "a number of at least 0, or a list with one per trader", default=1.0,
    )  # fmt: skip
    securities: Amount | list[Amount] = about(
        "securities of each trader at date 0", "securities",
        "a number of at least 0, or a list with one per trader", default=1.0,
    )  # fmt: skip
    income_up: Amount | list[Amount] | None = about(
        "income of each trader at date 1 in state U", "cash",
        "a number of at least 0, or a list with one per trader", default=None,
    )  # fmt: skip
    income_down: Amount | list[Amount] | None = about(
        "income of each trader at date 1 in state D", "cash",
        "a number of at least 0, or a list with one per trader", default=None,
    )  # fmt: skip
    traders: int = about(
        "number of traders (or of slices of the continuum)", "traders",
        "a whole number of at least 2", default=10_000, ge=2,
    )  # fmt: skip
    population: Literal["individuals", "continuum"] = about(
        "whether a member is one trader or a slice of a continuum of traders",
        default="individuals",
    )
    start: Literal["payoffs", "random"] = about(
        "first quotes: the mean payoff without interest, or drawn from a wide range by the seed",
        default="payoffs",
    )

    @model_validator(mode="after")
    def _together(self) -> MarginHike:
        """Refuse payoffs in the wrong order and lists of the wrong length."""
        Security(self.low_payoff, self.high_payoff)
        if self.population == "continuum":
            Beliefs(self.beliefs).refuse_ties()
        members = self.members
        for name in ("cash", "securities", "income_up", "income_down"):
            value = getattr(self, name)
            if isinstance(value, list) and len(value) not in (1, members):
                raise ValueError(
                    f"{name} has {len(value)} entries; it must be one number or a list of"
                    f" {members}, one per trader"
                )
        if np.sum(self.securities) <= 0.0:
            raise ValueError(
                f"securities is {self.securities}; somebody must own some of the security"
            )
        return self

    @property
    def members(self) -> int:
        """Number of members: that of the beliefs if they are listed."""
        return len(self.beliefs) if isinstance(self.beliefs, list) else self.traders

    @property
    def incomes(self) -> tuple[float | list[float], float | list[float]]:
        """Incomes in states U and D, the preset where none is given."""
        preset_up, preset_down = (
            (0.0, PRESET_INCOME) if self.market == "short" else (PRESET_INCOME, 0.0)
        )
        return (
            preset_up if self.income_up is None else self.income_up,
            preset_down if self.income_down is None else self.income_down,
        )

    @property
    def homogeneous(self) -> bool:
        """Whether traders differ in beliefs only."""
        fields = (self.cash, self.securities, *self.incomes)
        return not any(isinstance(field, list) for field in fields)

    @property
    def has_closed_form(self) -> bool:
        """Whether the source's equations, those of a continuum, apply."""
        named = Beliefs(self.beliefs).named or self.population == "continuum"
        return self.homogeneous and named and self.cash != 0.0


def build(parameters: MarginHike, rng: np.random.Generator) -> Economy[float, RepoQuotes, RepoBook]:
    """Make the economy as it stands at the first date."""
    security = Security(parameters.low_payoff, parameters.high_payoff)
    first = None
    if parameters.start == "random":
        low, high = max(0.5 * security.low_payoff, 1e-3), 4.0 * security.high_payoff
        first = {
            "security_price": float(np.exp(rng.uniform(np.log(low), np.log(high)))),
            "repo_rate": float(rng.uniform(-0.5, 0.0)),
        }
    market = RepoMarket(security)
    economy = Economy(
        market, adjuster=parameters.adjuster(market.pace), rng=rng, first_quotes=first
    )
    RepoClearingHouse(economy, FlatMargin(parameters.haircuts[0]))
    income_up, income_down = parameters.incomes
    Traders(
        economy,
        "traders",
        beliefs=parameters.beliefs,
        members=parameters.members,
        cash=parameters.cash,
        securities=parameters.securities,
        income_up=income_up,
        income_down=income_down,
        population=parameters.population,
    )
    return economy


class MarginHikeScenario(Scenario[MarginHike]):
    """The scenario ``margin-hike``."""

    title = MARGIN_HIKE
    parameters = MarginHike
    headline = ("haircut", "marginal_long", "marginal_short", "regime", "verdict")
    page = PAGE

    def cases(self, parameters: MarginHike) -> list[Case]:
        """One economy, taken through the announced haircuts."""
        announcements = [{"margin": FlatMargin(haircut)} for haircut in parameters.haircuts]
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
        judged = verdict(**_terms(parameters, point), agents=point.agents)
        return {
            "haircut": parameters.haircuts[point.date - 1],
            "marginal_long": sum(long for long, _ in counts) / members,
            "marginal_short": sum(short for _, short in counts) / members,
            "marginal_belief_long": long,
            "marginal_belief_short": short,
            "regime": judged.regime,
            "verdict": judged.market,
            "long_elasticity": judged.long_elasticity,
            "short_elasticity": judged.short_elasticity,
            "longs_constrained_by": judged.longs_constrained_by,
            "shorts_constrained_by": judged.shorts_constrained_by,
        }

    def closed_form(
        self, parameters: MarginHike, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The continuum's equilibrium from the source's equations, if it has one in closed form.

        There is none for traders who differ in endowments, or whose beliefs are listed one by one.
        """
        if not parameters.has_closed_form:
            return None
        beliefs = Beliefs(parameters.beliefs)
        income_up, income_down = parameters.incomes
        solution = theory.solve(
            haircut=parameters.haircuts[point.date - 1],
            low_payoff=parameters.low_payoff,
            high_payoff=parameters.high_payoff,
            cash=_number(parameters.cash),
            securities=_number(parameters.securities),
            income_up=_number(income_up),
            income_down=_number(income_down),
            cdf=beliefs.below,
            quantile=lambda share: float(beliefs.quantile(np.array([share]))[0]),
        )
        return {
            "security_price": solution.security_price,
            "repo_rate": solution.repo_rate,
            "marginal_long": solution.marginal_long,
            "marginal_short": solution.marginal_short,
        }

    def certify(self, parameters: MarginHike, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of holdings."""
        return certify(**_terms(parameters, point), agents=point.agents, complete=point.complete)

    def summary(self, results: Results[MarginHike]) -> str:
        """How price and repo rate answered the haircuts of this run."""
        if not results.ends:
            return super().summary(results)
        return summary(results.parameters.haircuts, results.ends)

    def studies(
        self, parameters: MarginHike, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """The closed form over all haircuts, in a short and in a long market."""
        if not parameters.has_closed_form:
            return {}
        from scenarios.repo.over_haircuts import LEVERED_INCOMES, haircut_grid

        beliefs = Beliefs(parameters.beliefs)
        up, down = parameters.incomes
        grid = haircut_grid(
            low_payoff=parameters.low_payoff,
            high_payoff=parameters.high_payoff,
            cash=_number(parameters.cash),
            securities=_number(parameters.securities),
            incomes={**LEVERED_INCOMES, parameters.market: (_number(up), _number(down))},
            cdf=beliefs.below,
            quantile=lambda share: float(beliefs.quantile(np.array([share]))[0]),
        )
        return {"closed_form_by_haircut": grid}

    def figures(self, results: Results[MarginHike]) -> Mapping[str, Figure]:
        """The figures of a run; the one over all haircuts only where there is a closed form."""
        from scenarios.repo import figures
        from scenarios.repo.over_haircuts import slides_points
        from simulator.rounds_figures import excess, quotes

        parameters, dates = results.parameters, results.dates
        if results.rounds.empty:
            return {}

        def haircut(_: str, date: int) -> str:
            return f"haircut {percent(parameters.haircuts[date - 1])}"

        shown = {
            "quotes_by_round": quotes(results, label=haircut),
            "excess_demand_by_round": excess(results, label=haircut),
        }
        if not results.agents.empty:
            shown["positions_by_belief"] = figures.positions_by_belief(results.agents, dates)
        if results.studies:
            sources = (parameters.low_payoff, parameters.high_payoff, parameters.beliefs)
            alike = sources == (0.70, 1.15, "uniform")
            alike = alike and parameters.cash == parameters.securities == 1
            shown["price_against_haircut"] = figures.against_haircut(
                results.studies["closed_form_by_haircut"],
                slides_points() if alike else None,
                dates,
            )
        return shown


SCENARIO = MarginHikeScenario()


class Terms(TypedDict):
    """The numbers of a resting point that certificate and verdict start from."""

    low_payoff: float
    high_payoff: float
    haircut: float
    security_price: float
    repo_rate: float


def _terms(parameters: MarginHike, point: RestingPoint) -> Terms:
    """The numbers of a resting point that certificate and verdict start from."""
    return {
        "low_payoff": parameters.low_payoff,
        "high_payoff": parameters.high_payoff,
        "haircut": parameters.haircuts[point.date - 1],
        "security_price": point.quotes["security_price"],
        "repo_rate": point.quotes["repo_rate"],
    }


def _number(value: float | list[float] | FloatArray) -> float:
    """A parameter that is one number."""
    return float(np.ravel(value)[0])
