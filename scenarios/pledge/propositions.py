r"""Consequences of the closed form: bias, noise, informativeness, comovement, finite markets.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", Lemma 9, Remark 1
and section 4.5; equation numbers are that paper's, errata are numbered as in this folder's README.
The error of finite markets is our addition.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from scenarios.pledge.closed_form import (
    Coefficients,
    Primitives,
    Version,
    coefficients,
    pledge_coefficient,
    room,
    without_repo,
)
from scenarios.pledge.option import active, call_by_haircut, log_pledge_value


def pledgeability_bias(primitives: Primitives, haircut: float, repo_rate: float) -> float:
    """b3 ln(chi/h): what being pledgeable adds to the log price; 0 where repo is shut."""
    if not active(haircut, repo_rate, primitives.value_precision):
        return 0.0
    pledged = log_pledge_value(haircut, repo_rate, primitives.value_precision)
    return pledge_coefficient(haircut, primitives.spot_share) * pledged


def bias_by_haircut(primitives: Primitives, haircut: float, repo_rate: float) -> float:
    """Derivative of the pledgeability bias with respect to h, where repo is active (A.46)."""
    share = primitives.spot_share
    pledged = log_pledge_value(haircut, repo_rate, primitives.value_precision)
    by_haircut = share * (share - 1.0) / room(haircut, share) ** 2
    slope = call_by_haircut(haircut, repo_rate, primitives.value_precision) - 1.0 / haircut
    return by_haircut * pledged + pledge_coefficient(haircut, share) * slope


def extra_noise(
    primitives: Primitives, haircut: float, repo_rate: float, version: Version = "printed"
) -> float:
    """b2 with repo minus b2 without (Remark 1): as printed, positive while repo is active."""
    with_repo = coefficients(primitives, haircut, repo_rate, version)
    return with_repo.b2 - without_repo(primitives, version).b2


def extra_noise_by_haircut(primitives: Primitives, haircut: float) -> float:
    """Derivative of that difference with respect to h as Remark 1 prints it, negative."""
    p = primitives
    top = p.risk_aversion * (1.0 - p.spot_share) / p.value_precision
    return -top / (p.wealth * room(haircut, p.spot_share) ** 2)


def price_variance(solved: Coefficients, noise_precision: float) -> float:
    """Variance of ln p given the value: b2^2 / tau_u; the smaller, the more informative."""
    return solved.b2**2 / noise_precision


def value_variance(solved: Coefficients, value_precision: float) -> float:
    """Variance of ln v given the price: 1 / (tau_v + tau_theta)."""
    return 1.0 / (value_precision + solved.tau_theta)


def finite_market_error(
    primitives: Primitives, haircut: float, repo_rate: float, investors: int
) -> float:
    r"""Standard deviation of the log price of N investors about the continuum's.

    .. math:: \frac{\tau_\varepsilon + \tau_\theta}{T} \frac{h}{D}
              \sqrt{\frac{\mu + c^2 (1 - \mu)}{N \tau_\varepsilon}}, \qquad c = (1 - h)/h .

    Follows from clearing with the mean signal error of both groups in place of zero.
    """
    p = primitives
    if active(haircut, repo_rate, p.value_precision):
        share, margin = p.spot_share, haircut
    else:
        share, margin = 1.0, 1.0
    leverage = (1.0 - margin) / margin
    spread = math.sqrt((share + leverage**2 * (1.0 - share)) / (investors * p.signal_precision))
    return coefficients(p, haircut, repo_rate).b1 * margin / room(margin, share) * spread


def expected_log_price(primitives: Primitives, haircut: float, repo_rate: float) -> float:
    """Mean of the log price over all states."""
    return coefficients(primitives, haircut, repo_rate).log_price(
        primitives.mean_log_value,
        primitives.mean_log_noise,
        log_pledge_value(haircut, repo_rate, primitives.value_precision),
    )


def comovement(
    primitives: Primitives,
    first: Sequence[float],
    second: Sequence[float],
    repo_rate: float,
    investors: int,
) -> float:
    r"""Correlation of the log prices of two securities with independent values (section 4.5).

    Their haircuts follow given paths; only the mean prices that these imply move together:

    .. math:: \frac{\operatorname{cov}_t(m_1, m_2)}
              {\sqrt{\prod_k \{ \operatorname{var}_t(m_k)
              + \operatorname{mean}_t(\beta_{1k}^2/\tau_v + \beta_{2k}^2/\tau_u + s_k^2) \}}},

    with :math:`m_k` the mean log price at the day's haircut and :math:`s_k` the error of a market
    of so many investors.
    """
    paths, spreads = [], []
    for path in (first, second):
        mean = np.array([expected_log_price(primitives, h, repo_rate) for h in path])
        around = [
            solved.b1**2 / primitives.value_precision
            + price_variance(solved, primitives.noise_precision)
            + finite_market_error(primitives, h, repo_rate, investors) ** 2
            for h in path
            for solved in [coefficients(primitives, h, repo_rate)]
        ]
        paths.append(mean - mean.mean())
        spreads.append(float(np.mean((mean - mean.mean()) ** 2) + np.mean(around)))
    return float(np.mean(paths[0] * paths[1])) / math.sqrt(spreads[0] * spreads[1])
