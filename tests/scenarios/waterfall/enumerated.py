"""Every equilibrium of a small clearing house, by enumeration of who defaults.

Shares nothing with the simulation: given who defaults, the price is known in closed form, and what
is paid is iterated to its limit.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import NamedTuple

import numpy as np

from markets.quote import BoolArray, FloatArray

EXACT = 1e-11
"""Distance at which iterated rates have converged, or members break even."""


class Found(NamedTuple):
    """An equilibrium: who defaults, the price, gains paid and cap called."""

    fails: tuple[bool, ...]
    price: float
    gains_paid: float
    assessed: float


@dataclass(frozen=True)
class SmallHouse:
    """One security, members with positions and cash, before its first date.

    Attributes
    ----------
    position, cash, appetite : array of shape (n,)
        What members have.
    before, worth : float
        Price before the date, and what the security is worth after the news.
    margin : float
        Margin on a position of one.
    fund, capital, cap : float
        Default fund of all, the house's capital, the cap as a multiple of contributions.
    """

    position: FloatArray
    cash: FloatArray
    appetite: FloatArray
    before: float
    worth: float
    margin: float
    fund: float
    capital: float
    cap: float

    def equilibria(self) -> list[Found]:
        """All equilibria in which who defaults owes more than it has, and nobody else does."""
        found: list[Found] = []
        for fails in product((False, True), repeat=self.cash.size):
            failing = np.array(fails, dtype=np.bool_)
            buying = float(self.appetite[~failing].sum())
            sold = float(self.position[failing].sum())
            if buying == 0.0 and failing.any():
                continue
            price = self.worth * np.exp(-sold / buying) if failing.any() else self.worth
            for start in ((1.0, 0.0), (0.0, 1.0)):
                rates = self._rates(failing, price, start)
                if rates is None or any(
                    each.fails == fails and abs(each.gains_paid - rates[0]) < 1e-8 for each in found
                ):
                    continue
                found.append(Found(fails, price, *rates))
        return found

    def _rates(
        self, failing: BoolArray, price: float, start: tuple[float, float]
    ) -> tuple[float, float] | None:
        """Gains paid and cap called where these default; None if others would."""
        move = self.position * (price - self.before)
        margin = np.abs(self.position) * self.margin
        contribution = self.fund * margin / margin.sum()
        paid, called = start
        for _ in range(10_000):
            due = np.maximum(-move, 0.0) + called * self.cap * contribution
            has = self.cash + paid * np.maximum(move, 0.0)
            share = np.where(failing, np.minimum(has / np.maximum(due, 1e-300), 1.0), 1.0)
            unpaid = np.where(failing, (1.0 - share) * np.maximum(-move, 0.0), 0.0)
            left = float(np.maximum(unpaid - margin - contribution, 0.0).sum())
            left = max(left - self.capital - float(contribution[~failing].sum()), 0.0)
            asked = self.cap * float(share @ contribution)
            then = min(1.0, left / asked) if asked > 0.0 else float(left > 0.0)
            cut = max(left - asked, 0.0)
            gains = float(np.maximum(move, 0.0).sum())
            kept = 1.0 - min(cut / gains, 1.0) if gains > 0.0 else 1.0
            done = abs(then - called) + abs(kept - paid) < EXACT
            paid, called = kept, then
            if done:
                break
        else:
            return None
        right = (due - has > EXACT * np.maximum(due, 1.0)) == failing
        return (paid, called) if right.all() else None
