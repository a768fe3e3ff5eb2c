r"""Customers: mean-variance traders who hedge exposures that they bring to the market.

Group i has risk aversion :math:`\gamma_i` and starts with an exposure :math:`z_{ij}` to asset j,
whose payoff has mean :math:`v_j` and variance :math:`\sigma_j^2`, independent of the others. Its
best response to the price is the position :math:`y_{ij}` that maximises

.. math:: \sum_j \Bigl[ (v_j - q_j)\, y_{ij}
          - \tfrac{\gamma_i}{2} \sigma_j^2 (y_{ij} + z_{ij})^2 \Bigr],
   \qquad y_{ij} = \frac{v_j - q_j}{\gamma_i \sigma_j^2} - z_{ij} .

All groups together sell :math:`S_j = Z_j - s_j (v_j - q_j)` with :math:`Z_j = \sum_i z_{ij}` and
:math:`s_j = \sum_i 1 / (\gamma_i \sigma_j^2)`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import mesa
import numpy as np
import pandas as pd

from agents.cohort import Cohort
from markets.funding.book import FundedBook
from markets.funding.quotes import FundedQuotes
from markets.funding.terms import MarginTerms
from markets.quote import FloatArray
from markets.refused import Refused
from markets.variable import Variable

VARIABLES = (
    Variable("role", "", "customer or expert", key=True),
    Variable("asset", "", "number of the asset, from 0", key=True),
    Variable("fundamental", "cash per asset", "expected payoff of the asset"),
    Variable("margin_long", "cash per asset", "margin on a long position"),
    Variable("margin_short", "cash per asset", "margin on a short position"),
    Variable("volatility", "cash per asset", "standard deviation of the payoff"),
    Variable("exposure", "assets", "exposure to the asset's payoff before trade"),
    Variable("risk_aversion", "per unit of cash", "absolute risk aversion"),
    Variable("endowed_cash", "cash", "cash owned at the start of the date"),
    Variable("endowed_assets", "assets", "assets owned at the start of the date"),
    Variable("position", "assets", "position: above zero long, below zero short"),
)
"""Columns of the tables of traders, beside those that tell members apart."""


class Customers(Cohort[MarginTerms, FundedQuotes, FundedBook, FloatArray]):
    """Groups of customers, one member per group.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    exposures : array of shape (groups, assets) or (dates, groups, assets)
        z, what each group wants to sell at the fundamental value, at each date; the last row stays.
    risk_aversion : float or array of shape (groups,)
        Coefficient of absolute risk aversion, per cash; positive.
    volatility : array of shape (assets,)
        Standard deviation of each asset's payoff, cash; positive.
    names : sequence of str, optional
        Names of the groups.
    """

    variables = VARIABLES

    def __init__(
        self,
        model: mesa.Model,
        name: str = "customers",
        *,
        exposures: FloatArray,
        risk_aversion: float | FloatArray,
        volatility: FloatArray,
        names: Sequence[str] | None = None,
    ) -> None:
        by_date = np.asarray(exposures, dtype=np.float64)
        self.exposures = by_date if by_date.ndim == 3 else by_date[None, :, :]
        super().__init__(model, name, self.exposures.shape[1])
        self.volatility = np.atleast_1d(np.asarray(volatility, dtype=np.float64))
        self.risk_aversion = np.broadcast_to(np.asarray(risk_aversion, np.float64), self.members)
        if not np.all(self.risk_aversion > 0.0) or not np.all(self.volatility > 0.0):
            raise Refused(
                f"risk_aversion is {risk_aversion} and volatility {self.volatility.tolist()};"
                " customers need positive ones"
            )
        self.appetite = 1.0 / (self.risk_aversion[:, None] * self.volatility**2)
        self.names = names
        self.held: FloatArray | None = None

    def concession(self) -> FloatArray:
        """Furthest above and below the fundamental value that groups trade among themselves."""
        alone = self.exposures.sum(axis=1) / self.appetite.sum(axis=0)
        return np.stack([np.max(-alone, axis=0), np.max(alone, axis=0)]).clip(min=0.0)

    def exposure(self, date: int) -> FloatArray:
        """Exposures at a date, shape (groups, assets)."""
        exposure: FloatArray = self.exposures[min(date, len(self.exposures) - 1)]
        return exposure

    def positions(self, posted: FundedQuotes) -> FloatArray:
        """Best response of every group (changes nothing), shape (groups, assets)."""
        return (posted.fundamental - posted.price) * self.appetite - self.exposure(posted.date)

    def respond(self, posted: FundedQuotes) -> FundedBook:
        """Orders of all groups (changes nothing)."""
        sold = -self.positions(posted).sum(axis=0)
        return FundedBook(
            sold=sold,
            sold_by_price=self.appetite.sum(axis=0),
            gross=np.abs(self.exposure(posted.date)).sum(axis=0),
            cash=float(posted.price @ sold),
            funds=0.0,
            funds_by_price=np.zeros_like(sold),
            stake=0.0,
        )

    def hold(self, posted: FundedQuotes, placed: FloatArray) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        self.posted, self.held = posted, self.positions(posted)

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and positions, one row per group and asset."""
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        groups, assets = self.held.shape
        return pd.DataFrame(
            {
                "cohort": self.name,
                "role": "customer",
                "member": np.repeat(np.arange(groups), assets),
                "name": member_names(self, assets),
                "asset": np.tile(np.arange(assets), groups),
                "fundamental": np.tile(self.posted.fundamental, groups),
                "margin_long": np.tile(self.posted.margins[1], groups),
                "margin_short": np.tile(self.posted.margins[0], groups),
                "volatility": np.tile(self.volatility, groups),
                "exposure": self.exposure(self.posted.date).ravel(),
                "risk_aversion": np.repeat(self.risk_aversion, assets),
                "endowed_cash": 0.0,
                "endowed_assets": 0.0,
                "position": self.held.ravel(),
            }
        )


class Named(Protocol):
    """A cohort whose members may have names."""

    members: int
    names: Sequence[str] | None


def member_names(cohort: Named, assets: int) -> list[str]:
    """Name of each member, its number from 1 if it has none, repeated for every asset."""
    names = cohort.names or [str(number) for number in range(1, cohort.members + 1)]
    return [name for name in names for _ in range(assets)]
