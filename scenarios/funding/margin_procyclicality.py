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
from markets.margin import AntiProcyclicalMargin, MarginRule, SidedMargin, VolatilityMargin, on_side
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.funding import MARGIN_PROCYCLICALITY
from scenarios.funding.captions import MARGIN_PROCYCLICALITY as CAPTIONS
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
    named_rule,
    price_range,
    refuse_no_margin,
    risk_aversion_parameter,
    sided,
    sided_array,
    trading,
)
from scenarios.funding.laboratory import RULES, Replay, replayed
from scenarios.funding.measures import excess_volatility, largest_increase, peak_to_trough
from scenarios.funding.news import News, draw_news
from scenarios.funding.page import PROCYCLICALITY_PAGE
from scenarios.funding.ranking import ranked, rankings, statement
from scenarios.funding.replay import Replayed, at_the_same_average, in_the_market, promise
from scenarios.funding.traders import Traders, customers_parameter, experts_parameter, make_traders
from scenarios.funding.variables import MARGIN_PROCYCLICALITY as COLUMNS
from simulator.certificate import Certificate
from simulator.data_file import DataFile
from simulator.margin_settings import MARGIN, MarginSettings
from simulator.names import unknown
from simulator.parameters import Parameters, about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.population.given_cohort import GivenCohort, draws
from simulator.price_series import read_prices
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Calibrated = Literal["flat", "linear", "volatility", "anti-procyclical"]
"""Rules that all charge the same base before any news."""

AS_CHARGED, SAME_AVERAGE = "as charged", "at the same average margin"
"""Margins by which rules are ranked."""

Confidence = Annotated[float, Field(gt=0.5, lt=1.0)]


