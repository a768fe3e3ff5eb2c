r"""Certificate that prices, orders and forecasts are a rational expectations equilibrium.

Everything is recomputed from the primitives, the log prices and the table of investors; the code
that traded is not used. An equilibrium is (section 4.1 of the source, with its erratum 10)

* a price at which what noise traders and investors buy is what investors sell (12);
* where the repo rate is quoted, a rate at which what is pledged is what is lent against (13), or
  that is zero with cash left over, or at which nobody wants to pledge;
* orders that maximise each investor's utility under its forecast, pledging only where that pays;
* forecasts that are right: Bayes' rule under the price function that these very forecasts bring
  about.

The first two hold on every day; the third is asked for on the last day alone, since before that
investors may still be learning.

How each is checked
-------------------
*Orders.* An investor with share :math:`y` expects, by the log-linear return of (A.7) and (A.13),

.. math:: f(y) = (\tfrac12 - y)(E - x) + \tfrac12 (\tfrac12 - y)(\tfrac12 + y) V
                 + \tfrac12 (1 - \gamma)(\tfrac12 - y)^2 V,

with :math:`x = \ln p` spot and :math:`x = \ln(\chi/h) + \ln p` in repo. The maximum of the parabola
is computed from three of its values, not from a first-order condition, and what the call adds,
:math:`\chi - h`, by integrating what the right to default saves, not from its formula.

Under exact power utility the maximum is found by Newton's steps from the order, with Gauss-Legendre
quadrature, in :mod:`scenarios.pledge.power_utility`, and bounded from above by concavity.

*Forecasts.* The price function is solved from clearing with the mean forecast weights of each side,
and the forecast that Bayes' rule gives under it is compared with the mean forecast of the table by
the root of the mean squared difference over all states, as a share of the standard deviation of the
rational forecast's own error.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from scenarios.pledge.closed_form import Primitives
from scenarios.pledge.power_utility import forgone_by_power_utility
from simulator.certificate import Certificate, Condition

FloatArray = NDArray[np.float64]

CLEARING_TOLERANCE = 1e-9
"""Share of all purchases and sales: ten times the excess at which rounds may come to rest."""

UTILITY_TOLERANCE = 1e-10
"""Log of certainty-equivalent wealth: no investor could gain a ten-billionth of its wealth."""

LIMIT_TOLERANCE = 1e-12
"""Share of wealth: rounding of orders at a limit."""

FORECAST_TOLERANCE = 1e-9
"""Share of the standard deviation of the rational forecast's error, where beliefs are exact."""

INDIFFERENCE = 1e-10
"""ln(chi/h), log of wealth: pledging and selling are worth the same but for rounding."""

NEGLIGIBLE = 1e-250
"""Gain from pledging that counts as none: beyond it double precision runs out of small numbers."""

SMALLEST = 1e-300
"""Keeps a market in which nobody trades from being divided by."""

ROUNDINGS = 64.0
"""Rounding errors of the size of a forecast that add up in one, at most."""

LEARNING_MULTIPLE = 2.33
"""Multiple of the expected distance that one regression in a thousand exceeds: the root of a third
of the 99.9% quantile of chi-squared with three degrees of freedom."""

COLUMNS = (
    "role",
    "security",
    "mass",
    "wealth",
    "risk_aversion",
    "haircut",
    "log_signal",
    "forecast_constant",
    "forecast_on_signal",
    "forecast_on_price",
    "forecast_on_pledge",
    "forecast_variance",
    "order",
    "pledged",
)
"""Columns of the table of investors that are read."""

BAYES = "Bayes' rule"

WEIGHTS = ("constant", "on_signal", "on_price", "on_pledge", "variance")


