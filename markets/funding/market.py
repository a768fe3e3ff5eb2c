r"""Assets that are bought, or sold short, with margin from one pool of funding.

A risk-neutral expert with wealth :math:`W` who holds :math:`x_j` of each asset must keep
:math:`\sum_j m_j(q_j) |x_j| \le W`. It wants the assets whose gain per unit of margin,
:math:`|v_j - q_j| / m_j(q_j)`, is largest; that largest gain is what a unit of funding is worth to
it, the *funding premium* :math:`\lambda \ge 0`. At a given premium it buys all it can where the
price lies below

.. math:: q_j^+(\lambda) = v_j - \lambda\, m_j(q_j^+),

sells all it can where it lies above :math:`q_j^-(\lambda) = v_j + \lambda\, m_j(q_j^-)`, is
indifferent at either price and stays away between them. So an asset's quote walks down a stair of
two rungs and the gap between them, and one continuous coordinate says where it stands, as on the
ladder of :mod:`markets.ladder`: on a rung the price rests while the order at it is filled.

The market posts the premium beside the prices. It rises while what experts would need to take all
that customers sell exceeds their wealth; at its lower limit, zero, every price is its fundamental
value; at its upper limit experts hold nothing.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.2; Brunnermeier and Pedersen
(2009); that prices are posted together with the premium is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from markets.margin import PriceMargin
from markets.quote import (
    Excess,
    FloatArray,
    Limits,
    Quote,
)
from markets.refused import Refused

ROOM = 1.25
"""Prices are looked for up to so many times the concession at which customers need no expert."""

LEAST_ROOM = 1e-3
"""Share of the fundamental value up to which they are looked for on a side where nobody trades."""

NEARLY_ZERO = 1e-12
"""Trade below this share of an asset's value counts as this share, so that none is divided by."""

_STEPS = 60
"""Newton steps allowed to the price of a rung; a margin that is affine in the price takes one."""


@dataclass(frozen=True, slots=True)
class MarginTerms:
    """What the clearing house announces for a date.

    Attributes
    ----------
    date : int
        Date of the calendar, from 0.
    rules : tuple of PriceMargin
        A rule an asset.
    deposits : array, optional
        New cash of every expert; without it experts keep what they have.
    """

    date: int
    rules: tuple[PriceMargin, ...]
    deposits: FloatArray | None = None


@dataclass(frozen=True, slots=True)
class FundedQuotes:
    """What the market posts in a round; arrays have one entry an asset.

    Attributes
    ----------
    date : int
        Date of the calendar, from 0.
    price : array
        q, cash an asset.
    premium : float
        The funding premium, gain per unit of margin.
    fundamental : array
        v, expected payoff, known to everybody.
    margin, margin_slope : array
        Margin on one asset in cash at the posted price, and its derivative by the price.
    filled : array
        Share of an expert's wealth that its order at the posted price takes up as margin: 1 all
        of it in a long, -1 all of it in a short position.
    side : array
        On which side experts stand ready, 1 long to -1 short, in between in the gap.
    price_by_premium, price_by_place, filled_by_place, side_by_place : array
        Derivatives by the market's coordinates.
    """

    date: int
    price: FloatArray
    premium: float
    fundamental: FloatArray
    margin: FloatArray
    margin_slope: FloatArray
    filled: FloatArray
    side: FloatArray
    price_by_premium: FloatArray
    price_by_place: FloatArray
    filled_by_place: FloatArray
    side_by_place: FloatArray


@dataclass(frozen=True, slots=True)
class FundedOrders:
    """Orders of a cohort at the posted quotes, and their sum over cohorts, the book.

    Attributes
    ----------
    sold, sold_by_price, gross : array
        What customers sell to experts, net, its derivative by the price, and the assets that
        customers trade among themselves and with experts, all in units of each asset.
    bought : array
        What experts hold, in units of each asset, negative where they are short.
    funds : float
        Wealth of the experts who have any, cash.
    funds_by_price : array
        Derivative of ``funds`` by each price.
    cash : float
        Cash that the orders bring in, less what they cost.
    """

    sold: FloatArray
    sold_by_price: FloatArray
    gross: FloatArray
    bought: FloatArray
    funds: float
    funds_by_price: FloatArray
    cash: float


