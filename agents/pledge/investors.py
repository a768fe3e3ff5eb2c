r"""Investors with private signals, who trade a pledgeable security spot or in repo.

An investor has wealth :math:`w` (in securities), half of it in cash, relative risk aversion
:math:`\gamma`, and a forecast :math:`E_i` of the log value with variance :math:`V`
(:mod:`agents.pledge.forecast`). With the log-linear portfolio return of Campbell and Viceira its
best share of wealth is

* for a spot investor, who *sells* it:
  :math:`y^S = \frac12 - \frac{1}{2\gamma} + \frac{\ln p - E_i}{\gamma V}`;
* for a repo investor, who *pledges* it and buys :math:`(1-h)/h` times as much with the loans:
  :math:`y^R = \frac12 - \frac{1}{2\gamma} + \frac{\ln(\chi/h) + \ln p - E_i}{\gamma V}`.

A repo investor's purchases so rise with the price. Where the repo market is shut it is a spot
investor.

Half the wealth is cash and half is securities, so no investor can sell or pledge more than
:math:`y = \frac12`, nor buy more than :math:`\frac12` without a loan
(:math:`y^S \ge -\frac12`), nor, in repo, sell what it does not own
(:math:`y^R \ge -\frac{h}{2(1-h)}`). The source writes these limits down, (6) and (7), and then
ignores them; a parameter imposes them.

Source: Ramirez, "Pledgeable securities in a rational expectations equilibrium", Lemmas 5 and 6,
equation (20), with the posterior variance where the paper prints the prior one (erratum 4 of the
README of :mod:`scenarios.pledge`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.special import ndtri

from agents.cohort import Cohort, Population, one_or_each
from agents.pledge.anticipation import Crowd
from agents.pledge.forecast import Forecast, Information, PriceFunction
from agents.pledge.learner import Learner
from agents.pledge.nature import Nature
from agents.pledge.power import PowerChoice
from agents.pledge.regression import Regression
from markets.pledge.book import SpotBook
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.quote import FloatArray
from markets.variable import Variable

Role = Literal["spot", "repo"]
Limited = Literal["ignored", "imposed"]
Belief = Callable[[RepoTerms], PriceFunction]

BLOCK = 1 << 15
"""Members whose orders are worked out at once, so that intermediate arrays stay in cache."""


class InformedInvestors(Cohort[RepoTerms, SpotQuotes, SpotBook, PriceFunction]):
    """A cohort of investors with private signals, who trade spot, or spot and in repo.

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
        Their share of all investors.
    nature : Nature
        Draws the values that signals are about.
    belief : callable
        Repo terms to the price function that members conjecture on the first day.
    known : Information
        The distributions of value, noise and signals, which members know.
    risk_aversion : float or array of shape (members,)
        Relative risk aversion, above 1.
    wealth : float or array of shape (members,)
        Wealth of each member, in securities.
    names : sequence of str, optional
        Names of the members.
    learner : Learner
        How they learn from day to day.
    sees_rates : bool
        Whether repo rates are quoted in the rounds, so that repo may open and shut within a day;
        then members have a forecast for either case.
    limits : {"ignored", "imposed"}
        Whether orders are limited to what a member owns.
    exact : bool
        Whether members maximise power utility exactly (:mod:`agents.pledge.power`), rather than its
        log-linear approximation; they must share one variance.
    population : {"individuals", "continuum"}
        Whether errors of signals are drawn, or are the quantiles of their distribution.
    """

    variables = (
        Variable("role", "", "spot, repo or noise", key=True),
        Variable("security", "", "number of the security, from 0", key=True),
        Variable("mass", "share", "mass of the member, of a cohort of mass one"),
        Variable("wealth", "cash", "wealth of the member"),
        Variable("risk_aversion", "number", "relative risk aversion"),
        Variable("haircut", "share of the price", "haircut charged on the security"),
        Variable("log_value", "log of cash per security", "log of the fundamental value"),
        Variable("order", "securities", "bought spot"),
        Variable("pledged", "securities", "pledged for a loan"),
        Variable("log_signal", "log of cash per security", "private signal of the log value"),
        Variable("forecast_constant", "number", "constant of the forecast of the log value"),
        Variable("forecast_on_{known}", "number", "weight of the {known} in that forecast"),
        Variable(
            "forecast_variance", "squared log", "variance of the log value about that forecast"
        ),
    )

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
        risk_aversion: float | FloatArray,
        wealth: float | FloatArray,
        names: Sequence[str] | None = None,
        learner: Learner | None = None,
        sees_rates: bool = False,
        limits: Limited = "ignored",
        exact: bool = False,
        population: Population = "individuals",
    ) -> None:
        super().__init__(model, name, members)
        self.role: Role = role
        self.share = share
        self.nature = nature
        self.belief = belief
        self.known = known
        self.risk_aversion = one_or_each("risk_aversion", risk_aversion, members)
        self.wealth = one_or_each("wealth", wealth, members)
        self.names = names
        self.learner = Learner() if learner is None else learner
        self.sees_rates = sees_rates
        self.limits = limits
        self.exact = exact
        self.population: Population = population
        self.regression: Regression | None = None
        self.forecast: Forecast | None = None
        self.shut_forecast: Forecast | None = None
        self.log_signal: FloatArray = np.empty((nature.securities, members))
        self.held: FloatArray | None = None

    # ------------------------------------------------------------------ a new day
    def wake(self, date: int, terms: RepoTerms) -> None:
        """Learn from the day before, and see new signals."""
        self._learn(terms)
        self.log_value = self.nature.at(date).log_value
        self._see(self.log_value)
        self.held = None

    def _learn(self, terms: RepoTerms) -> None:
        """Set the forecast for the new day."""
        rule = self.learner.rule
        if self.sees_rates:
            self.shut_forecast = self._first_forecast(terms.shut())
            self.forecast = self._first_forecast(terms.opened())
        elif self.forecast is None or rule in ("none", "reasoning"):
            self.forecast = self._first_forecast(terms)
            self.regression = self.learner.regression(self.belief(terms), self.known, self.members)
        elif rule == "map":
            self.forecast = self.learner.mapped(self.forecast, self.published, self.known)
        else:
            assert self.regression is not None
            self.regression = self.regression.after(
                self.log_signal,
                self.posted.log_price,
                self.posted.log_pledge_value,
                self.log_value,
            )
        if self.regression is not None:
            self.forecast = self.regression.forecast()

    def _first_forecast(self, terms: RepoTerms) -> Forecast:
        """The forecast by the first belief, or the one that reasoning about it leads to."""
        forecast = Forecast.bayes(self.belief(terms), self.known)
        if self.learner.rule != "reasoning":
            return forecast
        return self.crowd.reasoned(forecast, terms, self.known)

    @property
    def crowd(self) -> Crowd:
        """What all investors, in all cohorts, know about each other."""
        cohorts = [c for c in self.model.agents if isinstance(c, InformedInvestors)]

        def both(amount: Callable[[InformedInvestors], FloatArray]) -> tuple[float, float]:
            """Sums over spot and over repo investors."""
            spot, repo = (
                math.fsum(c.total(amount(c)) for c in cohorts if c.role == role)
                for role in ("spot", "repo")
            )
            return spot, repo

        return Crowd(both(lambda c: c.wealth), both(lambda c: c.wealth / c.risk_aversion))

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
    def respond(self, posted: SpotQuotes) -> SpotBook:
        """Best response of every member to the posted quotes, as totals (pure)."""
        ends = self._ends(posted)
        totals = np.zeros((6, len(posted.log_price)))
        for low in range(0, self.members, BLOCK):
            rows = slice(low, min(low + BLOCK, self.members))
            totals += self._totals(posted, rows, ends)
        net, gross, steepness, by_pledge_value, free, beyond = totals
        pledging, size = self._pledging(posted), self._size(posted)
        order, volume = size * net, np.abs(size) * gross
        tilt = self._slopes(posted)
        # what moves orders beside the price: the value of a pledge where pledging pays, the share
        # that is pledged where it is worth as much as a sale
        indifferent = (pledging < 1.0) & (self.role == "repo")
        return SpotBook(
            bought=0.5 * (volume + order),
            sold=0.5 * (volume - order),
            by_price=size * steepness,
            by_repo=np.where(
                indifferent, (posted.terms.leverage + 1.0) * net, size * by_pledge_value
            ),
            free=size * free,
            constant=size * tilt.constant,
            free_by_price=size * tilt.by_price,
            by_value=size * tilt.by_value,
            by_noise=np.zeros_like(size),
            by_pledge=size * tilt.by_pledge,
            pledged=pledging * net,
            pledges=pledging * gross,
            pledged_by_price=pledging * steepness,
            pledged_by_repo=np.where(indifferent, net, pledging * by_pledge_value),
            beyond_limits=beyond * self.share / self.members,
        )

    def shares(self, posted: SpotQuotes, rows: slice = slice(None)) -> FloatArray:
        """Share of wealth that members sell (spot) or pledge (repo), without limits (pure)."""
        return self._chosen(posted, rows)[0]

    def _chosen(self, posted: SpotQuotes, rows: slice) -> tuple[FloatArray, FloatArray]:
        """Shares, and by how much each moves for a unit of the log-linear one."""
        shares = self._loglinear(posted, rows)
        if not self.exact:
            return shares, np.ones((len(shares), 1))
        slopes = np.empty_like(shares)
        variance = self.forecast_at(posted).variance[:, 0]
        for row, number in enumerate(variance.tolist()):
            choice = PowerChoice.of(float(self.risk_aversion[0]), number)
            kept = 0.5 - shares[row]
            shares[row], slopes[row] = 0.5 - choice.share(kept), choice.slope(kept)
        return shares, slopes

    def _loglinear(self, posted: SpotQuotes, rows: slice) -> FloatArray:
        forecast = self.forecast_at(posted).of(rows)
        aversion = _rows(self.risk_aversion, rows)
        steep = 1.0 / (aversion * forecast.variance)
        constant = 0.5 - 0.5 / aversion
        pledge = posted.log_pledge_value[:, None]
        level = (
            constant
            + (
                (1.0 - forecast.on_price) * posted.log_price[:, None]
                + (self._pledges(posted)[:, None] - forecast.on_pledge) * pledge
                - forecast.constant
            )
            * steep
        )
        shares: FloatArray = level - (forecast.on_signal * steep) * self.log_signal[:, rows]
        return shares

    def forecast_at(self, posted: SpotQuotes) -> Forecast:
        """The forecast that members use: they see whether repo is open."""
        assert self.forecast is not None
        if self.shut_forecast is None:
            return self.forecast
        return self.forecast.where(posted.open, self.shut_forecast)

    def orders(self, posted: SpotQuotes) -> FloatArray:
        """Securities that each member buys (negative: sells), shape (securities, members)."""
        shares = self._within_means(posted)
        shares *= self._size(posted)[:, None] * self.wealth
        return shares

    def hold(self, posted: SpotQuotes, placed: PriceFunction) -> None:
        """Take the positions that the orders imply; keep the published price function."""
        self.posted, self.published = posted, placed
        self.held = self.orders(posted)

    # ------------------------------------------------------------------ the record
    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Signals, forecasts and orders, one row per security and member."""
        if self.held is None:
            raise RuntimeError(f"{self.name} holds nothing yet: run a round first")
        step = 1 if limit is None else max(self.members // max(limit, 1), 1)
        rows = slice(0, self.members, step)
        shown = np.arange(self.members)[rows]
        securities = len(self.log_signal)
        terms = self.posted.terms
        forecast = self.forecast_at(self.posted).of(rows)
        wealth = _rows(self.wealth, rows)
        pledged = wealth * self._pledging(self.posted)[:, None]
        pledged = pledged * self._within_means(self.posted, rows)

        def spread(values: FloatArray) -> FloatArray:
            return np.broadcast_to(values, (securities, shown.size)).ravel()

        return pd.DataFrame(
            {
                "cohort": self.name,
                "role": self.role,
                "security": np.repeat(np.arange(securities), shown.size),
                "member": np.tile(shown, securities),
                "name": self._named(shown) * securities,
                "mass": self.share / self.members,
                "wealth": spread(wealth),
                "risk_aversion": spread(_rows(self.risk_aversion, rows)),
                "haircut": spread(terms.haircut[:, None]),
                "log_value": spread(self.log_value[:, None]),
                "log_signal": self.log_signal[:, rows].ravel(),
                "forecast_constant": spread(forecast.constant),
                "forecast_on_signal": spread(forecast.on_signal),
                "forecast_on_price": spread(forecast.on_price),
                "forecast_on_pledge": spread(forecast.on_pledge),
                "forecast_variance": spread(forecast.variance),
                "order": self.held[:, rows].ravel(),
                "pledged": pledged.ravel(),
            }
        )

    # ------------------------------------------------------------------ inner workings
    def _within_means(self, posted: SpotQuotes, rows: slice = slice(None)) -> FloatArray:
        """Share of wealth that members sell or pledge, within limits if these are imposed."""
        shares = self.shares(posted, rows)
        if self.limits == "imposed":
            lower, upper = self._ends(posted)
            np.clip(shares, lower[:, None], upper[:, None], out=shares)
        return shares

    def _pledging(self, posted: SpotQuotes) -> FloatArray:
        """Share of their orders that members pledge rather than sell."""
        return posted.pledging if self.role == "repo" else np.zeros_like(posted.pledging)

    def _pledges(self, posted: SpotQuotes) -> FloatArray:
        """1 for securities that members pledge, 0 for others."""
        return (self._pledging(posted) > 0.0).astype(np.float64)

    def _named(self, shown: NDArray[np.int64]) -> list[str]:
        """Names of some members; their numbers from 1 if they have none."""
        return [str(k + 1) if self.names is None else self.names[k] for k in shown.tolist()]

    def _size(self, posted: SpotQuotes) -> FloatArray:
        """Securities that a member buys for each unit of wealth and of share y."""
        pledging = self._pledging(posted)
        return pledging * posted.terms.leverage - (1.0 - pledging)

    def _ends(self, posted: SpotQuotes) -> tuple[FloatArray, FloatArray]:
        """Lowest and highest share of wealth within a member's means, (6) and (7)."""
        lower = np.where(self._pledges(posted) > 0.0, -0.5 / posted.terms.leverage, -0.5)
        return lower, np.full_like(lower, 0.5)

    def _totals(
        self, posted: SpotQuotes, rows: slice, ends: tuple[FloatArray, FloatArray]
    ) -> FloatArray:
        """Sums over a block of members, shape (6, securities).

        Sums, weighted with wealth, of shares, their absolute values, their slopes with respect to
        the log price and to the log value of a pledge, and of shares without limits; and the number
        of members beyond the limits.
        """
        lower, upper = (end[:, None] for end in ends)
        aversion, wealth = _rows(self.risk_aversion, rows), _rows(self.wealth, rows)
        forecast = self.forecast_at(posted).of(rows)
        free, moves = self._chosen(posted, rows)
        beyond = (free < lower) | (free > upper)
        steep = np.broadcast_to(moves * wealth / (aversion * forecast.variance), free.shape)
        shares = free
        if self.limits == "imposed":
            shares = np.clip(free, lower, upper)
            steep = np.where(beyond, 0.0, steep)
        by_price = np.sum(steep * (1.0 - forecast.on_price), axis=1)
        by_pledge = np.sum(steep * (self._pledges(posted)[:, None] - forecast.on_pledge), axis=1)
        owned = np.broadcast_to(wealth, shares.shape[1])
        net, gross = shares @ owned, np.abs(shares) @ owned
        return np.stack([net, gross, by_price, by_pledge, free @ owned, beyond.sum(axis=1)])

    def _slopes(self, posted: SpotQuotes) -> _Slopes:
        """Coefficients of the sum of shares times wealth, on average over the errors of signals.

        Exact demands are not linear: theirs are the tangent at the quotes and the day's state.
        """
        forecast = self.forecast_at(posted)

        def total(part: FloatArray) -> FloatArray:
            summed: FloatArray = np.sum(np.broadcast_to(part, (len(part), self.members)), axis=1)
            return summed

        free, moves = self._chosen(posted, slice(None)) if self.exact else (None, 1.0)
        steep = moves * self.wealth / (self.risk_aversion * forecast.variance)
        signal = total(steep * forecast.on_signal)
        constant = self.total(self.wealth * (0.5 - 0.5 / self.risk_aversion)) - total(
            steep * forecast.constant
        )
        constant += 0.5 * signal / self.known.signal_precision
        by_price = total(steep * (1.0 - forecast.on_price))
        by_pledge = total(steep * (self._pledges(posted)[:, None] - forecast.on_pledge))
        if free is not None:
            owned = np.broadcast_to(self.wealth, self.members)
            constant = free @ owned + signal * self.log_value
            constant -= by_price * posted.log_price + by_pledge * posted.log_pledge_value
        return _Slopes(constant, by_price, -signal, by_pledge)


def _rows(field: FloatArray, rows: slice) -> FloatArray:
    """Rows of a field; the one row where members are alike in it."""
    return field if field.size == 1 else field[rows]


@dataclass(frozen=True, slots=True)
class _Slopes:
    """Coefficients of a sum of shares without limits, arrays of shape ``(securities,)``."""

    constant: FloatArray
    by_price: FloatArray
    by_value: FloatArray
    by_pledge: FloatArray