def learning_tolerance(days: int, gain: float, memory: float) -> float:
    r"""Distance within which regression on so many days should come of the right forecast.

    Least squares on :math:`t` days misses the right forecast of a day by :math:`\sqrt{3/t}` of its
    error's standard deviation in the root mean square, with three coefficients. Days of weight
    :math:`g` times that of equal ones count as :math:`t (2g-1)/g^2` equal days if
    :math:`g > 1/2`; the first belief counts for ``memory`` days. (In 24 simulated markets the root
    mean square was .140, .117, .100 and .062 at 100, 200, 400 and 800 days, against .163, .126,
    .094 and .069 expected. The printed coefficients are .41 off, those with noise restored .30.)
    """
    weight = gain**2 / max(2.0 * gain - 1.0, 0.1)
    return LEARNING_MULTIPLE * math.sqrt(3.0 * weight / (days + memory))


def certify(
    *,
    primitives: Primitives,
    repo_rate: float | FloatArray,
    log_prices: FloatArray,
    agents: pd.DataFrame,
    complete: bool,
    rate_quoted: bool = False,
    limits_imposed: bool = False,
    exact: bool = False,
    as_printed: bool = False,
    forecast_tolerance: float | None = None,
) -> Certificate:
    """Check a day of trading.

    Parameters
    ----------
    primitives : Primitives
        The economy's numbers.
    repo_rate : float or array of shape (securities,)
        Interest on repo loans.
    rate_quoted : bool
        Whether it is a quote, at which the repo market must clear (13).
    log_prices : array of shape (securities,)
        The log prices.
    agents : pandas.DataFrame
        One row per security and investor, and one per security for noise traders, with
        :data:`COLUMNS`.
    complete : bool
        Whether the table shows every investor; of a sample clearing can't be checked.
    limits_imposed : bool
        Whether orders must not exceed what an investor owns.
    exact : bool
        Whether utility is power utility itself, not its log-linear approximation.
    as_printed : bool
        Whether right forecasts are those of (A.27) with the prior variance, as the paper prints
        them, instead of Bayes' rule.
    forecast_tolerance : float, optional
        How far forecasts may be from right; None where right forecasts are not claimed, and for a
        sample of investors who differ.
    """
    table = {name: agents[name].to_numpy() for name in COLUMNS}
    security, rates = table["security"], np.broadcast_to(repo_rate, log_prices.shape)
    days = [
        _Day(
            primitives,
            float(rates[number]),
            float(log_prices[number]),
            rate_quoted,
            not complete,
            {name: column[security == number] for name, column in table.items()},
        )
        for number in range(len(log_prices))
    ]
    conditions = []
    investors = int(np.sum(table["role"] != "noise"))
    checked = f"all {investors} orders" if complete else f"a sample of {investors} orders"
    if complete:
        conditions.append(
            Condition(
                "clearing",
                _worst(day.excess() for day in days),
                CLEARING_TOLERANCE,
                "as much of each security is bought as is sold (share of both)",
                checked,
            )
        )
        if rate_quoted:
            conditions.append(
                Condition(
                    "repo clearing",
                    _worst(day.repo_excess() for day in days),
                    CLEARING_TOLERANCE,
                    "as many securities are pledged as are lent against (share of both); at a rate"
                    " of zero cash may be stored, and where repo is shut borrowers may go without",
                    checked,
                )
            )
    if rate_quoted:
        conditions.append(
            Condition(
                "pledges that pay",
                _worst(day.mispledged() for day in days),
                LIMIT_TOLERANCE,
                "nobody sells where pledging pays more, or pledges where selling does (share of"
                " wealth or of the order, whichever is larger)",
                checked,
            )
        )
    conditions.append(
        Condition(
            "best orders",
            _worst(day.regret(limits_imposed, exact) for day in days),
            UTILITY_TOLERANCE,
            "no investor has a better order (log certainty-equivalent wealth forgone)",
            checked,
        )
    )
    if limits_imposed:
        conditions.append(
            Condition(
                "limits",
                _worst(day.overdrawn() for day in days),
                LIMIT_TOLERANCE,
                "no order exceeds the cash or securities owned (share of wealth)",
                checked,
            )
        )
    if forecast_tolerance is not None:
        misjudged = [day.misjudgement(as_printed) for day in days]
        conditions.append(
            Condition(
                "right forecasts",
                _worst(distance for distance, _ in misjudged),
                max(forecast_tolerance, _worst(rounding for _, rounding in misjudged)),
                f"the mean forecast is that of {'(A.27)' if as_printed else BAYES} under the price"
                " function that forecasts bring about (standard deviations of its error)",
                "mean forecast of each side",
            )
        )
    return Certificate(tuple(conditions))


