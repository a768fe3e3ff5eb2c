"""Securities that promise the same and cost different amounts, and that move together for nothing.

Scenario ``pledgeable-securities``, after section 4.5 of Ramirez, "Pledgeable securities in a
rational expectations equilibrium": several securities, each under its own haircut. With the same
payoff their prices differ all the same (the law of one price fails); with independent payoffs
their prices are correlated all the same, once haircuts move together.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import combinations
from string import ascii_uppercase
from typing import Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure
from pydantic import model_validator

from markets.margin import FlatMargin
from scenarios.pledge import closed_form as theory
from scenarios.pledge import figures
from scenarios.pledge.certificate import FORECAST_TOLERANCE, certify
from scenarios.pledge.economy import Investing, about, build
from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.parameters import parse
from simulator.point import Case, RestingPoint
from simulator.run import Run, simulate
from simulator.scenario import Scenario


class PledgeableSecurities(Investing):
    """Parameters of the scenario ``pledgeable-securities``."""

    belief: theory.Version = about(
        "price function that investors believe: Proposition 8 as printed, with the public signal's"
        " noise restored, or corrected",
        default="corrected",
    )
    haircuts: list[float] = about(
        "haircut of each security, before any swing", "share of the price",
        "a list of 1 to 26 numbers strictly between 1 - spot_share and 1",
        default=[0.15, 0.2, 0.4], min_length=1, max_length=26,
    )  # fmt: skip
    payoffs: Literal["same", "independent"] = about(
        "whether all securities have the same value, noise demand and signals, or independent ones",
        default="same",
    )
    swing: float = about(
        "share by which all haircuts rise and fall together", "share of the haircut",
        default=0.0, ge=0.0, lt=1.0,
    )  # fmt: skip
    period: int = about("days from one peak of the haircuts to the next", "days", default=20, ge=2)
    days: int = about("days of trading", "days", "a whole number of at least 1", default=40, ge=1)

    @model_validator(mode="after")
    def _room(self) -> PledgeableSecurities:
        """Refuse haircuts that would leave their range on some day."""
        for place, haircut in enumerate(self.haircuts):
            self.refuse_haircut(haircut, f"haircuts[{place}]")
            for end in (min(self.path(haircut)), max(self.path(haircut))):
                self.refuse_haircut(end, f"haircuts[{place}] with a swing of {self.swing}")
        return self

    @property
    def names(self) -> list[str]:
        """Names of the securities."""
        return list(ascii_uppercase[: len(self.haircuts)])

    def path(self, haircut: float) -> list[float]:
        """A security's haircut on every day."""
        turn = 2.0 * math.pi / self.period
        return [haircut * (1.0 + self.swing * math.sin(turn * day)) for day in range(self.days)]


def cases(parameters: PledgeableSecurities) -> list[Case]:
    """One economy with all securities, day after day."""
    paths = [parameters.path(haircut) for haircut in parameters.haircuts]
    margins = [tuple(FlatMargin(haircut) for haircut in day) for day in zip(*paths, strict=True)]

    def morning(rng: np.random.Generator) -> Economy:
        return build(
            parameters,
            rng,
            margins[0],
            names=parameters.names,
            common=parameters.payoffs == "same",
        )

    return [Case(f"{parameters.payoffs} payoffs", morning, [{"margins": day} for day in margins])]


def describe(
    parameters: PledgeableSecurities, economy: Economy, resting: RestingPoint
) -> Mapping[str, Any]:
    """Haircuts, state and coefficients of each security."""
    terms = economy.posted.terms
    rows = resting.agents[resting.agents["role"] == "noise"].sort_values("security")
    told: dict[str, Any] = {}
    for place, name in enumerate(parameters.names):
        told |= {
            f"haircut_{name}": float(terms.haircut[place]),
            f"log_value_{name}": float(rows["log_value"].iloc[place]),
            f"log_noise_{name}": float(rows["order"].iloc[place]),
            f"repo_market_{name}": "open" if terms.active[place] else "shut",
        }
    found = economy.house.place(economy.posted, economy.book)
    precision = found.precision(parameters.noise_precision)
    return told | {
        "coefficients": {
            name: {
                "realised": {
                    **{b: float(getattr(found, b)[place]) for b in ("b0", "b1", "b2", "b3")},
                    "tau_theta": float(precision[place]),
                },
                "closed_form": {
                    b: getattr(_closed(parameters, told[f"haircut_{name}"]), b)
                    for b in ("b0", "b1", "b2", "b3", "tau_theta")
                },
            }
            for place, name in enumerate(parameters.names)
        }
    }


