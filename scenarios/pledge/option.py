r"""The option to default in a repo, and the repo rates at which pledging stops to pay.

A borrower in repo holds a call on its collateral, worth :math:`\chi` per unit of price. It pays to
pledge if and only if the haircut is below :math:`\chi`.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium"; equation numbers
are that paper's, errata are numbered as in this folder's README.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

from scipy.special import ndtr

ROOT_TOLERANCE = 1e-15
"""Absolute and relative tolerance of one-dimensional roots."""


def root(function: Callable[[float], float], low: float, high: float) -> float:
    """Root of a function between two ends at which its signs differ."""
    from scipy.optimize import brentq

    return float(brentq(function, low, high, xtol=ROOT_TOLERANCE, rtol=ROOT_TOLERANCE))


@dataclass(frozen=True, slots=True)
class Call:
    """The call in a repo: value per unit of price, and the two arguments of its formula."""

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


def gain(haircut: float, repo_rate: float, value_precision: float) -> float:
    r"""What pledging gains over selling, :math:`\chi - h`, per unit of price.

    By put-call parity it is :math:`K N(-d_2) - N(-d_1) - (1-h) r`, the put that the borrower holds
    less the interest that it pays: accurate even where :math:`\chi` and :math:`h` all but agree.
    """
    option = call(haircut, repo_rate, value_precision)
    rest = 1.0 - haircut
    if rest * (1.0 + repo_rate) > 1.0:
        return option.value - haircut
    put = rest * (1.0 + repo_rate) * ndtr(-option.d2) - ndtr(-option.d1)
    return float(max(put, 0.0) - rest * repo_rate)


def active(haircut: float, repo_rate: float, value_precision: float) -> bool:
    """Whether anybody pledges: h < chi (Lemma 4)."""
    return gain(haircut, repo_rate, value_precision) > 0.0


def log_pledge_value(haircut: float, repo_rate: float, value_precision: float) -> float:
    """ln(chi/h), or 0 where the repo market is shut."""
    return math.log1p(max(gain(haircut, repo_rate, value_precision), 0.0) / haircut)


def shut_rate(haircut: float, value_precision: float) -> float:
    """Repo rate at and above which the repo market is shut: chi = h.

    The threshold that operates; that of Proposition 10 never does (erratum 9).
    """
    return _crossing(lambda rate: gain(haircut, rate, value_precision))


def margin_threshold(haircut: float, repo_rate: float, value_precision: float) -> float:
    """The threshold of Proposition 10 at a given repo rate, N(d1)/N(d2) - 1 (A.48).

    The condition above it, (A.47), should have chi in its denominator; the threshold is right all
    the same (erratum 8).
    """
    option = call(haircut, repo_rate, value_precision)
    return float(ndtr(option.d1) / ndtr(option.d2)) - 1.0


def margin_threshold_fixed_point(haircut: float, value_precision: float) -> float:
    """The repo rate that equals its own threshold of Proposition 10."""
    return _crossing(lambda rate: margin_threshold(haircut, rate, value_precision) - rate)


def call_by_haircut(haircut: float, repo_rate: float, value_precision: float) -> float:
    """Derivative of ln chi with respect to h: (1 + r) N(d2) / chi (Lemma 9, equation 27)."""
    option = call(haircut, repo_rate, value_precision)
    return float((1.0 + repo_rate) * ndtr(option.d2) / option.value)


def _crossing(function: Callable[[float], float]) -> float:
    """The rate at which a function of the repo rate, at least 0 at a rate of 0, turns negative."""
    if function(0.0) <= 0.0:  # below zero by rounding only
        return 0.0
    above = 1.0
    while function(above) > 0.0:
        above *= 2.0
    return root(function, 0.0, above)
