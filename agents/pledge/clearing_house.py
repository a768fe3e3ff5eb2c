"""A clearing house for pledgeable securities: it sets haircuts and publishes the price function.

There is no redundant market to check. Walras' law needs the budget of every trader, and cash is
outside the model: noise traders bring and keep cash, and where the repo rate is given the loans
that repo investors buy with are granted by lenders who are not modelled. All that is left is the
cash that buyers pay minus the cash that sellers receive, which is the price times the excess demand
for the security: the condition that the market itself checks.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import mesa
import numpy as np

from agents.clearing_house import ClearingHouse
from agents.pledge.forecast import PriceFunction
from agents.pledge.nature import Nature
from markets.margin import MarginRule, PostedMargin
from markets.pledge.book import SpotBook
from markets.pledge.market import PRICE_REACH
from markets.pledge.quotes import SpotQuotes
from markets.pledge.terms import RepoTerms
from markets.quote import FloatArray
from markets.variable import Variable


@dataclass(frozen=True, slots=True)
class PledgeSettlement:
    """What the clearing house reads off a netted book, arrays of shape ``(securities,)``.

    Attributes
    ----------
    volume : array
        Securities that change hands spot.
    beyond_limits : array
        Share of investors whose orders without limits exceed what they own, (6) and (7).
    repo_excess : array
        Securities pledged by repo investors and by noise traders: the sum that equation (13) sets
        to zero. It is not zero where the repo rate is given (erratum 10 of the README of
        :mod:`scenarios.pledge`): the difference is lent or borrowed outside the model. At a quoted
        rate it is zero, or below it where the rate is zero and cash is stored instead.
    free_log_price : array
        Log price at which the same orders would clear without limits.
    """

    volume: FloatArray
    beyond_limits: FloatArray
    repo_excess: FloatArray
    free_log_price: FloatArray

    def accounts(self) -> dict[str, float]:
        """The numbers by name, for the record of rounds."""
        names = ("volume", "beyond_limits", "repo_excess", "free_log_price")
        if len(self.volume) == 1:
            return {name: float(getattr(self, name)[0]) for name in names}
        return {
            f"{name}_{number}": float(value)
            for name in names
            for number, value in enumerate(getattr(self, name), start=1)
        }


class PledgeClearingHouse(ClearingHouse[RepoTerms, SpotQuotes, SpotBook, SpotBook, PriceFunction]):
    r"""A clearing house that sets the haircut of each security and clears the spot market.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    margins : sequence of MarginRule
        The rule for each security, asked once a day. The returns that it reads are those of the
        security bought at each day's price, :math:`\ln(v/p)`; the price, that of the day before;
        the position, securities lent against on the day before.
    repo_rate : float or array of shape (securities,), optional
        Interest on repo loans, per period, given from outside; if None, the markets quote it.
    nature : Nature
        Reveals on each day what securities turned out to be worth on the day before.
    """

    variables = tuple(
        variable
        for name, unit, meaning in (
            ("volume", "securities", "securities that change hands in the spot market"),
            (
                "beyond_limits",
                "share of investors",
                "investors who want more than what they own allows",
            ),
            (
                "repo_excess",
                "securities",
                "pledged by repo investors and noise traders, lent by nobody in the model",
            ),
            (
                "free_log_price",
                "log of cash per security",
                "log price that would clear without limits",
            ),
        )
        for variable in (
            Variable(name, unit, meaning),
            Variable(f"{name}_{{instrument}}", unit, f"{meaning}, security {{instrument}}"),
        )
    )

    def __init__(
        self,
        model: mesa.Model,
        margins: Sequence[MarginRule],
        *,
        repo_rate: float | FloatArray | None,
        nature: Nature,
    ) -> None:
        super().__init__(model)
        self.margins = tuple(margins)
        self.repo_rate: FloatArray | None = None
        if repo_rate is not None:
            rates = np.asarray(repo_rate, dtype=np.float64)
            self.repo_rate = np.broadcast_to(rates, len(self.margins)).copy()
        self.nature = nature
        self.log_price: FloatArray = np.zeros(len(self.margins))
        self.last_rate, self.lent = self.log_price, self.log_price
        self.posted: tuple[PostedMargin, ...] = ()

    def charge(self, quotes: Mapping[str, float]) -> RepoTerms:
        """Haircuts announced at the last quotes, and the value of the call in a repo at them."""
        last = np.array(list(quotes.values()))
        log_prices = last[: len(self.margins)]
        prices = np.exp(np.clip(log_prices, -PRICE_REACH, PRICE_REACH))
        rates = last[len(self.margins) :] if self.repo_rate is None else self.repo_rate
        if not self.posted:
            self.posted = tuple(
                PostedMargin.opened(rule, float(price), every_round=False)
                for rule, price in zip(self.margins, prices, strict=True)
            )
        elif self.after_another:
            self.posted = tuple(self._after_a_day(prices))
        self.posted = tuple(
            replace(posted, rule=rule)
            for posted, rule in zip(self.posted, self.margins, strict=True)
        )
        haircut = np.array([posted.announced for posted in self.posted])
        return RepoTerms.of(haircut, rates, self.nature.value.precision)

    def _after_a_day(self, prices: FloatArray) -> Iterator[PostedMargin]:
        """What rules know a day later: prices with the day's return, scaled to end at the last."""
        returns = self.nature.at(self.date - 1).log_value - self.log_price
        for k, (posted, price) in enumerate(zip(self.posted, prices.tolist(), strict=True)):
            logs = np.append(np.log(posted.closes) - returns[k], 0.0) + math.log(price)
            logs[:-1] -= math.log(posted.closes[-1])
            yield replace(
                posted.closed_at(price),
                closes=np.exp(np.clip(logs, -PRICE_REACH, PRICE_REACH)),
                position=float(self.lent[k]),
                repo_rate=float(self.last_rate[k]),
            )

    def settle(self, posted: SpotQuotes, book: SpotBook) -> PledgeSettlement:
        """Volume, investors beyond their means, and the excess demand of the repo market."""
        return PledgeSettlement(
            volume=0.5 * (book.bought + book.sold),
            beyond_limits=book.beyond_limits,
            repo_excess=np.where(posted.open, book.pledged, 0.0),
            free_log_price=posted.log_price - book.free / _or_nan(book.free_by_price),
        )

    def place(self, posted: SpotQuotes, book: SpotBook) -> PriceFunction:
        r"""Publish the price function that the day's order schedules imply.

        The house holds all order schedules, so it knows at which price they would have cleared
        in every other state: with
        :math:`z = z_0 + z_p \ln p + z_v \ln v + z_u \ln u + z_\chi \ln(\chi/h) = 0` the
        coefficients are :math:`-z_0/z_p, -z_v/z_p, -z_u/z_p, -z_\chi/z_p`. Errors of private
        signals are averaged out and limits ignored.
        """
        self.log_price, self.last_rate = posted.log_price, posted.terms.repo_rate
        self.lent = np.where(posted.open, 0.5 * (book.pledges - book.pledged), 0.0)
        slope = -book.free_by_price
        parts = (book.constant, book.by_value, book.by_noise, book.by_pledge)
        return PriceFunction(*(part / _or_nan(slope) for part in parts))


def _or_nan(slope: FloatArray) -> FloatArray:
    """Slopes, NaN where nobody's order moves with the price and so no price function is implied."""
    return np.where(slope == 0.0, np.nan, slope)
