"""Several assets, one pool of funding: a higher margin on one moves the prices of all.

Scenario ``funding-contagion``, after Brunnermeier, Eisenbach and Sannikov (survey), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from markets.funding.book import FundedBook, filled
from markets.funding.quotes import FundedQuotes
from markets.margin import MarginRule
from markets.quote import FloatArray
from scenarios.funding import FUNDING_CONTAGION
from scenarios.funding.captions import FUNDING_CONTAGION as CAPTIONS
from scenarios.funding.certificate import certify
from scenarios.funding.economy import (
    SIDED,
    FundedEconomy,
    Positive,
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
    sided_array,
    trading,
)
from scenarios.funding.one_pool import Pool, PoolRoot, price_responses
from scenarios.funding.page import CONTAGION_PAGE
from scenarios.funding.traders import Traders, customers_parameter, experts_parameter, make_traders
from scenarios.funding.variables import FUNDING_CONTAGION as COLUMNS
from simulator.certificate import Certificate
from simulator.margin_settings import MarginSettings
from simulator.parameters import Parameters, about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.population.given_cohort import GivenCohort, draws
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

SAME_PRICE = 1e-7
"""Largest distance of a resting price from that of the root at which the market rests, a share of
the fundamental value."""

PER_ASSET = (
    "fundamental_values",
    "customers_supplies",
    "volatilities",
    "margin_bases",
    "margin_slopes",
    "experts_endowments",
)


class FundingContagion(Parameters):
    """Parameters of the scenario ``funding-contagion``."""

    assets: list[Name] = about(
        "names of the assets; the twin pays what the stock pays, at a higher margin",
        "", "a list of different names in small letters", default=["stock", "twin", "other"],
        min_length=1,
    )  # fmt: skip
    fundamental_values: list[Positive] = about(
        "expected payoff of each asset", "cash per asset", "a positive number per asset",
        default=[10.0, 10.0, 10.0],
    )  # fmt: skip
    customers_supplies: list[float] = about(
        "units of each asset that customers want to sell at the fundamental value; below 0 they"
        " want to buy", "assets", "a number per asset", default=[3.0, 3.0, 3.0],
    )  # fmt: skip
    volatilities: list[Positive] = about(
        "standard deviation of each payoff; payoffs are independent of each other",
        "cash per asset", "a positive number per asset", default=[math.sqrt(0.5)] * 3,
    )  # fmt: skip
    margin_bases: list[SidedPositive] = about(
        "margin on one asset while its price is the fundamental value", "cash per asset",
        f"per asset a positive number{SIDED}", default=[1.5, 2.5, 1.5],
    )  # fmt: skip
    margin_slopes: list[Sided] = about(
        "rise of each margin as the asset's price falls by one", "cash per cash",
        f"per asset a number{SIDED}", default=[0.0, 0.0, 0.0],
    )  # fmt: skip
    experts_endowments: list[float] = about(
        "units of each asset that experts hold at the start of each date", "assets",
        "a number per asset", default=[0.5, 0.5, 0.5],
    )  # fmt: skip
    experts_wealth: list[float] = about(
        "cash of the experts at each date, the last one stays; below zero it is a debt", "cash",
        "a list of at least one number", default=[-3.0], min_length=1,
    )  # fmt: skip
    shocked: str = about(
        "asset whose margin changes from date to date", "", "one of the assets", default="stock"
    )
    margin_factors: list[Positive] = about(
        "margin of the shocked asset at each date as a multiple of its base; the last one stays",
        "", "a list of at least one positive number", default=[1.0, 1.25, 1.5, 1.75], min_length=1,
    )  # fmt: skip
    margin: MarginSettings | None = margin_parameter()
    risk_aversion: float = risk_aversion_parameter()
    customers: GivenCohort = customers_parameter("exposure_<asset>")
    experts: GivenCohort = experts_parameter(endowment="endowment_<asset>")

    @model_validator(mode="after")
    def _together(self) -> FundingContagion:
        """Refuse lists that do not match, margins that vanish, experts who start below zero."""
        count = len(self.assets)
        if len(set(self.assets)) < count:
            raise ValueError(f"assets is {self.assets}; every asset needs a name of its own")
        for name in PER_ASSET:
            if len(getattr(self, name)) != count:
                raise ValueError(
                    f"{name} has {len(getattr(self, name))} entries; there are {count} assets"
                )
        if self.shocked not in self.assets:
            raise ValueError(
                f'shocked is "{self.shocked}"; it must be one of {", ".join(self.assets)}'
            )
        if not (draws(self.customers) or draws(self.experts)):
            self.refuse(self.traders(np.random.default_rng(0)))
        return self

    def traders(self, rng: np.random.Generator) -> Traders:
        """Customers and experts at the first date."""
        return make_traders(
            self.customers,
            self.experts,
            supply=np.array(self.customers_supplies),
            risk_aversion=self.risk_aversion,
            cash=self.cash(0),
            endowment=np.array(self.experts_endowments),
            assets=self.assets,
            rng=rng,
        )

    def refuse(self, traders: Traders) -> None:
        """Refuse traders for whom a margin vanishes, or experts who start below zero."""
        low, high = self.price_range(traders)
        for date in range(self.dates if self.margin is None else 0):
            for j, rule in enumerate(self.rules(date).values()):
                refuse_no_margin(
                    f"margin_slopes[{j}]", self.margin_slopes[j], rule, float(low[j]),
                    float(high[j]),
                )  # fmt: skip
        value = np.array(self.fundamental_values)
        if self.experts is None:
            refuse_no_wealth(self.experts_wealth[0], np.array(self.experts_endowments), value)
        traders.refuse_no_wealth(value)

    def price_range(self, traders: Traders) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest price of each asset that the market may post."""
        appetite = traders.appetite(np.array(self.volatilities))
        return price_range(traders.supply, appetite, np.array(self.fundamental_values))

    @property
    def dates(self) -> int:
        """Number of dates."""
        return max(len(self.experts_wealth), len(self.margin_factors))

    def cash(self, date: int) -> float:
        """Experts' cash at a date, from 0."""
        return self.experts_wealth[min(date, len(self.experts_wealth) - 1)]

    def margin_factor(self, asset: str, date: int) -> float:
        """Margin of an asset as a multiple of its base at a date, from 0."""
        if asset != self.shocked:
            return 1.0
        return self.margin_factors[min(date, len(self.margin_factors) - 1)]

    def pool(self, date: int, traders: Traders) -> tuple[Pool, float] | None:
        """The market at a date, from 0, as the equations know it, and the cash of its experts.

        With margins on the experts' side, and one expert for all as they start the date; None if
        one can't stand for all, or margins are not linear.
        """
        if self.margin is not None:
            return None
        pooled = traders.pooled(*self.price_range(traders))
        if pooled is None:
            return None
        supply = traders.supply
        side, every = (supply < 0.0).astype(int), np.arange(supply.size)
        factors = [self.margin_factor(name, date) for name in self.assets]
        pool = Pool(
            fundamental=np.array(self.fundamental_values),
            supply=supply,
            appetite=traders.appetite(np.array(self.volatilities)),
            margin_base=sided_array(self.margin_bases)[side, every] * factors,
            margin_slope=sided_array(self.margin_slopes)[side, every],
            endowment=pooled[:-1],
        )
        return pool, float(pooled[-1])

    def rules(self, date: int) -> dict[str, MarginRule]:
        """Margin rules at a date, by the name of the quote."""
        if self.margin is not None:
            return {
                f"price_{name}": named_rule(self.margin, base, value)
                for name, base, value in zip(
                    self.assets, self.margin_bases, self.fundamental_values, strict=True
                )
            }
        return {
            f"price_{name}": linear_margins(base, slope, value, self.margin_factor(name, date))
            for name, base, slope, value in zip(
                self.assets,
                self.margin_bases,
                self.margin_slopes,
                self.fundamental_values,
                strict=True,
            )
        }


