r"""Price of a pledgeable security that reveals part of what its investors know, in closed form.

The price is linear in logarithms,

.. math:: \ln p = \beta_0 + \beta_1 \ln v + \beta_2 \ln u + \beta_3 \ln(\chi / h),

with :math:`v` the final value, :math:`u` the noise demand, :math:`h` the haircut and :math:`\chi`
the value, as a share of the price, of the call that a borrower in repo holds on its collateral.
With :math:`\mu` the share of investors who trade spot only and :math:`D = \mu - (1 - h) > 0` write
:math:`\tau_v, \tau_\varepsilon, \tau_u` for the precisions of value, private signal and noise and
:math:`\tau_\theta` for that of the price as a public signal.

Three versions of the coefficients are kept side by side, because the printed ones are not a fixed
point of the paper's own clearing condition:

``printed``
    Proposition 8 as it stands.
``printed-noise``
    The same with the noise of the public signal restored where (A.31) drops it.
``corrected``
    What consistent Bayesian updating gives.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium"; equation numbers
are that paper's, errata are numbered as in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

import numpy as np
from scipy.optimize import brentq, newton
from scipy.special import ndtr

Version = Literal["printed", "printed-noise", "corrected"]
VERSIONS: tuple[Version, ...] = get_args(Version)

LEAST_ROOM = 1e-12
"""Room D that counts as none: 1 - spot_share is itself a rounded number."""

ROOT_TOLERANCE = 1e-15
"""Absolute and relative tolerance of the one-dimensional roots below."""


@dataclass(frozen=True, slots=True)
class Primitives:
    """The economy's numbers.

    Attributes
    ----------
    value_precision, signal_precision, noise_precision : float
        Inverse variances of ln v, of the noise in ln s, of ln u.
    risk_aversion : float
        Relative risk aversion, above 1.
    wealth : float
        Wealth of an investor in units of the security, half of it in cash.
    spot_share : float
        Share of investors who can't use repo.
    mean_value, mean_noise : float
        Means of v and u (not of their logarithms).
    """

    value_precision: float
    signal_precision: float
    noise_precision: float
    risk_aversion: float
    wealth: float
    spot_share: float
    mean_value: float
    mean_noise: float

    @property
    def mean_log_value(self) -> float:
        """Mean of ln v."""
        return math.log(self.mean_value) - 0.5 / self.value_precision

    @property
    def mean_log_noise(self) -> float:
        """Mean of ln u."""
        return math.log(self.mean_noise) - 0.5 / self.noise_precision


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients of the log price, and the precision of the price as a public signal."""

    b0: float
    b1: float
    b2: float
    b3: float
    tau_theta: float

    def log_price(self, log_value: float, log_noise: float, log_pledge_value: float) -> float:
        """Log price in a state; ``log_pledge_value`` is ln(chi/h), 0 where repo is shut."""
        return self.b0 + self.b1 * log_value + self.b2 * log_noise + self.b3 * log_pledge_value


# ------------------------------------------------------------------ the option to default
@dataclass(frozen=True, slots=True)
class Call:
    """The call inside a repo: value per unit of price, and the two arguments of its formula."""

    value: float
    d1: float
    d2: float


def call(haircut: float, repo_rate: float, value_precision: float) -> Call:
    r"""Value :math:`\chi` of the call that a borrower in repo holds (Proposition 7).

    .. math:: \chi = N(d_1) - K N(d_2), \quad K = (1-h)(1+r), \quad
              d_1 = \frac{\sigma^2/2 - \ln K}{\sigma}, \quad d_2 = d_1 - \sigma,
              \quad \sigma^2 = 1 / \tau_v .

    The drift is zero, as it must be with the risk-free return normalised to zero; (A.24) prints
    the repo rate in its place (erratum 7).
    """
    strike = (1.0 - haircut) * (1.0 + repo_rate)
    sigma = 1.0 / math.sqrt(value_precision)
    d1 = 0.5 * sigma - math.log(strike) / sigma
    d2 = d1 - sigma
    return Call(float(ndtr(d1) - strike * ndtr(d2)), d1, d2)


def active(haircut: float, repo_rate: float, value_precision: float) -> bool:
    """Whether anybody pledges: h < chi (Lemma 4)."""
    return haircut < call(haircut, repo_rate, value_precision).value


def log_pledge_value(haircut: float, repo_rate: float, value_precision: float) -> float:
    """ln(chi/h), or 0 where the repo market is shut."""
    value = call(haircut, repo_rate, value_precision).value
    return math.log(value / haircut) if haircut < value else 0.0


def shut_rate(haircut: float, value_precision: float) -> float:
    """Repo rate at and above which the repo market is shut: chi = h.

    The threshold that operates; that of Proposition 10 never does (erratum 9).
    """

    def spare(rate: float) -> float:
        return call(haircut, rate, value_precision).value - haircut

    above = 1.0
    while spare(above) > 0.0:
        above *= 2.0
    return float(brentq(spare, 0.0, above, xtol=ROOT_TOLERANCE))


