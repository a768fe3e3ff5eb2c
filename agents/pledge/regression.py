r"""Learning by regression: recursive least squares of values on signals and prices.

Source: our extension of Ramirez, "Pledgeable securities in a rational expectations equilibrium".
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from agents.pledge.forecast import Forecast, Information, PriceFunction
from markets.quote import FloatArray

REGRESSORS = 3
"""A constant, the private signal and the price."""


@dataclass(frozen=True, slots=True)
class Regression:
    r"""Recursive least squares of ln v on a constant, ln s_i and the price, member by member.

    With regressors :math:`x = (1, \ln s_i, \ln p - \beta_3 \ln(\chi/h))`, gain :math:`k_t` and the
    forecast error :math:`e = \ln v - \phi' x`,

    .. math:: R \leftarrow R + k_t (x x' - R), \quad \phi \leftarrow \phi + k_t R^{-1} x\, e, \quad
              V \leftarrow V + k_t (e^2 - V) .

    Whoever has seen only one haircut can't separate what being pledgeable adds to the price from
    the constant, so it is subtracted from the price at the believed :math:`\beta_3` (on which all
    versions of the closed form agree).

    Attributes
    ----------
    weights : array of shape (securities, members, 3)
        The regression coefficients.
    inverse : array of shape (securities, members, 3, 3)
        Inverse of R, the weighted mean of x x', updated by the Sherman-Morrison formula.
    variance : array of shape (securities, members)
        Weighted mean of squared forecast errors.
    on_pledge : array of shape (securities, 1)
        The believed b3.
    days : float
        Days of observations, including those that the first belief counts for.
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
        """The regression of an investor whose first belief counts for ``memory`` days."""
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
        """The regression with one more day of observations (pure).

        ``log_signal`` has shape ``(securities, members)``, the others ``(securities,)``.
        """
        days = self.days + 1.0
        step = self.gain / days
        bare = log_price[:, None] - self.on_pledge * log_pledge_value[:, None]
        observed = np.stack(
            [np.ones_like(log_signal), log_signal, np.broadcast_to(bare, log_signal.shape)], axis=-1
        )
        error = log_value[:, None] - np.sum(self.weights * observed, axis=-1)
        pull = np.sum(self.inverse * observed[..., None, :], axis=-1)
        reach = (1.0 - step) + step * np.sum(pull * observed, axis=-1)
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
        """The forecast with the regression coefficients as weights."""
        constant, on_signal, on_price = np.moveaxis(self.weights, -1, 0)
        return Forecast(constant, on_signal, on_price, -on_price * self.on_pledge, self.variance)
