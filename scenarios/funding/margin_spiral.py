"""Experts lose wealth: how far the price falls, and when it comes back.

Scenario ``margin-spiral``, after Brunnermeier, Eisenbach and Sannikov, survey of macroeconomics
with financial frictions, section 3.2. The model and its symbols are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import model_validator

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.market import FundedMarket, reach
from markets.margin import LinearMargin
from scenarios.funding import figures
from scenarios.funding.certificate import certify
from scenarios.funding.closed_form import Amplification, Spiral
from scenarios.funding.page import PAGE
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import Parameters, about, parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

SOURCE = (
    "Brunnermeier, Eisenbach and Sannikov, Macroeconomics with financial frictions: a survey,"
    " section 3.2"
)

NEAR_FOLD = 0.05
"""A run is near a fold if a change of wealth by less than this share of the margin on all that
customers sell makes the price jump, or if spirals leave less than this share of the stability."""

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
    margin_base: float = about(
        "margin on one asset while its price is the fundamental value", "cash per asset",
        default=0.5, gt=0.0,
    )  # fmt: skip
    margin_slope: float = about(
        "rise of the margin as the price falls by one; below 0 the margin stabilises",
        "cash per cash", default=0.6,
    )  # fmt: skip
    customers_supply: float = about(
        "assets that customers want to be rid of; below 0 they want to buy", "assets", default=3.0
    )
    fundamental_value: float = about("expected payoff", "cash per asset", default=10.0, gt=0.0)
    risk_aversion: float = about(
        "absolute risk aversion of each of the two groups of customers", "per cash",
        default=2.0, gt=0.0,
    )  # fmt: skip
    volatility: float = about(
        "standard deviation of the payoff", "cash per asset", default=math.sqrt(0.5), gt=0.0
    )

    @model_validator(mode="after")
    def _together(self) -> MarginSpiral:
        """Refuse a margin that is none somewhere, and experts who start with nothing."""
        alone = self.customers_supply / self.appetite
        far = np.array([max(-alone, 0.0), max(alone, 0.0)])
        above, below = reach(far, np.array(self.fundamental_value))
        low, high = self.fundamental_value - below, self.fundamental_value + above
        for price in (low, high):
            margin = self.margin_base + self.margin_slope * (self.fundamental_value - price)
            if margin <= 0.0:
                raise ValueError(
                    f"margin_slope is {self.margin_slope}; the margin would be {margin:.6g} at a"
                    f" price of {price:.6g}, and must be positive from {low:.6g} to {high:.6g}"
                )
        start = self.experts_wealth[0] + self.experts_endowment * self.fundamental_value
        if start < 0.0:
            raise ValueError(
                f"experts_wealth is {self.experts_wealth[0]} at the first date, which leaves"
                f" experts with {start:.6g} at the fundamental value; they must start with at"
                " least 0"
            )
        return self

    @property
    def appetite(self) -> float:
        """Assets that customers keep for each unit of cash by which the price falls, s."""
        return 2.0 / (self.risk_aversion * self.volatility**2)

    @property
    def spiral(self) -> Spiral:
        """The market as the closed form knows it."""
        return Spiral(
            fundamental=self.fundamental_value,
            supply=self.customers_supply,
            appetite=self.appetite,
            margin_base=self.margin_base,
            margin_slope=self.margin_slope,
            endowment=self.experts_endowment,
        )


def build(
    parameters: MarginSpiral,
    rng: np.random.Generator | int = 0,
    first_quotes: dict[str, float] | None = None,
) -> Economy:
    """Make the economy as it stands at the first date."""
    value = parameters.fundamental_value
    economy = Economy(
        FundedMarket(["security_price"], np.array([value])), rng=rng, first_quotes=first_quotes
    )
    rule = LinearMargin(parameters.margin_base, parameters.margin_slope, value)
    MarginClearingHouse(economy, {"security_price": rule})
    Customers(
        economy,
        exposures=np.array([[parameters.customers_supply], [0.0]]),
        risk_aversion=parameters.risk_aversion,
        volatility=np.array([parameters.volatility]),
    )
    Experts(
        economy,
        cash=np.array(parameters.experts_wealth[:1]),
        endowment=np.array([[parameters.experts_endowment]]),
    )
    return economy


def cases(parameters: MarginSpiral) -> list[Case]:
    """One economy, taken through the experts' wealth."""
    announcements = [{"deposits": np.array([cash])} for cash in parameters.experts_wealth]
    return [Case("spiral", lambda rng: build(parameters, rng), announcements)]