class MarginProcyclicality(Parameters):
    """Parameters of the scenario ``margin-procyclicality``."""

    rules: list[Calibrated | MarginSettings] = about(
        "margin rules to compare, each in an economy of its own with the same news", "",
        'a list of "flat", "linear", "volatility" (parametric value-at-risk), "anti-procyclical"'
        f" and of margin rules, each {MARGIN}",
        default=["flat", "linear", "volatility", "anti-procyclical"], min_length=1,
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
        'rule "volatility": share of dates on which the margin covers the loss', "probability",
        f"a number in (0.5, 1){SIDED}", default=0.99,
    )  # fmt: skip
    horizon: float = about(
        'rule "volatility": dates that it takes to close a position out', "dates",
        default=5.0, gt=0.0,
    )  # fmt: skip
    memory: float = about(
        'rule "volatility": weight of the past in the estimate of the variance', "share",
        default=0.94, ge=0.0, lt=1.0,
    )  # fmt: skip
    floor: SidedNotNegative = about(
        'rule "anti-procyclical": least margin', "cash per asset",
        f"a number of at least 0{SIDED}", default=0.8,
    )  # fmt: skip
    buffer: float = about(
        'rule "anti-procyclical": buffer on top of volatility, drawn down before the charge'
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

    news: DataFile | None = about(
        "closing prices that the fundamental value follows in proportion, in place of drawn news: a"
        " CSV or Parquet file with a column date and one per security; rules are replayed on them,"
        " too, unless replay has prices, and replay.skip rows come before the first date", "",
        "the name of a file", default=None,
    )  # fmt: skip
    news_security: str = about(
        "security whose prices the fundamental value follows; the first unless given", "",
        "a column of news", default="",
    )  # fmt: skip
    customers: GivenCohort = customers_parameter()
    experts: GivenCohort = experts_parameter(
        "cash at the first date, on which they hold nothing", endowment=""
    )
    replay: Replay = about(
        "rules of clearing houses replayed on prices that no margin moves: those of rules that have"
        " settings, unless replay has rules", "",
        "a table: rules (a list), skip, prices (the name of a file), security and longest_gap; for"
        ' drawn prices law ("garch", "jumps", "regimes" or "normal"), volatility, paths and dates',
        default=Replay(),
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> MarginProcyclicality:
        """Refuse a rule named twice, and news that is too short or can't be replayed."""
        names = list(self.named_rules)
        if len(names) < len(self.rules):
            called = ", ".join(name_of(rule) for rule in self.rules)
            raise ValueError(f"rules are {called}; name each rule once, or give one a label")
        if self.news is None and self.news_security:
            raise ValueError(
                f'news_security is "{self.news_security}"; without news there are no securities'
            )
        self.news_prices()
        self.replay_on()
        if not (draws(self.customers) or draws(self.experts)):
            self.traders(np.random.default_rng(0))
        return self

    def news_prices(self) -> FloatArray | None:
        """Prices that the fundamental value follows, shape (skip + dates,), if any are given.

        Raises
        ------
        Refused
            If the file can't be used, is too short, or lacks the security.
        """
        if self.news is None:
            return None
        read, needed = read_prices(self.news.path), self.replay.skip + self.dates
        chosen = self.news_security or read.names[0]
        if chosen not in read.names:
            raise Refused(unknown(chosen, list(read.names), "security"))
        if len(read.dates) < needed:
            raise Refused(
                f"dates is {self.dates}; {self.news.path} has {len(read.dates)} rows, of which"
                f" {self.replay.skip} come before the first date (replay.skip)"
            )
        return read.prices[:needed, read.names.index(chosen)]

    @property
    def replayed_rules(self) -> list[MarginSettings]:
        """The rules that are replayed: those in the market that have settings, unless others."""
        named = [rule for rule in self.rules if isinstance(rule, MarginSettings)]
        return named if named and self.replay.rules == RULES else self.replay.rules

    def replay_on(self) -> Replay:
        """The replay of these rules, on the prices of the news unless it has prices of its own."""
        given = {name: getattr(self.replay, name) for name in Replay.model_fields}
        given["rules"] = self.replayed_rules
        if self.news is not None and self.replay.prices is None:
            chosen = self.news_security or read_prices(self.news.path).names[0]
            given |= {"prices": self.news, "security": chosen}
        return Replay.model_validate(given)

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
            prices=self.news_prices(),
            skip=self.replay.skip,
        )

    @property
    def named_rules(self) -> dict[str, Calibrated | MarginSettings]:
        """The rules by what tables call them."""
        return {name_of(rule): rule for rule in self.rules}

    def margin_rule(self, name: str) -> MarginRule:
        """The margin rule of a name; before any news it charges the base.

        A rule with past prices charges what these say.
        """
        rule = self.named_rules[name]
        if isinstance(rule, MarginSettings):
            return named_rule(rule, self.margin_base, self.fundamental_value)
        if name in ("flat", "linear"):
            return linear_margins(self.margin_base, self.slope(name), self.fundamental_value)
        numbers = (sided(each) for each in (self.margin_base, self.confidence, self.floor))
        return SidedMargin(*(self._at_risk(name, *one) for one in zip(*numbers, strict=True)))

    def follows(self, name: str) -> bool:
        """Whether a rule is asked in every round, at the posted price."""
        given = self.named_rules[name]
        if isinstance(given, MarginSettings) and given.every_round is not None:
            return given.every_round
        return on_side(self.margin_rule(name), 1.0).every_round

    def slope(self, name: str) -> Sided:
        """Rise of the margin with the fall of the price under a rule."""
        return self.margin_slope if name == "linear" else 0.0

    def _at_risk(self, name: str, base: float, confidence: float, floor: float) -> MarginRule:
        """Value-at-risk on one side, with floor and buffer if the rule has them."""
        rule = VolatilityMargin.charging(
            base,
            confidence=confidence,
            horizon=self.horizon,
            memory=self.memory,
        )
        return rule if name == "volatility" else AntiProcyclicalMargin(rule, floor, self.buffer)


def name_of(rule: Calibrated | MarginSettings) -> str:
    """What tables call a rule."""
    return rule.name if isinstance(rule, MarginSettings) else rule


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
    rule, given = parameters.margin_rule(name), parameters.named_rules[name]
    if name == "linear":
        refuse_no_margin(
            "margin_slope", parameters.margin_slope, rule, float(low[0]), float(high[0])
        )
    start = parameters.start
    if news.history is not None and start == "primitives":
        start = {"security_price": float(news.history[-1])}  # the last close
    return make_economy(
        parameters,
        rules={"security_price": rule},
        fundamental=value,
        traders=traders,
        exposures=exposures,
        volatility=volatility,
        recapitalised=parameters.recapitalised,
        margin=given if isinstance(given, MarginSettings) else None,
        history=news.history,
        rng=rng,
        start=start,
    )


class MarginProcyclicalityScenario(Scenario[MarginProcyclicality]):
    """The scenario ``margin-procyclicality``."""

    title = MARGIN_PROCYCLICALITY
    parameters = MarginProcyclicality
    variables = COLUMNS
    captions = CAPTIONS
    headline = ("fundamental", "supply", "margin", "experts_position")
    page = PROCYCLICALITY_PAGE

    def cases(self, parameters: MarginProcyclicality) -> list[Case]:
        """One economy per rule. The first to be built draws news and traders for all of them."""
        drawn: list[tuple[News, Traders]] = []

        def maker(name: str) -> Callable[[np.random.Generator], FundedEconomy]:
            def build_one(rng: np.random.Generator) -> FundedEconomy:
                if not drawn:
                    parameters.replay_on().made()  # refused before anything runs, not after it
                    drawn.append((parameters.draw_news(rng), parameters.traders(rng)))
                return build(parameters, name, *drawn[0], rng)

            return build_one

        return [Case(name, maker(name), [{}] * parameters.dates) for name in parameters.named_rules]

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
            rule=rule,
        )

    def report(self, results: Results[MarginProcyclicality]) -> pd.DataFrame | None:
        """The comparison: one row per margin rule, with the measures over all its dates.

        With prices of one's own, rules replayed on them come first, then those in the market, with
        the same measures: shares of the price.
        """
        if "margin" not in results.dates:
            return None
        if not self._replay_asked(results):
            return self._market(results)
        replayed = results.studies["replay"]
        errors = [f"{name}_se" for name in ranked(results.parameters.call_dates)]
        kept = [name for name in replayed if not str(name).endswith("_se") or name in errors]
        market = pd.DataFrame(
            {
                "rule": name,
                **each.measures(results.parameters.call_dates),
                "excess_volatility": _excess(results.dates[results.dates["case"] == name]),
            }
            for name, each in self._in_the_market(results).items()
        )
        tables = {"replayed": replayed[kept], "in the market": market}
        return pd.concat(tables, names=["comparison"]).reset_index("comparison")

    def tables(self, results: Results[MarginProcyclicality]) -> Mapping[str, pd.DataFrame]:
        """How rules rank replayed and in the market, with prices of one's own.

        At the same average margin those in the market are rescaled after the run, as replayed ones
        are: with other margins the market would have moved otherwise.
        """
        if not self._replay_asked(results):
            return {}
        days, charged = results.parameters.call_dates, self._in_the_market(results)
        tables = {}
        for words, study, market in (
            (AS_CHARGED, "replay", charged),
            (SAME_AVERAGE, "replay_same_average", at_the_same_average(charged)),
        ):
            measured = [{"rule": name, **each.measures(days)} for name, each in market.items()]
            tables[words] = rankings(results.studies[study], pd.DataFrame(measured), days)
        return {"rankings": pd.concat(tables, names=["margins"]).reset_index("margins")}

    def summary(self, results: Results[MarginProcyclicality]) -> str:
        """What the rankings say, with prices of one's own."""
        table = self.tables(results).get("rankings", pd.DataFrame())
        if not len(table):
            return super().summary(results)
        clauses = [
            f"{words}, {statement(part)}" for words, part in table.groupby("margins", sort=False)
        ]
        return f"rules replayed and in the market: {'; '.join(clauses)}"

    def _replay_asked(self, results: Results[MarginProcyclicality]) -> bool:
        """Whether the parameters say something about the replay, and it was done."""
        parameters = results.parameters
        own = parameters.news is not None or parameters.replayed_rules != RULES
        asked = own or parameters.replay != Replay()
        return asked and "replay" in results.studies and "margin" in results.dates

    def _market(self, results: Results[MarginProcyclicality]) -> pd.DataFrame:
        """Rules in the market, margins in cash."""
        days = results.parameters.call_dates
        return pd.DataFrame(
            {
                "rule": rule,
                "average_margin": float(path["margin"].mean()),
                "peak_to_trough": peak_to_trough(path["margin"].to_numpy()),
                f"largest_{days}_day_increase": largest_increase(path["margin"].to_numpy(), days),
                "excess_volatility": _excess(path),
                "dates": len(path),
            }
            for rule, path in results.dates.groupby("case", sort=False)
        )

    def _in_the_market(self, results: Results[MarginProcyclicality]) -> dict[str, Replayed]:
        """Rules in the market; those that are replayed, too, promise there what they do here."""
        parameters = results.parameters
        rules = parameters.replayed_rules
        promises = {rule.name: promise(rule.make()) for rule in rules if rule.can_be_made}
        following = [name for name in parameters.named_rules if parameters.follows(name)]
        return in_the_market(results.dates, promises, math.ceil(parameters.horizon), following)

    def studies(
        self, parameters: MarginProcyclicality, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """Rules replayed on given or drawn prices, see :mod:`scenarios.funding.laboratory`."""
        return replayed(parameters.replay_on(), parameters.call_dates, rng)

    def figures(self, results: Results[MarginProcyclicality]) -> Mapping[str, Figure]:
        """Price and margin under each rule; margins, losses and measures of the replay."""
        from scenarios.funding import figures, replay_figures

        shown = {"margins_by_rule": figures.margins_by_rule(results.dates)}
        if "replay_paths" in results.studies:
            shown |= replay_figures.replayed(results.studies, results.parameters.call_dates)
        return shown


SCENARIO = MarginProcyclicalityScenario()


def _excess(path: pd.DataFrame) -> float:
    """Excess volatility of the price under one rule."""
    return excess_volatility(path["security_price"].to_numpy(), path["fundamental"].to_numpy())


def _column(point: RestingPoint, cohort: str, column: str) -> FloatArray:
    """A column of one cohort's table."""
    rows = point.agents["cohort"].to_numpy() == cohort
    values: FloatArray = point.agents[column].to_numpy(dtype=np.float64)[rows]
    return values
