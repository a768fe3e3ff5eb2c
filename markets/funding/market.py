r"""Assets that are bought, or sold short, with margin from one pool of funding.

A risk-neutral expert with wealth :math:`W` who holds :math:`x_j` of each asset must keep
:math:`\sum_j m_j(q_j) |x_j| \le W`. It wants the assets whose gain per unit of margin,
:math:`|v_j - q_j| / m_j(q_j)`, is largest; that largest gain is the shadow price of its funding
constraint, the *funding premium* :math:`\lambda \ge 0`. At a given premium it buys all it can
where the price lies below

.. math:: q_j^+(\lambda) = v_j - \lambda\, m_j(q_j^+),

sells all it can short where the price lies above :math:`q_j^-(\lambda) = v_j + \lambda\,
m_j(q_j^-)`, is indifferent at either price and does not trade between them. So the quote of an
asset has two *rungs* (:mod:`markets.funding.rungs`) and the gap between them, and one continuous
coordinate locates it, as on the ladder of :mod:`markets.ladder`: on a rung the price stays the
same while the order at it is filled.

The market posts the premium beside the prices. The premium rises while the margin that experts
would need to take all that customers sell exceeds their wealth; at its lower limit, zero, every
price is its fundamental value; at its upper limit experts hold nothing.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.2; Brunnermeier and Pedersen
(2009); that prices are posted together with the premium is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

import numpy as np

from markets.funding.book import FundedBook
from markets.funding.quotes import FundedQuotes
from markets.funding.rungs import Rungs, margins, reach
from markets.funding.terms import MarginTerms
from markets.market import Market
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused

NEARLY_ZERO = 1e-12
"""Trade below this share of an asset's value counts as this share, so that none is divided by."""

ON_A_RUNG = 1e-12
"""Share of the fundamental value; a price closer to a rung than this is on it."""


class FundedTrader(Protocol):
    """What the market learns about a cohort before it opens."""

    def concession(self) -> FloatArray | None:
        """Furthest above and below the fundamental value that the cohort trades without experts.

        Shape (2, assets); None for experts.
        """
        ...


