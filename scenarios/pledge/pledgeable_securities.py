"""Securities with one payoff and different prices, and prices that comove without news.

Scenario ``pledgeable-securities``, after section 4.5 of Ramirez, "Pledgeable securities in a
rational expectations equilibrium": several securities, each under its own haircut. With the same
payoff their prices differ nevertheless (the law of one price fails); with independent payoffs
their prices are correlated nevertheless if haircuts move together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict
from itertools import combinations
from string import ascii_uppercase
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.refused import Refused
from scenarios.pledge import PLEDGEABLE_SECURITIES
from scenarios.pledge import closed_form as theory
from scenarios.pledge.captions import PLEDGEABLE_SECURITIES as CAPTIONS
from scenarios.pledge.certificate import FORECAST_TOLERANCE, certify
from scenarios.pledge.economy import (
    SHOWN,
    Investing,
    OnceADay,
    a_cohort,
    build,
    charging,
    margin_parameter,
    trading,
)
from scenarios.pledge.members import Sides
from scenarios.pledge.option import log_pledge_value
from scenarios.pledge.page import SECURITIES_PAGE
from scenarios.pledge.propositions import comovement
from scenarios.pledge.variables import PLEDGEABLE_SECURITIES as COLUMNS
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.memory import Extent
from simulator.parameters import about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


class PledgeableSecurities(Investing):
    """Parameters of the scenario ``pledgeable-securities``."""

    belief: theory.Version = about(
        "price function that investors believe: Proposition 8 as printed, with the noise of the"
        " public signal restored, or corrected",
        default="corrected",
    )
    haircuts: list[float] = about(
        "haircut of each security, before any swing", "share of the price",
        "a list of 1 to 26 numbers strictly between 1 - spot_share and 1",
        default=[0.15, 0.2, 0.4], min_length=1, max_length=26,
    )  # fmt: skip
    margin: OnceADay = margin_parameter()
    payoffs: Literal["same", "independent"] = about(
        "whether all securities have the same value, noise demand and signals, or independent ones",
        default="same",
    )
    swing: float = about(
        "share by which all haircuts rise and fall together", "share of the haircut",
        default=0.0, ge=0.0, lt=1.0,
    )  # fmt: skip
    period: int = about("days from one peak of the haircuts to the next", "days", default=20, ge=2)
    days: int = about("days of trading", "days", default=40, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _room(self) -> PledgeableSecurities:
        """Refuse haircuts that would leave their range on some day, and repo rates to be quoted."""
        if self.rate_clears:
            raise Refused('repo_rate is "clears"; for several securities it must be a number')
        for number, haircut in enumerate(self.haircuts):
            self.refuse_haircut(haircut, f"haircuts[{number}]")
            for end in (min(self.path(haircut)), max(self.path(haircut))):
                self.refuse_haircut(end, f"haircuts[{number}] with a swing of {self.swing}")
        return self

    @property
    def names(self) -> list[str]:
        """Names of the securities."""
        return list(ascii_uppercase[: len(self.haircuts)])

    def extent(self) -> Extent:
        """Investors are kept on the last day, with a row for each security."""
        rows = self.investors * len(self.haircuts)
        return Extent(rows, self.days, 1, SHOWN, ("investors", "days"))

    def path(self, haircut: float) -> list[float]:
        """A security's haircut on every day."""
        turn = 2.0 * math.pi / self.period
        return [haircut * (1.0 + self.swing * math.sin(turn * day)) for day in range(self.days)]


