r"""A market for one bond that may not be repaid in full, and for equities.

The bond promises one unit of the good in every state of date 1. Whoever sells it owes the promise;
whoever buys it receives the **repayment rate** :math:`r_s \in (0, 1]`, which is a quote like the
prices: traders take it as given, and the market moves it until it is the rate at which the
clearing house really pays.

Coordinates are the prices as multiples of where they start, and the repayment rates themselves. A
rate of one is a limit that can be attained.

Source: Eichberger, Rheinberger and Summer, "Credit Risk in General Equilibrium" (2014), section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused

ONE = 1e-12
"""Rounding allowed in the sum of probabilities."""

THIN = 1e-3
"""Bonds per unit of goods at date 0 below which trade is so thin that excess demand is counted as a
share of this much trade (nobody can borrow at a short limit of zero, and the share would be 1)."""

RATE_SPEED = 0.1
"""Share of its error by which a repayment rate wants to move, where prices want to move all the
way: with equal speeds rates and prices chase each other round a cycle."""


@dataclass(frozen=True, slots=True)
class BondAndEquities:
    r"""What is traded: the states, the equities' payoffs, and their names.

    Parameters
    ----------
    probabilities : array of shape (states,)
        :math:`\rho_s > 0`, adding up to one.
    payoffs : array of shape (states, equities)
        :math:`Y \ge 0`, goods per equity in each state.
    state_names, equity_names : tuple of str
        Names in quotes and tables; numbers from 1 unless given. An empty name, of which there can
        be one, is left out.

    Raises
    ------
    Refused
        If probabilities are not probabilities, shapes disagree, a payoff is negative, or the
        payoffs of the bond and the equities are linearly dependent (assumption A4).
    """

    probabilities: FloatArray
    payoffs: FloatArray
    state_names: tuple[str, ...] = ()
    equity_names: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check, and fill in names."""
        rho, payoffs = np.asarray(self.probabilities), np.asarray(self.payoffs)
        if rho.ndim != 1 or rho.size == 0 or not np.all(rho > 0.0):
            raise Refused(f"probabilities is {rho.tolist()}; each must be above 0")
        if abs(float(np.sum(rho)) - 1.0) > ONE:
            raise Refused(f"probabilities add up to {float(np.sum(rho)):.12g}; it must be 1")
        if payoffs.ndim != 2 or payoffs.shape[0] != rho.size:
            raise Refused(
                f"payoffs has shape {payoffs.shape}; it must have one payoff a state, of which"
                f" there are {rho.size}, for every equity"
            )
        if not np.all(payoffs >= 0.0):
            raise Refused(f"payoffs has {float(np.min(payoffs))}; each must be at least 0")
        columns = np.column_stack([np.ones(rho.size), payoffs])
        if np.linalg.matrix_rank(columns) < columns.shape[1]:
            raise Refused(
                "payoffs of the bond and the equities are linearly dependent; they must be"
                f" {columns.shape[1]} independent columns over the {rho.size} states"
            )
        for field, count in (("state_names", rho.size), ("equity_names", payoffs.shape[1])):
            names = getattr(self, field) or tuple(str(k + 1) for k in range(count))
            if len(names) != count or len(set(names)) < count:
                raise Refused(f"{field} is {names}; it must be {count} different names")
            object.__setattr__(self, field, tuple(names))

    @property
    def states(self) -> int:
        """Number of states."""
        return int(self.probabilities.size)

    @property
    def equities(self) -> int:
        """Number of equities."""
        return int(self.payoffs.shape[1])


@dataclass(frozen=True, slots=True)
class BondQuotes:
    """The quotes that every trader sees.

    Attributes
    ----------
    bond_price : float
        Goods at date 0 per bond.
    equity_prices : array of shape (equities,)
        Goods at date 0 per equity.
    repayment_rates : array of shape (states,)
        Goods at date 1 per bond held, in (0, 1].
    short_limit : float
        Bonds that one trader may sell at most (infinite if there is no limit).
    """

    bond_price: float
    equity_prices: FloatArray
    repayment_rates: FloatArray
    short_limit: float


class BondBook(Protocol):
    """What the market reads in a netted book.

    Derivatives are with respect to the K quotes: bond price, J equity prices, S repayment rates.
    """

    @property
    def lent(self) -> float:
        """Bonds bought."""
        ...

    @property
    def promised(self) -> float:
        """Bonds sold."""
        ...

    @property
    def equities(self) -> FloatArray:
        """Equities bought less sold, shape (J,)."""
        ...

    @property
    def held(self) -> FloatArray:
        """Equities owned before trade, shape (J,)."""
        ...

    @property
    def endowed_now(self) -> float:
        """Goods at date 0."""
        ...

    @property
    def repaid(self) -> FloatArray:
        """What borrowers can and must pay of their promises, shape (S,)."""
        ...

    @property
    def lent_slope(self) -> FloatArray:
        """Derivatives of ``lent``, shape (K,)."""
        ...

    @property
    def promised_slope(self) -> FloatArray:
        """Derivatives of ``promised``, shape (K,)."""
        ...

    @property
    def equities_slope(self) -> FloatArray:
        """Derivatives of ``equities``, shape (J, K)."""
        ...

    @property
    def repaid_slope(self) -> FloatArray:
        """Derivatives of ``repaid``, shape (S, K)."""
        ...


class Valuer(Protocol):
    """What the market asks of a cohort before the first round."""

    def open(self, instruments: BondAndEquities) -> None:
        """Learn what is traded."""
        ...

    def marginal_values(self) -> tuple[float, FloatArray]:
        """Marginal utilities at the endowment, added up: date 0, and each state's share."""
        ...

    def demand_slope(self) -> FloatArray:
        """How much more is demanded per fall of each price at the endowment, shape (n, n)."""
        ...


