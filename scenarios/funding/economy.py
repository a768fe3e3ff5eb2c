"""The economy of all scenarios here: customers, experts short of funding, and their clearing house.

Arrays over assets have shape (assets,), or (dates, assets) where they change by date.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import numpy as np
from pydantic import Field

from agents.funding.clearing_house import MarginClearingHouse
from agents.funding.customers import Customers
from agents.funding.experts import Experts
from markets.funding.book import FundedBook
from markets.funding.market import FundedMarket
from markets.funding.quotes import FundedQuotes
from markets.funding.rungs import reach
from markets.funding.terms import MarginTerms
from markets.margin import Known, LinearMargin, MarginRule, SidedMargin, on_side
from markets.market import Start
from markets.quote import FloatArray
from markets.refused import Refused
from scenarios.funding.traders import Traders
from simulator.economy import Economy
from simulator.margin_settings import MARGIN, MarginSettings
from simulator.parameters import Parameters, about
from simulator.point import RestingPoint

FundedEconomy = Economy[MarginTerms, FundedQuotes, FundedBook]

Positive = Annotated[float, Field(gt=0.0)]
NotNegative = Annotated[float, Field(ge=0.0)]
Two = Field(min_length=2, max_length=2)

SidedPositive = Positive | Annotated[list[Positive], Two]
SidedNotNegative = NotNegative | Annotated[list[NotNegative], Two]
Sided = float | Annotated[list[float], Two]
"""A number for every position, or two: for long and for short positions."""

MOST = 0.99
"""Largest haircut that a rule without a past begins with."""

LEAST = 0.01
"""Least margin of a rule, as a share of the base, unless its settings say otherwise."""

SIDED = ", or two of them: for long and for short positions"
"""Of a parameter that may differ by the sign of a position, in words."""


def sided(given: Sided) -> tuple[float, float]:
    """The numbers for long and for short positions."""
    long, short = given if isinstance(given, list) else (given, given)
    return long, short


def sided_array(given: Sequence[Sided]) -> FloatArray:
    """Numbers of several assets, shape (2, assets): for long, then for short positions."""
    return np.array([sided(number) for number in given], dtype=np.float64).T


def linear_margins(base: Sided, slope: Sided, value: float, factor: float = 1.0) -> SidedMargin:
    """Margins that rise as the price falls below a value, from a multiple of their bases."""
    (long, short), (long_slope, short_slope) = sided(base), sided(slope)
    return SidedMargin(
        LinearMargin(factor * long, long_slope, value),
        LinearMargin(factor * short, short_slope, value),
    )


def margin_parameter() -> Any:
    """Declare the parameter ``margin``."""
    return about(
        "another margin rule for every asset; what is read off the equations of linear margins is"
        " left out then", "", MARGIN, default=None,
    )  # fmt: skip


def named_rule(margin: MarginSettings, base: Sided, value: float) -> MarginRule:
    """The rule of some settings; without a past it charges the base at the fundamental value.

    Unless told otherwise it covers the losses of the position that is margined, and never charges
    less than a hundredth of the base, since no position here is without margin.
    """
    haircuts = (min(one / value, MOST) for one in sided(base))
    return SidedMargin(
        *(margin.make(side="position", initial=one, least=LEAST * one) for one in haircuts)
    )


def risk_aversion_parameter() -> Any:
    """Declare the parameter ``risk_aversion``."""
    return about(
        "absolute risk aversion of each of the two groups of customers", "per cash",
        default=2.0, gt=0.0,
    )  # fmt: skip


def price_range(
    supply: FloatArray, appetite: FloatArray, fundamental: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Lowest and highest price of each asset that the market may post, both (assets,)."""
    alone, value = np.atleast_2d(supply / appetite), np.atleast_2d(fundamental)
    concession = np.stack([np.max(-alone, axis=0), np.max(alone, axis=0)]).clip(min=0.0)
    above, below = reach(concession, np.max(np.abs(value), axis=0))
    return np.min(value, axis=0) - below, np.max(value, axis=0) + above


def refuse_no_margin(
    slope_name: str, slope: Sided, rule: MarginRule, low: float, high: float
) -> None:
    """Refuse a slope of the margin that makes the margin vanish at a price of the range."""
    for position in (1.0, -1.0):
        for price in (low, high):
            margin = on_side(rule, position).margin(Known(price))
            if not margin > 0.0:
                raise Refused(
                    f"{slope_name} is {slope}; the margin would be {margin:.6g} at a price of"
                    f" {price:.6g}, and must be positive from {low:.6g} to {high:.6g}"
                )


def trading(point: RestingPoint) -> float:
    """Number of customers and experts who hold anything else than what they start with."""
    agents = point.agents
    moved = (agents["position"] != agents["endowed_assets"]).to_numpy()
    rows = agents.loc[moved, ["cohort", "member"]]
    return float(len(rows.drop_duplicates()))


def refuse_no_wealth(cash: float, endowment: FloatArray, fundamental: FloatArray) -> None:
    """Refuse experts who start below zero."""
    start = cash + float(endowment @ fundamental)
    if start < 0.0:
        raise Refused(
            f"experts_wealth is {cash} at the first date, which leaves experts with {start:.6g} at"
            " fundamental values; they must start with at least 0"
        )


def make_economy(
    parameters: Parameters,
    *,
    rules: Mapping[str, MarginRule],
    fundamental: FloatArray,
    traders: Traders,
    volatility: FloatArray,
    exposures: FloatArray | None = None,
    deposits: float | None = None,
    recapitalised: float | None = None,
    margin: MarginSettings | None = None,
    history: FloatArray | None = None,
    rng: np.random.Generator | int = 0,
    start: Start = "primitives",
) -> FundedEconomy:
    """Make the economy as it stands at the first date.

    Parameters
    ----------
    parameters : Parameters
        From which the rule that moves the quotes comes.
    rules : mapping
        Margin rule of each asset, or its rules by side, by the name of the quote.
    fundamental : array
        v.
    traders : Traders
        Customers and experts.
    volatility : array of shape (assets,)
        Standard deviation of each payoff.
    exposures : array of shape (dates, customers, assets), optional
        What customers bring at each date; by default the same at all.
    deposits : float, optional
        What is announced of all experts' cash at the first date; by default what they have.
    recapitalised : float, optional
        If given, dates are linked: experts carry their positions, and owners put in this share of
        what was lost; see :class:`agents.funding.experts.Experts`.
    margin : MarginSettings, optional
        If given, when the rules are asked, and past prices of every asset.
    history : array of shape (n,), optional
        Past prices of every asset where ``margin`` has none.
    rng, start
        As in :class:`simulator.economy.Economy`.
    """
    market = FundedMarket(list(rules), fundamental)
    economy = Economy(
        market,
        adjuster=parameters.adjuster(market.pace),
        rng=rng,
        start=start,
        linked=recapitalised is not None,
    )
    if margin is None:
        MarginClearingHouse(economy, rules)
    else:
        past = margin.past() if margin.prices is not None or history is None else history
        MarginClearingHouse(
            economy, rules, every_round=margin.every_round, history=dict.fromkeys(rules, past)
        )
    Customers(
        economy,
        exposures=traders.exposure if exposures is None else exposures,
        risk_aversion=traders.risk_aversion,
        volatility=volatility,
        names=traders.customer_names,
    )
    Experts(
        economy,
        cash=traders.cash,
        endowment=traders.endowment,
        deposits=deposits,
        names=traders.expert_names,
        recapitalised=recapitalised or 0.0,
    )
    return economy