def _worst(residuals: Iterable[float]) -> float:
    """The largest residual; NaN if one of them is."""
    return float(np.max(list(residuals)))


@lru_cache(maxsize=1024)
def pledge_gain(haircut: float, repo_rate: float, value_precision: float) -> float:
    """What pledging gains over selling, chi - h, by integrating what the right to default saves.

    A borrower who may leave collateral worth v instead of repaying K saves max(K - v, 0), and pays
    interest on 1 - h. The log of v has a mean of v of one. Above a strike of 1 the call itself,
    max(v - K, 0), is integrated: the smaller of the two.
    """
    from scipy.integrate import quad

    sigma = value_precision**-0.5
    strike = (1.0 - haircut) * (1.0 + repo_rate)
    end = (math.log(strike) + 0.5 * sigma**2) / sigma
    side = 1.0 if strike > 1.0 else -1.0  # of the end on which the option pays

    def paid(distance: float) -> float:
        error = end + side * distance
        # the density of v times what is paid, both logs in one exponent where v is large
        price = math.exp(-0.5 * (error - sigma) ** 2) - strike * math.exp(-0.5 * error**2)
        return side * price / math.sqrt(2.0 * math.pi)

    peak = max(side * (sigma - end), side * -end, 0.0)
    width = peak + sigma + 12.0
    option = quad(paid, 0.0, width, epsabs=0.0, epsrel=1e-11, limit=400, points=[peak])[0]
    return float(option - haircut if strike > 1.0 else option - (1.0 - haircut) * repo_rate)


