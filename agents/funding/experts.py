r"""Experts: risk-neutral traders who take what customers sell, as far as their funding allows.

Expert i starts with cash :math:`\eta_i` and positions :math:`x^0_{ij}`. At prices :math:`q` it
chooses positions to

.. math:: \max_x \sum_j (v_j - q_j)\, x_j \quad \text{subject to} \quad
          \sum_j (m_j^+(q_j)\, x_j^+ + m_j^-(q_j)\, x_j^-) \le W_i
          = \eta_i + \sum_j x^0_{ij} q_j ,

with :math:`x = x^+ - x^-` and margins :math:`m^+` on long and :math:`m^-` on short positions, a
linear program: all its wealth goes as margin into the assets with the largest gain per unit of
margin, long where q < v and short where q > v. Where several are tied, or nothing can be gained,
the clearing house fills its orders with what customers sell, in proportion to its wealth. An expert
whose wealth is not positive is wiped out and holds nothing.
"""

from __future__ import annotations

from collections.abc import Sequence

import mesa
import numpy as np
import pandas as pd

from agents.cohort import Cohort
from agents.funding.customers import VARIABLES, member_names
from markets.funding.book import FundedBook
from markets.funding.quotes import FundedQuotes
from markets.funding.terms import MarginTerms
from markets.quote import FloatArray
from markets.refused import Refused


class Experts(Cohort[MarginTerms, FundedQuotes, FundedBook, FloatArray]):
    """A cohort of experts.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    cash : array of shape (members,)
        eta, until the clearing house announces other deposits. May be negative: a debt against the
        positions.
    endowment : array of shape (members, assets)
        x0, positions at the start of a date.
    deposits : float, optional
        What is announced of the deposits of all at the first date; by default the sum of ``cash``.
        When other deposits are announced, each expert has its equal share of the change.
    names : sequence of str, optional
        Names of the members.
    recapitalised : float
        Where dates are linked: share of the distance to the first date's wealth that owners put in
        (or take out) after each date, in [0, 1].
    """

    variables = VARIABLES

    def __init__(
        self,
        model: mesa.Model,
        name: str = "experts",
        *,
        cash: FloatArray,
        endowment: FloatArray,
        deposits: float | None = None,
        names: Sequence[str] | None = None,
        recapitalised: float = 0.0,
    ) -> None:
        self.endowment = np.atleast_2d(np.asarray(endowment, dtype=np.float64))
        super().__init__(model, name, len(self.endowment))
        self.cash = np.asarray(cash, dtype=np.float64)
        if self.cash.shape != (self.members,):
            raise Refused(f"cash has shape {self.cash.shape}; there are {self.members} experts")
        first = float(np.sum(self.cash)) if deposits is None else deposits
        self._apart = self.cash - first / self.members
        self.names = names
        if not 0.0 <= recapitalised <= 1.0:
            raise Refused(f"recapitalised is {recapitalised}; it must lie in [0, 1]")
        self.recapitalised = recapitalised
        self.target: FloatArray | None = None
        self.held: FloatArray | None = None

    def concession(self) -> None:
        """Experts have no price of their own to trade at without customers."""
        return None

    def carry(self) -> None:
        """Make endowments of positions, and take in what owners put in of what was lost."""
        assert self.held is not None
        wealth = self.wealth(self.posted)
        self.target = wealth if self.target is None else self.target
        added = self.recapitalised * (self.target - wealth)
        self.cash = wealth + added - self.held @ self.posted.price
        self.endowment = self.held

    def wake(self, date: int, terms: MarginTerms) -> None:
        """Begin a date with the deposits that were announced."""
        self.held = None
        if terms.deposits is not None:
            self.cash = terms.deposits / self.members + self._apart

    def wealth(self, posted: FundedQuotes) -> FloatArray:
        """Wealth of every expert at the posted prices, shape (members,)."""
        return self.cash + self.endowment @ posted.price

    def capacity(self, posted: FundedQuotes) -> FloatArray:
        """Largest position of every expert in each asset, shape (members, assets).

        Below zero where it is short, zero in the gap between the rungs: its best response is any
        position between nothing and this, with all its wealth as margin if there is a premium.
        """
        funds = np.maximum(self.wealth(posted), 0.0)
        return funds[:, None] * (np.trunc(posted.side) / posted.margin)

    def respond(self, posted: FundedQuotes) -> FundedBook:
        """Funds of all experts (changes nothing)."""
        wealth = self.wealth(posted)
        solvent = wealth > 0.0
        nothing = np.zeros_like(posted.price)
        assets = np.abs(self.endowment[solvent]) @ np.abs(posted.price)
        return FundedBook(
            sold=nothing,
            sold_by_price=nothing,
            gross=nothing,
            cash=0.0,
            funds=float(np.sum(wealth[solvent])),
            funds_by_price=self.endowment[solvent].sum(axis=0),
            stake=float(np.sum(np.abs(self.cash[solvent]) + assets)),
        )

    def hold(self, posted: FundedQuotes, placed: FloatArray) -> None:
        """Take what the house has placed with each unit of wealth."""
        self.posted = posted
        self.held = np.maximum(self.wealth(posted), 0.0)[:, None] * placed

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and positions, one row per expert and asset."""
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        members, assets = self.held.shape
        return pd.DataFrame(
            {
                "cohort": self.name,
                "role": "expert",
                "member": np.repeat(np.arange(members), assets),
                "name": member_names(self, assets),
                "asset": np.tile(np.arange(assets), members),
                "fundamental": np.tile(self.posted.fundamental, members),
                "margin_long": np.tile(self.posted.margins[1], members),
                "margin_short": np.tile(self.posted.margins[0], members),
                "exposure": 0.0,
                "risk_aversion": 0.0,
                "endowed_cash": np.repeat(self.cash, assets),
                "endowed_assets": self.endowment.ravel(),
                "position": self.held.ravel(),
            }
        )
