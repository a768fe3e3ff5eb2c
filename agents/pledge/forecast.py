r"""What informed investors make of a private signal and a price.

An investor who sees :math:`\ln s_i = \ln v - 1/(2\tau_\varepsilon) + e_i` and the price forecasts

.. math:: E_i = c + a \ln s_i + g \ln p + d \ln(\chi/h),

with a variance :math:`V`: a :class:`Forecast`. It gets there in one of two ways.

* From a conjecture. It believes the :class:`PriceFunction`
  :math:`\ln p = \beta_0 + \beta_1 \ln v + \beta_2 \ln u + \beta_3 \ln(\chi/h)` and applies Bayes'
  rule: the price is a signal
  :math:`q = [\ln p - \beta_0 - \beta_3 \ln(\chi/h) - \beta_2 E \ln u] / \beta_1` of :math:`\ln v`
  with precision :math:`\tau_\theta = \tau_u (\beta_1/\beta_2)^2`, so that

  .. math:: E_i = \frac{\tau_v E \ln v + \tau_\varepsilon (\ln s_i + 1/(2\tau_\varepsilon))
                  + \tau_\theta q}{T}, \quad V = \frac{1}{T}, \quad
            T = \tau_v + \tau_\varepsilon + \tau_\theta .

* From its own history, by regressing the values that came out on its signals and the prices
  (:class:`Regression`).

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", (22) to (25) and
(A.27), with the means of signals freed of their bias; learning by regression is our extension.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

import numpy as np

from agents.pledge.nature import Lognormal
from markets.quote import FloatArray

REGRESSORS = 3
"""A constant, the private signal and the price."""


@dataclass(frozen=True, slots=True)
class PriceFunction:
    """Coefficients of the log price of each security, each of shape ``(securities,)``.

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
    """What every investor knows about the laws of value, noise and private signals."""

    value: Lognormal
    noise: Lognormal
    signal_precision: float


@dataclass(frozen=True, slots=True)
class Forecast:
    """Weights of a forecast of ln v: one for all members, or one each.

    Every field has shape ``(securities, 1)`` or ``(securities, members)``.
    """

    constant: FloatArray
    on_signal: FloatArray
    on_price: FloatArray
    on_pledge: FloatArray
    variance: FloatArray

    @classmethod
    def bayes(cls, believed: PriceFunction, known: Information) -> Forecast:
        """Bayes' rule for an investor who believes a price function."""
        tau = believed.precision(known.noise.precision)
        total = known.value.precision + known.signal_precision + tau
        level = believed.b0 + believed.b2 * known.noise.log_mean
        on_price = tau / (total * believed.b1)
        constant = (known.value.precision * known.value.log_mean + 0.5) / total - on_price * level
        weights = (
            constant,
            known.signal_precision / total,
            on_price,
            -on_price * believed.b3,
            1.0 / total,
        )
        return cls(*(weight[:, None] for weight in weights))

    def toward(self, right: Forecast, share: FloatArray) -> Forecast:
        r"""The forecast a share of the way to the right one; shares of shape ``(securities, 1)``.

        Constant, weight on the price and weight on the pledge move by the share, since they feed
        back on themselves through the price: a weight :math:`g` makes
        :math:`(\tau_\theta/\tau_\varepsilon)(1 - g)` the right one. The weight on the signal and
        the variance don't, and are taken over whole.
        """

        def moved(name: str) -> FloatArray:
            here: FloatArray = getattr(self, name)
            there: FloatArray = getattr(right, name)
            return here + share * (there - here)

        return replace(
            right, **{name: moved(name) for name in ("constant", "on_price", "on_pledge")}
        )

    def of(self, rows: slice) -> Forecast:
        """The weights of some members; those that all share stay single."""
        parts = (getattr(self, part.name) for part in fields(self))
        return Forecast(*(part if part.shape[1] == 1 else part[:, rows] for part in parts))

    def justified_by(self, known: Information) -> PriceFunction:
        """Price function under which the average member's forecast would be Bayes' rule.

        Not a number where the average forecast gives the price less weight than none.
        """
        constant, on_signal, on_price, on_pledge = (
            np.mean(part, axis=1)
            for part in (self.constant, self.on_signal, self.on_price, self.on_pledge)
        )
        with np.errstate(divide="ignore", invalid="ignore"):
            total = known.signal_precision / on_signal
            tau = total - known.value.precision - known.signal_precision
            b1 = np.where(tau > 0.0, tau / (total * on_price), np.nan)
            b2 = b1 * np.sqrt(known.noise.precision / tau)
            prior = (known.value.precision * known.value.log_mean + 0.5) / total
            b0 = (prior - constant) / on_price - b2 * known.noise.log_mean
            return PriceFunction(b0, b1, b2, -on_pledge / on_price)


