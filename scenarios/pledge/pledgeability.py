"""Investors with private signals learn what the price of a pledgeable security reveals.

Scenario ``pledgeability``, after Ramirez, "Pledgeable securities in a rational expectations
equilibrium". The model, its symbols and the errata are in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal

import numpy as np
import pandas as pd
from pydantic import model_validator

from agents.pledge.forecast import PriceFunction
from agents.pledge.learner import Learner
from markets.margin import MarginRule
from markets.pledge.book import SpotBook
from markets.pledge.lender_margin import Covered, LenderMargin
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.refused import Refused
from scenarios.pledge import PLEDGEABILITY, informativeness, propositions
from scenarios.pledge import closed_form as theory
from scenarios.pledge.captions import PLEDGEABILITY as CAPTIONS
from scenarios.pledge.certificate import FORECAST_TOLERANCE, certify, learning_tolerance
from scenarios.pledge.economy import (
    SHOWN,
    Learns,
    OnceADay,
    a_cohort,
    build,
    charging,
    margin_parameter,
    trading,
)
from scenarios.pledge.exact_demand import exact_demand
from scenarios.pledge.members import Sides
from scenarios.pledge.option import active, log_pledge_value, margin_threshold, shut_rate
from scenarios.pledge.page import PAGE
from scenarios.pledge.repo_market import cleared
from scenarios.pledge.variables import PLEDGEABILITY as COLUMNS
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.memory import Extent
from simulator.parameters import about
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import Results
from simulator.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure

COEFFICIENTS = ("b0", "b1", "b2", "b3", "tau_theta")


class Pledgeability(Learns):
    """Parameters of the scenario ``pledgeability``."""

    haircut: float = about(
        "haircut of the clearing house; with another rule than flat, the least one",
        "share of the price",
        "a number strictly between 1 - spot_share and 1",
        default=0.2,
    )
    margin_rule: Literal["flat", "lender"] = about(
        "whether the haircut is constant, or bounds what a lender may lose (footnote 4)",
        default="flat",
    )
    margin: OnceADay = margin_parameter()
    covered: Covered = about(
        "what a lender's loss is counted from: the principal, or the repayment with interest"
        " (margin_rule = lender)",
        default="principal",
    )
    tolerated_loss: float = about(
        "share of its endowment that a lender may lose with a higher probability than tail, k of"
        " footnote 4 (margin_rule = lender)",
        "share of endowment", default=0.0, ge=0.0,
    )  # fmt: skip
    tail: float = about(
        "probability with which a lender may lose more than it tolerates (margin_rule = lender)",
        "probability", default=0.2, gt=0.0, lt=1.0,
    )  # fmt: skip
    days: int = about("days of trading", "days", default=60, ge=1, le=1_000_000)

    @model_validator(mode="after")
    def _together(self) -> Pledgeability:
        """Refuse haircuts out of range and learning that can't converge."""
        self.refuse_haircut(self.haircut)
        if self.margin is not None and self.margin_rule != "flat":
            raise Refused(f'margin_rule is "{self.margin_rule}"; with margin it must be left out')
        if self.learning == "regression" and self.population == "continuum":
            raise Refused(
                'population is "continuum"; with learning = regression it must be "individuals",'
                " since there each investor's error would be the same every day"
            )
        self._refuse_damping()
        return self

    def _refuse_damping(self) -> None:
        """Refuse a share moved at which the map from forecasts to forecasts diverges."""
        if self.learning != "map" or self.damping is None or self.members is not None:
            return
        version, weight = self.fixed_point, self.signal_precision
        solved = [theory.coefficients(self.primitives, self.haircut, self.rate, version)]
        if self.margin_rule != "flat" or self.margin is not None:
            solved.append(theory.without_repo(self.primitives, version))
        if self.demand == "paper":
            weight += self.value_precision
        ratio = max(one.tau_theta for one in solved) / weight
        if not self.damping < 2.0 / (1.0 + ratio):
            raise Refused(
                f"damping is {self.damping}; it must be below {2.0 / (1.0 + ratio):.6g} with these"
                " parameters, or learning diverges"
            )

    def extent(self) -> Extent:
        """Investors are kept on the last day."""
        return Extent(self.investors, self.days, 1, SHOWN, ("investors", "days"))

    def margin_of(self, lenders_wealth: float) -> MarginRule:
        """The clearing house's rule, where those who may lend own so much, in securities."""
        if self.margin_rule == "lender":
            return LenderMargin(
                tail=self.tail,
                value_precision=self.value_precision,
                covered=self.covered,
                tolerated=self.tolerated_loss,
                endowment=lenders_wealth,
                least=self.haircut,
                first_rate=self.rate,
            )
        return charging(self.margin, self.haircut)