class Concession(Protocol):
    """What the market learns about a cohort before it opens."""

    def concession(self) -> FloatArray | None:
        """Furthest above and below the fundamental, shape (2, assets), without any expert."""
        ...


class FundedMarket:
    r"""The markets for assets of one pool of funding, and for the funding itself.

    Coordinates: ``u[0]``, the funding premium as a share of the highest at which experts trade,
    in [0, 1]; then, for each asset, the place on its stair, in [0, 1]: up to 1/3 on the upper rung
    (experts short), from 2/3 on the lower rung (experts long), between them in the gap.

    Residuals: the margin that it takes to hold all that customers sell, less the experts' wealth,
    :math:`\sum_j a_j m_j S_j - W` with :math:`a_j` from -1 (upper rung) through the gap to 1 (lower
    rung); and for each asset what customers sell less what experts hold. While no expert has any
    wealth at the posted prices, the premium rises: to its upper limit if nothing restores them.
    On a rung the first depends on the premium alone: for one asset it is :math:`F(q) - \eta`, so
    that the premium moves stably exactly where :math:`F'(q) > 0`.

    Parameters
    ----------
    names : sequence of str
        Name of each asset's quote.
    fundamental : array of shape (assets,) or (dates, assets)
        Expected payoff at each date; the last row stays.
    """

    def __init__(self, names: Sequence[str], fundamental: FloatArray) -> None:
        self.names = tuple(names)
        self.fundamental = np.atleast_2d(np.asarray(fundamental, dtype=np.float64))
        if self.fundamental.shape[1] != len(self.names):
            raise Refused(
                f"fundamental has {self.fundamental.shape[1]} entries at a date;"
                f" there are {len(self.names)} assets"
            )
        self.quotes = (
            *(Quote(name, "cash per asset", "price of the asset") for name in self.names),
            Quote("funding_premium", "gain per unit of margin", "worth of one unit of funding"),
        )
        self.excess_names = ("funding_excess", *(f"{name}_excess" for name in self.names))
        self._reach: FloatArray | None = None

    def open(self, cohorts: Sequence[Concession]) -> None:
        """Learn how far from the fundamental customers trade without any expert."""
        found = [c for c in (cohort.concession() for cohort in cohorts) if c is not None]
        if not found:
            raise Refused("nobody sells to experts; the market needs a cohort of customers")
        self._reach = reach(np.max(found, axis=0), np.max(np.abs(self.fundamental), axis=0))

    def limits(self, terms: MarginTerms) -> Limits:
        """The box of the coordinates; every limit can be attained."""
        count = 1 + len(self.names)
        return Limits(
            lower=np.zeros(count),
            upper=np.ones(count),
            lower_attained=np.ones(count, dtype=np.bool_),
            upper_attained=np.ones(count, dtype=np.bool_),
        )

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes: the fundamental values, and no premium."""
        return {**dict(zip(self.names, self.fundamental[0].tolist(), strict=True)),
                "funding_premium": 0.0}  # fmt: skip

    def locate(self, quotes: dict[str, float], terms: MarginTerms) -> FloatArray:
        """Coordinates of some quotes.

        The premium is the largest gain per unit of margin that the prices leave; an asset whose
        price stands on its rung is placed where the order is filled entirely.
        """
        value = self._value(terms)
        price = np.array([quotes[name] for name in self.names])
        margin = np.array([r.margin(q) for r, q in zip(terms.rules, price, strict=True)])
        gain = (value - price) / margin
        premium = min(float(np.max(np.abs(gain))), self._highest(terms))
        short_at, long_at = self._rungs(premium, terms)
        width = np.where(short_at > long_at, short_at - long_at, 1.0)
        inside = np.clip((short_at - price) / width, 0.0, 1.0)
        place = (1.0 + inside) / 3.0
        near = 1e-12 * np.maximum(np.abs(value), 1.0)
        place = np.where(np.abs(price - short_at) <= near, 0.0, place)
        place = np.where(np.abs(price - long_at) <= near, 1.0, place)
        return np.concatenate([[premium / self._highest(terms)], place])

    def post(self, coordinates: FloatArray, terms: MarginTerms, moved: FloatArray) -> FundedQuotes:
        """Quotes at the coordinates."""
        highest = self._highest(terms)
        premium, place = float(coordinates[0]) * highest, coordinates[1:]
        value = self._value(terms)
        short_at, long_at = self._rungs(premium, terms)
        inside = np.clip(3.0 * place - 1.0, 0.0, 1.0)
        price = short_at + inside * (long_at - short_at)
        in_gap = (inside > 0.0) & (inside < 1.0)
        margin = np.array([r.margin(q) for r, q in zip(terms.rules, price, strict=True)])
        slope = np.array([r.slope(q) for r, q in zip(terms.rules, price, strict=True)])
        by_premium = self._rung_slopes(premium, short_at, long_at, terms)
        return FundedQuotes(
            date=terms.date,
            price=price,
            premium=premium,
            fundamental=value,
            margin=margin,
            margin_slope=slope,
            filled=np.clip(3.0 * place - 2.0, 0.0, 1.0) - np.clip(1.0 - 3.0 * place, 0.0, 1.0),
            side=2.0 * inside - 1.0,
            price_by_premium=highest * ((1.0 - inside) * by_premium[0] + inside * by_premium[1]),
            price_by_place=np.where(in_gap, 3.0 * (long_at - short_at), 0.0),
            filled_by_place=np.where(in_gap, 0.0, 3.0),
            side_by_place=np.where(in_gap, 6.0, 0.0),
        )

    def named(self, posted: FundedQuotes) -> dict[str, float]:
        """The quotes by name."""
        return {
            **dict(zip(self.names, posted.price.tolist(), strict=True)),
            "funding_premium": posted.premium,
        }

    def excess(self, posted: FundedQuotes, book: FundedOrders) -> Excess:
        """How far funding and every asset are from clearing."""
        needed = float(posted.margin @ (posted.side * book.sold))
        gap = needed - book.funds
        excess = book.bought - book.sold
        dust = NEARLY_ZERO * np.maximum(book.sold_by_price * np.abs(posted.fundamental), 1.0)
        traded = book.gross + np.abs(book.bought) + dust
        whole = abs(needed) + book.funds + NEARLY_ZERO
        wiped_out = book.funds == 0.0
        return Excess(
            residual=np.concatenate(
                [[1.0 if wiped_out else gap / self._scale(posted, book)], -excess / traded]
            ),
            share=np.concatenate([[1.0 if wiped_out else gap / whole], -excess / traded]),
            units=np.concatenate([[gap], excess]),
        )

    def depth(
        self, posted: FundedQuotes, book: FundedOrders, coordinates: FloatArray
    ) -> FloatArray:
        r"""Derivative of the residuals with respect to the coordinates.

        1. What customers sell moves with its own price alone; so does the margin
           :math:`a_j m_j S_j` on it; experts' wealth moves with every price.
        2. What experts hold, :math:`x_j = f_j W / m_j`, moves with the filled share, their wealth
           and the margin.
        3. Prices move with the premium and, in the gap, with the place. In a gap of no width the
           market does not know its depth, and says -1.
        """
        margin, slope, filled = posted.margin, posted.margin_slope, posted.filled
        needed = posted.side * (slope * book.sold + margin * book.sold_by_price)
        funding = needed - book.funds_by_price
        held = np.outer(filled / margin, book.funds_by_price)
        held -= np.diag(filled * book.funds * slope / margin**2)
        dust = NEARLY_ZERO * np.maximum(book.sold_by_price * np.abs(posted.fundamental), 1.0)
        traded = book.gross + np.abs(book.bought) + dust
        sold_less_held = np.diag(book.sold_by_price) - held
        by_place = sold_less_held * posted.price_by_place
        by_place -= np.diag(posted.filled_by_place * book.funds / margin)
        count = margin.size
        matrix = np.empty((1 + count, 1 + count))
        scale = self._scale(posted, book)
        matrix[0, 0] = funding @ posted.price_by_premium / scale
        turned = posted.side_by_place * margin * book.sold
        matrix[0, 1:] = (funding * posted.price_by_place + turned) / scale
        if book.funds == 0.0:
            matrix[0] = np.eye(1 + count)[0] * -1.0
        matrix[1:, 0] = sold_less_held @ posted.price_by_premium / traded
        matrix[1:, 1:] = by_place / traded[:, None]
        blind = 1 + np.flatnonzero(np.diag(matrix)[1:] == 0.0)
        matrix[blind, blind] = -1.0
        return matrix

    # ------------------------------------------------------------------ inner workings
    def _value(self, terms: MarginTerms) -> FloatArray:
        """Fundamental values at the date of the terms."""
        value: FloatArray = self.fundamental[min(terms.date, len(self.fundamental) - 1)]
        return value

    def _highest(self, terms: MarginTerms) -> float:
        """Premium at which every asset stands as far from its fundamental as it ever may."""
        value = self._value(terms)
        far = [
            most / rule.margin(v + side * most)
            for side, widest in zip((1.0, -1.0), self._widest, strict=True)
            for rule, v, most in zip(terms.rules, value, widest, strict=True)
        ]
        return float(max(far))

    @property
    def _widest(self) -> FloatArray:
        if self._reach is None:
            raise RuntimeError("the market has not been opened: it knows no customers yet")
        return self._reach

    def _rungs(self, premium: float, terms: MarginTerms) -> tuple[FloatArray, FloatArray]:
        """Prices at which experts are indifferent to a short, and to a long position."""
        value = self._value(terms)
        rungs = [
            [
                v + side * _distance(rule, v, premium, side, most)
                for rule, v, most in zip(terms.rules, value, widest, strict=True)
            ]
            for side, widest in zip((1.0, -1.0), self._widest, strict=True)
        ]
        return np.array(rungs[0]), np.array(rungs[1])

    def _rung_slopes(
        self, premium: float, short_at: FloatArray, long_at: FloatArray, terms: MarginTerms
    ) -> tuple[FloatArray, FloatArray]:
        """Derivative of both rungs by the premium; zero where a rung is as far as it may be."""
        value = self._value(terms)
        slopes = []
        for side, rung, widest in zip((1.0, -1.0), (short_at, long_at), self._widest, strict=True):
            margin = np.array([r.margin(q) for r, q in zip(terms.rules, rung, strict=True)])
            slope = np.array([r.slope(q) for r, q in zip(terms.rules, rung, strict=True)])
            inside = np.abs(rung - value) < widest
            moved = np.zeros_like(rung)
            np.divide(side * margin, 1.0 - side * premium * slope, out=moved, where=inside)
            slopes.append(moved)
        return slopes[0], slopes[1]

    @staticmethod
    def _scale(posted: FundedQuotes, book: FundedOrders) -> float:
        """Margin on all that customers trade, to which the gap in funding is compared."""
        return float(posted.margin @ book.gross) + NEARLY_ZERO


def reach(concession: FloatArray, fundamental: FloatArray) -> FloatArray:
    """How far above and below the fundamental prices are looked for, shape (2, assets)."""
    return ROOM * np.maximum(concession, LEAST_ROOM * np.abs(fundamental))


def _distance(rule: PriceMargin, value: float, premium: float, side: float, most: float) -> float:
    """Solve d = premium * margin(value + side * d) for the distance d of a rung, up to ``most``."""
    if premium * rule.margin(value + side * most) >= most:
        return most
    distance = 0.0
    for _ in range(_STEPS):
        price = value + side * distance
        error = distance - premium * rule.margin(price)
        step = error / (1.0 - premium * side * rule.slope(price))
        distance -= step
        if abs(step) <= 1e-15 * max(abs(value), 1.0):
            break
    return min(max(distance, 0.0), most)
