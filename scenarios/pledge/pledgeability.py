"""Investors with private signals learn what the price of a pledgeable security tells them.

Scenario ``pledgeability``, after Ramirez, "Pledgeable securities in a rational expectations
equilibrium". The model, its symbols and the errata are in this folder's README.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import model_validator

from agents.pledge.forecast import PriceFunction
from agents.pledge.investors import InformedInvestors, Learner
from markets.margin import FlatMargin, MarginRule, ValueAtRiskMargin
from scenarios.pledge import closed_form as theory
from scenarios.pledge import figures, informativeness
from scenarios.pledge.certificate import FORECAST_TOLERANCE, certify, learning_tolerance
from scenarios.pledge.economy import Learns, about, build
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario

MEASURED_DAYS = 300
MEASURED_INVESTORS = 1_000
MEASURED_POINTS = 8
CURVE_POINTS = 201
"""Size of the simulations behind the figures of informativeness."""

COEFFICIENTS = ("b0", "b1", "b2", "b3", "tau_theta")


class Pledgeability(Learns):
    """Parameters of the scenario ``pledgeability``."""

    haircut: float = about(
        "haircut of the clearing house; with a value-at-risk rule, the least one",
        "share of the price",
        "a number strictly between 1 - spot_share and 1",
        default=0.2,
    )
    margin_rule: Literal["flat", "value-at-risk"] = about(
        "whether the haircut stays or follows the security's past returns", default="flat"
    )
    tail: float = about(
        "probability with which a lender may lose principal (margin_rule = value-at-risk)",
        "probability", default=0.2, gt=0.0, lt=1.0,
    )  # fmt: skip
    window: int = about("past days that the value-at-risk rule looks at", "days", default=250, ge=1)
    days: int = about("days of trading", "days", "a whole number of at least 1", default=60, ge=1)

    @model_validator(mode="after")
    def _together(self) -> Pledgeability:
        """Refuse haircuts without room and learning that could learn nothing."""
        self.refuse_haircut(self.haircut)
        if self.learning == "regression" and self.population == "continuum":
            raise ValueError(
                'population is "continuum"; with learning = regression it must be "individuals",'
                " since there each investor's error would be the same every day"
            )
        self._refuse_damping()
        return self

    def _refuse_damping(self) -> None:
        """Refuse a share moved at which the map from forecasts to forecasts diverges."""
        if self.learning != "map" or self.damping is None:
            return
        found = [theory.coefficients(self.primitives, self.haircut, self.repo_rate)]
        if self.margin_rule != "flat":
            found.append(theory.without_repo(self.primitives))
        ratio = max(one.tau_theta for one in found) / self.signal_precision
        if not self.damping < 2.0 / (1.0 + ratio):
            raise ValueError(
                f"damping is {self.damping}; it must be below {2.0 / (1.0 + ratio):.6g} here, or"
                " learning diverges"
            )

    @property
    def margin(self) -> MarginRule:
        """The clearing house's rule."""
        if self.margin_rule == "flat":
            return FlatMargin(self.haircut)
        return ValueAtRiskMargin(self.tail, least=self.haircut, window=self.window)


def morning(parameters: Pledgeability, rng: np.random.Generator) -> Economy:
    """Make the economy as it stands on the first morning."""
    return build(
        parameters,
        rng,
        [parameters.margin],
        learner=Learner(
            parameters.learning, parameters.damping, parameters.gain, parameters.memory
        ),
        limits=parameters.limits,
        log_value=parameters.log_value,
        log_noise=parameters.log_noise,
    )


def cases(parameters: Pledgeability) -> list[Case]:
    """One market, day after day."""
    return [Case("one security", lambda rng: morning(parameters, rng), [{}] * parameters.days)]


