r"""Drawn series of prices: laws of returns with the features on which margin rules differ.

All are daily log returns :math:`r_t` with standard deviation ``volatility`` in the long run (jumps
come on top) and mean zero; prices start at 1.

* ``garch``: :math:`r_t = \sigma_t z_t`, :math:`\sigma_{t+1}^2 = \omega + \alpha r_t^2 +
  \beta \sigma_t^2` with :math:`\alpha = .08`, :math:`\beta = .90`, and :math:`z` Student's t with
  6 degrees of freedom, scaled to variance 1 (Bollerslev, *Journal of Econometrics* 31, 1986, and
  *Review of Economics and Statistics* 69, 1987). Starts from the variance in the long run.
* ``jumps``: normal returns, and with probability 1% a day a jump, normal with mean :math:`-4` and
  standard deviation 3 times the volatility (Merton, *Journal of Financial Economics* 3, 1976).
* ``regimes``: calm and turbulent days, in which the volatility is 0.6 and 2.1 times that in the
  long run; calm lasts 200 days on average and turbulence 30 (Hamilton, *Econometrica* 57, 1989).
* ``normal``: independent normal returns.
"""

from __future__ import annotations

import math
from typing import Literal

import numpy as np

from markets.quote import FloatArray

Law = Literal["garch", "jumps", "regimes", "normal"]

ALPHA, BETA, FREEDOM = 0.08, 0.90, 6.0
JUMP_PROBABILITY, JUMP_MEAN, JUMP_SPREAD = 0.01, -4.0, 3.0
STAY = {"calm": 1.0 - 1.0 / 200.0, "turbulent": 1.0 - 1.0 / 30.0}
CALM = 0.6
"""Volatility in calm days, relative to the long run; that of turbulent days follows."""


def draw_prices(law: Law, dates: int, volatility: float, rng: np.random.Generator) -> FloatArray:
    """Prices of so many dates, the first of them 1, shape (dates,).

    Parameters
    ----------
    law : {"garch", "jumps", "regimes", "normal"}
        Law of returns, see the module.
    dates : int
        Number of prices.
    volatility : float
        Standard deviation of a daily log return in the long run, without jumps.
    rng : numpy.random.Generator
        The one source of randomness.
    """
    draws = {"garch": _garch, "jumps": _jumps, "regimes": _regimes, "normal": _normal}
    returns = volatility * draws[law](dates - 1, rng)
    return np.asarray(np.exp(np.append(0.0, np.cumsum(returns))))


def _normal(count: int, rng: np.random.Generator) -> FloatArray:
    return rng.standard_normal(count)


def _garch(count: int, rng: np.random.Generator) -> FloatArray:
    scores = rng.standard_t(FREEDOM, count) * math.sqrt((FREEDOM - 2.0) / FREEDOM)
    returns, variance = np.empty(count), 1.0
    for t in range(count):
        returns[t] = math.sqrt(variance) * scores[t]
        variance = (1.0 - ALPHA - BETA) + ALPHA * returns[t] ** 2 + BETA * variance
    return returns


def _jumps(count: int, rng: np.random.Generator) -> FloatArray:
    sizes = JUMP_MEAN + JUMP_SPREAD * rng.standard_normal(count)
    jumps = np.where(rng.random(count) < JUMP_PROBABILITY, sizes, 0.0)
    # less their mean, so that the price does not drift down
    return rng.standard_normal(count) + jumps - JUMP_PROBABILITY * JUMP_MEAN


def _regimes(count: int, rng: np.random.Generator) -> FloatArray:
    turbulent_share = (1.0 - STAY["calm"]) / (2.0 - STAY["calm"] - STAY["turbulent"])
    turbulence = math.sqrt((1.0 - (1.0 - turbulent_share) * CALM**2) / turbulent_share)
    uniform, turbulent = rng.random(count + 1), np.empty(count, dtype=bool)
    state = bool(uniform[0] < turbulent_share)
    for t in range(count):
        turbulent[t] = state
        stay = STAY["turbulent"] if state else STAY["calm"]
        state = state if uniform[t + 1] < stay else not state
    return np.where(turbulent, turbulence, CALM) * rng.standard_normal(count)
