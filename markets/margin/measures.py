r"""Measures of the risk of holding a security until it can be sold, from its past log returns.

Each gives two quantiles (or means beyond them) of the log return :math:`R` over the *margin period
of risk* of :math:`n` dates: the low one, against which the margin of a long position protects, and
the high one, for a short position. With confidence :math:`c` the tail is :math:`a = 1 - c`.

Returns are the oldest first, shape (T,).
"""

from __future__ import annotations

import math

import numpy as np

from markets.quote import FloatArray

Tails = tuple[float, float]
"""Low and high return over the margin period of risk."""


def historical_simulation(returns: FloatArray, confidence: float, horizon: int) -> Tails:
    r"""Quantiles of the past returns over the margin period of risk.

    Returns over ``horizon`` dates overlap: :math:`R_t = r_{t-n+1} + \dots + r_t`. Quantiles are
    interpolated linearly between order statistics (type 7 of Hyndman and Fan, *The American
    Statistician* 50, 1996).

    Source: Jorion, *Value at Risk* (2007), section 10.3.
    """
    summed = over(returns, horizon)
    low, high = np.quantile(summed, [1.0 - confidence, confidence])
    return float(low), float(high)


def expected_shortfall(returns: FloatArray, confidence: float, horizon: int) -> Tails:
    r"""Mean of the past returns over the margin period of risk in each tail.

    Of :math:`T` sorted returns :math:`R_{(1)} \le \dots` the tail holds :math:`k = aT`, the last of
    them in part:

    .. math:: \frac{1}{k} \Big( \sum_{i \le \lfloor k \rfloor} R_{(i)}
              + (k - \lfloor k \rfloor) R_{(\lfloor k \rfloor + 1)} \Big) .

    Source: Acerbi and Tasche, *Journal of Banking and Finance* 26 (2002), definition 2.6 and
    proposition 4.1.
    """
    ordered = np.sort(over(returns, horizon))
    return _tail_mean(ordered, 1.0 - confidence), -_tail_mean(-ordered[::-1], 1.0 - confidence)


def exponential_volatility(returns: FloatArray, decay: float) -> FloatArray:
    r"""Standard deviation expected at each date and at the next, shape (T + 1,).

    .. math:: \sigma_{t+1}^2 = \lambda \sigma_t^2 + (1 - \lambda) r_t^2 ,

    from the mean square of all returns, :math:`\sigma_1^2`. Means are taken as zero.

    Source: J.P. Morgan, *RiskMetrics Technical Document* (1996), section 5.2.
    """
    from scipy.signal import lfilter

    squares = np.append(np.mean(returns**2), returns**2)
    shares = np.append(1.0, np.full(returns.size, 1.0 - decay))
    variance = lfilter([1.0], [1.0, -decay], shares * squares)
    return np.sqrt(np.asarray(variance, dtype=np.float64))


def normal(returns: FloatArray, confidence: float, horizon: int, decay: float) -> Tails:
    r"""Quantiles of a normal law with the volatility expected now.

    .. math:: \pm \Phi^{-1}(c) \sqrt{n}\, \sigma_{T+1}

    Source: J.P. Morgan, *RiskMetrics Technical Document* (1996), sections 1.2 and 5.2.
    """
    from scipy.special import ndtri

    sigma = float(exponential_volatility(returns, decay)[-1])
    high = float(ndtri(confidence)) * math.sqrt(horizon) * sigma
    return -high, high


def filtered_historical_simulation(
    returns: FloatArray, confidence: float, horizon: int, decay: float
) -> Tails:
    r"""Quantiles of the past returns, rescaled to the volatility expected now.

    :math:`z_t = r_t / \sigma_t` are standardised by what was expected before each; the quantiles
    of :math:`\sqrt{n}\, \sigma_{T+1} z` are taken as in historical simulation.

    Source: Hull and White, *Journal of Risk* 1 (1998), equation (4); Barone-Adesi, Giannopoulos and
    Vosper, *Journal of Futures Markets* 19 (1999).
    """
    sigma = exponential_volatility(returns, decay)
    before = sigma[:-1]
    scores = np.divide(returns, before, out=np.zeros_like(returns), where=before > 0.0)
    low, high = np.quantile(scores, [1.0 - confidence, confidence])
    scale = math.sqrt(horizon) * float(sigma[-1])
    return scale * float(low), scale * float(high)


def over(returns: FloatArray, horizon: int) -> FloatArray:
    """Overlapping log returns over several dates, shape (T - horizon + 1,)."""
    levels = np.append(0.0, np.cumsum(returns))
    return np.asarray(levels[horizon:] - levels[:-horizon])


def _tail_mean(ordered: FloatArray, tail: float) -> float:
    """Mean of the lowest share of ordered values, the last one of them in part."""
    count = tail * ordered.size
    whole = math.floor(count)
    part = count - whole
    inside = float(np.sum(ordered[:whole]))
    beyond = part * float(ordered[whole]) if part > 0.0 else 0.0
    return (inside + beyond) / count
