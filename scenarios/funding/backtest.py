r"""How well margins covered losses: breaches, their tests, shortfall, and what cover cost.

The margin charged at date :math:`t` is a haircut :math:`h_t`; the loss that it is to cover is that
of the margin period of risk, from :math:`t` to :math:`t + n`, as a share of the price at :math:`t`.
A *breach* is a loss above the haircut. Periods that overlap are not independent, so the tests look
at every :math:`n`-th date only; all other measures at every date.

With :math:`T` periods, :math:`x` breaches and :math:`p = 1 - c` expected as a share, Kupiec's
likelihood ratio (unconditional coverage) is

.. math:: LR_{uc} = -2 \log \frac{(1-p)^{T-x} p^x}{(1-x/T)^{T-x} (x/T)^x} \sim \chi^2_1 ,

and Christoffersen's, with :math:`n_{ij}` times that state :math:`j` (1: breach) followed state
:math:`i`, :math:`\pi_i = n_{i1} / (n_{i0} + n_{i1})` and :math:`\pi` the share of all that did,

.. math:: LR_{ind} = -2 \log \frac{(1-\pi)^{n_{00}+n_{10}} \pi^{n_{01}+n_{11}}}
          {(1-\pi_0)^{n_{00}} \pi_0^{n_{01}} (1-\pi_1)^{n_{10}} \pi_1^{n_{11}}} \sim \chi^2_1 .

Sources: Kupiec, *Journal of Derivatives* 3 (1995); Christoffersen, *International Economic Review*
39 (1998).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.quote import BoolArray, FloatArray


@dataclass(frozen=True, slots=True)
class Backtest:
    """What margins covered.

    Attributes
    ----------
    periods : int
        Dates whose margin period of risk has passed.
    breaches : int
        Those with a loss above the margin.
    breach_share, expected_share : float
        Share of breaches, and the share that the confidence promises.
    kupiec, christoffersen : float
        p-values: that breaches are as frequent as promised, and that they come independently.
    shortfall, largest_shortfall : float
        Mean loss beyond the margin where there was a breach, and the largest; shares of the price.
    over_margining : float
        Mean margin beyond the loss where there was none, a share of the price: what cover cost.
    """

    periods: int
    breaches: int
    breach_share: float
    expected_share: float
    kupiec: float
    christoffersen: float
    shortfall: float
    largest_shortfall: float
    over_margining: float


def backtest(haircuts: FloatArray, losses: FloatArray, confidence: float, horizon: int) -> Backtest:
    """Compare haircuts with the losses that they were to cover.

    Parameters
    ----------
    haircuts : array of shape (dates,)
        Charged at each date.
    losses : array of shape (dates,)
        Loss over the margin period of risk from each date, as a share of its price; NaN where the
        period has not passed.
    confidence : float
        Share of periods that the margin is to cover.
    horizon : int
        Dates of the margin period of risk.
    """
    known = np.isfinite(losses)
    haircuts, losses = haircuts[known], losses[known]
    beyond = losses - haircuts
    hit = beyond > 0.0
    apart = hit[::horizon]
    return Backtest(
        periods=hit.size,
        breaches=int(hit.sum()),
        breach_share=float(hit.mean()) if hit.size else np.nan,
        expected_share=1.0 - confidence,
        kupiec=kupiec(int(apart.sum()), apart.size, 1.0 - confidence),
        christoffersen=christoffersen(apart),
        shortfall=float(beyond[hit].mean()) if hit.any() else 0.0,
        largest_shortfall=float(beyond[hit].max(initial=0.0)),
        over_margining=float(-beyond[~hit].mean()) if (~hit).any() else 0.0,
    )


def losses_of(prices: FloatArray, horizon: int, side: str) -> FloatArray:
    """Losses over the margin period of risk from each date, shape (dates,).

    ``long`` loses where the price falls, ``short`` where it rises, ``both`` the larger of the two.
    """
    moved = np.full(prices.size, np.nan)
    if prices.size > horizon:
        moved[:-horizon] = prices[horizon:] / prices[:-horizon] - 1.0
    by_side: dict[str, FloatArray] = {"long": -moved, "short": moved, "both": np.abs(moved)}
    return by_side[side]


def kupiec(breaches: int, periods: int, expected: float) -> float:
    """p-value that breaches are as frequent as expected; NaN without periods."""
    if periods == 0:
        return np.nan
    share = breaches / periods
    ratio = 2.0 * (
        _log_likelihood(periods - breaches, breaches, share)
        - _log_likelihood(periods - breaches, breaches, expected)
    )
    return _p_value(ratio)


def christoffersen(hit: BoolArray) -> float:
    """p-value that breaches come independently; NaN where none follows another state."""
    before, after = hit[:-1], hit[1:]
    if not before.any() or before.all():
        return np.nan
    n = [[int(np.sum((before == i) & (after == j))) for j in (False, True)] for i in (False, True)]
    share = (n[0][1] + n[1][1]) / after.size
    shares = [n[i][1] / (n[i][0] + n[i][1]) for i in range(2)]
    ratio = 2.0 * (
        sum(_log_likelihood(n[i][0], n[i][1], shares[i]) for i in range(2))
        - _log_likelihood(n[0][0] + n[1][0], n[0][1] + n[1][1], share)
    )
    return _p_value(ratio)


def _log_likelihood(without: int, with_breach: int, share: float) -> float:
    """Of so many periods without and with a breach; 0 log 0 is 0."""
    from scipy.special import xlog1py, xlogy

    return float(xlog1py(without, -share) + xlogy(with_breach, share))


def _p_value(ratio: float) -> float:
    """Of a likelihood ratio with one degree of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(1.0, max(ratio, 0.0)))
