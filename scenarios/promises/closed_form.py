r"""Collateral equilibria of a continuum, by the equations.

A mass of one of traders with beliefs h distributed by F. Each owns cash :math:`e` and units
:math:`a` of the asset, so that its wealth is :math:`w = e + a p`. The asset pays :math:`v_G` or
:math:`v_B`.

* *No borrowing*, marginal buyer b: :math:`p = E_b[v]`, :math:`(1 - F(b)) w = a p`.
* *Borrowing*, m the largest safe promise on the menu (those up to :math:`v_B`): the price is
  still :math:`p = E_b[v]`, and buyers put down :math:`p - m`: :math:`(1 - F(b)) w = a (p - m)`.
  Holds if m is :math:`v_B`, or nothing above it is promised. A risky promise then costs its
  expected delivery under b, a safe one its amount.
* *Tranching*: optimists above :math:`h_1` buy :math:`(v_G, 0)` at :math:`h_1 v_G`, pessimists below
  :math:`h_2` buy :math:`(0, v_B)` at :math:`(1 - h_2) v_B`:
  :math:`(1 - F(h_1)) w = a h_1 v_G`, :math:`F(h_2) w = a (1 - h_2) v_B`.
* *Default swaps as well*: claims on both states are traded, at prices h and 1 - h:
  :math:`(1 - F(h)) w = h (e + a v_G)`.
* *Loans and default swaps*, without tranches: all cash is pledged for swaps; a bond that pays 1
  costs :math:`\pi = 1 / (1 + h_1 - h_2) < 1`, and :math:`p = \pi (v_B + h_1 (v_G - v_B))`. Below
  :math:`h_2` swaps are bought, :math:`F(h_2) w = e \pi (1 - h_2)`; up to :math:`h_1` safe loans,
  :math:`(F(h_1) - F(h_2)) w = a v_B \pi`; all above hold the asset and write swaps.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003).
The equations for other endowments, payoffs and distributions of beliefs are ours.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq

TOLERANCE = 1e-15
"""Width of the bracket of a marginal belief, or of a price in units of cash; that of rounding."""


@dataclass(frozen=True, slots=True)
class Continuum:
    """A continuum of traders.

    Attributes
    ----------
    below : callable
        Share of traders whose belief is at most h.
    cash, asset : float
        Endowment of each.
    high, low : float
        Payoffs of the asset after good and after bad news, cash.
    """

    below: Callable[[float], float]
    cash: float
    asset: float
    high: float
    low: float

    def expected(self, belief: float) -> float:
        """Expected payoff of the asset under a belief."""
        return belief * self.high + (1.0 - belief) * self.low

    def wealth(self, price: float) -> float:
        """Wealth of each trader at a price of the asset."""
        return self.cash + self.asset * price


@dataclass(frozen=True, slots=True)
class Equilibrium:
    """Price of the asset, marginal beliefs, and margin.

    Attributes
    ----------
    price : float
        p.
    buyer : float
        The least optimistic belief that is long.
    short : float
        The least pessimistic belief that buys what pays after bad news; NaN if there is none.
    margin : float
        Share of the price that buyers of the asset pay themselves.
    """

    price: float
    buyer: float
    short: float
    margin: float


def borrowing(traders: Continuum, promise: float) -> Equilibrium:
    """With the largest safe promise on the menu; 0 for no borrowing.

    Raises
    ------
    ValueError
        If the promise is not safe.
    """
    if not 0.0 <= promise <= traders.low:
        raise ValueError(f"promise is {promise}; a safe one lies in [0, {traders.low}]")

    def gap(belief: float) -> float:
        price = traders.expected(belief)
        buyers = (1.0 - traders.below(belief)) * traders.wealth(price)
        return buyers - traders.asset * (price - promise)

    belief = _root(gap)
    price = traders.expected(belief)
    return Equilibrium(price, belief, np.nan, 1.0 - promise / price)


def tranching(traders: Continuum) -> Equilibrium:
    """With the asset cut into what it pays after good and what it pays after bad news."""

    def buyer(price: float) -> float:
        wealth = traders.wealth(price)
        return _root(lambda h: (1.0 - traders.below(h)) * wealth - traders.asset * h * traders.high)

    def short(price: float) -> float:
        wealth = traders.wealth(price)
        return _root(lambda h: traders.asset * (1.0 - h) * traders.low - traders.below(h) * wealth)

    def gap(price: float) -> float:
        return buyer(price) * traders.high + (1.0 - short(price)) * traders.low - price

    price = float(brentq(gap, 0.0, traders.high + traders.low, xtol=TOLERANCE, rtol=TOLERANCE))
    up = buyer(price) * traders.high
    return Equilibrium(price, buyer(price), short(price), up / price)


def default_swaps(traders: Continuum) -> Equilibrium:
    """With tranches, and default swaps written against cash."""

    def gap(belief: float) -> float:
        wealth = traders.wealth(traders.expected(belief))
        after_good = traders.cash + traders.asset * traders.high
        return (1.0 - traders.below(belief)) * wealth - belief * after_good

    belief = _root(gap)
    price = traders.expected(belief)
    return Equilibrium(price, belief, belief, belief * traders.high / price)


def loans_and_swaps(traders: Continuum) -> tuple[Equilibrium, float]:
    """With the largest safe loan, and default swaps written against cash, but no tranches.

    All cash is pledged for swaps, so that nothing but safe loans is left to lenders: a bond that
    pays 1 costs less than 1.

    Returns
    -------
    solution : Equilibrium
        Its ``buyer`` and ``short`` are the ends of the stretch of lenders.
    bond : float
        Price of one unit of cash after the news.
    """
    loss = traders.high - traders.low

    def quoted(buyer: float, short: float) -> tuple[float, float]:
        bond = 1.0 / (1.0 + buyer - short)
        return bond, bond * (traders.low + buyer * loss)

    def buyer_at(short: float) -> float:
        def lent(buyer: float) -> float:
            bond, price = quoted(buyer, short)
            lenders = traders.below(buyer) - traders.below(short)
            return traders.asset * traders.low * bond - lenders * traders.wealth(price)

        return 1.0 if lent(1.0) > 0.0 else float(brentq(lent, short, 1.0, xtol=TOLERANCE))

    def gap(short: float) -> float:
        bond, price = quoted(buyer_at(short), short)
        swaps = traders.cash * bond * (1.0 - short)
        return swaps - traders.below(short) * traders.wealth(price)

    short = _root(gap)
    buyer = buyer_at(short)
    bond, price = quoted(buyer, short)
    return Equilibrium(price, buyer, short, 1.0 - bond * traders.low / price), bond


def _root(gap: Callable[[float], float]) -> float:
    """Belief at which a gap that falls from above to below zero vanishes."""
    return float(brentq(gap, 0.0, 1.0, xtol=TOLERANCE, rtol=4 * TOLERANCE))
