"""Margin rules side by side: the same news under each, and what each calls for when.

Scenario ``margin-procyclicality``: the market of ``margin-spiral`` over many dates. Experts carry
their positions and what they gain or lose on them; customers' wish to sell and the fundamental
value move; the margin follows its rule. The measures are those of risk teams at clearing houses.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure
from pydantic import model_validator
from scipy.stats import norm

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.market import FundedMarket, reach
from markets.margin import (
    AntiProcyclicalMargin,
    LinearMargin,
    PriceMargin,
    VolatilityMargin,
)
from markets.quote import FloatArray
from scenarios.funding import figures
from scenarios.funding.certificate import certify
from scenarios.funding.closed_form import Spiral
from scenarios.funding.margin_spiral import SOURCE
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import Parameters, about, parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

Rule = Literal["flat", "linear", "value-at-risk", "anti-procyclical"]


class MarginProcyclicality(Parameters):
    """Parameters of the scenario ``margin-procyclicality``."""

    rules: list[Rule] = about(
        "margin rules to compare, each in an economy of its own with the same news", "",
        'a list of "flat", "linear", "value-at-risk" and "anti-procyclical"',
        default=["flat", "linear", "value-at-risk", "anti-procyclical"], min_length=1,
    )  # fmt: skip
    dates: int = about("number of dates", "dates", default=120, ge=2, le=5_000)
    margin_base: float = about(
        "margin on one asset before any news at the fundamental value, under every rule (the"
        " anti-procyclical one adds its buffer)", "cash per asset",
        default=1.0, gt=0.0,
    )  # fmt: skip
    margin_slope: float = about(
        'rule "linear": rise of the margin as the price falls by one', "cash per cash", default=0.3
    )
    confidence: float = about(
        'rule "value-at-risk": share of dates on which the margin covers the loss', "probability",
        "a number in (0.5, 1)", default=0.99, gt=0.5, lt=1.0,
    )  # fmt: skip
    horizon: float = about(
        'rule "value-at-risk": dates that closing a position out takes', "dates",
        default=5.0, gt=0.0,
    )  # fmt: skip
    memory: float = about(
        'rule "value-at-risk": weight of the past in the estimate of the variance', "share",
        default=0.94, ge=0.0, lt=1.0,
    )  # fmt: skip
    floor: float = about(
        'rule "anti-procyclical": least margin', "cash per asset", default=0.8, ge=0.0
    )
    buffer: float = about(
        'rule "anti-procyclical": buffer on top of value-at-risk, drawn down before the charge'
        " rises", "share of the margin", default=0.25, ge=0.0,
    )  # fmt: skip
    call_dates: int = about(
        "length of the largest margin call that is measured", "dates", default=5, ge=1
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
        "assets that customers want to be rid of, on average", "assets", default=3.0
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
    risk_aversion: float = about(
        "absolute risk aversion of each of the two groups of customers", "per cash",
        default=2.0, gt=0.0,
    )  # fmt: skip
    volatility: float = about(
        "standard deviation of the payoff as customers see it", "cash per asset",
        default=math.sqrt(0.5), gt=0.0,
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> MarginProcyclicality:
        """Refuse a rule named twice."""
        if len(set(self.rules)) < len(self.rules):
            raise ValueError(f"rules is {self.rules}; name each rule once")
        return self

    @property
    def appetite(self) -> float:
        """Assets that customers keep for each unit of cash by which the price falls, s."""
        return 2.0 / (self.risk_aversion * self.volatility**2)

    def rule(self, name: str) -> PriceMargin:
        """A margin rule as it stands before the first date; all rest on the base then."""
        at_risk = VolatilityMargin(
            volatility=self.margin_base
            / (float(norm.ppf(self.confidence)) * math.sqrt(self.horizon)),
            last_price=self.fundamental_value,
            confidence=self.confidence,
            horizon=self.horizon,
            memory=self.memory,
        )
        if name == "value-at-risk":
            return at_risk
        if name == "anti-procyclical":
            return AntiProcyclicalMargin(at_risk, self.floor, self.buffer)
        slope = self.margin_slope if name == "linear" else 0.0
        return LinearMargin(self.margin_base, slope, self.fundamental_value)


@dataclass(frozen=True, slots=True)
class News:
    """What happens at each date, whatever the margin rule.

    Attributes
    ----------
    fundamental, supply : array of shape (dates,)
        v and Z.
    """

    fundamental: FloatArray
    supply: FloatArray


def draw(parameters: MarginProcyclicality, rng: np.random.Generator) -> News:
    """Draw the news: a random walk of the payoff, and selling pressure that fades.

    The first date has no news.
    """
    shocks = rng.standard_normal((2, parameters.dates))
    shocks[:, 0] = 0.0
    fundamental = parameters.fundamental_value + parameters.news_volatility * np.cumsum(shocks[0])
    pressure = np.zeros(parameters.dates)
    for date in range(1, parameters.dates):
        kept = parameters.supply_persistence * pressure[date - 1]
        pressure[date] = kept + parameters.supply_volatility * shocks[1, date]
    return News(fundamental, parameters.customers_supply + pressure)


def build(
    parameters: MarginProcyclicality, name: str, news: News, rng: np.random.Generator | int = 0
) -> Economy:
    """Make the economy of one margin rule.

    Raises
    ------
    ValueError
        If the linear margin would not be positive wherever the price may be.
    """
    alone = news.supply / parameters.appetite
    far = reach(
        np.array([max(-alone.min(), 0.0), max(alone.max(), 0.0)]), np.abs(news.fundamental).max()
    )
    rule = parameters.rule(name)
    for price in (news.fundamental.min() - far[1], news.fundamental.max() + far[0]):
        if not rule.margin(float(price)) > 0.0:
            raise ValueError(
                f"margin_slope is {parameters.margin_slope}; the margin would be"
                f" {rule.margin(float(price)):.6g} at a price of {price:.6g}, which this news"
                " allows, and must be positive"
            )
    economy = Economy(FundedMarket(["security_price"], news.fundamental[:, None]), rng=rng)
    MarginClearingHouse(economy, {"security_price": rule})
    groups = np.stack([news.supply, np.zeros_like(news.supply)], axis=1)
    Customers(
        economy,
        exposures=groups[:, :, None],
        risk_aversion=parameters.risk_aversion,
        volatility=np.array([parameters.volatility]),
    )
    Experts(
        economy,
        cash=np.array([parameters.experts_wealth]),
        endowment=np.zeros((1, 1)),
        carries=True,
        recapitalised=parameters.recapitalised,
    )
    return economy


def cases(parameters: MarginProcyclicality) -> list[Case]:
    """One economy a rule. The first to be built draws the news for all of them."""
    drawn: list[News] = []

    def make(name: str) -> Callable[[np.random.Generator], Economy]:
        def build_one(rng: np.random.Generator) -> Economy:
            if not drawn:
                drawn.append(draw(parameters, rng))
            return build(parameters, name, drawn[0], rng)

        return build_one

    return [Case(name, make(name), [{}] * parameters.dates) for name in parameters.rules]


def peak_to_trough(margins: Sequence[float] | FloatArray) -> float:
    """Largest margin over the smallest."""
    return float(np.max(margins) / np.min(margins))


def largest_call(margins: Sequence[float] | FloatArray, dates: int) -> float:
    """Largest rise of the margin on one asset over some dates, cash; 0 if it never rose."""
    path = np.asarray(margins, dtype=np.float64)
    if path.size <= dates:
        return 0.0
    return max(float(np.max(path[dates:] - path[:-dates])), 0.0)


def excess_volatility(
    prices: Sequence[float] | FloatArray, values: Sequence[float] | FloatArray
) -> float:
    """Standard deviation of price changes over that of changes of the fundamental value."""
    moved = float(np.std(np.diff(values))) if len(values) > 2 else 0.0
    return float(np.std(np.diff(prices))) / moved if moved > 0.0 else math.nan


def describe(
    parameters: MarginProcyclicality, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """The date's news, margin and position, and the measures over the dates so far."""
    house, posted = economy.house, economy.posted
    assert isinstance(house, MarginClearingHouse)
    assert isinstance(economy.market, FundedMarket)
    margins = np.array(house.charged)[:, 0]
    prices = np.array(house.closed)[:, 0]
    values = economy.market.fundamental[: resting.date, 0]
    return {
        "fundamental": float(posted.fundamental[0]),
        "supply": float(_asset(resting, "customers", "exposure").sum()),
        "margin": float(posted.margin[0]),
        "experts_position": float(economy.book.bought[0]),
        "experts_wealth": float(economy.book.funds),
        "average_margin": float(np.mean(margins)),
        "peak_to_trough": peak_to_trough(margins),
        "largest_call": largest_call(margins, parameters.call_dates),
        "excess_volatility": excess_volatility(prices, values),
    }


