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
    prices: FloatArray | None = None,
) -> News:
    """Draw a random walk of the payoff, and selling pressure that fades (autoregressive).

    The first date has no news. Parameters are those of ``margin-procyclicality``. With prices, of
    shape (dates,), the payoff is not drawn but moves in proportion to them from
    ``fundamental_value``: v_t = v_1 p_t / p_1. Selling pressure is the same as without.
    """
    shocks = rng.standard_normal((2, dates))
    shocks[:, 0] = 0.0
    pressure = np.zeros(dates)
    for date in range(1, dates):
        kept = supply_persistence * pressure[date - 1]
        pressure[date] = kept + supply_volatility * shocks[1, date]
    if prices is not None:
        fundamental = fundamental_value * prices / prices[0]
    else:
        fundamental = fundamental_value + news_volatility * np.cumsum(shocks[0])
    return News(fundamental, supply + pressure)