def margin_threshold(haircut: float, repo_rate: float, value_precision: float) -> float:
    """The threshold of Proposition 10 at a given repo rate, N(d1)/N(d2) - 1 (A.48).

    The condition above it, (A.47), should have chi in its denominator; the threshold is right all
    the same (erratum 8).
    """
    found = call(haircut, repo_rate, value_precision)
    return float(ndtr(found.d1) / ndtr(found.d2)) - 1.0


def margin_threshold_fixed_point(haircut: float, value_precision: float) -> float:
    """The repo rate that equals its own threshold of Proposition 10."""
    return float(
        newton(
            lambda rate: margin_threshold(haircut, rate, value_precision) - rate,
            1.0,
            tol=1e-14,
            maxiter=200,
        )
    )


# ------------------------------------------------------------------ the price
@lru_cache(maxsize=4096)
def coefficients(
    primitives: Primitives, haircut: float, repo_rate: float, version: Version = "corrected"
) -> Coefficients:
    """Coefficients of the log price in one of the three versions.

    Where the repo market is shut (h >= chi) all investors trade spot, the haircut plays no part
    and b3 is zero: the limit in which h and the share of spot traders are both one.
    """
    if not active(haircut, repo_rate, primitives.value_precision):
        return without_repo(primitives, version)
    return _coefficients(primitives, haircut, primitives.spot_share, version)


def without_repo(primitives: Primitives, version: Version = "corrected") -> Coefficients:
    """Coefficients where nobody can pledge.

    The paper prints another sign and another constant in its beta_0 here (erratum 6); this is the
    limit of its own Proposition 8.
    """
    return _coefficients(primitives, 1.0, 1.0, version)


def _coefficients(
    primitives: Primitives, haircut: float, spot_share: float, version: Version
) -> Coefficients:
    if version == "printed":
        return _printed(primitives, haircut, spot_share)
    if version == "printed-noise":
        return _printed_noise(primitives, haircut, spot_share)
    return _corrected(primitives, haircut, spot_share)


def feasible(haircut: float, spot_share: float) -> bool:
    """Whether spot investors own enough for all that repo investors could buy (A.19): D > 0."""
    return _room(haircut, spot_share) > LEAST_ROOM


def _room(haircut: float, spot_share: float) -> float:
    """D = mu - (1 - h)."""
    return spot_share - (1.0 - haircut)


def _on_pledge(haircut: float, spot_share: float) -> float:
    """b3 = mu h / D - 1, the same in all versions."""
    return spot_share * haircut / _room(haircut, spot_share) - 1.0


def _corrected(p: Primitives, haircut: float, spot_share: float) -> Coefficients:
    r"""Fixed point of Bayes' rule and market clearing.

    .. math::

       n &= \frac{h \gamma}{w \tau_\varepsilon D}, \quad \tau_\theta = \tau_u / n^2, \quad
       T = \tau_v + \tau_\varepsilon + \tau_\theta, \\
       \beta_1 &= (\tau_\varepsilon + \tau_\theta) / T, \quad \beta_2 = n \beta_1, \\
       \beta_0 &= [\tau_v\, E \ln v - \tau_\theta n\, E \ln u] / T - (\gamma - 1) / (2T).

    Against the printed version: the private signal has weight tau_epsilon (erratum 2), logarithms
    of signals are freed of their bias first (erratum 3), and the variance in demands is the
    posterior one, 1/T (erratum 4).
    """
    noise = haircut * p.risk_aversion
    noise /= p.wealth * p.signal_precision * _room(haircut, spot_share)
    tau = p.noise_precision / noise**2
    total = p.value_precision + p.signal_precision + tau
    b1 = (p.signal_precision + tau) / total
    level = p.value_precision * p.mean_log_value - tau * noise * p.mean_log_noise
    b0 = level / total - 0.5 * (p.risk_aversion - 1.0) / total
    return Coefficients(b0, b1, noise * b1, _on_pledge(haircut, spot_share), tau)


def _printed(p: Primitives, haircut: float, spot_share: float) -> Coefficients:
    r"""Proposition 8 as it stands, with :math:`\tau_\theta = \tau_u (\beta_1/\beta_2)^2` (25).

    The precision of the public signal depends on beta_1 and the other way round; the root is
    unique because the right-hand side below falls in it relative to :math:`\tau_\theta`.
    """
    tau_s = p.value_precision + p.signal_precision
    b2 = _printed_on_noise(p, haircut, spot_share)

    def b1_at(tau: float) -> float:
        return (tau_s + tau) / (p.value_precision + tau_s + tau)

    def gap(tau: float) -> float:
        return p.noise_precision * (b1_at(tau) / b2) ** 2 - tau

    tau = float(brentq(gap, 0.0, p.noise_precision / b2**2, xtol=ROOT_TOLERANCE, rtol=1e-15))
    total = p.value_precision + tau_s + tau
    level = p.value_precision * p.mean_log_value - 0.5 * tau_s / p.signal_precision - 0.5
    b0 = level / total - 0.5 * (p.risk_aversion - 1.0) / p.value_precision
    return Coefficients(b0, b1_at(tau), b2, _on_pledge(haircut, spot_share), tau)