class PledgeableSecuritiesScenario(Scenario[PledgeableSecurities]):
    """The scenario ``pledgeable-securities``."""

    title = PLEDGEABLE_SECURITIES
    parameters = PledgeableSecurities
    variables = COLUMNS
    captions = CAPTIONS
    page = SECURITIES_PAGE
    traders_shown = "last date"

    def cases(self, parameters: PledgeableSecurities) -> list[Case]:
        """One economy with all securities, day after day."""
        paths = [parameters.path(haircut) for haircut in parameters.haircuts]
        margins = [
            tuple(charging(parameters.margin, haircut) for haircut in day)
            for day in zip(*paths, strict=True)
        ]

        def first_day(rng: np.random.Generator) -> Economy[RepoTerms, SpotQuotes, SpotBook]:
            sides = parameters.sides(rng)
            if parameters.members is not None:
                for number, path in enumerate(paths):
                    share = sides.crowd.spot_share
                    parameters.refuse_haircut(min(path), f"haircuts[{number}]", share)
            return build(
                parameters,
                rng,
                margins[0],
                sides=sides,
                names=parameters.names,
                common=parameters.payoffs == "same",
            )

        announcements = [{"margins": day} for day in margins]
        return [Case(f"{parameters.payoffs} payoffs", first_day, announcements)]

    def certify(self, parameters: PledgeableSecurities, point: RestingPoint) -> Certificate:
        """The certificate of a day, for all securities at once."""
        return certify(
            primitives=parameters.primitives,
            repo_rate=parameters.rate,
            log_prices=np.array([point.quotes[f"log_price_{name}"] for name in parameters.names]),
            agents=point.agents,
            complete=point.complete,
            forecast_tolerance=FORECAST_TOLERANCE if _right(parameters, point) else None,
        )

    def describe(
        self, parameters: PledgeableSecurities, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Haircuts, state and coefficients of each security."""
        cohort = a_cohort(economy)
        primitives = _primitives(parameters, point)
        terms, state = cohort.posted.terms, cohort.nature.at(point.date)
        realised = cohort.published
        precision = realised.precision(parameters.noise_precision)
        columns: dict[str, object] = {}
        coefficients = {}
        for number, name in enumerate(parameters.names):
            haircut = float(terms.haircut[number])
            columns |= {
                f"haircut_{name}": haircut,
                f"log_value_{name}": float(state.log_value[number]),
                f"log_noise_{name}": float(state.log_noise[number]),
                f"repo_market_{name}": "open" if cohort.posted.open[number] else "shut",
            }
            values = (*realised.stacked()[:, number], precision[number])
            coefficients[name] = {
                "realised": asdict(theory.Coefficients(*(float(value) for value in values))),
                "closed_form": asdict(_closed(parameters, primitives, haircut)),
            }
        trade = {"traders_trading": trading(point) if point.complete else math.nan}
        return columns | trade | {"coefficients": coefficients}

    def closed_form(
        self, parameters: PledgeableSecurities, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The log prices of the continuum in the corrected equilibrium, in the day's state."""
        if "log_value" not in point.agents or not _right(parameters, point):
            return None
        primitives = _primitives(parameters, point)
        noise = point.agents[point.agents["role"] == "noise"].sort_values("security")
        states = noise[["haircut", "log_value", "order"]].to_numpy(np.float64).tolist()
        rate, precision = parameters.rate, parameters.value_precision
        return {
            f"log_price_{name}": _closed(parameters, primitives, haircut).log_price(
                log_value, log_noise, log_pledge_value(haircut, rate, precision)
            )
            for name, (haircut, log_value, log_noise) in zip(parameters.names, states, strict=True)
        }

    def report(self, results: Results[PledgeableSecurities]) -> pd.DataFrame:
        """One row per pair: gap and correlation of the log prices, simulated and by theory.

        ``mean_gap`` and ``closed_mean_gap`` are means over days. With independent payoffs the
        correlation over days is shown too, with its standard error, (1 - r^2) / sqrt(days).
        """
        parameters, dates = results.parameters, results.dates
        rows = []
        for (a, first), (b, second) in combinations(
            zip(parameters.names, parameters.haircuts, strict=True), 2
        ):
            row: dict[str, object] = {
                "pair": f"{a}{b}",
                "mean_gap": _mean_gap(dates, f"log_price_{a}", f"log_price_{b}"),
                "closed_mean_gap": _mean_gap(
                    dates, f"closed_log_price_{a}", f"closed_log_price_{b}"
                ),
            }
            alike = parameters.members is None
            if parameters.payoffs == "independent" and parameters.days > 2 and alike:
                expected = comovement(
                    parameters.primitives,
                    parameters.path(first),
                    parameters.path(second),
                    parameters.rate,
                    parameters.investors,
                )
                row |= {
                    "value_correlation": _correlation(dates, f"log_value_{a}", f"log_value_{b}"),
                    "price_correlation": _correlation(dates, f"log_price_{a}", f"log_price_{b}"),
                    "closed_price_correlation": expected,
                    "standard_error": (1.0 - expected**2) / math.sqrt(parameters.days),
                }
            rows.append(row)
        return pd.DataFrame(rows)

    def summary(self, results: Results[PledgeableSecurities]) -> str:
        """Gaps of log prices with the same payoff, their correlations with independent ones."""
        pairs = self.report(results) if results.ends else pd.DataFrame()
        if "price_correlation" in pairs:
            values, what = pairs["price_correlation"], "correlation of log prices"
        elif len(pairs) and results.parameters.payoffs == "same":
            values, what = pairs["mean_gap"].abs(), "mean gap of log prices"
        else:
            return self.title.summary
        return (
            f"{what} between securities with {results.parameters.payoffs} payoffs:"
            f" {values.min():.3f} to {values.max():.3f} over {len(pairs)} pairs"
        )

    def figures(self, results: Results[PledgeableSecurities]) -> Mapping[str, Figure]:
        """Prices and haircuts by day."""
        from scenarios.pledge import figures

        return {"prices_by_day": figures.prices_by_day(results.dates, results.parameters.names)}


SCENARIO = PledgeableSecuritiesScenario()


def _primitives(parameters: PledgeableSecurities, point: RestingPoint) -> theory.Primitives:
    """The numbers that closed forms start from, with the investors of a resting point."""
    if parameters.members is None:
        return parameters.primitives
    return parameters.primitives_of(Sides.of(point.agents))


def _right(parameters: PledgeableSecurities, point: RestingPoint) -> bool:
    """Whether the closed form that investors believe is that of the ones who trade.

    It is where both sides have one risk aversion; nobody learns here.
    """
    if parameters.members is None:
        return True
    return bool(len(point.agents)) and point.complete and Sides.of(point.agents).crowd.alike


def _closed(
    parameters: PledgeableSecurities, primitives: theory.Primitives, haircut: float
) -> theory.Coefficients:
    return theory.coefficients(primitives, haircut, parameters.rate)


def _mean_gap(dates: pd.DataFrame, one: str, other: str) -> float:
    return float(np.mean((dates[one] - dates[other]).to_numpy(np.float64)))


def _correlation(dates: pd.DataFrame, one: str, other: str) -> float:
    return float(np.corrcoef(dates[one], dates[other])[0, 1])
