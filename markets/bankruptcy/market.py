r"""A market for one bond that may not be repaid in full, and for equities.

The bond promises one unit of the good in every state of date 1. Whoever sells it owes the promise;
whoever buys it receives the **repayment rate** (recovery rate) :math:`r_s \in (0, 1]`, which is a
quote like the prices: traders take it as given, and the market moves it until it is the rate at
which the clearing house really pays.

Coordinates are the prices as multiples of where they start, and the repayment rates themselves. A
rate of one is a limit that can be attained.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014), section 3.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from markets.bankruptcy.bond_excess import BondExcess
from markets.bankruptcy.book import BondBook
from markets.bankruptcy.instruments import BondAndEquities, numbered
from markets.bankruptcy.quotes import BondQuotes
from markets.market import Market
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.variable import Variable

THIN = 1e-3
"""Bonds per unit of goods at date 0 below which trade is so thin that excess demand is counted as a
share of this much trade (nobody can borrow at a short limit of zero, and the share would be 1)."""

RATE_SPEED = 0.1
"""Share of its error by which a repayment rate wants to move, where prices want to move all the
way: with equal speeds rates and prices chase each other round a cycle."""

RATE_PACE = 0.3
"""Step of the textbook rule in repayment rates, on top of ``RATE_SPEED``: together the .03 below
which no limit cycle was seen; prices move all the way."""

HIGHEST = 1e6
"""Upper limit of prices, as a multiple of where they start: limits are finite, and this one is far
above every price at which anybody would buy."""


MOST_PROMISED = 1e4
"""Bonds that one member can sell, as a multiple of all goods at both dates, where there is no lower
limit. Nobody comes near it in an equilibrium; at quotes that allow an arbitrage, on the way there,
orders are large instead of without end."""


class BondTrader(Protocol):
    """What the market learns about a cohort before it opens."""

    def open(self, instruments: BondAndEquities) -> None:
        """Learn what is traded."""
        ...

    def goods(self) -> float:
        """Goods at date 0 and in the richest state of date 1, added up over the members."""
        ...

    def marginal_values(self) -> tuple[float, FloatArray]:
        """Marginal utilities at the endowment, added up: date 0, and each state's share."""
        ...

    def demand_slope(self) -> FloatArray:
        """How much more is demanded per fall of each price at the endowment, shape (n, n)."""
        ...


