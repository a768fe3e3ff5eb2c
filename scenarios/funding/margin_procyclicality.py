"""Margin rules side by side: the same news under each, and what each calls for when.

Scenario ``margin-procyclicality``: the market of ``margin-spiral`` over many dates. Experts carry
their positions and what they gain or lose on them; customers' wish to sell and the fundamental
value move; the margin follows its rule. The measures are those of risk teams at clearing houses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from markets.funding.book import FundedBook, filled
from markets.funding.quotes import FundedQuotes
from markets.margin import AntiProcyclicalMargin, PriceMargin, SidedMargin, VolatilityMargin
from markets.quote import FloatArray
from scenarios.funding import MARGIN_PROCYCLICALITY
from scenarios.funding.certificate import certify
from scenarios.funding.closed_form import Spiral
from scenarios.funding.economy import (
    SIDED,
    FundedEconomy,
    Sided,
    SidedNotNegative,
    SidedPositive,
    Two,
    linear_margins,
    make_economy,
    price_range,
    refuse_no_margin,
    risk_aversion_parameter,
    sided,
    sided_array,
    trading,
)
from scenarios.funding.laboratory import Replay, replayed
from scenarios.funding.measures import excess_volatility, largest_increase, peak_to_trough
from scenarios.funding.news import News, draw_news
from scenarios.funding.traders import Traders, customers_parameter, experts_parameter, make_traders
from simulator.certificate import Certificate
from simulator.parameters import Parameters, about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.population.given_cohort import GivenCohort, draws
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rule = Literal["flat", "linear", "value-at-risk", "anti-procyclical"]
Confidence = Annotated[float, Field(gt=0.5, lt=1.0)]


class MarginProcyclicality(Parameters):
    """Parameters of the scenario ``margin-procyclicality``."""

    rules: list[Rule] = about(
        "margin rules to compare, each in an economy of its own with the same news", "",
        'a list of "flat", "linear", "value-at-risk" and "anti-procyclical"',
        default=["flat", "linear", "value-at-risk", "anti-procyclical"], min_length=1,
    )  # fmt: skip
    dates: int = about("number of dates", "dates", default=120, ge=2, le=5_000)
    margin_base: SidedPositive = about(
        "margin on one asset before any news at the fundamental value, under every rule (the"
        " anti-procyclical one adds its buffer)", "cash per asset",
        f"a positive number{SIDED}", default=1.0,
    )  # fmt: skip
    margin_slope: Sided = about(
        'rule "linear": rise of the margin as the price falls by one', "cash per cash",
        f"a number{SIDED}", default=0.3,
    )  # fmt: skip
    confidence: Confidence | Annotated[list[Confidence], Two] = about(
        'rule "value-at-risk": share of dates on which the margin covers the loss', "probability",
        f"a number in (0.5, 1){SIDED}", default=0.99,
    )  # fmt: skip
    horizon: float = about(
        'rule "value-at-risk": dates that it takes to close a position out', "dates",
        default=5.0, gt=0.0,
    )  # fmt: skip
    memory: float = about(
        'rule "value-at-risk": weight of the past in the estimate of the variance', "share",
        default=0.94, ge=0.0, lt=1.0,
    )  # fmt: skip
    floor: SidedNotNegative = about(
        'rule "anti-procyclical": least margin', "cash per asset",
        f"a number of at least 0{SIDED}", default=0.8,
    )  # fmt: skip
    buffer: float = about(
        'rule "anti-procyclical": buffer on top of value-at-risk, drawn down before the charge'
        " rises", "share of the margin", default=0.25, ge=0.0,
    )  # fmt: skip
    call_dates: int = about(
        "days, n, over which the largest increase of the margin is measured",
        "dates",
        default=5,
        ge=1,
    )
    experts_wealth: float = about(
        "cash of the experts at the first date, on which they hold nothing", "cash",
        default=2.2, ge=0.0,
    )  # fmt: skip
    recapitalised: float = about(
        "share of what experts lost (or gained) since the first date that their owners put in"
        " (or take out) after each date", "share", default=0.1, ge=0.0, le=1.0,
    )  # fmt: skip
    customers_supply: float = about(
        "assets that customers want to sell at the fundamental value, on average",
        "assets",
        default=3.0,
    )
    supply_volatility: float = about(
        "standard deviation of the news on that by date", "assets", default=0.3, ge=0.0
    )
    supply_persistence: float = about(
        "share of past news on supply that is left a date later", "share",
        default=0.9, ge=0.0, lt=1.0,
    )  # fmt: skip
    fundamental_value: float = about(
        "expected payoff at the first date", "cash per asset", default=10.0, gt=0.0
    )
    news_volatility: float = about(
        "standard deviation of the news on the payoff by date", "cash per asset",
        default=0.1, ge=0.0,
    )  # fmt: skip
    risk_aversion: float = risk_aversion_parameter()
    volatility: float = about(
        "standard deviation of the payoff as customers see it", "cash per asset",
        default=math.sqrt(0.5), gt=0.0,
    )  # fmt: skip

    customers: GivenCohort = customers_parameter()
    experts: GivenCohort = experts_parameter(
        "cash at the first date, of at least 0, on which they hold nothing", endowment=""
    )
    replay: Replay = about(
        "rules of clearing houses replayed on prices that no margin moves", "", "a table",
        default=Replay(),
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> MarginProcyclicality:
        """Refuse a rule named twice."""
        if len(set(self.rules)) < len(self.rules):
            raise ValueError(f"rules is {self.rules}; name each rule once")
        if not (draws(self.customers) or draws(self.experts)):
            self.traders(np.random.default_rng(0))
        return self

    def traders(self, rng: np.random.Generator) -> Traders:
        """Customers and experts at the first date."""
        return make_traders(
            self.customers,
            self.experts,
            supply=np.array([self.customers_supply]),
            risk_aversion=self.risk_aversion,
            cash=self.experts_wealth,
            endowment=np.zeros(1),
            holds=False,
            rng=rng,
        )

    def exposures(self, news: News, traders: Traders) -> FloatArray:
        """What customers bring at each date, shape (dates, customers, 1).

        The news on supply is that of the first of the two groups; given customers share it equally.
        """
        supply = news.supply[:, None, None]
        if self.customers is None:
            return np.concatenate([supply, np.zeros_like(supply)], axis=1)
        share = (supply - self.customers_supply) / len(traders.exposure)
        return np.asarray(traders.exposure[None, :, :] + share)

    def draw_news(self, rng: np.random.Generator) -> News:
        """What happens at each date, the same under every margin rule."""
        return draw_news(
            rng,
            self.dates,
            fundamental_value=self.fundamental_value,
            news_volatility=self.news_volatility,
            supply=self.customers_supply,
            supply_volatility=self.supply_volatility,
            supply_persistence=self.supply_persistence,
        )

    def margin_rule(self, name: str) -> SidedMargin:
        """The margin rules of a name as they stand before the first date: all charge the base."""
        if name in ("flat", "linear"):
            return linear_margins(self.margin_base, self.slope(name), self.fundamental_value)
        numbers = (sided(each) for each in (self.margin_base, self.confidence, self.floor))
        return SidedMargin(*(self._at_risk(name, *one) for one in zip(*numbers, strict=True)))

    def slope(self, name: str) -> Sided:
        """Rise of the margin with the fall of the price under a rule."""
        return self.margin_slope if name == "linear" else 0.0

    def _at_risk(self, name: str, base: float, confidence: float, floor: float) -> PriceMargin:
        """Value-at-risk on one side, with floor and buffer if the rule has them."""
        rule = VolatilityMargin.charging(
            base,
            self.fundamental_value,
            confidence=confidence,
            horizon=self.horizon,
            memory=self.memory,
        )
        return rule if name == "value-at-risk" else AntiProcyclicalMargin(rule, floor, self.buffer)


def build(
    parameters: MarginProcyclicality,
    name: str,
    news: News,
    traders: Traders,
    rng: np.random.Generator | int = 0,
) -> FundedEconomy:
    """Make the economy of one margin rule.

    Raises
    ------
    Refused
        If the linear margin would not be positive wherever the price may be.
    """
    value, volatility = news.fundamental[:, None], np.array([parameters.volatility])
    exposures = parameters.exposures(news, traders)
    low, high = price_range(exposures.sum(axis=1), traders.appetite(volatility), value)
    rule = parameters.margin_rule(name)
    refuse_no_margin("margin_slope", parameters.margin_slope, rule, float(low[0]), float(high[0]))
    return make_economy(
        parameters,
        rules={"security_price": rule},
        fundamental=value,
        traders=traders,
        exposures=exposures,
        volatility=volatility,
        recapitalised=parameters.recapitalised,
        rng=rng,
        start=parameters.start,
    )


class MarginProcyclicalityScenario(Scenario[MarginProcyclicality]):
    """The scenario ``margin-procyclicality``."""

    title = MARGIN_PROCYCLICALITY
    parameters = MarginProcyclicality
    headline = ("fundamental", "supply", "margin", "experts_position")

    def cases(self, parameters: MarginProcyclicality) -> list[Case]:
        """One economy per rule. The first to be built draws news and traders for all of them."""
        drawn: list[tuple[News, Traders]] = []

        def maker(name: str) -> Callable[[np.random.Generator], FundedEconomy]:
            def build_one(rng: np.random.Generator) -> FundedEconomy:
                if not drawn:
                    drawn.append((parameters.draw_news(rng), parameters.traders(rng)))
                return build(parameters, name, *drawn[0], rng)

            return build_one

        return [Case(name, maker(name), [{}] * parameters.dates) for name in parameters.rules]

    def describe(
        self, parameters: MarginProcyclicality, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """The date's news, margin and position, and the experts' wealth."""
        posted, book = economy.posted, economy.book
        assert isinstance(posted, FundedQuotes)
        assert isinstance(book, FundedBook)
        return {
            "fundamental": float(posted.fundamental[0]),
            "supply": float(_column(point, "customers", "exposure").sum()),
            "margin": float(posted.margin[0]),
            "experts_position": float(filled(posted, book)[0]),
            "experts_wealth": float(book.funds),
            "traders_trading": trading(point),
        }

    def closed_form(
        self, parameters: MarginProcyclicality, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The equilibrium at the margin charged, where it is the only one."""
        if not len(point.agents):
            return None
        value = float(_column(point, "customers", "fundamental")[0])
        traders, volatility = Traders.of(point.agents), np.array([parameters.volatility])
        (supply,), (appetite,) = traders.supply.tolist(), traders.appetite(volatility).tolist()
        low, high = price_range(traders.supply, np.array([appetite]), np.array([value]))
        pooled = traders.pooled(low, high)
        if pooled is None:
            return None
        endowment, cash = pooled.tolist()
        slope = sided(parameters.slope(point.case))[supply < 0.0]
        charged = _column(point, "customers", "margin_short" if supply < 0.0 else "margin_long")[0]
        fallen = value - point.quotes["security_price"]
        market = Spiral(
            fundamental=value,
            supply=supply,
            appetite=appetite,
            margin_base=float(charged - slope * fallen),
            margin_slope=slope,
            endowment=endowment,
        )
        roots = market.equilibria(cash)
        if len(roots) != 1:
            return None
        return {"security_price": roots[0].price, "experts_position": roots[0].position}

    def certify(self, parameters: MarginProcyclicality, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of positions."""
        price = point.quotes["security_price"]
        rule = None
        if point.case in ("flat", "linear"):
            slope = sided_array([parameters.slope(point.case)])
            fallen = parameters.fundamental_value - price
            rule = sided_array([parameters.margin_base]) + slope * fallen
        return certify(
            agents=point.agents,
            prices=np.array([price]),
            premium=point.quotes["funding_premium"],
            volatility=np.array([parameters.volatility]),
            rule=rule,
        )

    def report(self, results: Results[MarginProcyclicality]) -> pd.DataFrame | None:
        """The comparison: one row per margin rule, with the measures over all its dates."""
        if "margin" not in results.dates:
            return None
        days = results.parameters.call_dates
        return pd.DataFrame(
            {
                "rule": rule,
                "average_margin": float(path["margin"].mean()),
                "peak_to_trough": peak_to_trough(path["margin"].to_numpy()),
                f"largest_{days}_day_increase": largest_increase(path["margin"].to_numpy(), days),
                "excess_volatility": excess_volatility(
                    path["security_price"].to_numpy(), path["fundamental"].to_numpy()
                ),
                "dates": len(path),
            }
            for rule, path in results.dates.groupby("case", sort=False)
        )

    def studies(
        self, parameters: MarginProcyclicality, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """Rules replayed on given or drawn prices, see :mod:`scenarios.funding.laboratory`."""
        return replayed(parameters.replay, parameters.call_dates, rng)

    def figures(self, results: Results[MarginProcyclicality]) -> Mapping[str, Figure]:
        """Price and margin under each rule."""
        from scenarios.funding import figures

        return {"margins_by_rule": figures.margins_by_rule(results.dates)}


SCENARIO = MarginProcyclicalityScenario()


def _column(point: RestingPoint, cohort: str, column: str) -> FloatArray:
    """A column of one cohort's table."""
    rows = point.agents["cohort"].to_numpy() == cohort
    values: FloatArray = point.agents[column].to_numpy(dtype=np.float64)[rows]
    return values
