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
promise walks on while its price rests, and the share of issuers who use it goes from 0 to 1.

Sources: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003);
naming quotes by their marginal buyers is ours.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from scipy.optimize import brentq

from markets.ladder import Ladder, Rung
from markets.promises.marginal_value import (
    SAME,
    asset_value,
    issuing_tie,
    other_return,
    promise_buyer,
    promise_value,
)
from markets.promises.menu import Menu
from markets.quote import Excess, FloatArray, Limits, Quote
from markets.refused import Refused

TURN = (0.4, 0.6)
"""Coordinates between which issuers turn to a promise that has rivals, while its price rests."""

NEAREST, FARTHEST = 1e-7, 0.05
"""Shortest and longest distance, in coordinates, over which the slope of the market is measured."""

BELIEF = 1e-15
"""Width of the bracket in which the belief of a marginal buyer is found."""


@dataclass(frozen=True, slots=True)
class CollateralQuotes:
    """What the market posts in a round; J promises.

    Attributes
    ----------
    menu : Menu
        What is traded.
    asset_price : float
        p, cash per unit of the asset.
    promise_price : array (J,)
        q, what a buyer pays and an issuer receives.
    asset_buyer : Rung
        Belief of the asset's marginal buyer, and the share of orders waiting there that is filled;
        all who are more optimistic are filled.
    promise_buyer : tuple of Rung
        The same of each promise. Of a promise that delivers less after good news, the more
        pessimistic are filled, and ``filled`` is the share that is *not*.
    issued : array (J,)
        Share of indifferent issuers who turn to this promise from those before it in the menu.
    reach : float
        Distance, in coordinates, over which the slope of the market is to be measured.
    """

    menu: Menu
    asset_price: float
    promise_price: FloatArray
    asset_buyer: Rung
    promise_buyer: tuple[Rung, ...]
    issued: FloatArray
    reach: float


@dataclass(frozen=True, slots=True)
class CollateralOrders:
    """Orders of a cohort, and their sum over cohorts, the book.

    Attributes
    ----------
    cash, asset : float
        Held in all, pledged or not.
    bought, sold : array (J,)
        Units of each promise.
    endowed_cash, endowed_asset : float
        What there is.
    """

    cash: float
    asset: float
    bought: FloatArray
    sold: FloatArray
    endowed_cash: float
    endowed_asset: float


class Believing(Protocol):
    """What the market learns about a cohort before it opens, and what it may ask."""

    population: str
    endowed_cash: float
    endowed_asset: float

    def lines(self) -> FloatArray:
        """Beliefs of single traders; the ends of the line on which a continuum lies."""
        ...

    def respond(self, posted: Any) -> CollateralOrders:
        """Orders at some quotes (pure)."""
        ...


