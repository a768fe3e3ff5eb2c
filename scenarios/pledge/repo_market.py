r"""The repo rate at which the repo market clears, (13), in closed form.

The paper states (13), the repo investors' and the noise traders' pledges add up to zero, and then
takes the repo rate :math:`r` as given, so that it fails. Here :math:`r` is a second unknown. What
the paper says of the repo market is read as follows.

* Noise traders "demand a random amount of the risky asset in the spot market and they repo it"
  (section 3.1): they pledge :math:`\ln u`, and where :math:`\ln u < 0` they lend against as much.
* Repo investor i pledges :math:`w y^R_i` of its own; where that is negative it lends.
* Lemma 4: nobody pledges unless :math:`h < \chi`, and then the repo market is shut: the noise
  traders' own demand for loans is not met, and they pay in cash.
* Cash can be stored at a return of zero (section 3.2), so that nobody lends at a rate below zero,
  and cash that finds no borrower at :math:`r = 0` is stored.
* Investors condition on their signal and the price alone, :math:`\Omega_i = \{s_i, p\}`; in (22)
  :math:`\chi/h` is a known number. So they know the rate and infer nothing from it. (If they did,
  it would tell them :math:`\ln u`, the price would tell them :math:`v`, and :math:`p = v`.)

Averaged over signals (12) and (13) give shares of wealth
:math:`\bar y^R = -\ln u / (w (1-\mu))` and :math:`\bar y^S = (2h - 1) \ln u / (h w \mu)`. Since
:math:`\bar y^R - \bar y^S = \ln(\chi/h) / (\gamma V)`,

.. math:: \ln\frac{\chi(r)}{h} = -\frac{\gamma V}{w}\,
          \frac{(2 - \mu) h - (1 - \mu)}{\mu (1 - \mu) h}\, \ln u .

The fraction is positive where :math:`D = \mu - (1 - h) > 0`. So the repo market is open if and only
if noise traders sell (:math:`\ln u < 0`) and lend what they receive, and pledging is worth the more
the more cash they bring; where it would be worth more than at :math:`r = 0`, the rate is zero and
the rest of the cash is stored.

Source: our reading of Ramirez, "Pledgeable securities in a rational expectations equilibrium".
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from scenarios.pledge.closed_form import Primitives, Version, with_repo, without_repo
from scenarios.pledge.option import gain, log_pledge_value, root, shut_rate


@dataclass(frozen=True, slots=True)
class Cleared:
    """Where spot and repo market clear: log price, repo rate, and ln(chi/h), 0 if repo is shut."""

    log_price: float
    repo_rate: float
    log_pledge_value: float


def cleared(
    primitives: Primitives,
    haircut: float,
    log_value: float,
    log_noise: float,
    version: Version = "corrected",
) -> Cleared:
    """Log price and repo rate of the continuum in a state.

    Where repo is shut the rate is the lowest of those at which it is.
    """
    p = primitives
    if log_noise >= 0.0:
        price = without_repo(p, version).log_price(log_value, log_noise, 0.0)
        return Cleared(price, shut_rate(haircut, p.value_precision), 0.0)
    solved = with_repo(p, haircut, version)
    precision = p.value_precision
    if version == "corrected":
        precision += p.signal_precision + solved.tau_theta
    wanted = -p.risk_aversion / (p.wealth * precision) * _weight(haircut, p.spot_share) * log_noise
    highest = log_pledge_value(haircut, 0.0, p.value_precision)
    worth = min(wanted, highest)
    rate = rate_at(worth, haircut, p.value_precision) if wanted < highest else 0.0
    return Cleared(solved.log_price(log_value, log_noise, worth), rate, worth)


def rate_at(worth: float, haircut: float, value_precision: float) -> float:
    """The repo rate at which ln(chi/h) is as given, between 0 and its value at a rate of 0."""
    wanted = haircut * math.expm1(worth)

    def gap(rate: float) -> float:
        return gain(haircut, rate, value_precision) - wanted

    if gap(0.0) <= 0.0:
        return 0.0
    above = 2.0 * shut_rate(haircut, value_precision)
    return root(gap, 0.0, above)


def _weight(haircut: float, spot_share: float) -> float:
    """Sum of the two sides' shares of wealth for each unit of cash that noise traders lend."""
    top = (2.0 - spot_share) * haircut - (1.0 - spot_share)
    return top / (spot_share * (1.0 - spot_share) * haircut)
