r"""How much a price tells, and how far it is bent, measured in simulated markets.

Three measures, each with its standard error, beside the closed form:

``price_variance``
    Variance of :math:`\ln p` given the value: the residual variance of a regression of simulated
    log prices on log values. The larger it is, the less a price tells. :math:`\beta_2^2 / \tau_u`.
``value_variance``
    Variance of :math:`\ln v` given the price: the residual variance of the reverse regression.
    :math:`1 / (\tau_v + \tau_\theta)`.
``bias``
    What being pledgeable adds to the log price: the mean log price less what the same order
    schedules would make of the same states if a pledge were worth nothing,
    :math:`\overline{\ln p} - b_0 - b_1 \overline{\ln v} - b_2 \overline{\ln u}` with the
    coefficients that the clearing house reads off the schedules. :math:`\beta_3 \ln(\chi/h)`.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", sections 4.3, 4.4.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from agents.pledge.clearing_house import PledgeClearingHouse
from agents.pledge.forecast import PriceFunction
from markets.margin import FlatMargin
from markets.quote import FloatArray
from scenarios.pledge import closed_form as theory
from scenarios.pledge.economy import Investing, build


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
        Days of trading, at least 10.
    rng : numpy.random.Generator
        The source of randomness.

    Returns
    -------
    pandas.DataFrame
        A row a pair: haircut, repo_rate, and each measure with ``_sd``, its standard error.
    """
    if days < 10:
        raise ValueError(f"days is {days}; at least 10 are needed to measure a variance")
    economy = build(
        parameters,
        rng,
        [FlatMargin(haircut) for haircut in haircuts],
        names=[str(place) for place in range(len(haircuts))],
        repo_rate=repo_rates,
    )
    assert isinstance(economy.house, PledgeClearingHouse)
    nature = economy.house.nature
    log_price: FloatArray = np.empty((days, len(haircuts)))
    for day in range(days):
        if day > 0:
            economy.announce()
        economy.clear(parameters.max_rounds)
        log_price[day] = economy.posted.log_price
    worthless: PriceFunction = economy.house.place(economy.posted, economy.book)
    states = [nature.at(day) for day in range(1, days + 1)]
    economy.close()
    log_value = np.array([state.log_value for state in states])
    log_noise = np.array([state.log_noise for state in states])
    found = pd.DataFrame({"haircut": haircuts, "repo_rate": repo_rates})
    for name, one, other in (
        ("price_variance", log_price, log_value),
        ("value_variance", log_value, log_price),
    ):
        found[name] = residual_variance(one, other)
        # the variance of a sample variance of normal residuals with days - 2 degrees of freedom
        found[f"{name}_sd"] = found[name] * np.sqrt(2.0 / (days - 2))
    bias = log_price - worthless.log_price(log_value, log_noise, np.zeros(len(haircuts)))
    found["bias"] = bias.mean(axis=0)
    found["bias_sd"] = bias.std(axis=0, ddof=1) / np.sqrt(days)
    return found


def expected(
    parameters: Investing, haircuts: Sequence[float], repo_rates: Sequence[float]
) -> pd.DataFrame:
    """The same measures by the corrected closed form."""
    primitives = parameters.primitives
    rows = []
    for haircut, rate in zip(haircuts, repo_rates, strict=True):
        found = theory.coefficients(primitives, float(haircut), float(rate))
        rows.append(
            {
                "haircut": haircut,
                "repo_rate": rate,
                "price_variance": theory.price_variance(found, primitives.noise_precision),
                "value_variance": theory.value_variance(found, primitives.value_precision),
                "bias": theory.pledgeability_bias(primitives, float(haircut), float(rate)),
            }
        )
    return pd.DataFrame(rows)


def residual_variance(one: FloatArray, other: FloatArray) -> FloatArray:
    """Variance of the residuals of ``one`` regressed on ``other``, column by column."""
    days = len(one)
    y, x = one - one.mean(axis=0), other - other.mean(axis=0)
    slope = np.sum(x * y, axis=0) / np.sum(x * x, axis=0)
    return np.asarray(np.sum((y - slope * x) ** 2, axis=0) / (days - 2))
