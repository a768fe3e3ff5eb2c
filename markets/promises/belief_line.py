r"""Coordinates of the markets as places of marginal buyers on the line of beliefs.

Each quote has a coordinate in [0, 1] that rises with it. For the asset and for promises that
deliver more after good news it runs from the pessimists to the optimists, for other promises the
other way. A promise with rivals (see :attr:`markets.promises.menu.Menu.rivals`) has a stretch of
its coordinate, ``SWITCHING``, on which its price rests and issuers switch to it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from markets.ladder import Ladder, Rung
from markets.promises.marginal_value import (
    SAME,
    issuing_tie,
    promise_buyer,
    promise_value,
    worth_kept,
)
from markets.promises.menu import Menu
from markets.quote import FloatArray

SWITCHING = (0.4, 0.6)
"""Coordinates between which issuers switch to a promise that has rivals, at a constant price."""

NOWHERE = 1e-12
"""Distance from the ends, in coordinates, that quotes keep unless they may rest there: at a price
of nothing, or of all that is pledged, no order is defined."""


@dataclass(frozen=True, slots=True)
class BeliefLine:
    """The line of beliefs, as a ladder from 1 at its top to 0.

    Attributes
    ----------
    ladder : Ladder
        Beliefs in falling order.
    """

    ladder: Ladder

    def buyer(self, coordinate: float, *, good: bool) -> Rung:
        """Marginal buyer at a coordinate, of what optimists (good) or pessimists value most."""
        return self.ladder.rung(1.0 - coordinate if good else coordinate)

    def coordinate(self, belief: float, *, good: bool) -> float:
        """Coordinate at which a belief is the marginal buyer's."""
        down = self.ladder.coordinate(belief)
        return 1.0 - down if good else down

    def promises(
        self, coordinates: FloatArray, menu: Menu, belief: float, other: float
    ) -> tuple[list[float], list[Rung], FloatArray]:
        """Prices of promises, their marginal buyers, and the shares of issuers who switch to them.

        Parameters
        ----------
        coordinates : array of shape (1 + J,)
            Of the asset and of every promise.
        menu : Menu
            What is traded.
        belief, other : float
            Belief of the asset's marginal buyer, and its best return without the asset.
        """
        prices: list[float] = []
        buyers: list[Rung] = []
        issued = np.zeros(len(menu.names))
        kept = worth_kept(menu, belief, other)
        own = float(coordinates[0])
        for j, good in enumerate(menu.on_good_news.tolist()):
            coordinate, tie = float(coordinates[1 + j]), 0.0
            if j in menu.rivals:
                tie = issuing_tie(menu, j, prices, kept)
                switch = self._switch(menu, j, prices, tie, own, belief)
                place, issued[j] = _switched(coordinate, switch)
                coordinate = max(place, NOWHERE)
            rung = self.buyer(coordinate, good=good)
            buyers.append(rung)
            resting = 0.0 < issued[j] < 1.0
            prices.append(tie if resting else promise_value(menu, j, prices, rung.price))
        return prices, buyers, issued

    def stretched(
        self, coordinate: float, menu: Menu, j: int, prices: list[float], tie: float, own: float
    ) -> float:
        """Coordinate of a promise with rivals whose marginal buyer would stand at ``coordinate``.

        Parameters
        ----------
        coordinate : float
            Place of the marginal buyer, had the promise no rivals.
        menu : Menu
            What is traded.
        j : int
            The promise, one of the rivals.
        prices : list of float
            Prices of the promises before it, at least.
        tie : float
            Price at which issuers are indifferent.
        own : float
            Coordinate of the asset.
        """
        switch = self._switch(menu, j, prices, tie, own, self.buyer(own, good=True).price)
        return float(np.interp(coordinate, [0.0, switch, switch, 1.0], [0.0, *SWITCHING, 1.0]))

    def _switch(
        self, menu: Menu, j: int, prices: list[float], tie: float, own: float, owner: float
    ) -> float:
        """Place at which a promise costs what makes issuers indifferent; an end if none does.

        Mostly that is where the asset's own marginal buyer stands, and then at the same place on
        its rung: what the buyer does not put into the asset it does not put into the promise.
        ``own`` is that place, and ``owner`` the belief there.
        """
        good = bool(menu.on_good_news[j])
        belief = promise_buyer(menu, j, prices, tie)
        if abs(belief - owner) <= SAME:
            return own if good else 1.0 - own
        return self.coordinate(belief, good=good)


def _switched(coordinate: float, switch: float) -> tuple[float, float]:
    """Place on the line of beliefs and share of issuers, at a coordinate of a rival.

    The stretch on which issuers switch has fixed ends, wherever their price lies: so a promise
    that rests at one of them stays there while other quotes move.
    """
    first, last = SWITCHING
    below = min(coordinate / first, 1.0)
    above = max((coordinate - last) / (1.0 - last), 0.0)
    place = switch * below + (1.0 - switch) * above
    if not 0.0 < switch < 1.0:
        return place, float(switch == 0.0)
    return place, min(max((coordinate - first) / (last - first), 0.0), 1.0)
