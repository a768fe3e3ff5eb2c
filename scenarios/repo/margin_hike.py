"""The price of a security when a clearing house raises its margin.

Scenario ``margin-hike``, after Bottazzi, Pascoa and Ramirez, "Do security prices rise or fall when
margins are raised?" (slides). The model, its symbols and the errata are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Literal, TypedDict

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import Field, model_validator

from agents.beliefs import Beliefs
from agents.repo.clearing_house import RepoClearingHouse
from agents.repo.traders import Traders
from markets.margin import FlatMargin
from markets.quote import FloatArray
from markets.repo.market import RepoMarket, RepoQuotes, Security
from scenarios.repo import closed_form as theory
from scenarios.repo import figures
from scenarios.repo.certificate import certify
from scenarios.repo.verdict import verdict
from simulator import palette
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.page_plan import (
    Account,
    Announcement,
    Control,
    Curve,
    Line,
    Page,
)
from simulator.parameters import (
    GivenBeliefs,
    Parameters,
    about,
    parse,
)
from simulator.run import Run, simulate
from simulator.scenario import Case, Resting, Scenario

PRESET_INCOME = 1_000.0
"""Income at date 1 of traders on the side that margin, not solvency, is to stop (the sources'
captions ask for at least 107.6 at a haircut of 1%)."""

Haircut = Annotated[float, Field(ge=0.0, lt=1.0)]
Amount = Annotated[float, Field(ge=0.0)]


class MarginHike(Parameters):
    """Parameters of the scenario ``margin-hike``."""

    market: Literal["short", "long"] = about(
        "preset of the incomes: in a short market the longs, in a long market the shorts are"
        " stopped by solvency; income_up and income_down override it",
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
        "a number of at least 0, or a list of one a trader", default=1.0,
    )  # fmt: skip
    securities: Amount | list[Amount] = about(
        "securities of each trader at date 0", "securities",
        "a number of at least 0, or a list of one a trader", default=1.0,
    )  # fmt: skip
    income_up: Amount | list[Amount] | None = about(
        "income of each trader at date 1 in state U", "cash",
        "a number of at least 0, or a list of one a trader", default=None,
    )  # fmt: skip
    income_down: Amount | list[Amount] | None = about(
        "income of each trader at date 1 in state D", "cash",
        "a number of at least 0, or a list of one a trader", default=None,
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
                    f" {members}, one a trader"
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


def build(parameters: MarginHike, rng: np.random.Generator) -> Economy:
    """Make the economy as it stands at the first date."""
    security = Security(parameters.low_payoff, parameters.high_payoff)
    first = None
    if parameters.start == "random":
        low, high = max(0.5 * security.low_payoff, 1e-3), 4.0 * security.high_payoff
        first = {
            "security_price": float(np.exp(rng.uniform(np.log(low), np.log(high)))),
            "repo_rate": float(rng.uniform(-0.5, 0.0)),
        }
    economy = Economy(RepoMarket(security), rng=rng, first_quotes=first)
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


def cases(parameters: MarginHike) -> list[Case]:
    """One economy, taken through the announced haircuts."""
    announcements = [{"margin": FlatMargin(haircut)} for haircut in parameters.haircuts]
    return [Case(parameters.market, lambda rng: build(parameters, rng), announcements)]


def describe(parameters: MarginHike, economy: Economy, resting: Resting) -> Mapping[str, Any]:
    """Marginal traders, the verdict and the clearing house's book at a resting point."""
    posted = economy.posted
    traders = [cohort for cohort in economy.cohorts if isinstance(cohort, Traders)]
    counts = [cohort.counts(posted) for cohort in traders]
    members = sum(cohort.members for cohort in traders)
    long, short = marginal_beliefs(posted)
    found = verdict(**_terms(parameters, resting), agents=resting.agents)
    return {
        "haircut": parameters.haircuts[resting.date - 1],
        "marginal_long": sum(long for long, _ in counts) / members,
        "marginal_short": sum(short for _, short in counts) / members,
        "marginal_belief_long": long,
        "marginal_belief_short": short,
        "verdict": found.market,
        "long_elasticity": found.long_elasticity,
        "short_elasticity": found.short_elasticity,
        "longs_stopped_by": found.longs_stopped_by,
        "shorts_stopped_by": found.shorts_stopped_by,
    }


def marginal_beliefs(posted: RepoQuotes) -> tuple[float, float]:
    """Beliefs of the two traders who are indifferent: long or cash, and cash or short."""
    security = posted.security
    spread = security.high_payoff - security.low_payoff
    return (
        (security.high_payoff - posted.long_price) / spread,
        (security.high_payoff - posted.short_price) / spread,
    )


