r"""Traders of a security who may pledge it or borrow it in repo: longs, shorts and cash holders.

A trader who thinks that state U (the low payoff) has probability :math:`b` expects
:math:`E = b D_U + (1 - b) D_D` of the security. It chooses cash :math:`x \ge 0`, security
:math:`y`, repo lending (borrowing the security) :math:`\theta \ge 0` and repo borrowing (pledging
it) :math:`\psi \ge 0` to maximise expected consumption subject to

.. math::

   (x - e_x) + q (y - e_y) + q (\theta - \psi) + (1-h) q (\theta + \psi) &\le 0, \\
   y + \theta - \psi &\ge 0, \\
   C_s = \omega_s + x + (1+\rho) q [\theta - \psi + (1-h)(\theta + \psi)] + y D_s &\ge 0 .

With :math:`W = e_x + q e_y` and the funded prices of :mod:`markets.repo.market`, the best response
is

* long if :math:`E > e_1`:
  :math:`y = \psi = \min\{ W / (q(1-h)),\ (\omega_U + W) / (e_1 - D_U) \}`,
* short if :math:`E < e_2`:
  :math:`-y = \theta = \min\{ W / (q(1-h)),\ (\omega_D + W) / (D_D - e_2) \}`,
* cash otherwise: the first bound is margin, the second solvency.

Where collateral is not reused the box is :math:`y - \psi \ge 0`: nobody can sell what was pledged
to it, so nobody is short, the repo rate is zero, and whoever expects less than the price keeps cash
or lends it.

A trader with :math:`E = e_1` or :math:`E = e_2` is indifferent, and its order is filled in part.
Where the repo rate is zero a trader is also indifferent between cash and repo; how much of its
position it funds is settled by the clearing house.

Where dates are linked, endowments of later dates are what was carried, see
:mod:`agents.repo.carried`: wealth may come from cash below zero and securities above, or the other
way round. A trader whose wealth is below zero has no choice that meets its budget, and is closed
out.

Source: Bottazzi, Pascoa and Ramirez (slides), trader's problem; carrying is our extension.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import mesa
import pandas as pd

from agents.beliefs import Beliefs
from agents.cohort import Cohort, Population
from agents.repo.carried import GainsPaid
from agents.repo.order_sums import compiled_order_sums, order_sums
from agents.repo.positions import VARIABLES, closed, table
from agents.repo.primitives import Primitives
from agents.repo.sides import orders
from markets.instruments import Security
from markets.margin import PostedMargin
from markets.quote import FloatArray
from markets.repo.book import RepoBook
from markets.repo.quotes import RepoQuotes


class Traders(Cohort[PostedMargin, RepoQuotes, RepoBook, float]):
    """A cohort of traders who share the problem above and differ in beliefs and endowments.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    beliefs : Beliefs, str or sequence of float
        Probabilities of the low payoff, see :class:`agents.beliefs.Beliefs`.
    members : int
        Number of members, at least 2 (that of the given beliefs if they are given one by one).
    cash, securities : float or array
        Endowment of each member at date 0: cash, and the security; not negative.
    income_up, income_down : float or array
        Income of each member at date 1, in states U (low payoff) and D (high payoff).
    population : {"individuals", "continuum"}
        Whether a member is one trader, or a slice of a continuum of them (a quantile interval of
        beliefs, whose order is the average over the slice).
    names : sequence of str, optional
        Names of the members, in the order of the other fields; tables then keep that order.
    compiled : bool
        Whether to add up orders with numba, which the extra ``fast`` brings: worth its start of
        about a second for millions of members with different endowments.

    Raises
    ------
    Refused
        If an endowment is negative or not finite, has the wrong length, if there are fewer than
        two members, or if numba is asked for and missing.

    Attributes
    ----------
    primitives : Primitives
        The members, in rising order of belief.
    """

    variables = VARIABLES

    def __init__(
        self,
        model: mesa.Model,
        name: str = "traders",
        *,
        beliefs: Beliefs | str | Sequence[float] | FloatArray = "uniform",
        members: int = 10_000,
        cash: float | Sequence[float] | FloatArray = 1.0,
        securities: float | Sequence[float] | FloatArray = 1.0,
        income_up: float | Sequence[float] | FloatArray = 0.0,
        income_down: float | Sequence[float] | FloatArray = 0.0,
        population: Population = "individuals",
        names: Sequence[str] | None = None,
        compiled: bool = False,
    ) -> None:
        self.primitives = Primitives(
            beliefs,
            members,
            population,
            cash=cash,
            securities=securities,
            income_up=income_up,
            income_down=income_down,
            names=names,
        )
        super().__init__(model, name, self.primitives.members)
        self.population: Population = population
        self._summing = compiled_order_sums() if compiled else order_sums
        self.supply = self.primitives.supply
        self.held: tuple[RepoQuotes, float] | None = None

    # ------------------------------------------------------------------ what the market learns
    def open(self, security: Security) -> None:
        """Work out the reservation prices at the payoffs of ``security``."""
        self.primitives.open(security)

    def reservation_prices(self) -> FloatArray:
        """Reservation prices: of each trader, or at the edges of each slice of the continuum."""
        return self.primitives.reservation_prices()

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: RepoQuotes) -> RepoBook:
        """Best response of every member to the posted quotes, as totals; changes nothing."""
        return orders(self.primitives, posted, self._summing)

    def hold(self, posted: RepoQuotes, placed: float) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        self.held = posted, placed

    def carry(self) -> None:
        """Make endowments of wealth and positions at the quotes of the date that closes."""
        assert self.held is not None
        self.primitives = self.primitives.carrying(closed(self.primitives, *self.held))

    def told(self, gains: GainsPaid) -> None:
        """Learn what the house pays of gains on what was carried."""
        assert self.primitives.carried is not None
        self.primitives = self.primitives.carrying(replace(self.primitives.carried, gains=gains))

    # ------------------------------------------------------------------ the record
    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, see :func:`agents.repo.positions.table`."""
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        return table(self.name, self.primitives, *self.held, limit, linked=self.linked)

    def counts(self, posted: RepoQuotes) -> tuple[float, float]:
        """Number of members who are long, and of those who are not short, the marginal in part."""
        longs = self.primitives.above(posted.long_rung)
        if not posted.reuse:
            return longs, float(self.members)
        return longs, self.primitives.above(posted.short_rung)
