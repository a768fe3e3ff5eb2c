r"""Measures of the risk of holding a security until it can be sold, from its past log returns.

Each gives two quantiles (or means beyond them) of the log return :math:`R` over the *margin period
of risk* of :math:`n` dates: the low one, against which the margin of a long position protects, and
the high one, for a short position. With confidence :math:`c` the tail is :math:`a = 1 - c`.

Returns are the oldest first, shape (..., T): one row per window of the past, or a single one.
"""

from __future__ import annotations

import math

import numpy as np

from markets.quote import FloatArray

Tails = tuple[FloatArray, FloatArray]
"""Low and high return over the margin period of risk, both of shape (...)."""


def historical_simulation(returns: FloatArray, confidence: float, horizon: int) -> Tails:
    r"""Quantiles of the past returns over the margin period of risk.

    Returns over ``horizon`` dates overlap: :math:`R_t = r_{t-n+1} + \dots + r_t`. Quantiles are
    interpolated linearly between order statistics (type 7 of Hyndman and Fan, *The American
    Statistician* 50, 1996).

    Source: Jorion, *Value at Risk* (2007), section 10.3.
    """
    return _quantiles(over(returns, horizon), confidence)


def expected_shortfall(returns: FloatArray, confidence: float, horizon: int) -> Tails:
    r"""Mean of the past returns over the margin period of risk in each tail.

    Of :math:`T` sorted returns :math:`R_{(1)} \le \dots` the tail holds :math:`k = aT`, the last of
    them in part:

    .. math:: \frac{1}{k} \Big( \sum_{i \le \lfloor k \rfloor} R_{(i)}
              + (k - \lfloor k \rfloor) R_{(\lfloor k \rfloor + 1)} \Big) .

    Source: Acerbi and Tasche, *Journal of Banking and Finance* 26 (2002), definition 2.6 and
    proposition 4.1.
    """
    ordered = np.sort(over(returns, horizon), axis=-1)
    tail = 1.0 - confidence
    return _tail_mean(ordered, tail), -_tail_mean(-ordered[..., ::-1], tail)


def exponential_volatility(returns: FloatArray, decay: float) -> FloatArray:
    r"""Standard deviation expected at each date and at the next, shape (..., T + 1).

    .. math:: \sigma_{t+1}^2 = \lambda \sigma_t^2 + (1 - \lambda) r_t^2 ,

    from the mean square of all returns, :math:`\sigma_1^2`. Means are taken as zero. A decay of 1
    keeps that for good: all returns weigh the same.

    Source: J.P. Morgan, *RiskMetrics Technical Document* (1996), section 5.2.
    """
    squares = returns**2
    first = np.mean(squares, axis=-1, keepdims=True)
    return np.sqrt(exponential_variance(first, squares, decay))


def exponential_variance(first: FloatArray, squares: FloatArray, decay: float) -> FloatArray:
    r"""Exponentially weighted variance before and after each of some squares, shape (..., T + 1).

    :math:`v_1` is ``first``, shape (..., 1), and
    :math:`v_{t+1} = \lambda v_t + (1 - \lambda) s_t` with squares s, shape (..., T).
    """
    from scipy.signal import lfilter

    told = np.concatenate([first, (1.0 - decay) * squares], axis=-1)
    return np.asarray(lfilter([1.0], [1.0, -decay], told), dtype=np.float64)


def normal(returns: FloatArray, confidence: float, horizon: int, decay: float) -> Tails:
    r"""Quantiles of a normal law with the volatility expected now.

    .. math:: \pm \Phi^{-1}(c) \sqrt{n}\, \sigma_{T+1}

    Source: J.P. Morgan, *RiskMetrics Technical Document* (1996), sections 1.2 and 5.2.
    """
    from scipy.special import ndtri

    sigma = exponential_volatility(returns, decay)[..., -1]
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
    before = sigma[..., :-1]
    scores = np.divide(returns, before, out=np.zeros_like(before), where=before > 0.0)
    low, high = _quantiles(scores, confidence)
    scale = math.sqrt(horizon) * sigma[..., -1]
    return scale * low, scale * high


def over(returns: FloatArray, horizon: int) -> FloatArray:
    """Overlapping log returns over several dates, shape (..., T - horizon + 1)."""
    if horizon == 1:
        return returns
    levels = np.zeros((*returns.shape[:-1], returns.shape[-1] + 1))
    np.cumsum(returns, axis=-1, out=levels[..., 1:])
    return np.asarray(levels[..., horizon:] - levels[..., :-horizon])


def _quantiles(values: FloatArray, confidence: float) -> Tails:
    """The low and the high quantile."""
    low, high = np.quantile(values, [1.0 - confidence, confidence], axis=-1)
    return np.asarray(low), np.asarray(high)


def _tail_mean(ordered: FloatArray, tail: float) -> FloatArray:
    """Mean of the lowest share of ordered values, the last one of them in part."""
    count = tail * ordered.shape[-1]
    whole = math.floor(count)
    part = count - whole
    inside = np.sum(ordered[..., :whole], axis=-1)
    beyond = part * ordered[..., whole] if part > 0.0 else 0.0
    return np.asarray((inside + beyond) / count)