def describe(
    parameters: MarginSpiral, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """Margin, position, what wealth does to the price, and how near a jump is."""
    spiral = parameters.spiral
    price = resting.quotes["security_price"]
    cash = parameters.experts_wealth[resting.date - 1]
    wealth = cash + parameters.experts_endowment * price
    if resting.quotes["funding_premium"] == 0.0:
        branch = "funded"
    else:
        branch = "constrained" if wealth > 0.0 else "wiped out"
    moved = (
        spiral.amplification(price)
        if branch == "constrained"
        else Amplification(0.0, 0.0, 0.0, 0.0, 1.0)
    )
    to_jump = _to_jump(spiral, branch, price, cash)
    all_margin = parameters.margin_base * abs(parameters.customers_supply)
    return {
        "experts_wealth": cash,
        "branch": branch,
        "margin": float(economy.posted.margin[0]),
        "experts_position": float(economy.book.bought[0]),
        "amplification": {
            "direct": moved.direct,
            "loss": moved.loss,
            "margin": moved.margin,
            "total": moved.total,
        },
        "stability": moved.stability,
        "equilibria": len(spiral.equilibria(cash)),
        "wealth_to_jump": to_jump,
        "near_fold": moved.stability < NEAR_FOLD or to_jump < NEAR_FOLD * all_margin,
    }


def _to_jump(spiral: Spiral, branch: str, price: float, cash: float) -> float:
    """Change of wealth, up or down, at which the price jumps; infinite if it never does."""
    fold = spiral.fold()
    if fold is None:
        return math.inf
    fold_price, fold_cash = fold
    if branch == "funded":
        return cash - spiral.edge() if spiral.denominator(spiral.fundamental) < 0.0 else math.inf
    nearer = abs(price - spiral.fundamental) < abs(fold_price - spiral.fundamental)
    below = spiral.denominator(spiral.fundamental) < 0.0
    if below and not nearer:
        return fold_cash - cash
    return cash - fold_cash if nearer and not below else math.inf


def closed_form(parameters: MarginSpiral, resting: RestingPoint) -> Mapping[str, float]:
    """The equilibrium to which wealth, moving slowly, takes the price by the equations."""
    root = parameters.spiral.path(parameters.experts_wealth[: resting.date])[-1]
    gain = abs(parameters.fundamental_value - root.price) / root.margin
    return {
        "security_price": root.price,
        **({} if root.kind == "wiped out" else {"funding_premium": gain}),
        "margin": root.margin,
        "experts_position": root.position,
    }


def certified(parameters: MarginSpiral, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point, from its table of positions."""
    price = resting.quotes["security_price"]
    fallen = parameters.fundamental_value - price
    return certify(
        agents=resting.agents,
        prices=np.array([price]),
        premium=resting.quotes["funding_premium"],
        risk_aversion=parameters.risk_aversion,
        volatility=np.array([parameters.volatility]),
        rule=np.array([parameters.margin_base + parameters.margin_slope * fallen]),
    )


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    parameters = run.parameters
    assert isinstance(parameters, MarginSpiral)
    return {
        "price_against_wealth": figures.price_against_wealth(run.dates, parameters.spiral),
        "amplification": figures.amplification(
            run.dates["experts_wealth"].tolist(),
            pd.DataFrame([told["amplification"] for told in run.details]),
        ),
    }


SCENARIO = Scenario(
    name="margin-spiral",
    summary="experts lose wealth: losses and rising margins feed on each other, and the price"
    " jumps where the market is fragile",
    source=SOURCE,
    parameters=MarginSpiral,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    headline=("experts_wealth", "branch", "margin", "equilibria", "near_fold"),
    page=PAGE,
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python; see :class:`MarginSpiral` for the parameters.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(MarginSpiral, parameters), seed=seed)
