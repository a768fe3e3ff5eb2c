"""Seven increases of a haircut in the euro crisis, beside the model's response to each.

Scenario ``euro-crisis``: every episode's haircuts, before and after, are announced in a short and
in a long market of :mod:`scenarios.repo.margin_hike`; the simulated change of the price is set
beside the observed change of the 10-year zero-coupon price. The security has the payoffs of the
slides' example, or payoffs from the yield of the episode's bond.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import lru_cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Annotated, Literal

import numpy as np
import pandas as pd
from pydantic import Field, model_validator

from scenarios.repo import EURO_CRISIS, margin_hike
from scenarios.repo.captions import EURO_CRISIS as CAPTIONS
from scenarios.repo.economy import PRESET_INCOME, SHOWN, MarginHike
from scenarios.repo.episodes.episodes import CAUTION, Episode, episodes, observed_response
from scenarios.repo.episodes.payoffs import payoffs_from_yield, typical_move
from scenarios.repo.episodes.verdicts import reason, summary
from scenarios.repo.page import EURO_CRISIS_PAGE
from scenarios.repo.variables import EURO_CRISIS as COLUMNS
from simulator.certificate import Certificate
from simulator.memory import Extent
from simulator.parameters import Parameters, about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.population.members import Amount
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Market = Literal["short", "long"]
MARKETS: tuple[Market, ...] = ("short", "long")

MATCHING = {
    (True, True): "both",
    (True, False): "short",
    (False, True): "long",
    (False, False): "neither",
}
"""Whether the short and the long market move the price the way that was observed, in a word."""


class EuroCrisis(Parameters):
    """Parameters of the scenario ``euro-crisis``."""

    horizon: int = about(
        "trading days after the announcement over which the yield is followed", "trading days",
        default=3, ge=1,
    )  # fmt: skip
    payoffs: Literal["slides", "yield"] = about(
        "payoffs of the security: low_payoff and high_payoff in every episode, those of the slides'"
        " example unless given, or of a 10-year zero-coupon bond at the episode's yield, with the"
        " yield up or down by yield_move",
        default="slides",
    )
    yield_move: Annotated[float, Field(gt=0.0, le=5.0)] | None = about(
        "how far the yield may rise or fall until date 1, if payoffs are from the yield; the root"
        " mean square of the tables' daily changes over the horizon unless given",
        "percentage points", "a number above 0 and at most 5", default=None,
    )  # fmt: skip
    low_payoff: float = about(
        "payoff of the security in state U", "cash", "a number in [0, high_payoff)",
        default=0.70, ge=0.0,
    )  # fmt: skip
    high_payoff: float = about(
        "payoff of the security in state D", "cash", "a number above low_payoff",
        default=1.15, gt=0.0,
    )  # fmt: skip
    income: Amount = about(
        "income at date 1 of the side that margin is to constrain, in the state in which the"
        " other side gains",
        "cash",
        "a number of at least 0",
        default=PRESET_INCOME,
    )
    traders: int = about(
        "number of traders (or of slices of the continuum)", "traders",
        "a whole number of at least 2", default=1_000, ge=2,
    )  # fmt: skip
    population: Literal["individuals", "continuum"] = about(
        "whether a member is one trader or a slice of a continuum of traders",
        default="continuum",
    )

    @model_validator(mode="after")
    def _together(self) -> EuroCrisis:
        """Refuse what the economy of either market refuses."""
        models(self)
        return self

    def extent(self) -> Extent:
        """Traders are kept before and after each increase."""
        dates = 2 * len(models(self))
        return Extent(self.traders, dates, dates, SHOWN, ("traders", "dates"))


@lru_cache(maxsize=8)
def models(parameters: EuroCrisis) -> dict[str, tuple[MarginHike, Episode]]:
    """The economy of each case by the case's name: two dates, the old haircut and the new one."""
    return {
        _case(market, episode): (_model(parameters, market, episode), episode)
        for market in MARKETS
        for episode in episodes()
    }


def _case(market: Market, episode: Episode) -> str:
    return f"{market}, {episode.name}"


def _model(parameters: EuroCrisis, market: Market, episode: Episode) -> MarginHike:
    up, down = (0.0, parameters.income) if market == "short" else (parameters.income, 0.0)
    low, high = parameters.low_payoff, parameters.high_payoff
    if parameters.payoffs == "yield":
        move = parameters.yield_move or typical_move(parameters.horizon)
        low, high = payoffs_from_yield(episode, parameters.horizon, move)
    return MarginHike(
        market=market,
        haircuts=[episode.haircut_before, episode.haircut_after],
        low_payoff=low,
        high_payoff=high,
        income_up=up,
        income_down=down,
        traders=parameters.traders,
        population=parameters.population,
        rule=parameters.rule,
        step=parameters.step,
        max_rounds=parameters.max_rounds,
    )