class BondMarket(Market[float, BondQuotes, BondBook, BondTrader]):
    r"""The markets for the bond and the equities, and the repayment rates.

    The terms that the clearing house announces are the short limit.

    Parameters
    ----------
    instruments : BondAndEquities
        What is traded.

    Notes
    -----
    Residuals say how far the quotes should move. Excess demand for bond and equities is multiplied
    by the inverse of the demand slope at the endowments (with linear-quadratic utility
    :math:`E[(1, Y)'(1, Y)] / \sum_i a_0^i`), so that it is the change of prices that would clear
    the markets if nobody met a bound. The error of a repayment rate moves that rate by
    ``RATE_SPEED`` of itself: prices have to follow the rates, not race them.

    The first prices value payoffs by the members' marginal utilities at their endowments, added
    up: :math:`q_y = \sum_i E[v_i'(e_i) y] / \sum_i v_{i0}'`. With linear-quadratic utility these
    are exactly the prices of the capital asset pricing model without bankruptcy. The first
    repayment rates are one.
    """

    excess_variables = (
        Variable("bond_excess", "bonds", "bonds lent less bonds promised"),
        Variable("equity_excess[{instrument}]", "equities", "equity bought less sold"),
        Variable(
            "repayment_error[{node}]",
            "share of the promise",
            "repayment rate realised less the one quoted",
        ),
    )

    def __init__(self, instruments: BondAndEquities) -> None:
        self.instruments = instruments
        states, equities = instruments.state_names, instruments.equity_names
        rates = [numbered("repayment_rate", name) for name in states]
        self.quotes = (
            Quote("bond_price", "goods per bond", "price of a promise of one unit"),
            *(
                Quote(
                    numbered("equity_price", name),
                    "goods per equity",
                    "price of an equity",
                    "equity_price[{instrument}]",
                )
                for name in equities
            ),
            *(
                Quote(rate, "share of the promise", "what a bond pays", "repayment_rate[{node}]")
                for rate in rates
            ),
        )
        self.excess_names = (
            "bond_excess",
            *(numbered("equity_excess", name) for name in equities),
            *(rate.replace("rate", "error") for rate in rates),
        )
        self._prices = 1 + instruments.equities
        self.pace = np.append(np.ones(self._prices), np.full(instruments.states, RATE_PACE))

    def open(self, cohorts: Sequence[BondTrader]) -> None:
        """Learn first prices and the scale of residuals from the cohorts at their endowments.

        Raises
        ------
        Refused
            If their demand does not respond to every price.
        """
        for cohort in cohorts:
            cohort.open(self.instruments)
        values = [cohort.marginal_values() for cohort in cohorts]
        now = float(sum(value for value, _ in values))
        later = np.sum([value for _, value in values], axis=0)
        columns = np.column_stack([np.ones(self.instruments.states), self.instruments.payoffs])
        self._unit: FloatArray = (later @ columns) / now
        slope = np.sum([cohort.demand_slope() for cohort in cohorts], axis=0)
        if np.linalg.matrix_rank(slope) < self._prices:
            raise Refused(
                "demand at the endowments does not respond to every price, to rounding; risk"
                " aversion times goods must not be in the hundreds"
            )
        self._most = MOST_PROMISED * sum(cohort.goods() for cohort in cohorts)
        prices = slice(0, self._prices)
        self._scale: FloatArray = np.eye(len(self.quotes))
        self._scale[prices, prices] = np.linalg.inv(slope) / self._unit[:, None]
        self._scale[self._prices :] *= RATE_SPEED

    def first_quotes(self) -> dict[str, float]:
        """The first prices, and repayment in full."""
        return self._by_name(np.concatenate([self._unit, np.ones(self.instruments.states)]))

    def limits(self, short_limit: float) -> Limits:
        """Prices above zero, repayment rates above zero and up to one."""
        size = len(self.quotes)
        is_rate = np.arange(size) >= self._prices
        return Limits(
            lower=np.zeros(size),
            upper=np.where(is_rate, 1.0, HIGHEST),
            lower_attained=np.zeros(size, dtype=np.bool_),
            upper_attained=is_rate,
        )

    def locate(self, quotes: Mapping[str, float], short_limit: float) -> FloatArray:
        """Coordinates of quotes by name."""
        values = np.array([quotes[quote.name] for quote in self.quotes])
        values[: self._prices] /= self._unit
        return values

    def post(self, coordinates: FloatArray, short_limit: float, moved: FloatArray) -> BondQuotes:
        """Quotes at the coordinates."""
        prices = coordinates[: self._prices] * self._unit
        return BondQuotes(
            float(prices[0]),
            prices[1:],
            coordinates[self._prices :].copy(),
            min(short_limit, self._most),
        )

    def named(self, posted: BondQuotes) -> dict[str, float]:
        """The quotes by name."""
        return self._by_name(
            np.concatenate([[posted.bond_price], posted.equity_prices, posted.repayment_rates])
        )

    def excess(self, posted: BondQuotes, book: BondBook) -> BondExcess:
        """Excess demand for bond and equities, and realised less quoted repayment rates."""
        error = book.recovery - posted.repayment_rates
        traded = max(book.lent + book.promised, THIN * book.endowed_now)
        units = np.concatenate([[book.lent - book.promised], book.equities, error])
        size = np.concatenate([[traded], 2.0 * book.held + book.equities, np.ones(error.size)])
        return BondExcess(
            residual=self._scale @ units,
            share=units / size,
            units=units,
            promised_growth=book.promised_growth,
        )

    def depth(self, posted: BondQuotes, book: BondBook, coordinates: FloatArray) -> FloatArray:
        """Derivative of the residuals with respect to the coordinates, shape (K, K)."""
        rates = np.zeros_like(book.repaid_slope)
        if book.promised > 0.0:
            rates = (
                book.repaid_slope - np.outer(book.recovery, book.promised_slope)
            ) / book.promised
        rates[:, self._prices :] -= np.eye(rates.shape[0])
        by_quote = np.vstack([book.lent_slope - book.promised_slope, book.equities_slope, rates])
        by_quote[:, : self._prices] *= self._unit
        return self._scale @ by_quote

    def in_goods(
        self, coordinates: FloatArray, excess: Excess, depth: FloatArray
    ) -> tuple[FloatArray, FloatArray]:
        r"""Excess demand in goods at the posted prices and errors of rates, with derivatives.

        Of an error the derivative is that of the goods by which repayment exceeds
        :math:`r_s P`, per bond promised, with :math:`P` held in the denominator only. Both have
        the same root and there the same derivative; but where lenders are nearly indifferent
        promises go from all to nothing over a sliver of rates, and repayment less :math:`r_s P` is
        straight there, while the realised rate is a hyperbola.

        Returns
        -------
        array of shape (K,)
            Excess demand for bond and equities in goods at date 0, and the errors.
        array of shape (K, K)
            Derivatives by the logs of prices, at the posted prices, and by the rates.
        """
        if not isinstance(excess, BondExcess):
            raise TypeError("in_goods needs the excess demand that this market counted")
        count = self._prices
        by_quote = np.append(self._unit, np.ones(excess.units.size - count))
        size = np.append(coordinates[:count] * self._unit, by_quote[count:])
        slope = np.linalg.solve(self._scale, depth) * size[:, None]
        slope[count:] += np.outer(excess.units[count:], excess.promised_growth * by_quote)
        slope[:, :count] *= coordinates[:count]
        return excess.units * size, slope

    def _by_name(self, values: FloatArray) -> dict[str, float]:
        return {quote.name: float(v) for quote, v in zip(self.quotes, values, strict=True)}
