r"""The linear program of a trader in a collateral equilibrium.

A trader with belief h solves

.. math:: \max\; x + a E_h[v] + \sum_j (b_j - s_j) E_h[R_j], \quad
          x + p\,a + \sum_j q_j (b_j - s_j) \le W, \quad \sum_j s_j C_j \le (x, a), \quad
          x, a, b, s \ge 0 .

Its value is :math:`\Lambda(h) W`, and :math:`\Lambda` is convex in h: between two beliefs at which
HiGHS has solved it, it lies below the chord. Beliefs are added where the chord might be too high,
so that the chords bound the value at *every* belief from above, closely.

Source: Brunnermeier, Eisenbach and Sannikov (survey), section 3.3, after Geanakoplos (1997, 2003).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from markets.promises.menu import Menu, owed_in_cash
from markets.promises.state_menu import StateMenu
from markets.quote import FloatArray
from simulator.linear_program import maximise

CHORD: Final = 1e-11
"""Relative distance of chord and value below which no more beliefs are added."""

MOST_PROGRAMS: Final = 4_000
"""Programs solved before the certificate gives up; a kink takes one or two."""


@dataclass(frozen=True, slots=True)
class Promise:
    """What is owed in every state on one unit, good news before bad, and its collateral."""

    name: str
    owed: tuple[float, ...]
    pledged_asset: float
    pledged_cash: float


def promises_of(menu: Menu | StateMenu) -> list[Promise]:
    """What may be traded, in the order of the menu."""
    pledged = zip(menu.pledged_asset.tolist(), menu.pledged_cash.tolist(), strict=True)
    owed = (
        [owed_in_cash(contract) for contract in menu.contracts]
        if isinstance(menu, Menu)
        else [tuple(row) for row in menu.owed.tolist()]
    )
    return [
        Promise(name, amounts, *collateral)
        for name, amounts, collateral in zip(menu.names, owed, pledged, strict=True)
    ]


@dataclass(frozen=True, slots=True)
class Program:
    """The linear program of a trader with a wealth of one, at some quotes; J promises.

    Attributes
    ----------
    payoff : array (2,)
        Of the asset after good and bad news.
    delivery : array (J, 2)
        Of each promise after good and bad news.
    pledged : array (J, 2)
        Cash and units of the asset.
    objective : array (2 + 2 J, 2)
        Consumption after good and bad news per unit of cash, the asset, promises bought, and
        promises sold.
    rows : array (3, 2 + 2 J)
        Coefficients of the budget, and of collateral in cash and in the asset.
    """

    payoff: FloatArray
    delivery: FloatArray
    pledged: FloatArray
    objective: FloatArray
    rows: FloatArray

    @classmethod
    def of(
        cls, price: float, prices: FloatArray, payoff: FloatArray, promises: Sequence[Promise]
    ) -> Program:
        """The program at prices of the asset and of the promises, and payoffs of the asset."""
        owed = np.array([p.owed for p in promises]).reshape(-1, 2)
        pledged = np.array([(p.pledged_cash, p.pledged_asset) for p in promises]).reshape(-1, 2)
        delivery = np.minimum(owed, pledged @ np.stack([np.ones(2), payoff]))
        count = len(promises)
        budget = np.concatenate([[1.0, price], prices, -prices])
        backed = np.hstack([-np.eye(2), np.zeros((2, count)), pledged.T])
        return cls(
            payoff,
            delivery,
            pledged,
            np.vstack([np.ones(2), payoff, delivery, -delivery]),
            np.vstack([budget, backed]),
        )

    def value(self, belief: float) -> float:
        """Largest expected consumption; infinite where quotes offer an arbitrage."""
        return self._solved(belief)[0]

    def chords(self, low: float, high: float) -> tuple[FloatArray, FloatArray]:
        """Beliefs and values whose chords lie above the value everywhere, and hardly so.

        What is best at a belief can be had at any other: it is a line that touches the value from
        below. A stretch is parted where the lines of its ends cross, until they cross on its chord
        or have one slope, to ``CHORD``; the value, which is piecewise linear, then lies on it.
        """
        known = {belief: self._solved(belief) for belief in (low, high)}
        stretches = [(low, high)]
        while stretches and len(known) < MOST_PROGRAMS:
            first, last = stretches.pop()
            (start, rising), (end, steeper) = known[first], known[last]
            if not np.isfinite(start + end):
                break
            width, bend = last - first, steeper - rising
            if bend * width <= CHORD * start:
                continue
            part = float(np.clip((steeper * width - (end - start)) / (bend * width), 0.0, 1.0))
            middle = first + part * width
            gap = (1.0 - part) * start + part * end - (start + rising * part * width)
            if gap > CHORD * start and first < middle < last:
                known[middle] = self._solved(middle)
                stretches += [(first, middle), (middle, last)]
        knots = np.array(sorted(known))
        return knots, np.array([known[knot][0] for knot in knots])

    def _solved(self, belief: float) -> tuple[float, float]:
        """The value at a belief and its slope there; infinite where quotes offer an arbitrage."""
        weights = np.array([belief, 1.0 - belief])
        solution = maximise(self.objective @ weights, self.rows, [1.0, 0.0, 0.0])
        if solution.status != "optimal":
            return float("inf"), float("nan")
        good, bad = self.objective.T @ solution.amounts
        return float(belief * good + (1.0 - belief) * bad), float(good - bad)