def build(
    parameters: FundingContagion,
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
        rules=parameters.rules(0),
        fundamental=np.array(parameters.fundamental_values),
        traders=traders,
        volatility=np.array(parameters.volatilities),
        deposits=parameters.cash(0),
        margin=parameters.margin,
        rng=rng,
        start=parameters.start,
    )


class FundingContagionScenario(Scenario[FundingContagion]):
    """The scenario ``funding-contagion``."""

    title = FUNDING_CONTAGION
    parameters = FundingContagion
    variables = COLUMNS
    captions = CAPTIONS
    headline = ("shocked_margin", "experts_wealth", "equilibria")
    page = CONTAGION_PAGE

    def cases(self, parameters: FundingContagion) -> list[Case]:
        """One economy, taken through the margins of the shocked asset and the experts' wealth."""
        announcements = [
            {"margins": parameters.rules(date), "deposits": parameters.cash(date)}
            for date in range(parameters.dates)
        ]
        return [Case("one pool", lambda rng: build(parameters, rng), announcements)]

    def describe(
        self, parameters: FundingContagion, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Margins, positions, what a unit of cash does to prices, the number of equilibria."""
        posted, book = economy.posted, economy.book
        assert isinstance(posted, FundedQuotes)
        assert isinstance(book, FundedBook)
        held, responses = filled(posted, book), np.zeros_like(posted.price)
        traders = Traders.of(point.agents)
        if posted.premium > 0.0 and book.funds > 0.0:
            responses = price_responses(
                premium=posted.premium,
                supply=traders.supply,
                appetite=traders.appetite(np.array(parameters.volatilities)),
                margin=posted.margin,
                slope=posted.margin_slope,
                side=np.trunc(posted.side),
                position=held,
                endowment=book.funds_by_price,
            )
        margin = dict(_named("margin", parameters, posted.margin))
        return {
            "shocked_margin": margin[f"margin_{parameters.shocked}"],
            **self.read_out(parameters, point),
            **margin,
            **dict(_named("position", parameters, held)),
            **dict(_named("response", parameters, responses)),
        }

    def read_out(self, parameters: FundingContagion, point: RestingPoint) -> Mapping[str, object]:
        """The experts' wealth, how many trade, and every equilibrium."""
        traders = Traders.of(point.agents)
        roots = _roots(parameters, point.date - 1, traders)
        return {
            "experts_wealth": float(np.sum(traders.cash)),
            "equilibria": len(roots) or math.nan,
            "traders_trading": trading(point),
            "every_equilibrium": {
                str(number): _listed(parameters, root) for number, root in enumerate(roots, start=1)
            },
        }

    def closed_form(
        self, parameters: FundingContagion, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """Prices by the equations, where the date has one equilibrium."""
        if not len(point.agents):
            return None
        roots = _roots(parameters, point.date - 1, Traders.of(point.agents))
        if len(roots) != 1:
            return None
        (root,) = roots
        return {
            **dict(_named("price", parameters, root.prices)),
            **({} if root.kind == "wiped out" else {"funding_premium": root.premium}),
        }

    def certify(self, parameters: FundingContagion, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, from its table of positions."""
        prices = np.array([point.quotes[f"price_{name}"] for name in parameters.assets])
        fallen = np.array(parameters.fundamental_values) - prices
        return certify(
            agents=point.agents,
            prices=prices,
            premium=point.quotes["funding_premium"],
            rule=None
            if parameters.margin is not None
            else sided_array(parameters.margin_bases)
            * [parameters.margin_factor(name, point.date - 1) for name in parameters.assets]
            + sided_array(parameters.margin_slopes) * fallen,
        )

    def report(self, results: Results[FundingContagion]) -> pd.DataFrame | None:
        """Every equilibrium at each date by the equations, and at which the markets rested.

        None where every date has one only, or margins are not linear.
        """
        rows = []
        for end in (end for end in results.ends if len(end.point.agents)):
            parameters, date = results.parameters, end.point.date - 1
            value = np.array(parameters.fundamental_values)
            rested = np.array([end.point.quotes[f"price_{name}"] for name in parameters.assets])
            rows += [
                {
                    "date": end.point.date,
                    **_listed(parameters, root),
                    "rested": bool(np.max(np.abs(rested - root.prices) / value) <= SAME_PRICE),
                }
                for root in _roots(parameters, date, Traders.of(end.point.agents))
            ]
        return pd.DataFrame(rows) if len(rows) > len(results.ends) else None

    def studies(
        self, parameters: FundingContagion, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """Margin that is missing at every premium, by the equations, where equilibria are several.

        Its zeros are the equilibria, and the premium rises where it is positive: zeros through
        which it falls are stable, and the others are where their basins end.
        """
        curves, first = [], parameters.traders(rng)
        for date in range(parameters.dates):
            later = (parameters.cash(date) - parameters.cash(0)) / first.cash.size
            market = parameters.pool(date, replace(first, cash=first.cash + later))
            if market is None:
                continue
            pool, cash = market
            roots = pool.equilibria(cash)
            if len(roots) > 1:
                curves.append(pool.shortfall_by_premium(cash, roots).assign(date=date + 1))
        return {"shortfall_by_premium": pd.concat(curves, ignore_index=True)} if curves else {}

    def figures(self, results: Results[FundingContagion]) -> Mapping[str, Figure]:
        """Margin and price of every asset."""
        from scenarios.funding import figures

        parameters = results.parameters
        shown = {
            "contagion": figures.contagion(results.dates, parameters.assets, parameters.shocked)
        }
        if "shortfall_by_premium" in results.studies:
            shown["equilibria_by_premium"] = figures.equilibria_by_premium(
                results.dates, results.studies["shortfall_by_premium"]
            )
        return shown


SCENARIO = FundingContagionScenario()


def _roots(parameters: FundingContagion, date: int, traders: Traders) -> list[PoolRoot]:
    """Every equilibrium at a date by the equations; none where these do not apply."""
    market = parameters.pool(date, traders)
    return [] if market is None else market[0].equilibria(market[1])


def _listed(parameters: FundingContagion, root: PoolRoot) -> dict[str, object]:
    """An equilibrium as a row of a table."""
    return {
        **dict(_named("price", parameters, root.prices)),
        "funding_premium": root.premium,
        "branch": root.kind,
        "textbook_rule": "stable" if root.stable else "unstable",
    }


def _named(
    quantity: str, parameters: FundingContagion, values: FloatArray
) -> Iterable[tuple[str, float]]:
    """Values with the name of the quantity and the asset, for instance ``margin_stock``."""
    names = (f"{quantity}_{name}" for name in parameters.assets)
    return zip(names, values.tolist(), strict=True)
