r"""Assets that are bought, or sold short, with margin from one pool of funding.

A risk-neutral expert with wealth :math:`W` who holds :math:`x_j = x_j^+ - x_j^-` of each asset must
keep :math:`\sum_j (m_j^+(q_j)\, x_j^+ + m_j^-(q_j)\, x_j^-) \le W`, with margins :math:`m^+` on
long and :math:`m^-` on short positions. It wants the assets whose gain per unit of margin,
:math:`(v_j - q_j) / m_j^+` or :math:`(q_j - v_j) / m_j^-`, is largest; that largest gain is the
shadow price of its funding constraint, the *funding premium* :math:`\lambda \ge 0`. At a given
premium it buys all it can where the price lies below

.. math:: q_j^+(\lambda) = v_j - \lambda\, m_j^+(q_j^+),

sells all it can short where the price lies above :math:`q_j^-(\lambda) = v_j + \lambda\,
m_j^-(q_j^-)`, is indifferent at either price and does not trade between them. So the quote of an
asset has two *rungs* (:mod:`markets.funding.rungs`) and the gap between them, and one continuous
coordinate locates it: its ends are the rungs, where the order is filled with what customers
bring (:func:`markets.funding.book.filled`).

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

from markets.funding.book import FundedBook, exposures, filled
from markets.funding.quotes import FundedQuotes
from markets.funding.rungs import SIDES, Rungs, reach
from markets.funding.terms import MarginTerms
from markets.market import Market
from markets.quote import BoolArray, Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.variable import Variable

RESOLVED = 1e-5
"""Funding below this share of the numbers of which it is the difference counts as this share: it is
known to 1e-16 of them, and a market clears at 1e-10."""

DRIFT = 0.1
"""Residual of funding at the highest premium, which stays there while no expert has any wealth."""

SIDE_SIGNS = np.array(SIDES)[:, None]
"""Short and long, as a column."""

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

    Coordinates: ``u[0]`` in [0, 1], from which the funding premium follows as
    :math:`\lambda = c (e^{L u_0} - 1)` up to the highest at which experts trade, with c the lowest
    premium at which an asset's farther rung is where it may be (margins may differ by orders of
    magnitude); then the place of each asset's quote between its rungs, from 0 on the upper one
    (experts short) to 1 on the lower one (experts long).

    Residuals: the margin that it takes to hold all that customers would sell on the rungs, less the
    experts' wealth, :math:`\sum_j (m_j^+ S_j(q_j^+)^+ + m_j^- S_j(q_j^-)^-) - W`, where customers'
    orders are carried from the posted price to the rung by their own slope; and for each asset what
    customers sell, which may rest at a rung while experts take it. Where customers would sell
    nothing on any rung, the first residual goes on below zero with what they would buy there. While
    no expert has any wealth at the posted prices, and customers bring something, the premium rises:
    to its upper limit if nothing restores them. So what is needed depends on the premium alone: for
    one asset the first residual is :math:`F(q) - \eta`, and the premium moves stably exactly where
    :math:`F'(q) > 0`.

    Parameters
    ----------
    names : sequence of str
        Name of each asset's quote.
    fundamental : array of shape (assets,) or (dates, assets)
        Expected payoff at each date; the last row stays.
    """

    excess_variables = (
        Variable("funding_excess", "cash", "margin that experts' orders need less their funds"),
        Variable("price_{instrument}_excess", "assets", "demand for {instrument} less supply"),
        Variable("{quote}_excess", "assets", "demand for the asset less supply"),
    )

    def __init__(self, names: Sequence[str], fundamental: FloatArray) -> None:
        self.names = tuple(names)
        self.fundamental = np.atleast_2d(np.asarray(fundamental, dtype=np.float64))
        if self.fundamental.shape[1] != len(self.names):
            raise Refused(
                f"fundamental has {self.fundamental.shape[1]} entries per date;"
                f" there are {len(self.names)} assets"
            )
        self.quotes = (
            *(
                Quote(name, "cash per asset", "price of the asset", "price_{instrument}")
                for name in self.names
            ),
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
        widest = np.max(concessions, axis=0)
        self._needed = widest > 0.0
        self._widest = reach(widest, np.max(np.abs(self.fundamental), axis=0))

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

        The premium is the largest gain per unit of margin that the prices leave on a side on which
        customers ever need experts.
        """
        rungs = self._rungs(terms)
        value, scale, highest = rungs.fundamental, *_scale_of(rungs)
        price = np.array([quotes[name] for name in self.names])
        price = np.clip(price, value - rungs.widest[1], value + rungs.widest[0])
        gain = (value - price) * SIDE_SIGNS / rungs.margins(np.stack([price, price]))[0]
        premium = min(float(np.max(gain, initial=0.0, where=self._needed)), highest)
        short_at, long_at = rungs.prices(premium)
        width = np.where(short_at > long_at, short_at - long_at, 1.0)
        place = np.clip((short_at - price) / width, 0.0, 1.0)
        near = ON_A_RUNG * np.maximum(np.abs(value), np.abs(price))
        place = np.where(np.abs(price - short_at) <= near, 0.0, place)
        place = np.where(np.abs(price - long_at) <= near, 1.0, place)
        return np.append(np.log1p(premium / scale) / np.log1p(highest / scale), place)

    def post(self, coordinates: FloatArray, terms: MarginTerms, moved: FloatArray) -> FundedQuotes:
        """Quotes at the coordinates."""
        rungs = self._rungs(terms)
        scale, highest = _scale_of(rungs)
        steep, place = np.log1p(highest / scale), coordinates[1:]
        premium = min(scale * float(np.expm1(steep * coordinates[0])), highest)
        rung = rungs.prices(premium)
        by_premium = steep * (premium + scale) * rungs.slopes(premium, rung)
        price = (1.0 - place) * rung[0] + place * rung[1]
        side = 2.0 * place - 1.0
        charged, slopes = rungs.margins(np.stack([price, price]))
        on_rung, slope_on_rung = rungs.margins(rung)
        return FundedQuotes(
            date=terms.date,
            price=price,
            premium=premium,
            fundamental=rungs.fundamental,
            side=side,
            margin=np.where(side < 0.0, charged[0], charged[1]),
            margin_slope=np.where(side < 0.0, slopes[0], slopes[1]),
            margins=charged,
            rung=rung,
            rung_margin=on_rung,
            rung_margin_slope=slope_on_rung,
            rung_by_premium=by_premium,
            room=1.0 - float(coordinates[0]),
            price_by_premium=(1.0 - place) * by_premium[0] + place * by_premium[1],
            price_by_place=rung[1] - rung[0],
        )

    def named(self, posted: FundedQuotes) -> dict[str, float]:
        """The quotes by name."""
        return {
            **dict(zip(self.names, posted.price.tolist(), strict=True)),
            "funding_premium": posted.premium,
        }

    def excess(self, posted: FundedQuotes, book: FundedBook) -> Excess:
        """How far funding and every asset are from clearing.

        Units: margin that is missing, cash; what experts hold less what customers sell, assets.
        """
        orders, counted = _on_rungs(posted, book)
        wanted = float(np.sum(posted.rung_margin * orders, where=counted))
        needed = max(wanted, 0.0)
        gap = needed - book.funds
        whole = needed + max(book.funds, RESOLVED * (book.stake + _keep(posted, book)))
        gross = exposures(posted, book)
        wiped_out = _wiped_out(book)
        return Excess(
            residual=np.append(
                posted.room + DRIFT if wiped_out else (wanted - book.funds) / _scale(posted, book),
                book.sold / gross,
            ),
            share=np.append(
                1.0 if wiped_out else gap / whole, book.sold / (gross + np.abs(book.sold))
            ),
            units=np.append(gap, filled(posted, book) - book.sold),
        )

    def depth(self, posted: FundedQuotes, book: FundedBook, coordinates: FloatArray) -> FloatArray:
        r"""Derivative of the residuals with respect to the coordinates.

        1. What customers sell moves with its own price alone; the margin on what they would sell on
           the rungs moves with the premium alone; experts' wealth moves with every price.
        2. Prices move with the premium and with their place between the rungs.

        Where the market does not know its depth (between rungs that are one, and in the premium
        while no expert has any wealth) it reports -1.
        """
        orders, counted = _on_rungs(posted, book)
        by_price = posted.rung_margin_slope * orders
        by_price += posted.rung_margin * book.sold_by_price * SIDE_SIGNS
        needed = float(np.sum(by_price * posted.rung_by_premium, where=counted))
        moved = book.sold_by_price / exposures(posted, book)
        count = posted.price.size
        matrix = np.zeros((1 + count, 1 + count))
        if _wiped_out(book):
            matrix[0, 0] = -1.0
        else:
            matrix[0, 0] = needed - book.funds_by_price @ posted.price_by_premium
            matrix[0, 1:] = -book.funds_by_price * posted.price_by_place
            matrix[0] /= _scale(posted, book)
        matrix[1:, 0] = moved * posted.price_by_premium
        own = moved * posted.price_by_place
        matrix[1:, 1:] = np.diag(np.where(own == 0.0, -1.0, own))
        return matrix

    def _rungs(self, terms: MarginTerms) -> Rungs:
        """The rungs of the date of the terms."""
        if self._widest is None:
            raise RuntimeError("the market has not been opened: it knows no customers yet")
        value = self.fundamental[min(terms.date, len(self.fundamental) - 1)]
        return Rungs(terms.rules, value, self._widest)


def _scale_of(rungs: Rungs) -> tuple[float, float]:
    """Lowest and highest premium at which the farther rung of an asset is where it may be."""
    premia = np.max(rungs.premia(), axis=0)
    return float(np.min(premia)), float(np.max(premia))


def _wiped_out(book: FundedBook) -> bool:
    """Whether no expert has any wealth to take what customers bring."""
    return book.funds == 0.0 and bool(book.gross.any())


def _on_rungs(posted: FundedQuotes, book: FundedBook) -> tuple[FloatArray, BoolArray]:
    """Assets that customers would bring to experts on the rungs, and which of them count.

    Both short and long, shape (2, assets); below zero where a rung is too far for customers. What
    they bring counts. If they bring nothing, the rung that they are nearest to counts, in margin,
    of those that move with the premium: it says how far the premium has to fall.
    """
    sold = book.sold + book.sold_by_price * (posted.rung - posted.price)
    orders: FloatArray = sold * SIDE_SIGNS
    counted: BoolArray = orders > 0.0
    if not counted.any():
        moving = posted.rung_by_premium != 0.0
        margin = np.where(moving, posted.rung_margin * orders, -np.inf)
        counted = moving & (margin == np.max(margin))
    return orders, counted


def _keep(posted: FundedQuotes, book: FundedBook) -> float:
    """Margin on what customers would sell for all of an asset's value, cash."""
    worth = np.maximum(np.abs(posted.price), np.abs(posted.fundamental))
    return float(posted.margin @ (book.sold_by_price * worth))


def _scale(posted: FundedQuotes, book: FundedBook) -> float:
    """Margin on all exposures of customers, with which the gap in funding is compared."""
    return float(posted.margin @ (book.gross if book.gross.any() else exposures(posted, book)))
