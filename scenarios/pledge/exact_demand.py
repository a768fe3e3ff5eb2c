r"""How far exact power utility moves the coefficients of the log price, by simulation.

Demands that maximise power utility exactly (:mod:`agents.pledge.power`) are not linear in the log
price, so no linear price function holds in every state. The best linear one is found by regressing
realised log prices on :math:`1, \ln v, \ln u` and :math:`\ln(\chi/h)`. The last varies over
securities with one haircut and different repo rates, which are traded side by side as independent
ones by a continuum of investors.

What investors believe is either the corrected closed form, or learned: the coefficients of the
regression are believed in the next of several rounds of learning, a share of the way at which the
weight on the price stops feeding back on itself (:meth:`agents.pledge.forecast.Forecast.toward`).

Source: our addition to Ramirez, "Pledgeable securities in a rational expectations equilibrium".
"""

from __future__ import annotations

import numpy as np
import pandas as pd

from agents.pledge.forecast import PriceFunction
from markets.margin import FlatMargin
from markets.quote import FloatArray
from scenarios.pledge import closed_form as theory
from scenarios.pledge.economy import Demand, Investing, a_cohort, build
from scenarios.pledge.option import log_pledge_value, shut_rate

SECURITIES, DAYS, INVESTORS = 6, 30, 200
"""Size of each simulated market: 180 observations for four coefficients."""

LESSONS = 8
"""Rounds of learning at most."""

LEARNT = 1e-4
"""Largest change of a coefficient by a round of learning that ends it."""

MOST = 0.9
"""Share of markets and days that must clear for learning to make sense."""

ROUNDS = 30
"""Rounds on a day at most; markets that have not cleared by then are left out of the regression."""

CLEARED = 1e-9
"""Largest excess demand, as a share of what is traded, of a market that counts as cleared."""

COEFFICIENTS = ("b0", "b1", "b2", "b3")


def exact_demand(parameters: Investing, haircut: float, rng: np.random.Generator) -> pd.DataFrame:
    """Coefficients by the closed form, and of simulated markets with either demand.

    Returns
    -------
    pandas.DataFrame
        One row per market: the four coefficients and, with ``_error``, their standard errors;
        ``off`` is the standard deviation of log prices about the linear function; ``cleared`` the
    XX ``closed form``; ``log-linear`` (a check of
        the method, which must agree with it); ``exact``, with the corrected belief; and
        ``exact, learned`` where enough markets clear.
    """
    economy = parameters.model_copy(
        update={
            "belief": "corrected",
            "investors": INVESTORS,
            "population": "continuum",
            "rule": "safeguarded",
            "repo_rate": 0.0,
        }
    )
    solved = theory.with_repo(parameters.primitives, haircut)
    rows: list[dict[str, object]] = [
        {"market": "closed form", **{name: getattr(solved, name) for name in COEFFICIENTS}}
    ]
    seed = int(rng.integers(2**32))  # the same states for all, so that differences are demands'
    believed = np.array([getattr(solved, name) for name in COEFFICIENTS])
    rows.append({"market": "log-linear", **_market(economy, haircut, believed, "log-linear", seed)})
    found = _market(economy, haircut, believed, "exact", seed)
    rows.append({"market": "exact", **found})
    weight = parameters.signal_precision / (parameters.signal_precision + solved.tau_theta)
    for _ in range(LESSONS):
        realised = np.array([found[name] for name in COEFFICIENTS])
        sensible = np.isfinite(realised).all() and realised[1] > 0.0 and realised[2] > 0.0
        if found["cleared"] < MOST or not sensible:
            return pd.DataFrame(rows)
        step = weight * (realised - believed)
        believed = believed + step
        found = _market(economy, haircut, believed, "exact", seed)
        if np.max(np.abs(step)) <= LEARNT:
            break
    return pd.DataFrame([*rows, {"market": "exact, learned", **found}])


def _market(
    parameters: Investing, haircut: float, believed: FloatArray, demand: Demand, seed: int
) -> dict[str, float]:
    """Trade for some days and regress log prices on the states."""
    precision = parameters.value_precision
    rates = np.linspace(0.0, 0.9 * shut_rate(haircut, precision), SECURITIES)
    function = PriceFunction(*(np.full(SECURITIES, number) for number in believed))
    economy = build(
        parameters,
        np.random.default_rng(seed),
        [FlatMargin(haircut)] * SECURITIES,
        names=[str(number) for number in range(SECURITIES)],
        repo_rate=rates.tolist(),
        belief=lambda terms: function,
        demand=demand,
    )
    worth = np.array([log_pledge_value(haircut, rate, precision) for rate in rates.tolist()])
    explained, regressors = [], []
    for day in range(1, DAYS + 1):
        if day > 1:
            economy.announce()
        economy.clear(ROUNDS)
        state = a_cohort(economy).nature.at(day)
        excess = economy.market.excess(economy.posted, economy.book)
        cleared = np.abs(excess.share) <= CLEARED
        explained.append(economy.posted.log_price[cleared])
        columns = (np.ones(SECURITIES), state.log_value, state.log_noise, worth)
        regressors.append(np.column_stack(columns)[cleared])
    economy.close()
    return _regressed(np.concatenate(explained), np.concatenate(regressors))


def _regressed(explained: FloatArray, regressors: FloatArray) -> dict[str, float]:
    """Coefficients and their standard errors, the residual standard deviation, what cleared."""
    count, width = regressors.shape
    share = count / (SECURITIES * DAYS)
    if count <= width or np.linalg.matrix_rank(regressors) < width:
        empty = dict.fromkeys((*COEFFICIENTS, *(f"{name}_error" for name in COEFFICIENTS)), np.nan)
        return {**empty, "off": np.nan, "cleared": share}
    found, *_ = np.linalg.lstsq(regressors, explained)
    off = float(np.sqrt(np.sum((explained - regressors @ found) ** 2) / (count - width)))
    errors = off * np.sqrt(np.diag(np.linalg.inv(regressors.T @ regressors)))
    return {
        **dict(zip(COEFFICIENTS, found.tolist(), strict=True)),
        **{f"{name}_error": e for name, e in zip(COEFFICIENTS, errors.tolist(), strict=True)},
        "off": off,
        "cleared": share,
    }
