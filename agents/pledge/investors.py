r"""Investors with private signals, who trade a pledgeable security spot or in repo, and noise.

An investor has wealth :math:`w` (in securities), half of it in cash, relative risk aversion
:math:`\gamma`, and a forecast :math:`E_i` of the log value with variance :math:`V`
(:mod:`agents.pledge.forecast`). With the log-linear portfolio return of Campbell and Viceira its best
share of wealth is

* for a spot investor, who *sells* it:
  :math:`y^S = \frac12 - \frac{1}{2\gamma} + \frac{\ln p - E_i}{\gamma V}`;
* for a repo investor, who *pledges* it and buys :math:`(1-h)/h` times as much with the loans:
  :math:`y^R = \frac12 - \frac{1}{2\gamma} + \frac{\ln(\chi/h) + \ln p - E_i}{\gamma V}`.

A repo investor's purchases so rise with the price. Where the repo market is shut it is a spot
investor. Noise traders buy :math:`\ln u` securities at any price.

Half the wealth is cash and half is securities, so nobody can sell or pledge more than
:math:`y = \frac12`, nor buy more than :math:`\frac12` without a loan
(:math:`y^S \ge -\frac12`), nor, in repo, sell what it does not own
(:math:`y^R \ge -\frac{h}{2(1-h)}`). The source writes these limits down, (6) and (7), and then
leaves them aside; here they may be imposed.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", Lemmas 5 and 6,
equation (20), with the posterior variance where the paper prints the prior one (erratum 4).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import mesa
import numpy as np
import pandas as pd
from scipy.special import ndtri

from agents.cohort import Cohort, Population
from agents.pledge.forecast import (
    Forecast,
    Information,
    PriceFunction,
    Regression,
)
from agents.pledge.nature import Nature
from markets.pledge.market import RepoTerms, SpotQuotes
from markets.quote import FloatArray

Role = Literal["spot", "repo"]
Learning = Literal["none", "map", "regression"]
Belief = Callable[[RepoTerms], PriceFunction]

BLOCK = 1 << 15
"""Members whose orders are worked out at a time, so that intermediate arrays stay in cache."""


@dataclass(frozen=True, slots=True)
class SpotOrders:
    r"""Orders of a cohort at the posted quotes, in securities, each of shape ``(securities,)``.

    Orders are schedules: they say what their owner buys at every price. ``free`` and the fields
    after it describe them as they would be without limits, when their total is

    .. math:: z = z_0 + z_p \ln p + z_v \ln v + z_u \ln u + z_\chi \ln(\chi/h)

    on average over the errors of private signals.

    Attributes
    ----------
    bought, sold
        Totals of purchases and of sales.
    by_price
        Derivative of their difference with respect to the log price.
    free
        Purchases less sales without limits.
    constant, free_by_price, by_value, by_noise, by_pledge
        The coefficients of z above, in this order.
    pledged
        Securities that repo investors own and pledge (negative: lend cash against).
    beyond_limits
        Investors who would exceed what they own, as a share of all investors.
    """

    bought: FloatArray
    sold: FloatArray
    by_price: FloatArray
    free: FloatArray
    constant: FloatArray
    free_by_price: FloatArray
    by_value: FloatArray
    by_noise: FloatArray
    by_pledge: FloatArray
    pledged: FloatArray
    beyond_limits: FloatArray


@dataclass(frozen=True, slots=True)
class Learner:
    r"""How investors revise their forecasts from day to day.

    Parameters
    ----------
    rule : {"none", "map", "regression"}
        Not at all; by moving the forecast toward Bayes' rule under the price function that
        yesterday's orders amounted to; or by regressing on their own history.
    damping : float, optional
        Share of the way that ``"map"`` moves, in (0, 1]. Undamped, the weight on the price
        diverges where prices tell more than private signals (its map has the slope
        :math:`-\tau_\theta/\tau_\varepsilon`); so unless given the share is
        :math:`\tau_\varepsilon / (\tau_\varepsilon + \tau_\theta)`, which makes up for that.
    gain, memory : float
        See :class:`agents.pledge.forecast.Regression`.
    """

    rule: Learning = "none"
    damping: float | None = None
    gain: float = 2.0
    memory: float = 50.0


class InformedInvestors(Cohort):
    """A cohort of investors who see a private signal each and trade spot, or spot and in repo.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name of the cohort in records.
    role : {"spot", "repo"}
        Whether its members have access to repo.
    members : int
        Number of members.
    share : float
        Share of all investors that they are.
    nature : Nature
        Draws the values that signals are about.
    belief : callable
        Repo terms to the price function that members conjecture on the first day.
    known : Information
        What they know of the laws of value, noise and signals.
    risk_aversion : float
        Relative risk aversion, above 1.
    wealth : float
        Wealth of a continuum of investors of mass one, in securities.
    learner : Learner
        How they learn from day to day.
    limits : {"ignored", "imposed"}
        Whether orders stop at what a member owns.
    population : {"individuals", "continuum"}
        Whether errors of signals are drawn, or are the quantiles of their law.
    """

    def __init__(
        self,
        model: mesa.Model,
        name: str,
        *,
        role: Role,
        members: int,
        share: float,
        nature: Nature,
        belief: Belief,
        known: Information,
        risk_aversion: float,
        wealth: float,
        learner: Learner | None = None,
        limits: Literal["ignored", "imposed"] = "ignored",
        population: Population = "individuals",
    ) -> None:
        super().__init__(model, name, members)
        self.role: Role = role
        self.share = share
        self.nature = nature
        self.belief = belief
        self.known = known
        self.risk_aversion = risk_aversion
        self.wealth = wealth
        self.learner = Learner() if learner is None else learner
        self.limits = limits
        self.population: Population = population
        self.regression: Regression | None = None
        self.forecast: Forecast | None = None
        self.log_signal: FloatArray = np.empty((nature.securities, members))
        self.held: FloatArray | None = None

    # ------------------------------------------------------------------ a new day
    def wake(self, date: int, terms: RepoTerms) -> None:
        """Learn from the day before, see new signals, and make up one's mind how to read them."""
        self._learn(date, terms)
        self.log_value = self.nature.at(date).log_value
        self._see(self.log_value)
        self.held = None

    def _learn(self, date: int, terms: RepoTerms) -> None:
        """Forecast for the day to come."""
        rule = self.learner.rule
        if self.forecast is None or rule == "none":
            conjecture = self.belief(terms)
            self.forecast = Forecast.bayes(conjecture, self.known)
            if rule == "regression":
                self.regression = Regression.starting(
                    conjecture,
                    self.known,
                    self.members,
                    memory=self.learner.memory,
                    gain=self.learner.gain,
                )
                self.forecast = self.regression.forecast()
        elif rule == "map":
            right = Forecast.bayes(self.published, self.known)
            self.forecast = self.forecast.toward(right, self._share_moved()[:, None])
        else:
            assert self.regression is not None
            self.regression = self.regression.after(
                self.log_signal,
                self.posted.log_price,
                self.posted.terms.log_pledge_value,
                self.log_value,
            )
            self.forecast = self.regression.forecast()

    def _share_moved(self) -> FloatArray:
        """Share of the way to the right forecast that members move, by security."""
        tau = self.published.precision(self.known.noise.precision)
        if self.learner.damping is not None:
            return np.full_like(tau, self.learner.damping)
        return self.known.signal_precision / (self.known.signal_precision + tau)

    def _see(self, log_value: FloatArray) -> None:
        """Private signals: ln s = ln v - 1/(2 tau) + error, drawn in place."""
        tau = self.known.signal_precision
        securities = 1 if self.nature.common else len(log_value)
        rows = self.log_signal[:securities]
        if self.population == "continuum":
            middle = (np.arange(self.members) + 0.5) / self.members
            rows[:] = ndtri(middle)
        else:
            self.model.rng.standard_normal(out=rows)
        rows *= tau**-0.5
        rows += (log_value[:securities] - 0.5 / tau)[:, None]
        if self.nature.common:
            self.log_signal[1:] = rows

    # ------------------------------------------------------------------ the decision
    def respond(self, posted: SpotQuotes) -> SpotOrders:
        """Best response of every member to the posted quotes, as totals (pure)."""
        ends = self._ends(posted.terms)
        totals = np.zeros((5, len(posted.log_price)))
        for low in range(0, self.members, BLOCK):
            rows = slice(low, min(low + BLOCK, self.members))
            totals += self._totals(posted, rows, ends)
        net, gross, steepness, free, beyond = totals
        size = self._size(posted.terms)
        order, volume = size * net, np.abs(size) * gross
        tilt = self._slopes(posted)
        pledging = (size > 0.0) if self.role == "repo" else np.zeros_like(size, dtype=np.bool_)
        return SpotOrders(
            bought=0.5 * (volume + order),
            sold=0.5 * (volume - order),
            by_price=size * steepness,
            free=size * free,
            constant=size * tilt.constant,
            free_by_price=size * tilt.by_price,
            by_value=size * tilt.by_value,
            by_noise=np.zeros_like(size),
            by_pledge=size * tilt.by_pledge,
            pledged=np.where(pledging, order / posted.terms.leverage, 0.0),
            beyond_limits=beyond * self.share / self.members,
        )

    def shares(self, posted: SpotQuotes, rows: slice = slice(None)) -> FloatArray:
        """Share of wealth that members sell (spot) or pledge (repo), limits left aside (pure)."""
        told = self._forecast(rows)
        terms = posted.terms
        steep = 1.0 / (self.risk_aversion * told.variance)
        constant = 0.5 - 0.5 / self.risk_aversion
        pledge = terms.log_pledge_value[:, None]
        level = (
            constant
            + (
                (1.0 - told.on_price) * posted.log_price[:, None]
                + (self._values_pledge(terms)[:, None] - told.on_pledge) * pledge
                - told.constant
            )
            * steep
        )
        shares: FloatArray = level - (told.on_signal * steep) * self.log_signal[:, rows]
        return shares

    def orders(self, posted: SpotQuotes) -> FloatArray:
        """Securities that each member buys (below 0: sells), shape (securities, members)."""
        shares = self.shares(posted)
        if self.limits == "imposed":
            lower, upper = self._ends(posted.terms)
            np.clip(shares, lower[:, None], upper[:, None], out=shares)
        shares *= self._size(posted.terms)[:, None]
        return shares

    def hold(self, posted: SpotQuotes, placed: PriceFunction) -> None:
        """Take the positions that the orders amount to; read the published price function."""
        self.posted, self.published = posted, placed
        self.held = self.orders(posted)

    # ------------------------------------------------------------------ the record
    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Signals, forecasts and orders, a row a security and member."""
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        step = 1 if limit is None else max(self.members // max(limit, 1), 1)
        rows = slice(0, self.members, step)
        shown = np.arange(self.members)[rows]
        securities = len(self.log_signal)
        terms = self.posted.terms
        told = self._forecast(rows)

        def spread(values: FloatArray) -> FloatArray:
            return np.broadcast_to(values, (securities, shown.size)).ravel()

        return pd.DataFrame(
            {
                "cohort": self.name,
                "role": self.role,
                "security": np.repeat(np.arange(securities), shown.size),
                "member": np.tile(shown, securities),
                "mass": self.share / self.members,
                "haircut": spread(terms.haircut[:, None]),
                "log_value": spread(self.log_value[:, None]),
                "log_signal": self.log_signal[:, rows].ravel(),
                "forecast_constant": spread(told.constant),
                "forecast_on_signal": spread(told.on_signal),
                "forecast_on_price": spread(told.on_price),
                "forecast_on_pledge": spread(told.on_pledge),
                "forecast_variance": spread(told.variance),
                "order": self.held[:, rows].ravel(),
            }
        )

    # ------------------------------------------------------------------ inner workings
    def _forecast(self, rows: slice) -> Forecast:
        """Forecasts of some members; those that all share stay single."""
        assert self.forecast is not None
        return self.forecast.of(rows)

    def _values_pledge(self, terms: RepoTerms) -> FloatArray:
        """1 where members can pledge, so that what a pledge is worth counts; 0 elsewhere."""
        can = terms.active if self.role == "repo" else np.zeros_like(terms.active)
        return can.astype(np.float64)

    def _size(self, terms: RepoTerms) -> FloatArray:
        """Securities bought by all members together for each unit of share y, per member."""
        pledging = self._values_pledge(terms) > 0.0
        each = self.wealth * self.share / self.members
        return each * np.where(pledging, terms.leverage, -1.0)

    def _ends(self, terms: RepoTerms) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest share of wealth that a member owns enough for."""
        pledging = self._values_pledge(terms) > 0.0
        lower = np.where(pledging, -0.5 / terms.leverage, -0.5)
        return lower, np.full_like(lower, 0.5)

    def _totals(
        self, posted: SpotQuotes, rows: slice, ends: tuple[FloatArray, FloatArray]
    ) -> FloatArray:
        """Sums over a block of members, shape (5, securities).

        Of shares, their absolute values, their price slopes, shares without limits, and of members
        beyond the limits.
        """
        lower, upper = (end[:, None] for end in ends)
        told = self._forecast(rows)
        free = self.shares(posted, rows)
        beyond = (free < lower) | (free > upper)
        steepness = (1.0 - told.on_price) / (self.risk_aversion * told.variance)
        if self.limits == "imposed":
            shares = np.clip(free, lower, upper)
            slope = np.sum(np.where(beyond, 0.0, steepness), axis=1)
        else:
            shares = free
            slope = np.sum(np.broadcast_to(steepness, free.shape), axis=1)
        net, gross = np.sum(shares, axis=1), np.sum(np.abs(shares), axis=1)
        return np.stack([net, gross, slope, np.sum(free, axis=1), np.sum(beyond, axis=1)])

    def _slopes(self, posted: SpotQuotes) -> _Slopes:
        """Coefficients of the sum of shares, on average over the errors of signals."""
        told = self.forecast
        assert told is not None

        def total(part: FloatArray) -> FloatArray:
            summed: FloatArray = np.sum(np.broadcast_to(part, (len(part), self.members)), axis=1)
            return summed

        steep = 1.0 / (self.risk_aversion * told.variance)
        signal = total(steep * told.on_signal)
        constant = self.members * (0.5 - 0.5 / self.risk_aversion) - total(steep * told.constant)
        worth = self._values_pledge(posted.terms)[:, None]
        return _Slopes(
            constant=constant + 0.5 * signal / self.known.signal_precision,
            by_price=total(steep * (1.0 - told.on_price)),
            by_value=-signal,
            by_pledge=total(steep * (worth - told.on_pledge)),
        )


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Coefficients of a sum of shares."""

    constant: FloatArray
    by_price: FloatArray
    by_value: FloatArray
    by_pledge: FloatArray