@dataclass
class _Day:
    """One security on one day."""

    primitives: Primitives
    repo_rate: float
    log_price: float
    rate_quoted: bool
    sampled: bool
    rows: dict[str, NDArray[Any]]

    def __post_init__(self) -> None:
        """Split the table and value the call."""
        informed = self.rows["role"] != "noise"
        self.investors = {name: column[informed] for name, column in self.rows.items()}
        haircut = float(self.rows["haircut"][0])
        gain = pledge_gain(haircut, self.repo_rate, self.primitives.value_precision)
        self.open = gain > NEGLIGIBLE
        self.worth = math.log1p(max(gain / haircut, -1.0 + 1e-15))
        if self.rate_quoted:  # where pledging and selling are worth the same it is for them to say
            self.open = bool(np.any(self.investors["pledged"]))
        self.log_pledge = self.worth if self.open else 0.0
        self.leverage = (1.0 - haircut) / haircut
        self.repo = (self.investors["role"] == "repo") & self.open

    def excess(self) -> float:
        """Purchases minus sales as a share of their sum."""
        orders = self.rows["order"]
        return abs(math.fsum(orders)) / max(math.fsum(np.abs(orders)), SMALLEST)

    def shares(self) -> FloatArray:
        """Share of wealth sold (or pledged) that each order implies."""
        wealth = self.investors["wealth"]
        order = self.investors["order"]
        if self.rate_quoted and self.open and abs(self.worth) <= INDIFFERENCE:
            # y is pledged or sold: order = leverage * pledged - sold
            turned = np.where(self.repo, (1.0 + self.leverage) * self.investors["pledged"], 0.0)
            return np.asarray((turned - order) / wealth, dtype=np.float64)
        per_share = wealth * np.where(self.repo, self.leverage, -1.0)
        return np.asarray(order / per_share, dtype=np.float64)

    def repo_excess(self) -> float:
        """How far the repo market is from clearing, as a share of pledges and loans."""
        pledged = self.rows["pledged"]
        if not self.open:
            noise = self.rows["order"][self.rows["role"] == "noise"]
            offered = max(-float(noise[0]), 0.0)
            too_cheap = max(self.worth - INDIFFERENCE, 0.0)
            return max(float(offered > 0.0), too_cheap)
        excess = math.fsum(pledged) / max(math.fsum(np.abs(pledged)), SMALLEST)
        return max(excess, 0.0) if self.repo_rate == 0.0 else abs(excess)

    def mispledged(self) -> float:
        """Largest share of wealth sold where pledging pays more, or pledged where selling does."""
        wealth = self.investors["wealth"]
        pledged = self.investors["pledged"]
        wrong = np.where(self.repo, 0.0, pledged)
        if self.open and self.worth > INDIFFERENCE:
            sold = self.leverage * pledged - self.investors["order"]
            wrong = np.where(self.repo, sold, pledged)
        elif self.worth < -INDIFFERENCE:
            wrong = pledged
        return float(np.max(np.abs(wrong) / np.maximum(wealth, np.abs(self.investors["order"]))))

    def bounds(self) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest share at which an investor owns what it sells, pledges or pays."""
        return np.where(self.repo, -0.5 / self.leverage, -0.5), np.full(len(self.repo), 0.5)

    def overdrawn(self) -> float:
        """Largest share of wealth beyond the bounds."""
        lower, upper = self.bounds()
        shares = self.shares()
        return float(max(np.max(lower - shares), np.max(shares - upper), 0.0))

    def regret(self, limited: bool, exact: bool) -> float:
        """Largest utility forgone."""
        table = self.investors
        expected = (
            table["forecast_constant"]
            + table["forecast_on_signal"] * table["log_signal"]
            + table["forecast_on_price"] * self.log_price
            + table["forecast_on_pledge"] * self.log_pledge
        )
        variance = table["forecast_variance"]
        at = self.log_price + np.where(self.repo, self.log_pledge, 0.0)
        gamma = table["risk_aversion"]
        if exact:
            lower, upper = self.bounds() if limited else (-0.5, 0.5)
            kept = 0.5 - self.shares()
            return float(
                np.max(
                    forgone_by_power_utility(
                        kept, expected - at, variance, float(gamma[0]), 0.5 - upper, 0.5 - lower
                    )
                )
            )

        def utility(share: FloatArray) -> FloatArray:
            risky = 0.5 - share
            spread = 0.5 * risky * (0.5 + share) * variance
            risk = 0.5 * (1.0 - gamma) * risky**2 * variance
            return np.asarray(risky * (expected - at) + spread + risk, dtype=np.float64)

        # far enough apart that neither of the parabola's terms drowns in the other
        far = np.maximum(1.0, np.abs(expected - at) / (gamma * variance))
        low, mid, high = utility(-far), utility(np.zeros_like(far)), utility(far)
        bend = (2.0 * mid - high - low) / far**2
        top = 0.5 * (high - low) / (far * bend)
        best = np.clip(top, *self.bounds()) if limited else top
        # two values of the parabola, of which the difference must not be lost in rounding
        shares = self.shares()
        forgone = 0.5 * bend * (shares - best) * (shares + best - 2.0 * top)
        return float(max(np.max(forgone), 0.0))

    def misjudgement(self, as_printed: bool) -> tuple[float, float]:
        """Distance of the mean forecast from the right one, and how much of it may be rounding.

        An error in the weight on the price feeds back on the price function, in proportion to how
        much more precise the price is than the private signal.
        """
        p = self.primitives
        mean_signal_error = -0.5 / p.signal_precision
        slope = level = on_value = on_pledge = 0.0
        used = np.zeros(len(WEIGHTS))
        tolerance = {}
        for role, share in (("spot", p.spot_share), ("repo", 1.0 - p.spot_share)):
            side = self.investors["role"] == role
            weights = {name: self.investors[f"forecast_{name}"][side] for name in WEIGHTS}
            mass, wealth, gamma = (
                self.investors[name][side] for name in ("mass", "wealth", "risk_aversion")
            )
            if self.sampled:  # of investors who are alike
                mass, wealth = (part * (share / math.fsum(mass)) for part in (mass, wealth))
            used += np.array([float(mass @ part) for part in weights.values()])
            pledges = role == "repo" and self.open
            size = wealth * (self.leverage if pledges else -1.0)
            tolerance[role] = float(np.sum(wealth / gamma))
            steep = size / (gamma * weights["variance"])
            slope += float(np.sum(steep * (1.0 - weights["on_price"])))
            on_value -= float(np.sum(steep * weights["on_signal"]))
            on_pledge += float(np.sum(steep * (float(pledges) - weights["on_pledge"])))
            level += float(np.sum(size * 0.5 * (1.0 - 1.0 / gamma)))
            level -= float(
                np.sum(steep * (weights["constant"] + weights["on_signal"] * mean_signal_error))
            )
        b0, b1, b2, b3 = -level / slope, -on_value / slope, -1.0 / slope, -on_pledge / slope
        intercept = b0 + b3 * self.log_pledge
        tau = p.noise_precision * (b1 / b2) ** 2
        if as_printed:
            right, variance = _printed_forecast(p, intercept, b1, b2, tau)
        else:
            right, variance = _bayes_forecast(p, intercept, b1, b2, tau)
        mean_signal = p.mean_log_value + mean_signal_error
        mean_price = intercept + b1 * p.mean_log_value + b2 * p.mean_log_noise
        wrong = used[:3] + np.array([used[3] * self.log_pledge, 0.0, 0.0])
        gap = right - wrong
        spread = np.array(
            [
                [1.0 / p.value_precision + 1.0 / p.signal_precision, b1 / p.value_precision],
                [
                    b1 / p.value_precision,
                    b1**2 / p.value_precision + b2**2 / p.noise_precision,
                ],
            ]
        )
        middle = gap[0] + gap[1] * mean_signal + gap[2] * mean_price
        forecast = math.sqrt((middle**2 + float(gap[1:] @ spread @ gap[1:])) / variance)
        parts = abs(right[0]) + abs(right[1] * mean_signal) + abs(right[2] * mean_price)
        feedback = 1.0 + tau / p.signal_precision
        if self.open:  # what repo investors buy all but offsets what spot investors sell
            bought, sold = tolerance["repo"] * self.leverage, tolerance["spot"]
            feedback *= (sold + bought) / abs(sold - bought)
        rounding = ROUNDINGS * np.finfo(float).eps * feedback * parts / math.sqrt(variance)
        return max(forecast, abs(float(used[4]) / variance - 1.0)), float(rounding)


def _bayes_forecast(
    p: Primitives, intercept: float, b1: float, b2: float, tau: float
) -> tuple[FloatArray, float]:
    """Weights of (1, ln s, ln p) in Bayes' rule as a regression on deviations from means."""
    total = p.value_precision + p.signal_precision + tau
    on_signal, on_price = p.signal_precision / total, tau / (total * b1)
    mean_signal = p.mean_log_value - 0.5 / p.signal_precision
    mean_price = intercept + b1 * p.mean_log_value + b2 * p.mean_log_noise
    constant = p.mean_log_value - on_signal * mean_signal - on_price * mean_price
    return np.array([constant, on_signal, on_price]), 1.0 / total


def _printed_forecast(
    p: Primitives, intercept: float, b1: float, b2: float, tau: float
) -> tuple[FloatArray, float]:
    """Weights of (1, ln s, ln p) in (A.27) with (22), and the variance in (14) and (20)."""
    weights = np.array([p.value_precision, p.value_precision + p.signal_precision, tau])
    prior, on_signal, on_public = weights / math.fsum(weights)
    k = math.log(p.mean_noise) + (b2 / b1 - 1.0) / (2.0 * p.noise_precision)
    constant = prior * p.mean_log_value - on_public * (intercept + b2 * k) / b1
    return np.array([constant, on_signal, on_public / b1]), 1.0 / p.value_precision