def describe(
    parameters: Pledgeability, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """The day's state, terms, coefficients and investors beyond their means.

    ``conjecture`` is the price function that the day's forecasts rest on, ``realised`` the one that
    the day's orders amount to; a rational expectations equilibrium is a day on which they agree.
    """
    terms = economy.posted.terms
    haircut = float(terms.haircut[0])
    side = next(c for c in economy.cohorts if isinstance(c, InformedInvestors))
    assert side.forecast is not None
    state = side.nature.at(resting.date)
    log_value, log_noise = float(state.log_value[0]), float(state.log_noise[0])
    told = {
        "belief": _named(parameters, haircut, parameters.belief),
        "conjecture": _told(side.forecast.justified_by(side.known), parameters.noise_precision),
        "realised": _told(
            economy.house.place(economy.posted, economy.book), parameters.noise_precision
        ),
        "closed_form": _named(parameters, haircut, "corrected"),
    }
    pledged = float(terms.log_pledge_value[0])
    settled = economy.settlement
    day = {
        "log_value": log_value,
        "log_noise": log_noise,
        "haircut": haircut,
        "call_value": float(terms.call_value[0]),
        "repo_market": "open" if terms.active[0] else "shut",
        "bias": theory.pledgeability_bias(parameters.primitives, haircut, parameters.repo_rate),
        "price_error_sd": theory.finite_market_error(
            parameters.primitives, haircut, parameters.repo_rate, parameters.investors
        ),
        "volume": float(settled.volume[0]),
        "beyond_limits": float(settled.beyond_limits[0]),
        "free_log_price": float(settled.free_log_price[0]),
        "repo_excess": float(settled.repo_excess[0]),
    }
    for who in ("conjecture", "realised"):
        day |= {f"{who}_{name}": told[who][name] for name in COEFFICIENTS}
    told |= {str(version): _named(parameters, haircut, version) for version in theory.VERSIONS}
    return day | {
        "coefficients": told,
        "log_prices": {
            who: theory.Coefficients(**found).log_price(log_value, log_noise, pledged)
            for who, found in told.items()
        },
        "thresholds": _thresholds(parameters, haircut),
    }


def closed_form(parameters: Pledgeability, resting: RestingPoint) -> Mapping[str, float] | None:
    """The log price of the continuum in the corrected equilibrium, in the day's state."""
    if "log_value" in resting.agents:
        noise = resting.agents[resting.agents["role"] == "noise"].iloc[0]
        log_value, log_noise = float(noise["log_value"]), float(noise["order"])
        haircut = float(noise["haircut"])
    elif parameters.log_value is not None and parameters.log_noise is not None:
        log_value, log_noise = parameters.log_value, parameters.log_noise
        haircut = parameters.haircut
    else:
        return None
    found = theory.coefficients(parameters.primitives, haircut, parameters.repo_rate)
    pledged = theory.log_pledge_value(haircut, parameters.repo_rate, parameters.value_precision)
    return {"log_price": found.log_price(log_value, log_noise, pledged)}


def certified(parameters: Pledgeability, resting: RestingPoint) -> Certificate:
    """The certificate of a day; on the last one it covers the forecasts too.

    Not with limits imposed: then the price is not linear in the state and no forecast of the kind
    that investors make can be right everywhere.
    """
    tolerance = None
    if resting.date == parameters.days and parameters.limits == "ignored":
        tolerance = FORECAST_TOLERANCE
        if parameters.learning == "regression":
            tolerance = learning_tolerance(parameters.days, parameters.gain, parameters.memory)
    return certify(
        primitives=parameters.primitives,
        repo_rate=parameters.repo_rate,
        log_prices=np.array([resting.quotes["log_price"]]),
        agents=resting.agents,
        complete=resting.complete,
        limits_imposed=parameters.limits == "imposed",
        forecast_tolerance=tolerance,
    )


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    parameters = run.parameters
    assert isinstance(parameters, Pledgeability)
    versions = {
        version: theory.coefficients(
            parameters.primitives, parameters.haircut, parameters.repo_rate, version
        )
        for version in theory.VERSIONS
    }
    by_haircut, by_rate = measured(parameters, run.seed)
    return {
        "coefficients_by_day": figures.coefficients_by_day(run.dates, versions),
        "price_against_closed_form": figures.price_against_closed_form(run.dates),
        "bias_by_haircut_and_rate": figures.bias_map(
            parameters.primitives, parameters.haircut, parameters.repo_rate
        ),
        "informativeness_by_haircut": figures.informativeness(
            *by_haircut,
            against="haircut",
            label="haircut $h$",
            title="With repo the price is higher and tells less of the value",
        ),
        "informativeness_by_rate": figures.informativeness(
            *by_rate,
            against="repo_rate",
            label="repo rate $r$",
            title="Dear loans bend the price less, and leave it as noisy until repo shuts",
        ),
    }


def measured(
    parameters: Pledgeability, seed: int
) -> tuple[tuple[pd.DataFrame, pd.DataFrame], tuple[pd.DataFrame, pd.DataFrame]]:
    """How much the price tells against haircut and against repo rate: simulated, and by theory."""
    measuring = parameters.model_copy(
        update={"belief": "corrected", "investors": MEASURED_INVESTORS, "population": "individuals"}
    )
    least = 1.0 - parameters.spot_share
    haircuts = (least + 0.06 * (1.0 - least), least + 0.6 * (1.0 - least))
    rates = (0.0, max(0.3, 1.2 * parameters.repo_rate))
    found = []
    for low, high in (
        ((haircuts[0], parameters.repo_rate), (haircuts[-1], parameters.repo_rate)),
        ((parameters.haircut, rates[0]), (parameters.haircut, rates[-1])),
    ):
        points = np.linspace(low, high, MEASURED_POINTS).T.tolist()
        curve = np.linspace(low, high, CURVE_POINTS).T.tolist()
        rng = np.random.default_rng(seed)
        found.append(
            (
                informativeness.simulated(measuring, *points, days=MEASURED_DAYS, rng=rng),
                informativeness.expected(measuring, *curve),
            )
        )
    return found[0], found[1]


SCENARIO = Scenario(
    name="pledgeability",
    summary="investors with private signals learn what the price of a pledgeable security tells:"
    " the published equilibrium is not where they end",
    source="Ramirez, Pledgeable securities in a rational expectations equilibrium",
    parameters=Pledgeability,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    caution="Every day is certified to clear with best orders; only the last is claimed, and"
    " certified, to be one on which forecasts are right.",
    headline=("haircut", "repo_market", "realised_b1", "realised_b2"),
    traders_shown="last date",
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python.

    Parameters
    ----------
    seed : int
        Seed of the one random generator.
    **parameters
        Any of the fields of :class:`Pledgeability`.

    Raises
    ------
    ValueError
        If a parameter is unknown or outside what is allowed.
    """
    return simulate(SCENARIO, parse(Pledgeability, parameters), seed=seed)


def _told(found: PriceFunction, noise_precision: float) -> dict[str, float]:
    """The first security's coefficients by name."""
    values = (*found.stacked()[:, 0], found.precision(noise_precision)[0])
    return {name: float(value) for name, value in zip(COEFFICIENTS, values, strict=True)}


def _thresholds(parameters: Pledgeability, haircut: float) -> dict[str, float]:
    """The repo rate at which repo shuts, and that of Proposition 10 at the economy's own rate."""
    precision, rate = parameters.value_precision, parameters.repo_rate
    found = {"shut_rate": theory.shut_rate(haircut, precision)}
    if theory.active(haircut, rate, precision):
        found["margin_threshold"] = theory.margin_threshold(haircut, rate, precision)
    return found


def _named(parameters: Pledgeability, haircut: float, version: theory.Version) -> dict[str, float]:
    """The coefficients of a closed form by name."""
    found = theory.coefficients(parameters.primitives, haircut, parameters.repo_rate, version)
    return {name: getattr(found, name) for name in COEFFICIENTS}