class EuroCrisisScenario(Scenario[EuroCrisis]):
    """The scenario ``euro-crisis``."""

    title = EURO_CRISIS
    parameters = EuroCrisis
    variables = COLUMNS
    captions = CAPTIONS
    narrowest = MappingProxyType({"haircuts_and_yields": 240.0})
    caution = CAUTION
    headline = ("haircut",)
    page = EURO_CRISIS_PAGE

    def cases(self, parameters: EuroCrisis) -> list[Case]:
        """One case per episode and market."""
        return [
            replace(case, name=name)
            for name, (model, _) in models(parameters).items()
            for case in margin_hike.SCENARIO.cases(model)
        ]

    def describe(
        self, parameters: EuroCrisis, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Episode and market, and what ``margin-hike`` says of a resting point."""
        model, _ = models(parameters)[point.case]
        read = self.read_out(parameters, point)
        return {
            **{name: read[name] for name in ("market", "episode", "moment")},
            **margin_hike.SCENARIO.describe(model, economy, point),
        }

    def read_out(self, parameters: EuroCrisis, point: RestingPoint) -> Mapping[str, object]:
        """Those that follow from members and quotes."""
        model, episode = models(parameters)[point.case]
        return {
            "market": model.market,
            "episode": episode.name,
            "moment": "before" if point.date == 1 else "after",
            **margin_hike.SCENARIO.read_out(model, point),
        }

    def closed_form(
        self, parameters: EuroCrisis, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The continuum's equilibrium at the episode's haircut."""
        return margin_hike.SCENARIO.closed_form(models(parameters)[point.case][0], point)

    def intervals(
        self, parameters: EuroCrisis, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Prices at which nobody wants to trade."""
        return margin_hike.SCENARIO.intervals(models(parameters)[point.case][0], point)

    def certify(self, parameters: EuroCrisis, point: RestingPoint) -> Certificate:
        """The certificate of a resting point."""
        return margin_hike.SCENARIO.certify(models(parameters)[point.case][0], point)

    def report(self, results: Results[EuroCrisis]) -> pd.DataFrame | None:
        """Observed and simulated response to each haircut increase; None of an unfinished run.

        Returns
        -------
        pandas.DataFrame
            One row per episode. Columns: ``episode``, ``haircut_before`` and ``haircut_after``
            (shares), ``observed_yield_change_percent`` (relative),
            ``observed_price_change_percent`` (10-year zero-coupon price),
            ``short_price_change_percent``, ``long_price_change_percent`` (simulated),
            ``matching``: which market moves the price the way that was observed, "short", "long",
            "both" or "neither"; ``discriminates``: whether the two markets move the price in
            different directions, so that the observed one can speak for one of them; ``reason``:
            why, or why not; ``low_payoff`` and ``high_payoff`` of the security.
        """
        regime = {(e.point.case, e.point.date): e.described.get("regime") for e in results.ends}
        price = {(p.case, p.date): p.quotes["security_price"] for p in results.points}
        rows = []
        for episode in episodes():
            dates = [(_case(market, episode), date) for market in MARKETS for date in (1, 2)]
            if not all(date in price for date in dates):
                return None
            observed = observed_response(episode, results.parameters.horizon)
            before_short, after_short, before_long, after_long = (price[date] for date in dates)
            short = 100.0 * (after_short / before_short - 1.0)
            long = 100.0 * (after_long / before_long - 1.0)
            sign = np.sign(observed.price_change_percent)
            model, _ = models(results.parameters)[_case("short", episode)]
            rows.append(
                {
                    "episode": episode.name,
                    "haircut_before": episode.haircut_before,
                    "haircut_after": episode.haircut_after,
                    "observed_yield_change_percent": observed.yield_change_percent,
                    "observed_price_change_percent": observed.price_change_percent,
                    "short_price_change_percent": short,
                    "long_price_change_percent": long,
                    "matching": MATCHING[bool(np.sign(short) == sign), bool(np.sign(long) == sign)],
                    "discriminates": bool(np.sign(short) != np.sign(long)),
                    "reason": reason(short, long, [str(regime[date]) for date in dates]),
                    "low_payoff": model.low_payoff,
                    "high_payoff": model.high_payoff,
                }
            )
        return pd.DataFrame(rows)

    def summary(self, results: Results[EuroCrisis]) -> str:
        """How often each market moved the price the way that was observed, and how far."""
        report = self.report(results)
        return super().summary(results) if report is None else summary(report)

    def figures(self, results: Results[EuroCrisis]) -> Mapping[str, Figure]:
        """Haircuts and yields by day, with what was simulated; quotes and excess by round."""
        from scenarios.repo.episodes import figures

        report = self.report(results)
        drawn = dict(super().figures(results))
        if report is not None:
            drawn["haircuts_and_yields"] = figures.euro_crisis(episodes(), report)
        return drawn


SCENARIO = EuroCrisisScenario()