class CollateralMarket:
    """The markets for one asset and a menu of promises.

    Coordinates, each in [0, 1] and rising with its quote: the place of the marginal buyer on the
    line of beliefs, of the asset and of every promise in the order of the menu.

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

    def __init__(self, menu: Menu) -> None:
        self.names = menu.names
        self.quotes = (
            Quote("asset_price", "cash per unit", "price of the asset"),
            *(
                Quote(f"price_{name}", "cash per unit", "what a unit of the promise costs")
                for name in menu.names
            ),
        )
        self.excess_names = ("asset_excess", *(f"{name}_excess" for name in menu.names))
        self._ladder: Ladder | None = None
        self._cohorts: tuple[Believing, ...] = ()
        self._first = menu

    # ------------------------------------------------------------------ the market's protocol
    def open(self, cohorts: Sequence[Believing]) -> None:
        """Learn the line of beliefs, and refuse a market in which something is missing."""
        for name in ("endowed_asset", "endowed_cash"):
            if not sum(getattr(cohort, name) for cohort in cohorts) > 0.0:
                raise Refused(f"{name} is 0 for every trader; somebody must own some of it")
        self._cohorts = tuple(cohorts)
        self._ladder = Ladder.of(
            [cohort.lines() for cohort in cohorts if cohort.population == "individuals"],
            [cohort.lines() for cohort in cohorts if cohort.population != "individuals"],
            top=1.0,
            bottom=0.0,
        )

    def first_quotes(self) -> dict[str, float]:
        """Starting quotes from payoffs alone: what everything pays on average."""
        menu = self._first
        worth = [float(np.mean(menu.payoff)), *np.mean(menu.delivery, axis=1).tolist()]
        return dict(zip((quote.name for quote in self.quotes), worth, strict=True))

    def limits(self, menu: Menu) -> Limits:
        """The box of the coordinates.

        Nobody gives things away: lower ends are only approached. At its upper end a promise has
        no buyers and may rest, unless its price is all that is pledged for it.
        """
        count = 1 + len(menu.names)
        secured = np.max(menu.delivery, axis=1, initial=0.0) < menu.pledged_cash
        rests = secured | (menu.pledged_asset > 0.0)
        return Limits(
            lower=np.zeros(count),
            upper=np.ones(count),
            lower_attained=np.zeros(count, dtype=np.bool_),
            upper_attained=np.concatenate([[False], rests]),
            grain=self.ladder.grain,
        )

    def locate(self, quotes: dict[str, float], menu: Menu) -> FloatArray:
        """Coordinates of some quotes, moved inside the line where nobody values them so."""
        edge = 0.5 / (self.ladder.nodes.size - 1)
        places = []
        prices: list[float] = []
        for j, name in enumerate(menu.names):
            belief = promise_buyer(menu, j, prices, quotes[f"price_{name}"])
            places.append(self._place(belief, good=bool(menu.on_good_news[j])))
            prices.append(promise_value(menu, j, prices, belief))
        posted = np.array(prices)
        low, high = 0.0, 1.0
        while high - low > BELIEF:
            middle = 0.5 * (low + high)
            dear = asset_value(menu, posted, middle) >= quotes["asset_price"]
            low, high = (low, middle) if dear else (middle, high)
        other = other_return(menu, posted, high)
        own = self._place(high, good=True)
        for j in menu.rivals:
            tie = issuing_tie(menu, j, prices, high, other)
            turn = self._turning(menu, j, prices, tie, own)
            knots = np.array([0.0, turn, turn, 1.0])
            places[j] = float(np.interp(places[j], knots, [0.0, *TURN, 1.0]))
        return np.clip([own, *places], edge, 1.0 - edge)

    def post(self, coordinates: FloatArray, menu: Menu, moved: FloatArray) -> CollateralQuotes:
        """The quotes at the coordinates.

        1. The asset's marginal buyer :math:`h_0`.
        2. Promises in the order of the menu: each is worth what it is to its marginal buyer,
           unless the coordinate stands where issuers turn to it.
        3. The return that :math:`h_0` has without the asset enters the price at which issuers turn,
           and depends on all prices: it is found so that it agrees with them.
        4. The asset is worth what it is to :math:`h_0` with the best financing.
        """
        asset_buyer = self.ladder.rung(1.0 - float(coordinates[0]))
        belief = asset_buyer.price

        def gap(other: float) -> float:
            prices = self._promises(coordinates, menu, belief, other)[0]
            return other_return(menu, np.array(prices), belief) - other

        other = 1.0
        if menu.rivals and gap(other) > SAME:
            most = 2.0
            while gap(most) > 0.0:
                most *= 2.0
            other = float(brentq(gap, other, most, xtol=SAME, rtol=SAME))
        prices, buyers, issued = self._promises(coordinates, menu, belief, other)
        promise_price = np.array(prices)
        return CollateralQuotes(
            menu=menu,
            asset_price=asset_value(menu, promise_price, belief),
            promise_price=promise_price,
            asset_buyer=asset_buyer,
            promise_buyer=tuple(buyers),
            issued=issued,
            reach=min(max(float(np.max(moved)), NEAREST), FARTHEST),
        )

    def _promises(
        self, coordinates: FloatArray, menu: Menu, belief: float, other: float
    ) -> tuple[list[float], list[Rung], FloatArray]:
        """Prices, marginal buyers, shares of issuers, if h_0 earns ``other`` without the asset."""
        prices: list[float] = []
        buyers: list[Rung] = []
        issued = np.zeros(len(menu.names))
        for j, good in enumerate(menu.on_good_news.tolist()):
            place, tie = float(coordinates[1 + j]), 0.0
            if j in menu.rivals:
                tie = issuing_tie(menu, j, prices, belief, other)
                turn = self._turning(menu, j, prices, tie, float(coordinates[0]))
                place, issued[j] = _turned(place, turn)
            rung = self.ladder.rung(1.0 - place if good else place)
            buyers.append(rung)
            resting = 0.0 < issued[j] < 1.0
            prices.append(tie if resting else promise_value(menu, j, prices, rung.price))
        return prices, buyers, issued

    def named(self, posted: CollateralQuotes) -> dict[str, float]:
        """The quotes by name."""
        values = [posted.asset_price, *posted.promise_price.tolist()]
        return dict(zip((quote.name for quote in self.quotes), values, strict=True))

    def excess(self, posted: CollateralQuotes, book: CollateralOrders) -> Excess:
        """Excess demand for the asset and for every promise."""
        units = np.concatenate([[book.asset - book.endowed_asset], book.bought - book.sold])
        wealth = book.endowed_cash + posted.asset_price * book.endowed_asset
        size = np.concatenate([[1.0 / book.endowed_asset], posted.promise_price / wealth])
        return Excess(residual=units * size, share=np.clip(units * size, -1.0, 1.0), units=units)

    def depth(
        self, posted: CollateralQuotes, book: CollateralOrders, coordinates: FloatArray
    ) -> FloatArray:
        """Slope of the residuals: traders are asked what they would order a little to either side.

        The distance is that of the last move, so that it spans steps of finitely many traders
        while quotes are far, and lies inside one when they are near.
        """
        matrix = np.empty((coordinates.size, coordinates.size))
        for k in range(coordinates.size):
            here = float(coordinates[k])
            low = here - min(posted.reach, 0.5 * here)
            high = here + min(posted.reach, 0.5 * (1.0 - here) if here < 1.0 else 0.0)
            ends = []
            for place in (low, high):
                beside = coordinates.copy()
                beside[k] = place
                ends.append(self._residual(beside, posted.menu))
            matrix[:, k] = (ends[1] - ends[0]) / (high - low)
        return matrix

    # ------------------------------------------------------------------ inner workings
    @property
    def ladder(self) -> Ladder:
        """The line of beliefs, from 1 at its top to 0."""
        if self._ladder is None:
            raise RuntimeError("the market has not been opened: it knows no traders yet")
        return self._ladder

    def _residual(self, coordinates: FloatArray, menu: Menu) -> FloatArray:
        """Residuals at some coordinates, by asking every cohort."""
        posted = self.post(coordinates, menu, np.zeros_like(coordinates))
        orders = [cohort.respond(posted) for cohort in self._cohorts]
        book = CollateralOrders(
            **{
                name: sum(getattr(order, name) for order in orders)
                for name in CollateralOrders.__slots__
            }
        )
        return self.excess(posted, book).residual

    def _place(self, belief: float, *, good: bool) -> float:
        """Coordinate at which a belief is the marginal buyer's."""
        down = self.ladder.coordinate(belief)
        return 1.0 - down if good else down

    def _turning(
        self, menu: Menu, j: int, prices: list[float], tie: float, asset_place: float
    ) -> float:
        """Place at which a promise costs what makes issuers indifferent; an end if none does.

        Mostly that is where the asset's own marginal buyer stands, and then at the same place on
        its rung: what the buyer does not put into the asset it does not put into the promise.
        """
        good = bool(menu.on_good_news[j])
        belief = promise_buyer(menu, j, prices, tie)
        own = asset_place if good else 1.0 - asset_place
        near = abs(belief - self.ladder.rung(1.0 - asset_place).price) <= SAME
        return own if near else self._place(belief, good=good)


def _turned(walked: float, turn: float) -> tuple[float, float]:
    """Place on the line of beliefs and share of issuers, at a coordinate of a rival.

    The stretch on which issuers turn has fixed ends, wherever their price lies: so a promise that
    rests at one of them stays there while other quotes move.
    """
    first, last = TURN
    below, above = min(walked / first, 1.0), max((walked - last) / (1.0 - last), 0.0)
    place = turn * below + (1.0 - turn) * above
    if not 0.0 < turn < 1.0:
        return place, float(turn == 0.0)
    return place, min(max((walked - first) / (last - first), 0.0), 1.0)
