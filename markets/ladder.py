r"""The ladder of reservation prices: where the next order waits.

Traders who bet all or nothing change their order where the quote crosses their reservation price.
Excess demand of finitely many of them jumps there, and no price need clear it; the trader at the
jump is indifferent, so part of its order can be filled (the allotment at the marginal price). The
ladder makes one continuous coordinate of both, price and allotment: walking down it, the price
falls from rung to rung, and stands still on a rung while that rung's orders are filled.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from markets.quote import FloatArray
from markets.scattered_nodes import ScatteredNodes

SMOOTH_REACH = 1e-5
"""Half-width, in coordinates, over which the depth of a ladder without rungs is measured."""


class Rung(NamedTuple):
    """A place on the ladder: a price and the share of the orders waiting at it that are filled.

    ``depth`` is the price at the top of the ladder less this one, where it is known more exactly
    than their difference: close to the top a price keeps few digits of it.
    """

    price: float
    filled: float
    depth: float | None = None


@dataclass(frozen=True, slots=True)
class Band:
    """A stretch of the ladder: from ``above`` down to ``below``, ``length`` in coordinates."""

    above: Rung
    below: Rung
    length: float

    @property
    def price_slope(self) -> float:
        """Change of the price per unit of the coordinate (never positive)."""
        return (self.below.price - self.above.price) / self.length


@dataclass(frozen=True, slots=True)
class Ladder:
    """Reservation prices in falling order, on one coordinate from 0 (top) to 1 (bottom).

    Attributes
    ----------
    nodes : array of shape (k,), or ScatteredNodes
        Prices in falling order. A price that stands twice in a row is a rung: between the two,
        the price rests and the orders at it are filled. Too many for one process, they stay with
        those who hold them.
    stepped : bool
        Whether there are rungs.
    """

    nodes: FloatArray | ScatteredNodes
    stepped: bool

    @classmethod
    def of(
        cls,
        rungs: Sequence[FloatArray],
        smooth: Sequence[FloatArray],
        *,
        top: float,
        bottom: float,
    ) -> Ladder:
        """Build a ladder between two prices.

        Parameters
        ----------
        rungs : arrays
            Reservation prices of single traders, in any order.
        smooth : arrays
            Reservation prices that lie on a continuum of traders (edges of its slices).
        top, bottom : float
            Prices above which nobody, and below which everybody, wants to be long.
        """
        parts = [np.array([top, bottom])]
        levels = np.unique(np.concatenate(rungs)) if rungs else np.empty(0)
        parts += [levels, levels]
        if smooth:
            edges = np.unique(np.concatenate(smooth))
            parts.append(edges[(edges > bottom) & (edges < top)])
        nodes = np.sort(np.concatenate(parts))[::-1]
        return cls(np.ascontiguousarray(nodes), levels.size > 0)

    @property
    def grain(self) -> float:
        """Coordinate length of one rung with the gap below it; 0 on a ladder without rungs."""
        return 2.0 / (self.nodes.size - 1) if self.stepped else 0.0

    def rung(self, coordinate: float) -> Rung:
        """Price and allotment at a coordinate in [0, 1]."""
        last = self.nodes.size - 2
        place = min(max(coordinate, 0.0), 1.0) * (last + 1)
        k = min(int(place), last)
        above, below = float(self.nodes[k]), float(self.nodes[k + 1])
        part = place - k
        if above == below:
            first, last = self._rest(k)
            return Rung(above, min(max((place - first) / (last - first), 0.0), 1.0))
        price = above + (below - above) * part
        depth = (float(self.nodes[0]) - above) + (above - below) * part
        return Rung(price, 0.0 if price <= below and part < 1.0 else 1.0, depth)

    def coordinate(self, price: float) -> float:
        """Coordinate at which a price stands (the lower end of its rung if it is on one)."""
        count = self.nodes.size
        if isinstance(self.nodes, ScatteredNodes):
            k = self.nodes.at_least(price)
        else:
            k = count - int(np.searchsorted(self.nodes[::-1], price, side="left"))
        if k <= 0:
            return 0.0
        if k >= count:
            return 1.0
        above, below = float(self.nodes[k - 1]), float(self.nodes[k])
        part = (above - price) / (above - below) if above > below else 0.0
        return (k - 1 + part) / (count - 1)

    def band(self, coordinate: float, reach: float) -> Band:
        """The stretch over which to measure depth.

        With a reach below one segment the band is the segment itself, on which price and
        allotment are straight lines, so that the depth is exact.
        """
        segment = 1.0 / (self.nodes.size - 1)
        if not self.stepped:
            reach = SMOOTH_REACH
        elif reach < segment:
            k = min(int(coordinate / segment), self.nodes.size - 2)
            return self._segment(k, segment)
        low, high = max(coordinate - reach, 0.0), min(coordinate + reach, 1.0)
        return Band(self.rung(low), self.rung(high), high - low)

    def _segment(self, k: int, length: float) -> Band:
        """The k-th segment, with the orders at its two ends as they are inside of it."""
        above, below = float(self.nodes[k]), float(self.nodes[k + 1])
        if above == below:
            first, last = self._rest(k)
            return Band(Rung(above, 0.0), Rung(below, 1.0), (last - first) * length)
        return Band(Rung(above, 1.0), Rung(below, 0.0), length)

    def _rest(self, k: int) -> tuple[int, int]:
        """Nodes between which the price of a segment rests."""
        return self.nodes.rest(k) if isinstance(self.nodes, ScatteredNodes) else (k, k + 1)
