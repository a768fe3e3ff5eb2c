"""Several assets, one pool of funding: a higher margin on one moves the prices of all.

Scenario ``funding-contagion``, after Brunnermeier, Eisenbach and Sannikov (survey), section 3.2.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from matplotlib.figure import Figure
from pydantic import Field, model_validator

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.market import FundedMarket, reach
from markets.margin import LinearMargin
from markets.quote import FloatArray
from scenarios.funding import closed_form as theory
from scenarios.funding import figures
from scenarios.funding.certificate import certify
from scenarios.funding.margin_spiral import SOURCE
from scenarios.funding.one_pool import Pool
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import Parameters, about, parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

Positive = Annotated[float, Field(gt=0.0)]
Name = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]

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
        "expected payoff of each asset", "cash per asset", "a positive number an asset",
        default=[10.0, 10.0, 10.0],
    )  # fmt: skip
    customers_supplies: list[float] = about(
        "units of each asset that customers want to be rid of; below 0 they want to buy",
        "assets", "a number an asset", default=[3.0, 3.0, 3.0],
    )  # fmt: skip
    volatilities: list[Positive] = about(
        "standard deviation of each payoff; payoffs are independent of each other",
        "cash per asset", "a positive number an asset", default=[math.sqrt(0.5)] * 3,
    )  # fmt: skip
    margin_bases: list[Positive] = about(
        "margin on one asset while its price is the fundamental value", "cash per asset",
        "a positive number an asset", default=[1.5, 2.5, 1.5],
    )  # fmt: skip
    margin_slopes: list[float] = about(
        "rise of each margin as the asset's price falls by one", "cash per cash",
        "a number an asset", default=[0.0, 0.0, 0.0],
    )  # fmt: skip
    experts_endowments: list[float] = about(
        "units of each asset that experts hold at the start of each date", "assets",
        "a number an asset", default=[0.5, 0.5, 0.5],
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
    risk_aversion: float = about(
        "absolute risk aversion of each of the two groups of customers", "per cash",
        default=2.0, gt=0.0,
    )  # fmt: skip

    @model_validator(mode="after")
    def _together(self) -> FundingContagion:
        """Refuse lists that do not match, margins that are none, experts without wealth."""
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
        value, slope = np.array(self.fundamental_values), np.array(self.margin_slopes)
        alone = np.array(self.customers_supplies) / self.appetite
        far = reach(np.stack([np.maximum(-alone, 0.0), np.maximum(alone, 0.0)]), value)
        for date in range(self.dates):
            for side, widest in zip((1.0, -1.0), far, strict=True):
                margin = self.bases(date) - slope * side * widest
                if np.any(margin <= 0.0):
                    j = int(np.argmin(margin))
                    raise ValueError(
                        f"margin_slopes[{j}] is {slope[j]}; the margin on {self.assets[j]} would"
                        f" be {margin[j]:.6g} at a price of {value[j] + side * widest[j]:.6g}, and"
                        " must be positive"
                    )
        start = self.experts_wealth[0] + float(np.array(self.experts_endowments) @ value)
        if start < 0.0:
            raise ValueError(
                f"experts_wealth is {self.experts_wealth[0]} at the first date, which leaves"
                f" experts with {start:.6g} at fundamental values; they must start with at least 0"
            )
        return self

    @property
    def appetite(self) -> FloatArray:
        """Assets that customers keep for each unit of cash by which its price falls, by asset."""
        return 2.0 / (self.risk_aversion * np.array(self.volatilities) ** 2)

    @property
    def dates(self) -> int:
        """Number of dates."""
        return max(len(self.experts_wealth), len(self.margin_factors))

    def cash(self, date: int) -> float:
        """Experts' cash at a date, from 0."""
        return self.experts_wealth[min(date, len(self.experts_wealth) - 1)]

    def bases(self, date: int) -> FloatArray:
        """Margin bases at a date, from 0."""
        factor = self.margin_factors[min(date, len(self.margin_factors) - 1)]
        shocked = np.array([name == self.shocked for name in self.assets])
        return np.array(self.margin_bases) * np.where(shocked, factor, 1.0)

    def pool(self, date: int) -> Pool:
        """The market at a date, from 0, as the equations know it."""
        return Pool(
            fundamental=np.array(self.fundamental_values),
            supply=np.array(self.customers_supplies),
            appetite=self.appetite,
            margin_base=self.bases(date),
            margin_slope=np.array(self.margin_slopes),
            endowment=np.array(self.experts_endowments),
        )

    def rules(self, date: int) -> dict[str, LinearMargin]:
        """Margin rules at a date, by the name of the quote."""
        return {
            f"price_{name}": LinearMargin(float(base), slope, value)
            for name, base, slope, value in zip(
                self.assets,
                self.bases(date),
                self.margin_slopes,
                self.fundamental_values,
                strict=True,
            )
        }