class BondMarket:
    r"""The markets for the bond and the equities, and the repayment rates.

    Parameters
    ----------
    instruments : BondAndEquities
        What is traded.
    scaled : bool
        Whether residuals are in prices, see below; if not, they are in units.

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

    def __init__(self, instruments: BondAndEquities, *, scaled: bool = True) -> None:
        self.instruments = instruments
        self.scaled = scaled
        states, equities = instruments.state_names, instruments.equity_names
        rates = [numbered("repayment_rate", name) for name in states]
        self.quotes = (
            Quote("bond_price", "goods per bond", "price of a promise of one unit"),
            *(
                Quote(numbered("equity_price", name), "goods per equity", "price of an equity")
                for name in equities
            ),
            *(Quote(rate, "share of the promise", "what a bond pays") for rate in rates),
        )
        self.excess_names = (
            "bond_excess",
            *(numbered("equity_excess", name) for name in equities),
            *(rate.replace("rate", "error") for rate in rates),
        )
        self._prices = 1 + instruments.equities

    def open(self, cohorts: Sequence[Valuer]) -> None:
        """Learn the first prices from the cohorts' marginal utilities at their endowments."""
        for cohort in cohorts:
            cohort.open(self.instruments)
        values = [cohort.marginal_values() for cohort in cohorts]
        now = float(sum(value for value, _ in values))
        later = np.sum([value for _, value in values], axis=0)
        columns = np.column_stack([np.ones(self.instruments.states), self.instruments.payoffs])
        self._unit: FloatArray = (later @ columns) / now
        size = len(self.quotes)
        self._scale: FloatArray = np.eye(size)
        if self.scaled:
            slope = np.sum([cohort.demand_slope() for cohort in cohorts], axis=0)
            prices = slice(0, self._prices)
            self._scale[prices, prices] = np.linalg.inv(slope) / self._unit[:, None]
            self._scale[self._prices :] *= RATE_SPEED

    @property
    def unit(self) -> FloatArray:
        """Prices in multiples of which the coordinates count, shape (1 + equities,)."""
        return self._unit

    def first_quotes(self) -> dict[str, float]:
        """The first prices, and repayment in full."""
        return self._named(np.concatenate([self._unit, np.ones(self.instruments.states)]))

    def limits(self, short_limit: float) -> Limits:
        """Prices above zero, repayment rates above zero and up to one."""
        size = len(self.quotes)
        is_rate = np.arange(size) >= self._prices
        return Limits(
            lower=np.zeros(size),
            upper=np.where(is_rate, 1.0, np.inf),
            lower_attained=np.zeros(size, dtype=np.bool_),
            upper_attained=is_rate,
        )

    def locate(self, quotes: dict[str, float], short_limit: float) -> FloatArray:
        """Coordinates of some quotes."""
        values = np.array([quotes[quote.name] for quote in self.quotes])
        values[: self._prices] /= self._unit
        return values

    def post(self, coordinates: FloatArray, short_limit: float, moved: FloatArray) -> BondQuotes:
        """The quotes to show to everybody."""
        prices = coordinates[: self._prices] * self._unit
        return BondQuotes(
            float(prices[0]), prices[1:], coordinates[self._prices :].copy(), short_limit
        )

    def named(self, posted: BondQuotes) -> dict[str, float]:
        """The quotes by name."""
        return self._named(
            np.concatenate([[posted.bond_price], posted.equity_prices, posted.repayment_rates])
        )

    def excess(self, posted: BondQuotes, book: BondBook) -> Excess:
        """Excess demand of bond and equities, and realised less quoted repayment rates."""
        error = realised(book) - posted.repayment_rates
        traded = max(book.lent + book.promised, THIN * book.endowed_now)
        units = np.concatenate([[book.lent - book.promised], book.equities, error])
        size = np.concatenate([[traded], 2.0 * book.held + book.equities, np.ones(error.size)])
        return Excess(residual=self._scale @ units, share=units / size, units=units)

    def depth(self, posted: BondQuotes, book: BondBook, coordinates: FloatArray) -> FloatArray:
        """Derivative of the residuals with respect to the coordinates, shape (K, K)."""
        rates = np.zeros_like(book.repaid_slope)
        if book.promised > 0.0:
            rates = (
                book.repaid_slope - np.outer(realised(book), book.promised_slope)
            ) / book.promised
        rates[:, self._prices :] -= np.eye(rates.shape[0])
        by_quote = np.vstack([book.lent_slope - book.promised_slope, book.equities_slope, rates])
        by_quote[:, : self._prices] *= self._unit
        return self._scale @ by_quote

    def _named(self, values: FloatArray) -> dict[str, float]:
        return {quote.name: float(v) for quote, v in zip(self.quotes, values, strict=True)}


def numbered(what: str, name: str) -> str:
    """Name of one quote or column of several, for instance ``repayment_rate[2]``."""
    return f"{what}[{name}]" if name else what


def realised(book: BondBook) -> FloatArray:
    r"""Repayment rate of every state that a book implies; one where nobody borrows.

    :math:`r_s = \sum_i \min\{z^-_i, w_{is} + Y_s(\delta_i + z_{e,i})\} / \sum_i z^-_i`,
    equation (4).
    """
    if not book.promised > 0.0:
        return np.ones_like(book.repaid)
    return np.minimum(book.repaid / book.promised, 1.0)