class FundedMarket(Market[MarginTerms, FundedQuotes, FundedBook, FundedTrader]):
    r"""The markets for assets of one pool of funding, and for the funding itself.

    Coordinates: ``u[0]``, the funding premium as a share of the highest at which experts trade,
    in [0, 1]; then the place of each asset's quote, in [0, 1]: up to 1/3 on the upper rung
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
                f"fundamental has {self.fundamental.shape[1]} entries per date;"
                f" there are {len(self.names)} assets"
            )
        self.quotes = (
            *(Quote(name, "cash per asset", "price of the asset") for name in self.names),
            Quote(
                "funding_premium", "gain per unit of margin", "shadow price of one unit of funding"
            ),
        )
        self.excess_names = ("funding_excess", *(f"{name}_excess" for name in self.names))
        self._widest: FloatArray | None = None

    def open(self, cohorts: Sequence[FundedTrader]) -> None:
        """Learn how far from the fundamental value customers trade without any expert."""
        concessions = [c for c in (cohort.concession() for cohort in cohorts) if c is not None]
        if not concessions:
            raise Refused("nobody sells to experts; the market needs a cohort of customers")
        self._widest = reach(np.max(concessions, axis=0), np.max(np.abs(self.fundamental), axis=0))

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
        values = zip(self.names, self.fundamental[0].tolist(), strict=True)
        return {**dict(values), "funding_premium": 0.0}

    def locate(self, quotes: Mapping[str, float], terms: MarginTerms) -> FloatArray:
        """Coordinates of some quotes.

        The premium is the largest gain per unit of margin that the prices leave; an asset whose
        price is on its rung is placed where the order is filled entirely.
        """
        rungs = self._rungs(terms)
        value, highest = rungs.fundamental, rungs.highest_premium()
        price = np.array([quotes[name] for name in self.names])
        gain = (value - price) / margins(terms.rules, price)[0]
        premium = min(float(np.max(np.abs(gain))), highest)
        short_at, long_at = rungs.prices(premium)
        width = np.where(short_at > long_at, short_at - long_at, 1.0)
        inside = np.clip((short_at - price) / width, 0.0, 1.0)
        place = (1.0 + inside) / 3.0
        near = ON_A_RUNG * np.maximum(np.abs(value), 1.0)
        place = np.where(np.abs(price - short_at) <= near, 0.0, place)
        place = np.where(np.abs(price - long_at) <= near, 1.0, place)
        return np.concatenate([[premium / highest], place])

    def post(self, coordinates: FloatArray, terms: MarginTerms, moved: FloatArray) -> FundedQuotes:
        """Quotes at the coordinates."""
        rungs = self._rungs(terms)
        highest = rungs.highest_premium()
        premium, place = float(coordinates[0]) * highest, coordinates[1:]
        short_at, long_at = both = rungs.prices(premium)
        short_slope, long_slope = rungs.slopes(premium, both)
        inside = np.clip(3.0 * place - 1.0, 0.0, 1.0)
        price = short_at + inside * (long_at - short_at)
        in_gap = (inside > 0.0) & (inside < 1.0)
        margin, slope = margins(terms.rules, price)
        return FundedQuotes(
            date=terms.date,
            price=price,
            premium=premium,
            fundamental=rungs.fundamental,
            margin=margin,
            margin_slope=slope,
            filled=np.clip(3.0 * place - 2.0, 0.0, 1.0) - np.clip(1.0 - 3.0 * place, 0.0, 1.0),
            side=2.0 * inside - 1.0,
            price_by_premium=highest * ((1.0 - inside) * short_slope + inside * long_slope),
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

    def excess(self, posted: FundedQuotes, book: FundedBook) -> Excess:
        """How far funding and every asset are from clearing."""
        needed = float(posted.margin @ (posted.side * book.sold))
        gap = needed - book.funds
        excess = book.bought - book.sold
        share = -excess / _traded(posted, book)
        whole = abs(needed) + book.funds + NEARLY_ZERO
        wiped_out = book.funds == 0.0
        return Excess(
            residual=np.concatenate([[1.0 if wiped_out else gap / _scale(posted, book)], share]),
            share=np.concatenate([[1.0 if wiped_out else gap / whole], share]),
            units=np.concatenate([[gap], excess]),
        )

    def depth(self, posted: FundedQuotes, book: FundedBook, coordinates: FloatArray) -> FloatArray:
        r"""Derivative of the residuals with respect to the coordinates.

        1. What customers sell moves with its own price alone; so does the margin
           :math:`a_j m_j S_j` on it; experts' wealth moves with every price.
        2. What experts hold, :math:`x_j = f_j W / m_j`, moves with the filled share, their wealth
           and the margin.
        3. Prices move with the premium and, in the gap, with the place.

        The scale of the funding residual, the margin on customers' exposures, is held fixed. Where
        the market does not know its depth (in a gap of no width, and in the premium while no
        expert has any wealth) it reports -1.
        """
        margin, slope, filled = posted.margin, posted.margin_slope, posted.filled
        needed = posted.side * (slope * book.sold + margin * book.sold_by_price)
        funding = needed - book.funds_by_price
        held = np.outer(filled / margin, book.funds_by_price)
        held -= np.diag(filled * book.funds * slope / margin**2)
        traded = _traded(posted, book)
        sold_less_held = np.diag(book.sold_by_price) - held
        by_place = sold_less_held * posted.price_by_place
        by_place -= np.diag(posted.filled_by_place * book.funds / margin)
        count = margin.size
        matrix = np.empty((1 + count, 1 + count))
        scale = _scale(posted, book)
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

    def _rungs(self, terms: MarginTerms) -> Rungs:
        """The rungs of the date of the terms."""
        if self._widest is None:
            raise RuntimeError("the market has not been opened: it knows no customers yet")
        value = self.fundamental[min(terms.date, len(self.fundamental) - 1)]
        return Rungs(terms.rules, value, self._widest)


def _traded(posted: FundedQuotes, book: FundedBook) -> FloatArray:
    """Exposures and experts' positions in each asset, with which an excess is compared."""
    dust = NEARLY_ZERO * np.maximum(book.sold_by_price * np.abs(posted.fundamental), 1.0)
    return np.asarray(book.gross + np.abs(book.bought) + dust)


def _scale(posted: FundedQuotes, book: FundedBook) -> float:
    """Margin on all exposures of customers, with which the gap in funding is compared."""
    return float(posted.margin @ book.gross) + NEARLY_ZERO