def closed_form(
    parameters: PledgeableSecurities, resting: RestingPoint
) -> Mapping[str, float] | None:
    """The log prices of the continuum in the corrected equilibrium, in the day's state."""
    if "log_value" not in resting.agents:
        return None
    rows = resting.agents[resting.agents["role"] == "noise"].sort_values("security")
    return {
        f"log_price_{name}": _closed(parameters, row["haircut"]).log_price(
            row["log_value"],
            row["order"],
            theory.log_pledge_value(
                row["haircut"], parameters.repo_rate, parameters.value_precision
            ),
        )
        for name, row in zip(parameters.names, rows.to_dict("records"), strict=True)
    }


def certified(parameters: PledgeableSecurities, resting: RestingPoint) -> Certificate:
    """The certificate of a day, for all securities at once."""
    return certify(
        primitives=parameters.primitives,
        repo_rate=parameters.repo_rate,
        log_prices=np.array([resting.quotes[f"log_price_{name}"] for name in parameters.names]),
        agents=resting.agents,
        complete=resting.complete,
        forecast_tolerance=FORECAST_TOLERANCE,
    )


def pairs(run: Run) -> pd.DataFrame:
    """Two securities a row: gap and correlation of their log prices, simulated and by theory.

    With the same payoff the gap of each day is compared with the closed form of that day, and the
    column is its mean; with independent payoffs the correlation over days is compared, with the
    standard error of a correlation, (1 - r^2) / sqrt(days).
    """
    parameters = run.parameters
    assert isinstance(parameters, PledgeableSecurities)
    dates, rows = run.dates, []
    places = range(len(parameters.haircuts))
    for one, other in combinations(places, 2):
        a, b = parameters.names[one], parameters.names[other]
        row: dict[str, Any] = {
            "pair": f"{a}{b}",
            "mean_gap": _mean(dates[f"log_price_{a}"] - dates[f"log_price_{b}"]),
            "closed_mean_gap": _mean(
                dates[f"closed_log_price_{a}"] - dates[f"closed_log_price_{b}"]
            ),
        }
        if parameters.payoffs == "independent" and parameters.days > 2:
            expected = theory.comovement(
                parameters.primitives,
                parameters.path(parameters.haircuts[one]),
                parameters.path(parameters.haircuts[other]),
                parameters.repo_rate,
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


def drawn(run: Run) -> Mapping[str, Figure]:
    """The figures of a run."""
    parameters = run.parameters
    assert isinstance(parameters, PledgeableSecurities)
    return {"prices_by_day": figures.prices_by_day(run.dates, parameters.names)}


SCENARIO = Scenario(
    name="pledgeable-securities",
    summary="securities under different haircuts: the same payoff at different prices, and prices"
    " that move together without news",
    source="Ramirez, Pledgeable securities in a rational expectations equilibrium, section 4.5",
    parameters=PledgeableSecurities,
    cases=cases,
    describe=describe,
    closed_form=closed_form,
    certify=certified,
    figures=drawn,
    report=pairs,
    traders_shown="last date",
)


def run(*, seed: int = 0, **parameters: Any) -> Run:
    """Run the scenario from Python, with any of the fields of :class:`PledgeableSecurities`."""
    return simulate(SCENARIO, parse(PledgeableSecurities, parameters), seed=seed)


def _closed(parameters: PledgeableSecurities, haircut: float) -> theory.Coefficients:
    return theory.coefficients(parameters.primitives, float(haircut), parameters.repo_rate)


def _mean(values: pd.Series) -> float:
    return float(np.mean(values.to_numpy(np.float64)))


def _correlation(dates: pd.DataFrame, one: str, other: str) -> float:
    return float(np.corrcoef(dates[one], dates[other])[0, 1])
