"""What the market for a security and its repo posts in a round."""

from __future__ import annotations

import math
from dataclasses import dataclass

from markets.instruments import Security
from markets.ladder import Band, Rung

NO_MARGIN = 1e-20
"""Haircut up to which there is no margin: it could not be told from zero beside the price, and
positions would have to be 1e20 times the supply before their margin held all of it. If that is not
so, the certificate, which takes the haircut as it is, says so."""


@dataclass(frozen=True, slots=True)
class RepoQuotes:
    """What the market posts in a round.

    Attributes
    ----------
    price : float
        Security price, cash per security.
    repo_rate : float
        Interest on cash lent against the security, per period; at most 0.
    haircut : float
        Margin as a share of the position's value, charged to both sides.
    asked : float
        The haircut that the margin rule asks for at this price.
    asked_slope : float
        Its derivative by the price; zero unless the rule follows the posted price.
    thin : bool
        How the coordinates are taken, see :mod:`markets.repo.places`.
    reuse : bool
        Whether a lender may sell what was pledged to it; if not, nobody can be short.
    long_price, short_price : float
        The funded prices e1 and e2.
    long_rung, short_rung : Rung
        The same with the share that is filled of the long orders waiting at e1, and of the
        orders at e2 that are *not* short.
    long_band, short_band : Band
        The stretch of the ladder around each over which the market measures depth.
    """

    price: float
    repo_rate: float
    haircut: float
    security: Security
    long_rung: Rung
    short_rung: Rung
    long_band: Band
    short_band: Band
    reuse: bool = True
    asked: float = 0.0
    asked_slope: float = 0.0
    thin: bool = False

    @property
    def margined(self) -> bool:
        """Whether margin limits positions, see :data:`NO_MARGIN`."""
        return self.haircut > NO_MARGIN

    @property
    def long_price(self) -> float:
        """What a security costs a trader who funds it in repo."""
        return self.long_rung.price

    @property
    def short_price(self) -> float:
        """What a security brings a trader who borrows it in repo."""
        return self.short_rung.price

    @property
    def special(self) -> bool:
        """Whether the security is special in repo (the repo rate is below zero)."""
        return self.long_price > self.short_price

    @property
    def marginal_beliefs(self) -> tuple[float, float]:
        """Beliefs of the two traders who are indifferent: long or cash, and cash or short.

        The second is NaN where collateral is not reused: nobody compares cash with being short.
        """
        security = self.security
        spread = security.high_payoff - security.low_payoff
        return (
            (security.high_payoff - self.long_price) / spread,
            (security.high_payoff - self.short_price) / spread if self.reuse else math.nan,
        )
