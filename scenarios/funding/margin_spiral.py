"""Experts lose wealth: how far the price falls, and when it comes back.

Scenario ``margin-spiral``, after Brunnermeier, Eisenbach and Sannikov, survey of macroeconomics
with financial frictions, section 3.2. The model and its symbols are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from pydantic import model_validator

from markets.funding.book import FundedBook, filled
from markets.funding.quotes import FundedQuotes
from markets.margin import MarginRule
from markets.quote import FloatArray
from scenarios.funding import MARGIN_SPIRAL
from scenarios.funding.captions import MARGIN_SPIRAL as CAPTIONS
from scenarios.funding.certificate import certify
from scenarios.funding.closed_form import Amplification, Spiral
from scenarios.funding.economy import (
    SIDED,
    FundedEconomy,
    Sided,
    SidedPositive,
    linear_margins,
    make_economy,
    margin_parameter,
    named_rule,
    price_range,
    refuse_no_margin,
    refuse_no_wealth,
    risk_aversion_parameter,
    sided,
    sided_array,
    trading,
)
from scenarios.funding.page import PAGE
from scenarios.funding.traders import Traders, customers_parameter, experts_parameter, make_traders
from scenarios.funding.variables import MARGIN_SPIRAL as COLUMNS
from simulator.certificate import Certificate
from simulator.margin_settings import MarginSettings
from simulator.parameters import Parameters, about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.population.given_cohort import GivenCohort, draws
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAME_PRICE = 1e-7
"""Largest distance of a resting price from the root at which the market rests, a share of the
fundamental value."""

NEAR_FOLD = 0.05
"""A run is near a fold if a change of wealth by less than this share of the margin on all that
customers sell makes the price jump, or if spirals leave less than this share of the stability."""

STUDIED, LEAST_STUDIED = 0.15, 0.1
"""Wealth studied beyond that of the run, as a share of its range, and the least range, cash."""

DOWN_AND_UP = [-3.9, -4.0, -4.1, -4.2, -4.3, -4.4, -4.5, -4.6, -4.7,
               -4.6, -4.5, -4.4, -4.3, -4.2, -4.1, -4.0, -3.9]  # fmt: skip


class MarginSpiral(Parameters):
    """Parameters of the scenario ``margin-spiral``."""

    experts_wealth: list[float] = about(
        "cash of the experts at each date; below zero it is a debt against their assets",
        "cash", "a list of at least one number", default=DOWN_AND_UP, min_length=1,
    )  # fmt: skip
    experts_endowment: float = about(
        "assets that experts hold at the start of each date", "assets", default=0.6
    )
    margin_base: SidedPositive = about(
        "margin on one asset while its price is the fundamental value", "cash per asset",
        f"a positive number{SIDED}", default=0.5,
    )  # fmt: skip
    margin_slope: Sided = about(
        "rise of the margin as the price falls by one; below 0 it stabilises (above 0 for short"
        " positions)", "cash per cash", f"a number{SIDED}", default=0.6,
    )  # fmt: skip
    margin: MarginSettings | None = margin_parameter()
    customers_supply: float = about(
        "assets that customers want to sell at the fundamental value; below 0 they want to buy",
        "assets",
        default=3.0,
    )
    fundamental_value: float = about("expected payoff", "cash per asset", default=10.0, gt=0.0)
    risk_aversion: float = risk_aversion_parameter()
    volatility: float = about(
        "standard deviation of the payoff", "cash per asset", default=math.sqrt(0.5), gt=0.0
    )
    customers: GivenCohort = customers_parameter()
    experts: GivenCohort = experts_parameter()

    @model_validator(mode="after")
    def _together(self) -> MarginSpiral:
        """Refuse a margin that vanishes at some price, and experts who start below zero."""
        if not (draws(self.customers) or draws(self.experts)):
            self.refuse(self.traders(np.random.default_rng(0)))
        return self

    def traders(self, rng: np.random.Generator) -> Traders:
        """Customers and experts at the first date."""
        return make_traders(
            self.customers,
            self.experts,
            supply=np.array([self.customers_supply]),
            risk_aversion=self.risk_aversion,
            cash=self.experts_wealth[0],
            endowment=np.array([self.experts_endowment]),
            rng=rng,
        )

    def refuse(self, traders: Traders) -> None:
        """Refuse traders for whom a margin vanishes, or experts who start below zero."""
        value = np.array([self.fundamental_value])
        low, high = price_range(traders.supply, traders.appetite(self.volatilities), value)
        if self.margin is None:
            refuse_no_margin(
                "margin_slope", self.margin_slope, self.margin_rule, float(low[0]), float(high[0])
            )
        if self.experts is None:
            refuse_no_wealth(self.experts_wealth[0], np.array([self.experts_endowment]), value)
        traders.refuse_no_wealth(value)

    @property
    def volatilities(self) -> FloatArray:
        """Standard deviation of the one payoff, as an array."""
        return np.array([self.volatility])

    @property
    def margin_rule(self) -> MarginRule:
        """The margins on long and short positions by the price."""
        if self.margin is not None:
            return named_rule(self.margin, self.margin_base, self.fundamental_value)
        return linear_margins(self.margin_base, self.margin_slope, self.fundamental_value)

    def spiral(self, traders: Traders, endowment: float) -> Spiral:
        """The market as the closed form knows it, with the margin on the side that experts take."""
        (supply,), (appetite,) = traders.supply, traders.appetite(self.volatilities)
        short = bool(supply < 0.0)
        return Spiral(
            fundamental=self.fundamental_value,
            supply=float(supply),
            appetite=float(appetite),
            margin_base=sided(self.margin_base)[short],
            margin_slope=sided(self.margin_slope)[short],
            endowment=endowment,
        )

    def market(self, traders: Traders, date: int, last: int) -> tuple[Spiral, list[float]] | None:
        """The market with one expert for all, and its cash at all dates up to the last.

        ``traders`` are as they start the given date, from 0. None if one can't stand for all, or
        the margin is not linear.
        """
        if self.margin is not None:
            return None
        wealth = self.experts_wealth[: last + 1]
        value = np.array([self.fundamental_value])
        low, high = price_range(traders.supply, traders.appetite(self.volatilities), value)
        lost = (self.experts_wealth[date] - min(wealth)) / traders.cash.size
        pooled = traders.pooled(low, high, lost)
        if pooled is None:
            return None
        endowment, cash = pooled.tolist()
        apart = cash - self.experts_wealth[date]
        return self.spiral(traders, endowment), [each + apart for each in wealth]


def build(
    parameters: MarginSpiral,
    rng: np.random.Generator | int = 0,
) -> FundedEconomy:
    """Make the economy as it stands at the first date.

    Raises
    ------
    Refused
        If drawn traders can't trade together.
    """
    rng = np.random.default_rng(rng)
    traders = parameters.traders(rng)
    parameters.refuse(traders)
    return make_economy(
        parameters,
        rules={"security_price": parameters.margin_rule},
        fundamental=np.array([parameters.fundamental_value]),
        traders=traders,
        volatility=parameters.volatilities,
        deposits=parameters.experts_wealth[0],
        margin=parameters.margin,
        rng=rng,
        start=parameters.start,
    )


class MarginSpiralScenario(Scenario[MarginSpiral]):
    """The scenario ``margin-spiral``."""

    title = MARGIN_SPIRAL
    parameters = MarginSpiral
    variables = COLUMNS
    captions = CAPTIONS
    headline = ("experts_wealth", "branch", "margin", "equilibria", "near_fold")
    regimes = ("branch",)
    page = PAGE

    def cases(self, parameters: MarginSpiral) -> list[Case]:
        """One economy, taken through the experts' wealth."""
        announcements = [{"deposits": cash} for cash in parameters.experts_wealth]
        return [Case("spiral", lambda rng: build(parameters, rng), announcements)]

    def describe(
        self, parameters: MarginSpiral, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Margin, position, what wealth does to the price, and how near a jump is."""
        posted, book = economy.posted, economy.book
        assert isinstance(posted, FundedQuotes)
        assert isinstance(book, FundedBook)
        price, traders = point.quotes["security_price"], Traders.of(point.agents)
        cash = float(np.sum(traders.cash))
        if point.quotes["funding_premium"] == 0.0:
            branch = "funded"
        else:
            branch = "constrained" if book.funds > 0.0 else "wiped out"
        read = {
            "experts_wealth": cash,
            "branch": branch,
            "margin": float(posted.margin[0]),
            "experts_position": float(filled(posted, book)[0]),
            "traders_trading": trading(point),
        }
        if parameters.margin is not None:
            return read
        spiral = parameters.spiral(traders, float(book.funds_by_price[0]))
        by_wealth = (
            spiral.amplification(price)
            if branch == "constrained"
            else Amplification(0.0, 0.0, 0.0, 0.0, 1.0)
        )
        market = parameters.market(traders, point.date - 1, point.date - 1)
        to_jump, roots = math.nan, []
        if market is not None:
            whole, _ = market
            to_jump, roots = _to_jump(whole, branch, price, cash), whole.equilibria(cash)
        all_margin = spiral.margin_base * abs(spiral.supply)
        return {
            **read,
            "amplification": {
                "direct": by_wealth.direct,
                "loss": by_wealth.loss,
                "margin": by_wealth.margin,
                "total": by_wealth.total,
            },
            "stability": by_wealth.stability,
            "equilibria": len(roots) or math.nan,
            "every_equilibrium": {
                str(number): {
                    "price": root.price,
                    "branch": root.kind,
                    "textbook_rule": "stable" if root.stable else "unstable",
                }
                for number, root in enumerate(roots, start=1)
            },
            "wealth_to_jump": to_jump,
            "near_fold": by_wealth.stability < NEAR_FOLD or to_jump < NEAR_FOLD * all_margin,
        }

    def closed_form(
        self, parameters: MarginSpiral, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The equilibrium to which wealth, moving slowly, takes the price by the equations.

        None where some of several experts may be wiped out and others not.
        """
        if not len(point.agents) and (draws(parameters.customers) or draws(parameters.experts)):
            return None
        last = point.date - 1
        if len(point.agents):
            market = parameters.market(Traders.of(point.agents), last, last)
        else:
            market = parameters.market(parameters.traders(np.random.default_rng(0)), 0, last)
        if market is None:
            return None
        spiral, cash = market
        root = spiral.path(cash)[-1]
        gain = abs(parameters.fundamental_value - root.price) / root.margin
        return {
            "security_price": root.price,
            **({} if root.kind == "wiped out" else {"funding_premium": gain}),
            "margin": root.margin,
            "experts_position": root.position,
        }

    def certify(self, parameters: MarginSpiral, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of positions."""
        price = point.quotes["security_price"]
        fallen = parameters.fundamental_value - price
        return certify(
            agents=point.agents,
            prices=np.array([price]),
            premium=point.quotes["funding_premium"],
            rule=None
            if parameters.margin is not None
            else sided_array([parameters.margin_base])
            + sided_array([parameters.margin_slope]) * fallen,
        )

    def report(self, results: Results[MarginSpiral]) -> pd.DataFrame | None:
        """Every equilibrium at each date by the equations, and at which the market rested.

        None where every date has one only, or the margin is not linear.
        """
        rows = []
        for end in (end for end in results.ends if len(end.point.agents)):
            date = end.point.date - 1
            market = results.parameters.market(Traders.of(end.point.agents), date, date)
            if market is None:
                continue
            spiral, cash = market
            rows += [
                {
                    "date": end.point.date,
                    "experts_wealth": end.described["experts_wealth"],
                    "price": root.price,
                    "branch": root.kind,
                    "margin": root.margin,
                    "position": root.position,
                    "textbook_rule": "stable" if root.stable else "unstable",
                    "rested": abs(root.price - end.point.quotes["security_price"])
                    <= SAME_PRICE * results.parameters.fundamental_value,
                }
                for root in spiral.equilibria(cash[-1])
            ]
        return pd.DataFrame(rows) if len(rows) > len(results.ends) else None

    def studies(
        self, parameters: MarginSpiral, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """Every equilibrium by the equations, over the wealth of the run and a little beyond."""
        market = parameters.market(parameters.traders(rng), 0, len(parameters.experts_wealth) - 1)
        if market is None:
            return {}
        spiral, wealth = market
        room = STUDIED * max(max(wealth) - min(wealth), LEAST_STUDIED)
        branches = spiral.branches(min(wealth) - room, max(wealth) + room)
        return {"equilibria_by_wealth": branches}

    def figures(self, results: Results[MarginSpiral]) -> Mapping[str, Figure]:
        """The figures of a run; that of all equilibria only with the study of them."""
        if results.parameters.margin is not None:
            return super().figures(results)
        from scenarios.funding import figures

        shown = {}
        if "equilibria_by_wealth" in results.studies:
            shown["price_against_wealth"] = figures.price_against_wealth(
                results.dates, results.studies["equilibria_by_wealth"]
            )
        parts = [details["amplification"] for details in results.details if details]
        wealth = results.dates["experts_wealth"].tolist()[: len(parts)]
        shown["amplification"] = figures.amplification(wealth, pd.DataFrame(parts))
        return shown


SCENARIO = MarginSpiralScenario()


def _to_jump(spiral: Spiral, branch: str, price: float, cash: float) -> float:
    """Change of wealth, up or down, at which the price jumps; infinite if it never does."""
    fold = spiral.fold()
    if fold is None:
        return math.inf
    fold_price, fold_cash = fold
    fragile = spiral.denominator(spiral.fundamental) < 0.0
    if branch == "funded":
        return cash - spiral.edge() if fragile else math.inf
    nearer = abs(price - spiral.fundamental) < abs(fold_price - spiral.fundamental)
    if fragile and not nearer:
        return fold_cash - cash
    return cash - fold_cash if nearer and not fragile else math.inf
