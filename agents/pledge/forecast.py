r"""Forecasts that informed investors make from a private signal and a price.

An investor who sees :math:`\ln s_i = \ln v - 1/(2\tau_\varepsilon) + e_i` and the price forecasts

.. math:: E_i = c + a \ln s_i + g \ln p + d \ln(\chi/h),

with a variance :math:`V`. It may regress on its own history (:mod:`agents.pledge.regression`), or
believe a :class:`PriceFunction`
:math:`\ln p = \beta_0 + \beta_1 \ln v + \beta_2 \ln u + \beta_3 \ln(\chi/h)` and apply Bayes' rule:
the price is a public signal
:math:`q = [\ln p - \beta_0 - \beta_3 \ln(\chi/h) - \beta_2 E \ln u] / \beta_1` of :math:`\ln v`
with precision :math:`\tau_\theta = \tau_u (\beta_1/\beta_2)^2`, so that

.. math:: E_i = \frac{\tau_v E \ln v + \tau_\varepsilon (\ln s_i + 1/(2\tau_\varepsilon))
                + \tau_\theta q}{T}, \quad V = \frac{1}{T}, \quad
          T = \tau_v + \tau_\varepsilon + \tau_\theta .

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", (22) to (25) and
(A.27), with the bias of the signals' means removed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from agents.pledge.nature import Lognormal
from markets.quote import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class PriceFunction:
    """Coefficients of the log price of each security, arrays of shape ``(securities,)``.

    ``b0`` is the constant, ``b1`` belongs to ln v, ``b2`` to ln u and ``b3`` to ln(chi/h).
    """

    b0: FloatArray
    b1: FloatArray
    b2: FloatArray
    b3: FloatArray

    def stacked(self) -> FloatArray:
        """The coefficients as rows, shape ``(4, securities)``."""
        return np.stack([self.b0, self.b1, self.b2, self.b3])

    def precision(self, noise_precision: float) -> FloatArray:
        """Precision of the price as a public signal of ln v (tau_theta)."""
        return noise_precision * (self.b1 / self.b2) ** 2

    def log_price(
        self, log_value: FloatArray, log_noise: FloatArray, log_pledge_value: FloatArray
    ) -> FloatArray:
        """Log prices in a state."""
        return self.b0 + self.b1 * log_value + self.b2 * log_noise + self.b3 * log_pledge_value


@dataclass(frozen=True, slots=True)
class Information:
    r"""What every investor knows about the laws of value, noise and private signals.

    Attributes
    ----------
    value, noise : Lognormal
        Laws of v and u.
    signal_precision : float
        Precision of the errors of private signals.
    as_printed : bool
        Whether investors update as (A.27) prints it: the private signal has the weight
        :math:`\tau_s = \tau_v + \tau_\varepsilon`, the biases of the means of
        :math:`\ln s_i` and of the public signal
        :math:`\ln\theta = [\ln p - \beta_0 - \beta_2 k - \beta_3 \ln(\chi/h)]/\beta_1`,
        :math:`k = \ln \bar u + (\beta_2/\beta_1 - 1)/(2\tau_u)`, stay in, and demands divide by
        the prior variance :math:`1/\tau_v` as in (14) and (20). These are errata 2 to 4 of the
        README of :mod:`scenarios.pledge`.
    """

    value: Lognormal
    noise: Lognormal
    signal_precision: float
    as_printed: bool = False

    @property
    def signal_weight(self) -> float:
        """Precision that investors attribute to a private signal."""
        prior = self.value.precision if self.as_printed else 0.0
        return prior + self.signal_precision

    @property
    def prior_level(self) -> float:
        """Constant of a forecast times its total precision, but for the part of the price."""
        bias = 0.0 if self.as_printed else 0.5
        return self.value.precision * self.value.log_mean + bias

    def noise_level(self, b1: FloatArray, b2: FloatArray) -> FloatArray:
        """What is subtracted for ln u in the public signal: its mean, or k of (22)."""
        if not self.as_printed:
            return np.full_like(b1, self.noise.log_mean)
        shift = 0.5 * (b2 / b1 - 1.0) / self.noise.precision
        return math.log(self.noise.mean) + shift


@dataclass(frozen=True, slots=True)
class Forecast:
    """Weights of a forecast of ln v: one for all members, or one per member.

    Every field has shape ``(securities, 1)`` or ``(securities, members)``.
    """

    constant: FloatArray
    on_signal: FloatArray
    on_price: FloatArray
    on_pledge: FloatArray
    variance: FloatArray

    @classmethod
    def bayes(cls, believed: PriceFunction, known: Information) -> Forecast:
        """Bayes' rule, or (A.27) as printed, for an investor who believes a price function."""
        tau = believed.precision(known.noise.precision)
        total = known.value.precision + known.signal_weight + tau
        level = believed.b0 + believed.b2 * known.noise_level(believed.b1, believed.b2)
        on_price = tau / (total * believed.b1)
        prior = np.full_like(total, 1.0 / known.value.precision)
        weights = (
            known.prior_level / total - on_price * level,
            known.signal_weight / total,
            on_price,
            -on_price * believed.b3,
            prior if known.as_printed else 1.0 / total,
        )
        return cls(*(weight[:, None] for weight in weights))

    def toward(self, right: Forecast, share: FloatArray) -> Forecast:
        r"""The forecast a share of the way to the right one; shares of shape ``(securities, 1)``.

        Constant, weight on the price and weight on the pledge move by the share, since they feed
        back on themselves through the price: if investors use a weight :math:`g`, the right one is
        :math:`(\tau_\theta/\tau_\varepsilon)(1 - g)`. The weight on the signal and the variance do
        not feed back, and take their right values at once.
        """

        def moved(name: str) -> FloatArray:
            start: FloatArray = getattr(self, name)
            end: FloatArray = getattr(right, name)
            return start + share * (end - start)

        return replace(
            right, **{name: moved(name) for name in ("constant", "on_price", "on_pledge")}
        )

    def where(self, mask: BoolArray, other: Forecast) -> Forecast:
        """These weights for the securities of a mask, other ones for the rest."""
        pairs = ((getattr(self, part.name), getattr(other, part.name)) for part in fields(self))
        return Forecast(*(np.where(mask[:, None], one, two) for one, two in pairs))

    def differs(self, other: Forecast) -> float:
        """Largest difference of a weight, relative to the larger of the weight and 1."""
        pairs = ((getattr(self, part.name), getattr(other, part.name)) for part in fields(self))
        gaps = [np.max(np.abs(one - two) / np.maximum(np.abs(two), 1.0)) for one, two in pairs]
        return float(np.max(gaps))

    def of(self, rows: slice) -> Forecast:
        """The weights of some members; weights that all share are kept once."""
        parts = (getattr(self, part.name) for part in fields(self))
        return Forecast(*(part if part.shape[1] == 1 else part[:, rows] for part in parts))

    def justified_by(self, known: Information) -> PriceFunction:
        """Price function under which the average member's forecast would be Bayes' rule.

        NaN where no precision of the price above zero could justify the average forecast.
        """
        constant, on_signal, on_price, on_pledge = (
            np.mean(part, axis=1)
            for part in (self.constant, self.on_signal, self.on_price, self.on_pledge)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            total = known.signal_weight / on_signal
            tau = total - known.value.precision - known.signal_weight
            b1 = np.where(tau > 0.0, tau / (total * on_price), np.nan)
            b2 = b1 * np.sqrt(known.noise.precision / tau)
            b0 = (known.prior_level / total - constant) / on_price
            b0 -= b2 * known.noise_level(b1, b2)
            return PriceFunction(b0, b1, b2, -on_pledge / on_price)
