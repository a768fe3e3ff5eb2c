r"""Markets for an asset and for the promises that it, or cash, is pledged for.

Every quote is posted by naming a *marginal buyer* on the line of beliefs, from the optimist with
:math:`h = 1` to the pessimist with :math:`h = 0`, where :math:`h` is the probability of good news:
an instrument costs what it is worth to that buyer, given what the buyer would do otherwise. With
:math:`E_h` the expectation of :math:`h`, cash as numeraire, and promises in the order of the menu:

.. math::

   \lambda_j(h) &= \max\{1,\ E_h[R_i] / q_i,\ i < j\}, \\
   q_j &= E_{h_j}[R_j] / \lambda_j(h_j), \\
   p &= \max_k \{ q_k + E_{h_0}[p\,C_k - R_k] / \lambda(h_0) \} .

Here :math:`\lambda(h)` is the best return without the asset, that of writing promises against cash
included, and k runs over the ways to finance the asset: with own cash alone, or by a promise
against it. So no quote ever offers an arbitrage. Where many traders are indifferent, because two
instruments pay in the same proportion, quotes rest while the marginal buyer moves over them.

Where promises leave their issuers the same kind of payoff (nothing after bad news), issuers agree
on which one is best, and at one price are indifferent to all of them: there the coordinate of a
promise goes on while its price rests, and the share of issuers who use it goes from 0 to 1.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003);
naming quotes by their marginal buyers is ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from typing import Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from markets.ladder import Ladder, Rung
from markets.market import Market
from markets.promises.belief_line import NOWHERE, BeliefLine
from markets.promises.book import CollateralBook
from markets.promises.marginal_value import (
    SAME,
    asset_value,
    issuing_tie,
    other_return,
    promise_buyer,
    promise_value,
    worth_kept,
)
from markets.promises.menu import Menu
from markets.promises.quotes import CollateralQuotes
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused
from markets.variable import Variable

BELIEF = 1e-15
"""Width of the bracket in which the belief of a marginal buyer is found."""

EDGE = 1e-6
"""Distance from both ends of the line, in coordinates, at which a continuum's quotes start at
least: the ends themselves are only approached."""


class Believing(Protocol):
    """What the market learns about a cohort before it opens."""

    population: Literal["individuals", "continuum"]
    endowed_cash: float
    endowed_asset: float

    def lines(self) -> FloatArray:
        """Beliefs of single traders; the ends of the line on which a continuum lies."""
        ...


PRICE_OF = "price_{instrument}"
"""Pattern of the names of promises' prices."""

EXCESSES = (
    Variable("{instrument}_excess", "units", "demand for units of {instrument} less supply"),
)
"""Excess demand for the asset and for every promise."""


