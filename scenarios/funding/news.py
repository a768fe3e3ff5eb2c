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
    history : array of shape (n,), optional
        Prices before the first date, where news is given, in the unit of the payoff.
    """

    fundamental: FloatArray
    supply: FloatArray
    history: FloatArray | None = None


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
    skip: int = 0,
) -> News:
    """Draw a random walk of the payoff, and selling pressure that fades (autoregressive).

    The first date has no news. Parameters are those of ``margin-procyclicality``. With prices, of
    shape (skip + dates,), the payoff is not drawn but moves in proportion to those after the first
    ``skip``, from ``fundamental_value``: v_t = v_1 p_t / p_1. Selling pressure is the same as
    without.
    """
    shocks = rng.standard_normal((2, dates))
    shocks[:, 0] = 0.0
    pressure = np.zeros(dates)
    for date in range(1, dates):
        kept = supply_persistence * pressure[date - 1]
        pressure[date] = kept + supply_volatility * shocks[1, date]
    supply_path = supply + pressure
    if prices is None:
        walk = fundamental_value + news_volatility * np.cumsum(shocks[0])
        return News(walk, supply_path)
    values = fundamental_value * prices / prices[skip]
    return News(values[skip:], supply_path, history=values[:skip] if skip else None)