def closed_form(parameters: MarginHike, resting: Resting) -> Mapping[str, float] | None:
    """The continuum's equilibrium from the source's equations, if it has one in closed form.

    There is none for traders who differ in endowments, or whose beliefs are listed one by one.
    """
    beliefs = Beliefs(parameters.beliefs)
    if not parameters.homogeneous or not (beliefs.named or parameters.population == "continuum"):
        return None
    if parameters.cash == 0.0:
        return None
    income_up, income_down = parameters.incomes
    solution = theory.solve(
        haircut=parameters.haircuts[resting.date - 1],
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


def certified(parameters: MarginHike, resting: Resting) -> Certificate:
    """The certificate of a resting point, from its table of holdings."""
    return certify(**_terms(parameters, resting), agents=resting.agents, complete=resting.complete)


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run; the one over all haircuts only where there is a closed form."""
    parameters = run.parameters
    assert isinstance(parameters, MarginHike)
    shown = {
        "quotes_by_round": figures.quotes_by_round(run.rounds, run.dates),
        "excess_demand_by_round": figures.excess_by_round(run.rounds, dates=run.dates),
        "positions_by_belief": figures.positions_by_belief(run.agents, run.dates),
    }
    if run.closed_form is not None:
        beliefs = Beliefs(parameters.beliefs)
        up, down = parameters.incomes
        grid = figures.haircut_grid(
            low_payoff=parameters.low_payoff,
            high_payoff=parameters.high_payoff,
            cash=_number(parameters.cash),
            securities=_number(parameters.securities),
            incomes={
                **figures.LEVERED_INCOMES,
                parameters.market: (_number(up), _number(down)),
            },
            cdf=beliefs.below,
            quantile=lambda share: float(beliefs.quantile(np.array([share]))[0]),
        )
        sources = (parameters.low_payoff, parameters.high_payoff, parameters.beliefs)
        alike = sources == (0.70, 1.15, "uniform") and parameters.cash == parameters.securities == 1
        points = figures.slides_points() if alike else None
        shown["price_against_haircut"] = figures.against_haircut(grid, points, run.dates)
    return shown


def line_of_beliefs(economy: Economy, limit: int) -> pd.DataFrame:
    """Belief and order at the posted quotes of traders chosen evenly along the line of beliefs."""
    posted = economy.posted
    tables = []
    for cohort in (cohort for cohort in economy.cohorts if isinstance(cohort, Traders)):
        rows = np.linspace(0, cohort.members - 1, min(limit, cohort.members)).astype(np.int64)
        security = posted.security
        tables.append(
            pd.DataFrame(
                {
                    "belief": (security.high_payoff - cohort.expected[rows])
                    / (security.high_payoff - security.low_payoff),
                    "security": cohort.positions(posted, 0.0, rows).security,
                }
            )
        )
    return pd.concat(tables, ignore_index=True)


PAGE = Page(
    controls=(
        Control("market"),
        Control("haircuts", 0.0, 0.5, 0.005, label="haircut at the first date"),
        Control("traders", choices=(10, 100, 1_000, 10_000, 100_000, 1_000_000)),
        Control("low_payoff", 0.0, 1.5, 0.05),
        Control("high_payoff", 0.05, 2.0, 0.05),
        Control("cash", 0.0, 5.0, 0.1),
        Control("beliefs"),
        Control("population"),
        Control("start"),
    ),
    curves=(
        Curve("security_price", "security price", "cash per security", palette.PRICE),
        Curve("repo_rate", "repo rate", "percent a period", palette.REPO_RATE, 100.0),
    ),
    line=Line(
        along="belief",
        held="security",
        along_label="belief (probability of the low payoff)",
        held_label="security held (units, negative if short)",
        traders=line_of_beliefs,
        marks=lambda economy: dict(
            zip(("marginal long", "marginal short"), marginal_beliefs(economy.posted), strict=True)
        ),
    ),
    accounts=(
        Account("margin_held", "margin held", "cash"),
        Account("reinvested", "reinvested in repo", "securities"),
        Account("balance_now", "balance at date 0", "cash", "balance"),
        Account("balance_up", "balance at date 1, state U", "cash", "balance"),
        Account("balance_down", "balance at date 1, state D", "cash", "balance"),
        Account("balance_collateral", "collateral", "securities", "balance"),
    ),
    announcement=Announcement("haircuts", "haircut", 0.0, 0.5, 0.005),
    certify_rounds=True,
)

SCENARIO = Scenario(
    name="margin-hike",
    summary="a clearing house raises its haircut: the price falls in a long market and rises in a"
    " short one",
    source="Bottazzi, Pascoa and Ramirez, Do security prices rise or fall when margins are"
    " raised? (slides)",
    parameters=MarginHike,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    headline=("haircut", "marginal_long", "marginal_short", "verdict"),
    page=PAGE,
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python.

    Parameters
    ----------
    seed : int
        Seed of the one random generator.
    **parameters
        Any of the fields of :class:`MarginHike`.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(MarginHike, parameters), seed=seed)


class Terms(TypedDict):
    """The numbers of a resting point that certificate and verdict start from."""

    low_payoff: float
    high_payoff: float
    haircut: float
    security_price: float
    repo_rate: float


def _terms(parameters: MarginHike, resting: Resting) -> Terms:
    """The numbers of a resting point that certificate and verdict start from."""
    return {
        "low_payoff": parameters.low_payoff,
        "high_payoff": parameters.high_payoff,
        "haircut": parameters.haircuts[resting.date - 1],
        "security_price": resting.quotes["security_price"],
        "repo_rate": resting.quotes["repo_rate"],
    }


def _number(value: float | list[float] | FloatArray) -> float:
    """A parameter that is one number."""
    return float(np.ravel(value)[0])