def first_day(
    parameters: Pledgeability, rng: np.random.Generator
) -> Economy[RepoTerms, SpotQuotes, SpotBook]:
    """Make the economy as it stands before the first day.

    Raises
    ------
    Refused
        If drawn investors can't trade together at the haircut.
    """
    sides = parameters.sides(rng)
    crowd = sides.crowd
    if parameters.members is not None:
        parameters.refuse_haircut(parameters.haircut, spot_share=crowd.spot_share)
    _, lenders = crowd.wealth
    return build(
        parameters,
        rng,
        [parameters.margin_of(lenders)],
        sides=sides,
        learner=Learner(
            parameters.learning, parameters.damping, parameters.gain, parameters.memory
        ),
        limits=parameters.limits,
        demand=parameters.demand,
        log_value=parameters.log_value,
        log_noise=parameters.log_noise,
    )


class PledgeabilityScenario(Scenario[Pledgeability]):
    """The scenario ``pledgeability``."""

    title = PLEDGEABILITY
    parameters = Pledgeability
    variables = COLUMNS
    captions = CAPTIONS
    caution = (
        "Every day is certified to clear with best orders; only the last is claimed, and certified,"
        " to be one on which forecasts are right."
    )
    headline = ("haircut", "repo_market", "realised_b1", "realised_b2")
    page = PAGE
    regimes = ("repo_market",)
    traders_shown = "last date"

    def cases(self, parameters: Pledgeability) -> list[Case]:
        """One market, day after day."""
        announcements: list[Mapping[str, object]] = [{}] * parameters.days
        return [Case("one security", lambda rng: first_day(parameters, rng), announcements)]

    def certify(self, parameters: Pledgeability, point: RestingPoint) -> Certificate:
        """The certificate of a day; on the last one it covers the forecasts too.

        Not with limits imposed or exact demand: then the price is not linear in the state and no
        linear forecast can be right in every state.
        """
        tolerance = None
        known = parameters.members is None or point.complete
        if point.date == parameters.days and parameters.linear and known:
            tolerance = FORECAST_TOLERANCE
            if parameters.learning == "regression":
                tolerance = learning_tolerance(parameters.days, parameters.gain, parameters.memory)
        return certify(
            primitives=parameters.primitives,
            repo_rate=point.quotes.get("repo_rate", parameters.rate),
            rate_quoted=parameters.rate_clears,
            log_prices=np.array([point.quotes["log_price"]]),
            agents=point.agents,
            complete=point.complete,
            limits_imposed=parameters.limits == "imposed",
            exact=parameters.demand == "exact",
            as_printed=parameters.demand == "paper",
            forecast_tolerance=tolerance,
        )

    def describe(
        self, parameters: Pledgeability, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """The day's state, terms, coefficients and investors beyond their means.

        ``conjecture`` is the price function that the day's forecasts rest on, ``realised`` the one
        that the day's orders imply; in a rational expectations equilibrium they agree.
        """
        cohort = a_cohort(economy)
        posted, primitives = cohort.posted, _primitives(parameters, point)
        terms, state = posted.terms, cohort.nature.at(point.date)
        rate, is_open = float(terms.repo_rate[0]), bool(posted.open[0])
        haircut, log_pledge = float(terms.haircut[0]), float(posted.log_pledge_value[0])
        log_value, log_noise = float(state.log_value[0]), float(state.log_noise[0])
        solved: dict[str, theory.Coefficients] = {
            version: (
                theory.with_repo(primitives, haircut, version)
                if is_open
                else theory.without_repo(primitives, version)
            )
            for version in theory.VERSIONS
        }
        conjecture = cohort.forecast_at(posted).justified_by(cohort.known)
        versions = {
            "belief": solved[parameters.belief],
            "conjecture": _first(conjecture, parameters.noise_precision),
            "realised": _first(cohort.published, parameters.noise_precision),
            "closed_form": solved[parameters.fixed_point],
            **solved,
        }
        coefficients = {
            who: {name: getattr(one, name) for name in COEFFICIENTS}
            for who, one in versions.items()
        }
        return {
            "log_value": log_value,
            "log_noise": log_noise,
            "haircut": haircut,
            "call_value": float(terms.call_value[0]),
            "repo_market": "open" if is_open else "shut",
            "bias": solved["corrected"].b3 * log_pledge,
            **self._price_error(parameters, haircut),
            "traders_trading": trading(point) if point.complete else math.nan,
            **economy.accounts(),
            **{
                f"{who}_{name}": value
                for who in ("conjecture", "realised")
                for name, value in coefficients[who].items()
            },
            "coefficients": coefficients,
            "log_prices": {
                who: one.log_price(log_value, log_noise, log_pledge)
                for who, one in versions.items()
            },
            "thresholds": _thresholds(parameters, haircut, rate),
        }

    def _price_error(self, parameters: Pledgeability, haircut: float) -> dict[str, float]:
        """Standard deviation of the log price about the continuum's, at a repo rate that is given.

        A repo rate that is quoted has an error of its own.
        """
        if parameters.rate_clears or parameters.members is not None:
            return {}
        error = propositions.finite_market_error(
            parameters.primitives, haircut, parameters.rate, parameters.investors
        )
        return {"price_error_sd": error}

    def intervals(
        self, parameters: Pledgeability, point: RestingPoint
    ) -> Mapping[str, tuple[float, float]]:
        """Where repo is shut: the repo rates at which no investor wants to pledge (Lemma 4)."""
        if not parameters.rate_clears or point.agents["pledged"].any():
            return {}
        haircut = float(point.agents["haircut"].iloc[0])
        return {"repo_rate": (shut_rate(haircut, parameters.value_precision), math.inf)}

    def closed_form(
        self, parameters: Pledgeability, point: RestingPoint
    ) -> Mapping[str, float] | None:
        """The log price of the continuum at the fixed point of its demands, in the day's state."""
        if "log_value" in point.agents:
            noise = point.agents[point.agents["role"] == "noise"].iloc[0]
            log_value, log_noise = float(noise["log_value"]), float(noise["order"])
            haircut = float(noise["haircut"])
        elif parameters.log_value is not None and parameters.log_noise is not None:
            log_value, log_noise = parameters.log_value, parameters.log_noise
            haircut = parameters.haircut
        else:
            return None
        if parameters.members is not None and not _alike(point):
            return None
        primitives, version = _primitives(parameters, point), parameters.fixed_point
        if parameters.rate_clears:
            both = cleared(primitives, haircut, log_value, log_noise, version)
            return {"log_price": both.log_price, "repo_rate": both.repo_rate}
        solved = theory.coefficients(primitives, haircut, parameters.rate, version)
        log_pledge = log_pledge_value(haircut, parameters.rate, parameters.value_precision)
        return {"log_price": solved.log_price(log_value, log_noise, log_pledge)}

    def studies(
        self, parameters: Pledgeability, rng: np.random.Generator
    ) -> Mapping[str, pd.DataFrame]:
        """Informativeness and bias by haircut and by repo rate, simulated and by theory.

        With exact demand also how far that moves the coefficients of the log price. None for given
        or drawn investors: these are studies of investors who are alike.
        """
        if parameters.members is not None:
            return {}
        tables = informativeness.studies(parameters, parameters.haircut, rng)
        if parameters.demand == "exact":
            tables["exact_demand"] = exact_demand(parameters, parameters.haircut, rng)
        return tables

    def report(self, results: Results[Pledgeability]) -> pd.DataFrame:
        """Coefficients of the log price on the last day: believed, conjectured, realised, theory.

        A price function is an equilibrium if what is conjectured is realised.
        """
        if not results.ends or not results.details[-1]:
            return pd.DataFrame()
        details = results.details[-1]
        coefficients, log_prices = details["coefficients"], details["log_prices"]
        assert isinstance(coefficients, Mapping)
        assert isinstance(log_prices, Mapping)
        shown = ("belief", "conjecture", "realised", *theory.VERSIONS)
        return pd.DataFrame(
            [
                {"price_function": who, **coefficients[who], "log_price": log_prices[who]}
                for who in shown
            ]
        )

    def summary(self, results: Results[Pledgeability]) -> str:
        """The price function conjectured and realised on the last day, beside the corrected one."""
        if not results.ends:
            return self.title.summary
        coefficients = results.details[-1]["coefficients"]
        assert isinstance(coefficients, Mapping)
        conjecture, realised, corrected = (
            f"({coefficients[who]['b1']:.4f}, {coefficients[who]['b2']:.4f})"
            for who in ("conjecture", "realised", "corrected")
        )
        return (
            f"on day {len(results.ends)} investors conjecture that the coefficients of value and"
            f" noise in the log price are {conjecture}, and their orders make them {realised};"
            f" corrected theory says {corrected}"
        )

    def figures(self, results: Results[Pledgeability]) -> Mapping[str, Figure]:
        """The figures of a run; those by haircut and repo rate only where there are studies."""
        from scenarios.pledge import figures

        versions = results.details[0]["coefficients"]
        assert isinstance(versions, Mapping)
        shown = {
            "coefficients_by_day": figures.coefficients_by_day(results.dates, versions),
        }
        if "closed_log_price" in results.dates:
            shown["price_against_closed_form"] = figures.price_against_closed_form(results.dates)
        studies = results.studies
        if studies:
            parameters = results.parameters
            shown |= {
                "bias_by_haircut_and_rate": figures.bias_map(
                    studies["bias_by_haircut_and_rate"], parameters.haircut, parameters.rate
                ),
                "informativeness_by_haircut": figures.informativeness(
                    studies["informativeness_by_haircut"],
                    studies["closed_form_by_haircut"],
                    against="haircut",
                    label="haircut $h$ (share of the price)",
                ),
                "informativeness_by_rate": figures.informativeness(
                    studies["informativeness_by_rate"],
                    studies["closed_form_by_rate"],
                    against="repo_rate",
                    label="repo rate $r$ (per period)",
                ),
            }
        return shown


SCENARIO = PledgeabilityScenario()


def _primitives(parameters: Pledgeability, point: RestingPoint) -> theory.Primitives:
    """The numbers that closed forms start from, with the investors of a resting point."""
    if parameters.members is None:
        return parameters.primitives
    return parameters.primitives_of(Sides.of(point.agents))


def _alike(point: RestingPoint) -> bool:
    """Whether the table shows all investors, and both sides have one risk aversion."""
    return bool(len(point.agents)) and point.complete and Sides.of(point.agents).crowd.alike


def _first(function: PriceFunction, noise_precision: float) -> theory.Coefficients:
    """The first security's coefficients."""
    values = (*function.stacked()[:, 0], function.precision(noise_precision)[0])
    return theory.Coefficients(*(float(value) for value in values))


def _thresholds(parameters: Pledgeability, haircut: float, rate: float) -> dict[str, float]:
    """The repo rate at which repo shuts, and that of Proposition 10 at the economy's own rate."""
    precision = parameters.value_precision
    thresholds = {"shut_rate": shut_rate(haircut, precision)}
    if active(haircut, rate, precision):
        thresholds["margin_threshold"] = margin_threshold(haircut, rate, precision)
    return thresholds
