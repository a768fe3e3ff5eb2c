r"""Studies of informativeness and bias: simulated and by theory, by haircut and by repo rate.

Three measures, each with its standard error, beside the closed form:

``price_variance``
    Variance of :math:`\ln p` given the value: the residual variance of a regression of simulated
    log prices on log values; :math:`\beta_2^2 / \tau_u` in theory. The larger it is, the less
    informative is the price.
``value_variance``
    Variance of :math:`\ln v` given the price: the residual variance of the reverse regression;
    :math:`1 / (\tau_v + \tau_\theta)` in theory.
``bias``
    What being pledgeable adds to the log price: the mean log price minus what the same order
    schedules would imply in the same states if a pledge had no value,
    :math:`\overline{\ln p} - b_0 - b_1 \overline{\ln v} - b_2 \overline{\ln u}` with the
    coefficients that the clearing house publishes; :math:`\beta_3 \ln(\chi/h)` in theory.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", sections 4.3, 4.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from markets.margin import FlatMargin
from markets.quote import FloatArray
from scenarios.pledge import closed_form as theory
from scenarios.pledge import propositions
from scenarios.pledge.economy import Investing, a_cohort, build
from scenarios.pledge.option import active, shut_rate

DAYS = 300
INVESTORS = 1_000
"""Size of each simulated market: standard errors of the variances are 8% of them."""

POINTS = 8
CURVE_POINTS = 201
"""Simulated markets, and points of the closed form, along haircuts and along repo rates."""

MAP_HAIRCUTS, MAP_RATES = 141, 101
"""Points of the map of the bias over both."""


def studies(
    parameters: Investing, haircut: float, rng: np.random.Generator
) -> dict[str, pd.DataFrame]:
    """Tables by haircut and by repo rate: measures, simulated and by theory, and the bias.

    Parameters
    ----------
    parameters : Investing
        The economy. The simulated one has ``INVESTORS`` individuals with the corrected belief and
        ignores limits.
    haircut : float
        The haircut while the repo rate varies.
    rng : numpy.random.Generator
        The source of randomness.
    """
    least, rate = 1.0 - parameters.spot_share, parameters.rate
    simulated_economy = parameters.model_copy(
        update={
            "belief": "corrected",
            "investors": INVESTORS,
            "population": "individuals",
            "limits": "ignored",
            "rule": "newton",
            "repo_rate": rate,
        }
    )
    ranges = {
        "haircut": ((least + 0.06 * (1.0 - least), rate), (least + 0.6 * (1.0 - least), rate)),
        "rate": ((haircut, 0.0), (haircut, max(0.3, 1.2 * rate))),
    }
    pairs = np.concatenate([np.linspace(*ends, POINTS) for ends in ranges.values()])
    measured = simulated(simulated_economy, *pairs.T.tolist(), days=DAYS, rng=rng)
    tables = {"bias_by_haircut_and_rate": bias_map(parameters, haircut)}
    for number, (name, ends) in enumerate(ranges.items()):
        rows = measured.iloc[number * POINTS : (number + 1) * POINTS]
        tables[f"informativeness_by_{name}"] = rows.reset_index(drop=True)
        curve = np.linspace(*ends, CURVE_POINTS).T.tolist()
        tables[f"closed_form_by_{name}"] = expected(parameters, *curve)
    return tables


def simulated(
    parameters: Investing,
    haircuts: Sequence[float],
    repo_rates: Sequence[float],
    *,
    days: int,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Measures of a simulated market at each pair of haircut and repo rate.

    All pairs are traded side by side, as independent securities of one economy.

    Parameters
    ----------
    parameters : Investing
        The economy; investors hold its ``belief``.
    haircuts, repo_rates : sequence of float
        The pairs, of one length.
    days : int
        Days of trading, at least 3.
    rng : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    pandas.DataFrame
        One row per pair: haircut, repo_rate, and each measure with ``_sd``, its standard error.
    """
    economy = build(
        parameters,
        rng,
        [FlatMargin(haircut) for haircut in haircuts],
        names=[str(number) for number in range(len(haircuts))],
        repo_rate=repo_rates,
    )
    log_price: FloatArray = np.empty((days, len(haircuts)))
    for day in range(days):
        if day > 0:
            economy.announce()
        economy.clear(parameters.max_rounds)
        log_price[day] = economy.posted.log_price
    cohort = a_cohort(economy)
    states = [cohort.nature.at(day) for day in range(1, days + 1)]
    economy.close()
    log_value = np.array([state.log_value for state in states])
    log_noise = np.array([state.log_noise for state in states])
    table = pd.DataFrame({"haircut": haircuts, "repo_rate": repo_rates})
    for name, explained, regressor in (
        ("price_variance", log_price, log_value),
        ("value_variance", log_value, log_price),
    ):
        table[name] = residual_variance(explained, regressor)
        # the variance of a sample variance of normal residuals with days - 2 degrees of freedom
        table[f"{name}_sd"] = table[name] * np.sqrt(2.0 / (days - 2))
    no_value = np.zeros(len(haircuts))
    bias = log_price - cohort.published.log_price(log_value, log_noise, no_value)
    table["bias"] = bias.mean(axis=0)
    table["bias_sd"] = bias.std(axis=0, ddof=1) / np.sqrt(days)
    return table


def expected(
    parameters: Investing, haircuts: Sequence[float], repo_rates: Sequence[float]
) -> pd.DataFrame:
    """The same measures by the corrected closed form, one row per pair."""
    primitives = parameters.primitives
    rows = []
    for haircut, rate in zip(haircuts, repo_rates, strict=True):
        solved = theory.coefficients(primitives, haircut, rate)
        rows.append(
            {
                "haircut": haircut,
                "repo_rate": rate,
                "price_variance": propositions.price_variance(solved, primitives.noise_precision),
                "value_variance": propositions.value_variance(solved, primitives.value_precision),
                "bias": propositions.pledgeability_bias(primitives, haircut, rate),
            }
        )
    return pd.DataFrame(rows)


def bias_map(parameters: Investing, haircut: float) -> pd.DataFrame:
    """Pledgeability bias over haircut and repo rate by the closed form, one row per pair.

    ``shut_rate`` is the repo rate at and above which the repo market is shut at the haircut.
    """
    primitives, precision = parameters.primitives, parameters.value_precision
    least = 1.0 - parameters.spot_share
    most = max(0.7, least + 0.5 * (1.0 - least), min(1.1 * haircut, 0.99))
    haircuts = np.linspace(least + 0.01 * (1.0 - least), most, MAP_HAIRCUTS).tolist()
    highest = max(1.1 * shut_rate(haircuts[0], precision), 1.3 * parameters.rate)
    rates = np.linspace(0.0, highest, MAP_RATES).tolist()
    rows = [
        (
            h,
            rate,
            propositions.pledgeability_bias(primitives, h, rate),
            "open" if active(h, rate, precision) else "shut",
            shut,
        )
        for h, shut in ((h, shut_rate(h, precision)) for h in haircuts)
        for rate in rates
    ]
    return pd.DataFrame(rows, columns=["haircut", "repo_rate", "bias", "repo_market", "shut_rate"])


def residual_variance(explained: FloatArray, regressor: FloatArray) -> FloatArray:
    """Variance of the residuals of a linear regression, column by column; shape (columns,)."""
    y, x = explained - explained.mean(axis=0), regressor - regressor.mean(axis=0)
    slope = np.sum(x * y, axis=0) / np.sum(x * x, axis=0)
    return np.asarray(np.sum((y - slope * x) ** 2, axis=0) / (len(y) - 2))
