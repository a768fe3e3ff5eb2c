"""Seven increases of a haircut in the euro crisis, beside the model's response to each.

Scenario ``euro-crisis``: every episode's haircuts, before and after, are announced in a short and
in a long market of :mod:`scenarios.repo.margin_hike`; the simulated change of the price is
set beside the observed change of the 10-year zero-coupon price.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import Field

from scenarios.repo import margin_hike
from scenarios.repo.episodes import figures
from scenarios.repo.episodes.episodes import (
    CAUTION,
    Episode,
    episodes,
    observed_response,
)
from scenarios.repo.margin_hike import Amount, MarginHike
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.page_plan import Control
from simulator.parameters import Parameters, parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

MARKETS: tuple[Literal["short", "long"], ...] = ("short", "long")


class EuroCrisis(Parameters):
    """Parameters of the scenario ``euro-crisis``."""

    horizon: int = Field(
        default=3,
        ge=1,
        description="trading days after the announcement over which the yield is followed",
        json_schema_extra={"unit": "trading days"},
    )
    low_payoff: float = Field(
        default=0.70, ge=0.0, description="payoff of the security in state U",
        json_schema_extra={"unit": "cash", "allowed": "a number in [0, high_payoff)"},
    )  # fmt: skip
    high_payoff: float = Field(
        default=1.15, gt=0.0, description="payoff of the security in state D",
        json_schema_extra={"unit": "cash", "allowed": "a number above low_payoff"},
    )  # fmt: skip
    income: Amount = Field(
        default=margin_hike.PRESET_INCOME,
        description="income at date 1, in the other side's state of loss, of the side that margin"
        " is to stop",
        json_schema_extra={"unit": "cash", "allowed": "a number of at least 0"},
    )
    traders: int = Field(
        default=1_000,
        ge=2,
        description="number of traders (or of slices of the continuum)",
        json_schema_extra={"unit": "traders", "allowed": "a whole number of at least 2"},
    )
    population: Literal["individuals", "continuum"] = Field(
        default="continuum",
        description="whether a member is one trader or a slice of a continuum of traders",
    )

    def model_post_init(self, context: Any) -> None:
        """Refuse what the model of either market refuses."""
        for market in MARKETS:
            for episode in episodes():
                _model(self, market, episode)


def _model(
    parameters: EuroCrisis, market: Literal["short", "long"], episode: Episode
) -> MarginHike:
    """The economy of an episode: two dates, the old haircut and the new one."""
    incomes = (0.0, parameters.income) if market == "short" else (parameters.income, 0.0)
    return MarginHike(
        market=market,
        haircuts=[episode.haircut_before, episode.haircut_after],
        low_payoff=parameters.low_payoff,
        high_payoff=parameters.high_payoff,
        income_up=incomes[0],
        income_down=incomes[1],
        traders=parameters.traders,
        population=parameters.population,
        max_rounds=parameters.max_rounds,
    )


def _models(parameters: EuroCrisis) -> dict[str, tuple[MarginHike, Episode]]:
    """The economies by name of their case."""
    return {
        f"{market}, {episode.name}": (_model(parameters, market, episode), episode)
        for market in MARKETS
        for episode in episodes()
    }


def cases(parameters: EuroCrisis) -> list[Case]:
    """A case an episode and market."""
    return [
        Case(name, case.build, case.announcements)
        for name, (model, _) in _models(parameters).items()
        for case in margin_hike.cases(model)
    ]


def describe(parameters: EuroCrisis, economy: Economy, resting: RestingPoint) -> Mapping[str, Any]:
    """Episode and market, and what the repo-margin scenario tells of a resting point."""
    model, episode = _models(parameters)[resting.case]
    return {
        "market": model.market,
        "episode": episode.name,
        "moment": "before" if resting.date == 1 else "after",
        **margin_hike.describe(model, economy, resting),
    }


def closed_form(parameters: EuroCrisis, resting: RestingPoint) -> Mapping[str, float] | None:
    """The continuum's equilibrium at the episode's haircut."""
    return margin_hike.closed_form(_models(parameters)[resting.case][0], resting)


def certified(parameters: EuroCrisis, resting: RestingPoint) -> Certificate:
    """The certificate of a resting point."""
    return margin_hike.certified(_models(parameters)[resting.case][0], resting)


def comparison(run: Run) -> pd.DataFrame:
    """Observed and simulated response to each haircut increase, a row an episode.

    Returns
    -------
    pandas.DataFrame
        Columns: ``episode``, ``haircut_before`` and ``haircut_after`` (shares),
        ``observed_yield_change_percent`` (relative), ``observed_price_change_percent`` (10-year
        zero-coupon price), ``short_price_change_percent``, ``long_price_change_percent``
        (simulated), and ``matching``: which market moves the price the way that was observed,
        "short", "long", "both" or "neither".
    """
    parameters = run.parameters
    assert isinstance(parameters, EuroCrisis)
    price = run.dates.set_index(["market", "episode", "moment"])["security_price"]
    rows = []
    for episode in episodes():
        observed = observed_response(episode, parameters.horizon)
        change = {
            market: 100.0
            * (price[market, episode.name, "after"] / price[market, episode.name, "before"] - 1.0)
            for market in MARKETS
        }
        alike = [m for m in MARKETS if np.sign(change[m]) == np.sign(observed.price_change_percent)]
        rows.append(
            {
                "episode": episode.name,
                "haircut_before": episode.haircut_before,
                "haircut_after": episode.haircut_after,
                "observed_yield_change_percent": observed.yield_change_percent,
                "observed_price_change_percent": observed.price_change_percent,
                "short_price_change_percent": change["short"],
                "long_price_change_percent": change["long"],
                "matching": {0: "neither", 1: alike[0] if alike else "", 2: "both"}[len(alike)],
            }
        )
    return pd.DataFrame(rows)


def drawn(run: Run) -> Mapping[str, Figure]:
    """Haircuts and yields by day, with what was simulated."""
    return {"haircuts_and_yields": figures.euro_crisis(episodes(), comparison(run))}


PAGE = replace(
    margin_hike.PAGE,
    controls=(
        Control("traders", choices=(10, 100, 1_000, 10_000, 100_000)),
        Control("low_payoff", 0.0, 1.1, 0.05),
        Control("high_payoff", 0.75, 2.0, 0.05),
        Control("income", 0.0, 2_000.0, 100.0),
        Control("population"),
    ),
    announcement=None,
)

SCENARIO = Scenario(
    name="euro-crisis",
    summary="seven haircut increases on sovereign bonds, 2010 to 2012, beside the simulated price"
    " in a short and in a long market",
    source="Bottazzi, Pascoa and Ramirez (slides); yields investing.com, haircuts LCH.Clearnet and"
    " CC&G",
    parameters=EuroCrisis,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    report=comparison,
    caution=CAUTION,
    headline=("haircut",),
    page=PAGE,
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python; parameters are the fields of :class:`EuroCrisis`."""
    return simulate(SCENARIO, parse(EuroCrisis, parameters), seed=seed)