def build(
    parameters: FundingContagion,
    rng: np.random.Generator | int = 0,
    first_quotes: dict[str, float] | None = None,
) -> Economy:
    """Make the economy as it stands at the first date."""
    rules = parameters.rules(0)
    market = FundedMarket(list(rules), np.array(parameters.fundamental_values))
    economy = Economy(market, rng=rng, first_quotes=first_quotes)
    MarginClearingHouse(economy, rules)
    supply = np.array(parameters.customers_supplies)
    Customers(
        economy,
        exposures=np.stack([supply, np.zeros_like(supply)]),
        risk_aversion=parameters.risk_aversion,
        volatility=np.array(parameters.volatilities),
    )
    Experts(
        economy,
        cash=np.array([parameters.cash(0)]),
        endowment=np.array([parameters.experts_endowments]),
    )
    return economy


def cases(parameters: FundingContagion) -> list[Case]:
    """One economy, taken through the margins of the shocked asset and the experts' wealth."""
    announcements = [
        {"margins": parameters.rules(date), "deposits": np.array([parameters.cash(date)])}
        for date in range(parameters.dates)
    ]
    return [Case("one pool", lambda rng: build(parameters, rng), announcements)]


def describe(
    parameters: FundingContagion, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """Margins, positions, what a unit of cash does to prices, the number of equilibria."""
    posted, book, date = economy.posted, economy.book, resting.date - 1
    margin = {f"margin_{name}": float(m) for name, m in _named(parameters, posted.margin)}
    held = {f"position_{name}": float(x) for name, x in _named(parameters, book.bought)}
    moved = theory.price_responses(
        premium=posted.premium,
        supply=np.array(parameters.customers_supplies),
        appetite=parameters.appetite,
        margin=posted.margin,
        slope=posted.margin_slope,
        side=np.sign(posted.fundamental - posted.price) * (posted.filled != 0.0),
        position=book.bought,
        endowment=book.funds_by_price,
    ) if posted.premium > 0.0 and book.funds > 0.0 else np.zeros_like(posted.price)  # fmt: skip
    response = {f"response_{name}": float(r) for name, r in _named(parameters, moved)}
    return {
        "shocked_margin": margin[f"margin_{parameters.shocked}"],
        "experts_wealth": parameters.cash(date),
        "equilibria": len(parameters.pool(date).equilibria(parameters.cash(date))),
        **margin,
        **held,
        **response,
    }


def closed_form(parameters: FundingContagion, resting: RestingPoint) -> Mapping[str, float] | None:
    """Prices by the equations, where the date has one equilibrium."""
    date = resting.date - 1
    roots = parameters.pool(date).equilibria(parameters.cash(date))
    if len(roots) != 1:
        return None
    (root,) = roots
    return {
        **{f"price_{name}": float(price) for name, price in _named(parameters, root.prices)},
        **({} if root.kind == "wiped out" else {"funding_premium": root.premium}),
    }


def certified(parameters: FundingContagion, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point, from its table of positions."""
    prices = np.array([resting.quotes[f"price_{name}"] for name in parameters.assets])
    fallen = np.array(parameters.fundamental_values) - prices
    return certify(
        agents=resting.agents,
        prices=prices,
        premium=resting.quotes["funding_premium"],
        risk_aversion=parameters.risk_aversion,
        volatility=np.array(parameters.volatilities),
        rule=parameters.bases(resting.date - 1) + np.array(parameters.margin_slopes) * fallen,
    )


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    parameters = run.parameters
    assert isinstance(parameters, FundingContagion)
    return {"contagion": figures.contagion(run.dates, parameters.assets, parameters.shocked)}


SCENARIO = Scenario(
    name="funding-contagion",
    summary="several assets, one pool of funding: prices move together and the same payoff has"
    " two prices",
    source=SOURCE,
    parameters=FundingContagion,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    headline=("shocked_margin", "experts_wealth", "equilibria"),
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python; see :class:`FundingContagion` for the parameters.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(FundingContagion, parameters), seed=seed)


def _named(parameters: FundingContagion, values: FloatArray) -> list[tuple[str, Any]]:
    return list(zip(parameters.assets, values, strict=True))
