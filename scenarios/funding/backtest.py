r"""How well margins covered losses: breaches, their tests, shortfall, and what cover cost.

The margin charged at date :math:`t` is a haircut :math:`h_t`; the loss that it is to cover is that
of the margin period of risk, from :math:`t` to :math:`t + n`, as a share of the price at :math:`t`.
A *breach* is a loss above the haircut. Periods that overlap are not independent, so the tests look
at every :math:`n`-th date only; all other measures at every date.

With :math:`T` periods, :math:`x` breaches and :math:`p = 1 - c` expected as a share, the likelihood
ratio of Kupiec's test of the *proportion of failures* is

.. math:: LR_{pof} = -2 \log \frac{(1-p)^{T-x} p^x}{(1-x/T)^{T-x} (x/T)^x} \sim \chi^2_1 ,

that of Christoffersen's test of *independence*, with :math:`n_{ij}` times that state :math:`j`
(1: breach) followed state :math:`i`, :math:`\pi_i = n_{i1} / (n_{i0} + n_{i1})` and :math:`\pi` the
share of all that did,

.. math:: LR_{ind} = -2 \log \frac{(1-\pi)^{n_{00}+n_{10}} \pi^{n_{01}+n_{11}}}
          {(1-\pi_0)^{n_{00}} \pi_0^{n_{01}} (1-\pi_1)^{n_{10}} \pi_1^{n_{11}}} \sim \chi^2_1 ,

and that of his test of *conditional coverage*, both at once, given the first period,

.. math:: LR_{cc} = -2 \log \frac{(1-p)^{n_{00}+n_{10}} p^{n_{01}+n_{11}}}
          {(1-\pi_0)^{n_{00}} \pi_0^{n_{01}} (1-\pi_1)^{n_{10}} \pi_1^{n_{11}}} \sim \chi^2_2 .

Sources: Kupiec, "Techniques for verifying the accuracy of risk measurement models", *Journal of
Derivatives* 3 (1995); Christoffersen, "Evaluating interval forecasts", *International Economic
Review* 39 (1998), sections 3.1 to 3.3. *Margin shortfall* and *over-margining* are the two sides of
a margin's error; Lam, Sin and Leung, *Journal of Futures Markets* 24 (2004), weigh methods of
setting margins by expected shortfall against overcharge.
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
    kupiec_p, independence_p, conditional_coverage_p : float
        p-values: that breaches are as frequent as promised (Kupiec), that they come independently,
        and both (Christoffersen); small where that is to be rejected, NaN where no test can be had.
    shortfall, largest_shortfall : float
        Margin shortfall: mean loss beyond the margin where there was a breach, and the largest;
        shares of the price.
    over_margining : float
        Mean margin beyond the loss where there was none, a share of the price: what cover cost.
    """

    periods: int
    breaches: int
    breach_share: float
    expected_share: float
    kupiec_p: float
    independence_p: float
    conditional_coverage_p: float
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
        Share of periods that the margin is to cover; NaN for none, and for no test of it.
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
        kupiec_p=kupiec(int(apart.sum()), apart.size, 1.0 - confidence),
        independence_p=independence(apart),
        conditional_coverage_p=conditional_coverage(apart, 1.0 - confidence),
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
    return _p_value(ratio, 1)


def independence(hit: BoolArray) -> float:
    """p-value that breaches come independently; NaN where none follows another state."""
    return _chained(hit, float(np.mean(hit[1:])) if hit.size > 1 else np.nan, 1)


def conditional_coverage(hit: BoolArray, expected: float) -> float:
    """p-value that breaches are as frequent as expected, and independent; NaN as above."""
    return _chained(hit, expected, 2)


def _chained(hit: BoolArray, share: float, freedom: int) -> float:
    """p-value of one share of breaches after either state, against one share for each state."""
    before, after = hit[:-1], hit[1:]
    if not before.any() or before.all():
        return np.nan
    ratio = -2.0 * _log_likelihood(int(np.sum(~after)), int(np.sum(after)), share)
    for followed in (after[~before], after[before]):
        breaches = int(followed.sum())
        ratio += 2.0 * _log_likelihood(followed.size - breaches, breaches, breaches / followed.size)
    return _p_value(ratio, freedom)


def _log_likelihood(without: int, with_breach: int, share: float) -> float:
    """Of so many periods without and with a breach; 0 log 0 is 0."""
    from scipy.special import xlog1py, xlogy

    return float(xlog1py(without, -share) + xlogy(with_breach, share))


def _p_value(ratio: float, freedom: int) -> float:
    """Of a likelihood ratio with so many degrees of freedom."""
    from scipy.special import chdtrc

    return float(chdtrc(freedom, max(ratio, 0.0)))