@dataclass(frozen=True, slots=True)
class Regression:
    r"""Recursive least squares of ln v on a constant, ln s_i and the price, member by member.

    With regressors :math:`x = (1, \ln s_i, \ln p - \beta_3 \ln(\chi/h))`, gain :math:`k_t` and the
    forecast error :math:`e = \ln v - \phi' x`,

    .. math:: R \leftarrow R + k_t (x x' - R), \quad \phi \leftarrow \phi + k_t R^{-1} x\, e, \quad
              V \leftarrow V + k_t (e^2 - V) .

    What being pledgeable adds to the price can't be told from the constant by somebody who has
    seen one haircut only, so it is taken out of the price at the believed :math:`\beta_3` (on which
    all versions of the closed form agree).

    Attributes
    ----------
    weights : array of shape (securities, members, 3)
        The regression coefficients.
    inverse : array of shape (securities, members, 3, 3)
        Inverse of R, the weighted mean of x x', carried along by the formula of Sherman and
        Morrison.
    variance : array of shape (securities, members)
        Weighted mean of squared forecast errors.
    on_pledge : array of shape (securities, 1)
        The believed b3.
    days : float
        Days learnt from, with those that the first belief counts for.
    gain : float
        Weight of a new day, as a multiple of that of a day among ``days`` equal ones; k is
        ``gain / days``, and stays below 1 because the first belief counts for more than ``gain``
        days.
    """

    weights: FloatArray
    inverse: FloatArray
    variance: FloatArray
    on_pledge: FloatArray
    days: float
    gain: float

    @classmethod
    def starting(
        cls,
        believed: PriceFunction,
        known: Information,
        members: int,
        *,
        memory: float,
        gain: float,
    ) -> Regression:
        """The regression of somebody who has seen ``memory`` days of what it believes."""
        first = Forecast.bayes(believed, known)
        means = np.stack(
            [
                np.ones_like(believed.b0),
                np.full_like(believed.b0, known.value.log_mean - 0.5 / known.signal_precision),
                believed.b0
                + believed.b1 * known.value.log_mean
                + believed.b2 * known.noise.log_mean,
            ],
            axis=-1,
        )
        loads = np.zeros((*believed.b0.shape, REGRESSORS, 3))
        loads[:, 1, 0] = loads[:, 1, 1] = 1.0
        loads[:, 2, 0], loads[:, 2, 2] = believed.b1, believed.b2
        spread = [
            1.0 / tau
            for tau in (known.value.precision, known.signal_precision, known.noise.precision)
        ]
        moments = means[:, :, None] * means[:, None, :]
        moments = moments + (loads * np.array(spread)) @ loads.transpose(0, 2, 1)
        weights = np.concatenate([first.constant, first.on_signal, first.on_price], axis=1)
        shape = (len(weights), members)
        return cls(
            weights=np.broadcast_to(weights[:, None], (*shape, REGRESSORS)).copy(),
            inverse=np.broadcast_to(
                np.linalg.inv(moments)[:, None], (*shape, REGRESSORS, REGRESSORS)
            ).copy(),
            variance=np.broadcast_to(first.variance, shape).copy(),
            on_pledge=believed.b3[:, None],
            days=memory,
            gain=gain,
        )

    def after(
        self,
        log_signal: FloatArray,
        log_price: FloatArray,
        log_pledge_value: FloatArray,
        log_value: FloatArray,
    ) -> Regression:
        """The regression with one more day in it (pure).

        ``log_signal`` has shape ``(securities, members)``, the others ``(securities,)``.
        """
        days = self.days + 1.0
        step = self.gain / days
        bare = log_price[:, None] - self.on_pledge * log_pledge_value[:, None]
        seen = np.stack(
            [np.ones_like(log_signal), log_signal, np.broadcast_to(bare, log_signal.shape)], axis=-1
        )
        error = log_value[:, None] - np.sum(self.weights * seen, axis=-1)
        pull = np.sum(self.inverse * seen[..., None, :], axis=-1)
        reach = (1.0 - step) + step * np.sum(pull * seen, axis=-1)
        pull /= reach[..., None]
        drop = (step * reach)[..., None, None] * pull[..., :, None] * pull[..., None, :]
        return replace(
            self,
            weights=self.weights + (step * error)[..., None] * pull,
            inverse=(self.inverse - drop) / (1.0 - step),
            variance=self.variance + step * (error**2 - self.variance),
            days=days,
        )

    def forecast(self) -> Forecast:
        """What the regression says."""
        constant, on_signal, on_price = np.moveaxis(self.weights, -1, 0)
        return Forecast(constant, on_signal, on_price, -on_price * self.on_pledge, self.variance)
