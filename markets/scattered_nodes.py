r"""The nodes of a ladder whose reservation prices are too many for one process.

Those who hold prices answer two questions: how many of them are at a level or above, and which
ones lie between two levels. Counts add up over holders without rounding, so a node found from them
is the one that a sort of all prices would find, however the prices are spread over holders.

The range of prices is cut into :data:`CELLS` cells once. The price of rank :math:`r` (from the top)
lies in the cell :math:`i` with

.. math:: n(l_i) > r \ge n(l_{i+1}), \qquad n(l) = \text{number of prices at } l \text{ or above}.

A cell with more than :data:`MOST` prices is cut into :data:`SPLIT`, then the cell's prices are
fetched and kept: near rest the rounds stay in one cell, and nothing has to be fetched.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from markets.quote import FloatArray

CELLS = 1 << 14
"""Cells into which the range of prices is cut: their counts are 128 KiB per holder, asked once."""

SPLIT = 1 << 8
"""Cells into which a cell is cut that holds too many prices."""

MOST = 1 << 13
"""Prices of a cell that are fetched at once: 64 KiB."""

KEPT = 64
"""Cells whose prices are kept."""


class PricesElsewhere(Protocol):
    """Prices that others hold."""

    @property
    def size(self) -> int:
        """How many there are."""
        ...

    def counts(self, levels: FloatArray) -> NDArray[np.int64]:
        """Number of prices at each level or above."""
        ...

    def between(self, low: float, high: float) -> FloatArray:
        """Prices at ``low`` or above and below ``high``, in falling order."""
        ...


class ScatteredNodes:
    """Top, every price twice, and bottom, in falling order; see :class:`markets.ladder.Ladder`.

    Prices that several traders share stand there twice for each of them.

    Parameters
    ----------
    prices : PricesElsewhere
        Reservation prices, between ``bottom`` and ``top``.
    top, bottom : float
        Ends of the ladder.

    Attributes
    ----------
    size : int
        Number of nodes.
    """

    def __init__(self, prices: PricesElsewhere, *, top: float, bottom: float) -> None:
        self._prices, self._top, self._bottom = prices, top, bottom
        self.size = 2 * prices.size + 2
        self._edges = np.linspace(bottom, top, CELLS + 1)
        # a belief next to 0 or 1 may be worth the payoff itself, rounded either way
        self._edges[0], self._edges[-1] = np.nextafter(bottom, -np.inf), np.nextafter(top, np.inf)
        self._counts = prices.counts(self._edges)
        self._fetched: dict[float, FloatArray] = {}

    def __getitem__(self, k: int) -> float:
        """Price of a node, counted from the top."""
        if k <= 0:
            return self._top
        return self._bottom if k >= self.size - 1 else self._price((k - 1) // 2)

    def at_least(self, price: float) -> int:
        """Number of nodes at a price or above."""
        count = 2 * int(self._prices.counts(np.array([price]))[0])
        return count + (self._top >= price) + (self._bottom >= price)

    def rest(self, k: int) -> tuple[int, int]:
        """First and last of the nodes that stand at the price of node ``k``."""
        price = self[k]
        if self[k - 1] != price != self[k + 2]:
            return k, k + 1
        above, upto = self._prices.counts(np.array([np.nextafter(price, np.inf), price]))
        return 2 * int(above) + 1, 2 * int(upto)

    def _price(self, rank: int) -> float:
        """The price with ``rank`` prices before it."""
        while True:
            cell = int(np.searchsorted(-self._counts, -rank)) - 1
            low, high = float(self._edges[cell]), float(self._edges[cell + 1])
            upto, above = self._counts[cell : cell + 2].tolist()
            if high <= np.nextafter(low, np.inf):
                return low  # one price, of many traders
            if upto - above <= MOST:
                break
            inside = np.unique(np.linspace(low, high, SPLIT + 1))[1:-1]
            self._edges = np.insert(self._edges, cell + 1, inside)
            self._counts = np.insert(self._counts, cell + 1, self._prices.counts(inside))
        if low not in self._fetched:
            if len(self._fetched) >= KEPT:
                self._fetched.clear()
            self._fetched[low] = self._prices.between(low, high)
        return float(self._fetched[low][rank - above])