def closed_form(
    parameters: MarginProcyclicality, resting: RestingPoint
) -> Mapping[str, float] | None:
    """The equilibrium at the margin charged, where it is the only one; None elsewhere."""
    slope = parameters.margin_slope if resting.case == "linear" else 0.0
    value = _asset(resting, "customers", "fundamental")[0]
    fallen = value - resting.quotes["security_price"]
    market = Spiral(
        fundamental=value,
        supply=float(_asset(resting, "customers", "exposure").sum()),
        appetite=parameters.appetite,
        margin_base=float(_asset(resting, "customers", "margin")[0] - slope * fallen),
        margin_slope=slope,
        endowment=float(_asset(resting, "experts", "endowed_assets")[0]),
    )
    roots = market.equilibria(float(_asset(resting, "experts", "endowed_cash")[0]))
    if len(roots) != 1:
        return None
    return {"security_price": roots[0].price, "experts_position": roots[0].position}


def certified(parameters: MarginProcyclicality, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point, from its table of positions."""
    price = resting.quotes["security_price"]
    rule = None
    if resting.case in ("flat", "linear"):
        slope = parameters.margin_slope if resting.case == "linear" else 0.0
        rule = np.array([parameters.margin_base + slope * (parameters.fundamental_value - price)])
    return certify(
        agents=resting.agents,
        prices=np.array([price]),
        premium=resting.quotes["funding_premium"],
        risk_aversion=parameters.risk_aversion,
        volatility=np.array([parameters.volatility]),
        rule=rule,
    )


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    return {"margins_by_rule": figures.margins_by_rule(run.dates)}


SCENARIO = Scenario(
    name="margin-procyclicality",
    summary="margin rules side by side under the same news: how far margins swing, the largest"
    " call, and the price's excess volatility",
    source=SOURCE,
    parameters=MarginProcyclicality,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    caution="Measures run over the dates so far; those of the last date are the result.",
    headline=("margin", "peak_to_trough", "largest_call", "excess_volatility"),
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python; see :class:`MarginProcyclicality` for the parameters.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(MarginProcyclicality, parameters), seed=seed)


def _asset(resting: RestingPoint, cohort: str, column: str) -> FloatArray:
    """A column of one cohort."""
    rows = resting.agents["cohort"] == cohort
    return resting.agents.loc[rows, column].to_numpy(dtype=np.float64)