def _printed_noise(p: Primitives, haircut: float, spot_share: float) -> Coefficients:
    r"""Proposition 8 with the noise that the public signal carries put back (erratum 1).

    (A.31) puts the mean of the public signal given :math:`v` for the signal itself. Keeping
    :math:`\ln u` in it multiplies :math:`\beta_2` by
    :math:`(\tau_s + \tau_\theta) / \tau_s` and replaces a constant in :math:`\beta_0`.
    """
    tau_s = p.value_precision + p.signal_precision
    plain = _printed_on_noise(p, haircut, spot_share)

    def total_at(tau: float) -> float:
        return p.value_precision + tau_s + tau

    def gap(tau: float) -> float:
        return p.noise_precision * (tau_s / (plain * total_at(tau))) ** 2 - tau

    tau = float(brentq(gap, 0.0, p.noise_precision / plain**2, xtol=ROOT_TOLERANCE, rtol=1e-15))
    total = total_at(tau)
    b1 = (tau_s + tau) / total
    b2 = plain * (tau_s + tau) / tau_s
    ratio = b2 / b1
    shift = math.log(p.mean_noise) + 0.5 * (ratio - 1.0) / p.noise_precision
    level = p.value_precision * p.mean_log_value - 0.5 * tau_s / p.signal_precision
    b0 = (level - tau * ratio * shift) / total - 0.5 * (p.risk_aversion - 1.0) / p.value_precision
    return Coefficients(b0, b1, b2, _on_pledge(haircut, spot_share), tau)


def _printed_on_noise(p: Primitives, haircut: float, spot_share: float) -> float:
    """b2 as printed: h gamma / (w D tau_v)."""
    room = _room(haircut, spot_share)
    return haircut * p.risk_aversion / (p.wealth * room * p.value_precision)


# ------------------------------------------------------------------ what follows from it
def pledgeability_bias(primitives: Primitives, haircut: float, repo_rate: float) -> float:
    """b3 ln(chi/h): what being pledgeable adds to the log price; 0 where repo is shut."""
    if not active(haircut, repo_rate, primitives.value_precision):
        return 0.0
    pledged = log_pledge_value(haircut, repo_rate, primitives.value_precision)
    return _on_pledge(haircut, primitives.spot_share) * pledged


def call_by_haircut(haircut: float, repo_rate: float, value_precision: float) -> float:
    """Derivative of ln chi with respect to h: (1 + r) N(d2) / chi (Lemma 9, equation 27)."""
    found = call(haircut, repo_rate, value_precision)
    return float((1.0 + repo_rate) * ndtr(found.d2) / found.value)


def bias_by_haircut(primitives: Primitives, haircut: float, repo_rate: float) -> float:
    """Derivative of the pledgeability bias with respect to h, where repo is active (A.46)."""
    share = primitives.spot_share
    pledged = log_pledge_value(haircut, repo_rate, primitives.value_precision)
    by_haircut = share * (share - 1.0) / _room(haircut, share) ** 2
    slope = call_by_haircut(haircut, repo_rate, primitives.value_precision) - 1.0 / haircut
    return by_haircut * pledged + _on_pledge(haircut, share) * slope


def extra_noise(
    primitives: Primitives, haircut: float, repo_rate: float, version: Version = "printed"
) -> float:
    """b2 with repo less b2 without (Remark 1): above zero while repo is active."""
    with_repo = coefficients(primitives, haircut, repo_rate, version)
    return with_repo.b2 - without_repo(primitives, version).b2


def extra_noise_by_haircut(primitives: Primitives, haircut: float) -> float:
    """Derivative of that difference with respect to h as Remark 1 prints it, below zero."""
    p = primitives
    top = p.risk_aversion * (1.0 - p.spot_share) / p.value_precision
    return -top / (p.wealth * _room(haircut, p.spot_share) ** 2)


def price_variance(found: Coefficients, noise_precision: float) -> float:
    """Variance of ln p given the value: b2^2 / tau_u; the less of it, the more a price tells."""
    return found.b2**2 / noise_precision


def value_variance(found: Coefficients, value_precision: float) -> float:
    """Variance of ln v given the price: 1 / (tau_v + tau_theta)."""
    return 1.0 / (value_precision + found.tau_theta)


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
    found = coefficients(p, haircut, repo_rate)
    return found.b1 * margin / _room(margin, share) * spread


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

    Their haircuts follow given paths; only what these do to the mean prices moves together:

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
            found.b1**2 / primitives.value_precision
            + price_variance(found, primitives.noise_precision)
            + finite_market_error(primitives, h, repo_rate, investors) ** 2
            for h in path
            for found in [coefficients(primitives, h, repo_rate)]
        ]
        paths.append(mean - mean.mean())
        spreads.append(float(np.mean((mean - mean.mean()) ** 2) + np.mean(around)))
    return float(np.mean(paths[0] * paths[1])) / math.sqrt(spreads[0] * spreads[1])