class CollateralMarket(Market[Menu, CollateralQuotes, CollateralBook, Believing]):
    """The markets for one asset and a menu of promises.

    Coordinates, each in [0, 1] and rising with its quote: the place of the marginal buyer on the
    line of beliefs, of the asset and of every promise in the order of the first menu. Later menus
    may have them in another order, since payoffs change; quotes and coordinates keep theirs.

    Residuals: excess demand for the asset as a share of the asset, and for each promise its value
    as a share of all wealth.

    Parameters
    ----------
    menu : Menu
        What is traded at the first date. Menus of later dates have promises of the same names.

    Notes
    -----
    Buyers of a promise have to be all on one side of its marginal buyer. They are not where safe
    loans compete with default swaps while nothing but loans is pledged on the asset: all cash may
    then be pledged for swaps, safe loans pay interest, and their lenders stand between two
    marginal beliefs. Such a market does not clear here, and says so.
    """

    excess_variables = EXCESSES

    def __init__(self, menu: Menu) -> None:
        self.quotes = (
            Quote("asset_price", "cash per unit", "price of the asset"),
            *(
                Quote(f"price_{name}", "cash per unit", "price of the promise", PRICE_OF)
                for name in menu.names
            ),
        )
        self.excess_names = ("asset_excess", *(f"{name}_excess" for name in menu.names))
        self._line: BeliefLine | None = None
        self._first = menu

    def open(self, cohorts: Sequence[Believing]) -> None:
        """Learn the line of beliefs, and refuse a market in which something is missing."""
        for name in ("endowed_asset", "endowed_cash"):
            if not sum(getattr(cohort, name) for cohort in cohorts) > 0.0:
                raise Refused(f"{name} is 0 for every trader; somebody must own some of it")
        self._line = BeliefLine(
            Ladder.of(
                [cohort.lines() for cohort in cohorts if cohort.population == "individuals"],
                [cohort.lines() for cohort in cohorts if cohort.population != "individuals"],
                top=1.0,
                bottom=0.0,
            )
        )

    @property
    def line(self) -> BeliefLine:
        """The line of beliefs."""
        if self._line is None:
            raise RuntimeError("the market has not been opened: it knows no traders yet")
        return self._line

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes from payoffs alone: the mean payoff of the asset and of each promise."""
        menu = self._first
        means = [float(np.mean(menu.payoff)), *np.mean(menu.delivery, axis=1).tolist()]
        return dict(zip((quote.name for quote in self.quotes), means, strict=True))

    def limits(self, menu: Menu) -> Limits:
        """The box of the coordinates, which keeps ``NOWHERE`` from ends that are not attained.

        Nobody gives things away: lower ends are only approached. At its upper end a promise has
        no buyers and may rest, unless its price is all that is pledged for it.
        """
        count = 1 + len(menu.names)
        secured = np.max(menu.delivery, axis=1, initial=0.0) < menu.pledged_cash
        rests = secured | (menu.pledged_asset > 0.0)
        attained = np.concatenate([np.array([False]), rests[self._places(menu)]])
        return Limits(
            lower=np.full(count, NOWHERE),
            upper=np.where(attained, 1.0, 1.0 - NOWHERE),
            lower_attained=np.zeros(count, dtype=np.bool_),
            upper_attained=attained,
            grain=self.line.ladder.grain,
        )

    def locate(self, quotes: Mapping[str, float], menu: Menu) -> FloatArray:
        """Coordinates of some quotes, moved inside the line where no belief values them so."""
        line = self.line
        edge = 0.5 / (line.ladder.nodes.size - 1) if line.ladder.stepped else EDGE
        coordinates = []
        prices: list[float] = []
        for j, name in enumerate(menu.names):
            belief = promise_buyer(menu, j, prices, quotes[f"price_{name}"])
            good = bool(menu.on_good_news[j])
            coordinate = line.coordinate(belief, good=good)
            inside = min(max(coordinate, edge), 1.0 - edge)
            if inside != coordinate:  # at the ends it might cost nothing, or all that is pledged
                belief = line.buyer(inside, good=good).price
            coordinates.append(inside)
            prices.append(promise_value(menu, j, prices, belief))
        promise_price = np.array(prices)
        low, high = 0.0, 1.0
        while high - low > BELIEF:
            middle = 0.5 * (low + high)
            if asset_value(menu, promise_price, middle) >= quotes["asset_price"]:
                high = middle
            else:
                low = middle
        other = other_return(menu, promise_price, high)
        own = line.coordinate(high, good=True)
        kept = worth_kept(menu, high, other)
        for j in menu.rivals:
            tie = issuing_tie(menu, j, prices, kept)
            coordinates[j] = line.stretched(coordinates[j], menu, j, prices, tie, own)
        ordered = np.array([own, *(coordinates[j] for j in self._places(menu))])
        return np.asarray(np.clip(ordered, edge, 1.0 - edge), dtype=np.float64)

    def post(self, coordinates: FloatArray, menu: Menu, moved: FloatArray) -> CollateralQuotes:
        """The quotes at the coordinates.

        1. The asset's marginal buyer :math:`h_0`.
        2. Promises in the order of the menu: each is worth what it is to its marginal buyer,
           unless the coordinate stands where issuers switch to it.
        3. The return that :math:`h_0` has without the asset enters the price at which issuers
           switch, and depends on all prices: it is the fixed point of the two.
        4. The asset is worth what it is to :math:`h_0` with the best financing.
        """
        asset_buyer = self.line.buyer(float(coordinates[0]), good=True)
        belief = asset_buyer.price
        in_menu = coordinates.copy()
        in_menu[1 + self._places(menu)] = coordinates[1:]

        @cache  # the root finder asks again at both ends, and ends where it has asked
        def promises(other: float) -> tuple[list[float], list[Rung], FloatArray]:
            return self.line.promises(in_menu, menu, belief, other)

        def gap(other: float) -> float:
            return other_return(menu, np.array(promises(other)[0]), belief) - other

        other = 1.0
        if menu.rivals and gap(other) > SAME:
            most = 2.0
            while gap(most) > 0.0:
                most *= 2.0
            other = float(brentq(gap, other, most, xtol=SAME, rtol=SAME))
        prices, buyers, issued = promises(other)
        promise_price = np.array(prices)
        return CollateralQuotes(
            menu=menu,
            asset_price=asset_value(menu, promise_price, belief),
            promise_price=promise_price,
            asset_buyer=asset_buyer,
            promise_buyer=tuple(buyers),
            issued=issued,
        )

    def named(self, posted: CollateralQuotes) -> dict[str, float]:
        """The quotes by name."""
        places = self._places(posted.menu)
        values = [posted.asset_price, *posted.promise_price[places].tolist()]
        return dict(zip((quote.name for quote in self.quotes), values, strict=True))

    def excess(self, posted: CollateralQuotes, book: CollateralBook) -> Excess:
        """Excess demand for the asset and for every promise."""
        places = self._places(posted.menu)
        promises = (book.bought - book.sold)[places]
        units = np.concatenate([[book.asset - book.endowed_asset], promises])
        wealth = book.wealth(posted.asset_price)
        size = np.concatenate([[1.0 / book.endowed_asset], posted.promise_price[places] / wealth])
        return Excess(residual=units * size, share=np.clip(units * size, -1.0, 1.0), units=units)

    def _places(self, menu: Menu) -> NDArray[np.int64]:
        """Place in a menu of every promise of the first one, (J,)."""
        return np.array([menu.names.index(name) for name in self._first.names], dtype=np.int64)
