r"""Price of a pledgeable security that partly reveals its value, in closed form.

The price is linear in logarithms,

.. math:: \ln p = \beta_0 + \beta_1 \ln v + \beta_2 \ln u + \beta_3 \ln(\chi / h),

with :math:`v` the final value, :math:`u` the noise demand, :math:`h` the haircut and :math:`\chi`
the value, as a share of the price, of the call that a borrower in repo holds on its collateral.
With :math:`\mu` the share of investors who trade spot only and :math:`D = \mu - (1 - h) > 0` write
:math:`\tau_v, \tau_\varepsilon, \tau_u` for the precisions of value, private signal and noise and
:math:`\tau_\theta` for that of the price as a public signal.

Three versions of the coefficients are compared, because the printed ones are not a fixed point of
the paper's own clearing condition:

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
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal, get_args

from scenarios.pledge.option import active, root

Version = Literal["printed", "printed-noise", "corrected"]
VERSIONS: tuple[Version, ...] = get_args(Version)

LEAST_ROOM = 1e-12
"""Room D that counts as none: 1 - spot_share is itself a rounded number."""


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


def coefficients(
    primitives: Primitives, haircut: float, repo_rate: float, version: Version = "corrected"
) -> Coefficients:
    """Coefficients of the log price in one of the three versions.

    Where the repo market is shut (h >= chi) all investors trade spot, the haircut has no effect
    and b3 is zero: the limit in which h and the share of spot traders are both one.
    """
    if not active(haircut, repo_rate, primitives.value_precision):
        return without_repo(primitives, version)
    return with_repo(primitives, haircut, version)


@lru_cache(maxsize=4096)
def with_repo(
    primitives: Primitives, haircut: float, version: Version = "corrected"
) -> Coefficients:
    """Coefficients where pledging pays, whatever the repo rate: only chi depends on it."""
    return _coefficients(primitives, haircut, primitives.spot_share, version)


@lru_cache(maxsize=4096)
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
    """Whether spot investors own all that repo investors could buy (A.19): D > 0."""
    return room(haircut, spot_share) > LEAST_ROOM


def room(haircut: float, spot_share: float) -> float:
    """D = mu - (1 - h)."""
    return spot_share - (1.0 - haircut)


def pledge_coefficient(haircut: float, spot_share: float) -> float:
    """b3 = mu h / D - 1, the same in all versions."""
    return spot_share * haircut / room(haircut, spot_share) - 1.0


def _corrected(p: Primitives, haircut: float, spot_share: float) -> Coefficients:
    r"""Fixed point of Bayes' rule and market clearing.

    .. math::

       n &= \frac{h \gamma}{w \tau_\varepsilon D}, \quad \tau_\theta = \tau_u / n^2, \quad
       T = \tau_v + \tau_\varepsilon + \tau_\theta, \\
       \beta_1 &= (\tau_\varepsilon + \tau_\theta) / T, \quad \beta_2 = n \beta_1, \\
       \beta_0 &= [\tau_v\, E \ln v - \tau_\theta n\, E \ln u] / T - (\gamma - 1) / (2T).

    Unlike in the printed version, the private signal has weight tau_epsilon (erratum 2), the bias
    of the logarithms of signals is removed first (erratum 3), and the variance in demands is the
    posterior one, 1/T (erratum 4).
    """
    noise = haircut * p.risk_aversion
    noise /= p.wealth * p.signal_precision * room(haircut, spot_share)
    tau = p.noise_precision / noise**2
    total = p.value_precision + p.signal_precision + tau
    b1 = (p.signal_precision + tau) / total
    level = p.value_precision * p.mean_log_value - tau * noise * p.mean_log_noise
    b0 = level / total - 0.5 * (p.risk_aversion - 1.0) / total
    return Coefficients(b0, b1, noise * b1, pledge_coefficient(haircut, spot_share), tau)


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

    tau = root(gap, 0.0, p.noise_precision / b2**2)
    total = p.value_precision + tau_s + tau
    level = p.value_precision * p.mean_log_value - 0.5 * tau_s / p.signal_precision - 0.5
    b0 = level / total - 0.5 * (p.risk_aversion - 1.0) / p.value_precision
    return Coefficients(b0, b1_at(tau), b2, pledge_coefficient(haircut, spot_share), tau)


def _printed_noise(p: Primitives, haircut: float, spot_share: float) -> Coefficients:
    r"""Proposition 8 with the noise of the public signal restored (erratum 1).

    (A.31) replaces the public signal by its mean given :math:`v`. Keeping
    :math:`\ln u` in it multiplies :math:`\beta_2` by
    :math:`(\tau_s + \tau_\theta) / \tau_s` and replaces a constant in :math:`\beta_0`.
    """
    tau_s = p.value_precision + p.signal_precision
    plain = _printed_on_noise(p, haircut, spot_share)

    def total_at(tau: float) -> float:
        return p.value_precision + tau_s + tau

    def gap(tau: float) -> float:
        return p.noise_precision * (tau_s / (plain * total_at(tau))) ** 2 - tau

    tau = root(gap, 0.0, p.noise_precision / plain**2)
    total = total_at(tau)
    b1 = (tau_s + tau) / total
    b2 = plain * (tau_s + tau) / tau_s
    ratio = b2 / b1
    shift = math.log(p.mean_noise) + 0.5 * (ratio - 1.0) / p.noise_precision
    level = p.value_precision * p.mean_log_value - 0.5 * tau_s / p.signal_precision
    b0 = (level - tau * ratio * shift) / total - 0.5 * (p.risk_aversion - 1.0) / p.value_precision
    return Coefficients(b0, b1, b2, pledge_coefficient(haircut, spot_share), tau)


def _printed_on_noise(p: Primitives, haircut: float, spot_share: float) -> float:
    """b2 as printed: h gamma / (w D tau_v)."""
    supply = p.wealth * room(haircut, spot_share)
    return haircut * p.risk_aversion / (supply * p.value_precision)
