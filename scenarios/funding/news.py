"""News on the payoff and on the selling pressure of customers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class News:
    """What happens at each date, the same under every margin rule.

    Attributes
    ----------
    fundamental, supply : array of shape (dates,)
        v and Z.
    """

    fundamental: FloatArray
    supply: FloatArray


def draw_news(
    rng: np.random.Generator,
    dates: int,
    *,
    fundamental_value: float,
    news_volatility: float,
    supply: float,
    supply_volatility: float,
    supply_persistence: float,
) -> News:
    """Draw a random walk of the payoff, and selling pressure that fades (autoregressive).

    The first date has no news. Parameters are those of ``margin-procyclicality``.
    """
    shocks = rng.standard_normal((2, dates))
    shocks[:, 0] = 0.0
    pressure = np.zeros(dates)
    for date in range(1, dates):
        kept = supply_persistence * pressure[date - 1]
        pressure[date] = kept + supply_volatility * shocks[1, date]
    return News(fundamental_value + news_volatility * np.cumsum(shocks[0]), supply + pressure)
