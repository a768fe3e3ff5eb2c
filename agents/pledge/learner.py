"""How investors revise their forecasts from day to day."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from agents.pledge.forecast import Forecast, Information, PriceFunction
from agents.pledge.regression import Regression

Learning = Literal["none", "map", "regression", "reasoning"]


@dataclass(frozen=True, slots=True)
class Learner:
    r"""How investors revise their forecasts from day to day.

    Parameters
    ----------
    rule : {"none", "map", "regression", "reasoning"}
        Not at all; by moving the forecast toward Bayes' rule under the price function that
        yesterday's orders implied; by regressing on their own history; or by working out every
        morning what their forecasts would do to the price (:mod:`agents.pledge.anticipation`).
    damping : float, optional
        Share of the way that ``"map"`` moves, in (0, 1]. Undamped, the weight on the price
        diverges where the price is a more precise signal than the private one (its map has the
        slope :math:`-\tau_\theta/\tau_\varepsilon`). The default share
        :math:`\tau_\varepsilon / (\tau_\varepsilon + \tau_\theta)` makes the slope zero.
    gain, memory : float
        See :class:`agents.pledge.regression.Regression`.
    """

    rule: Learning = "none"
    damping: float | None = None
    gain: float = 2.0
    memory: float = 50.0

    def regression(
        self, believed: PriceFunction, known: Information, members: int
    ) -> Regression | None:
        """The regression on the first day, if members learn by one."""
        if self.rule != "regression":
            return None
        return Regression.starting(believed, known, members, memory=self.memory, gain=self.gain)

    def mapped(self, forecast: Forecast, published: PriceFunction, known: Information) -> Forecast:
        """The forecast of the next day if members learn by the map (pure)."""
        tau = published.precision(known.noise.precision)
        share = (
            known.signal_weight / (known.signal_weight + tau)
            if self.damping is None
            else np.full_like(tau, self.damping)
        )
        return forecast.toward(Forecast.bayes(published, known), share[:, None])
