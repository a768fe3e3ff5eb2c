"""Parts of a cohort: members made from their own random stream, in the process that holds them."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from agents.repo.order_sums import compiled_order_sums, order_sums
from agents.repo.positions import positions, shares, table
from agents.repo.primitives import Primitives, pick
from agents.repo.sides import orders
from markets.instruments import Security
from markets.quote import FloatArray
from markets.repo.book import RepoBook
from markets.repo.quotes import RepoQuotes

Draw = Callable[[np.random.Generator, int], Mapping[str, Any]]
"""Makes so many members from a stream: the fields of :class:`agents.repo.traders.Traders` that have
a row per member (``beliefs``, ``cash``, ``securities``, ``income_up``, ``income_down``)."""

ROWS = 1 << 16
"""Members whose positions are worked out at a time."""

ALIKE = {"cash": 1.0, "securities": 1.0, "income_up": 0.0, "income_down": 0.0}
"""Fields that a draw leaves out."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a part is made from."""

    draw: Draw
    members: int
    stream: np.random.Generator


@dataclass(frozen=True, slots=True)
class Held:
    """What the positions of members come to, and how far the worst is from its constraints.

    Attributes
    ----------
    cash, security, borrowed, pledged : float
        Sums over members, see :class:`agents.repo.positions.RepoPositions`.
    budget, box, solvency, owing : float
        Largest violation of the budget, of the box constraint, of solvency in either state, and
        of cash not below zero, each as a share of what the member turns over.
    """

    cash: float
    security: float
    borrowed: float
    pledged: float
    budget: float
    box: float
    solvency: float
    owing: float


class Parts:
    """The parts of a cohort that one process holds; each answers for itself, in order.

    Parameters
    ----------
    recipes : sequence of Recipe
        One per part.
    compiled : bool
        Whether to add up orders with numba.
    """

    def __init__(self, recipes: Sequence[Recipe], compiled: bool) -> None:
        self._summing = compiled_order_sums() if compiled else order_sums
        self._parts = [_made(recipe) for recipe in recipes]

    def supplies(self) -> list[float]:
        """Securities endowed."""
        return [part.supply for part in self._parts]

    def open(self, security: Security) -> None:
        """Work out the reservation prices at the payoffs of ``security``."""
        for part in self._parts:
            part.open(security)

    def counts(self, levels: FloatArray) -> NDArray[np.int64]:
        """Number of reservation prices at each level or above, of all parts here."""
        found = [part.members - part.rising.searchsorted(levels) for part in self._parts]
        return np.asarray(np.sum(found, axis=0), dtype=np.int64)

    def between(self, low: float, high: float) -> FloatArray:
        """Reservation prices at ``low`` or above and below ``high``, of all parts here."""
        ends = [(p.rising, *p.rising.searchsorted([low, high])) for p in self._parts]
        return np.concatenate([rising[first:last] for rising, first, last in ends])

    def orders(self, posted: RepoQuotes) -> list[RepoBook]:
        """Best responses to the posted quotes."""
        return [orders(part, posted, self._summing) for part in self._parts]

    def held(self, posted: RepoQuotes, placed: float) -> list[Held]:
        """What the positions of all members come to."""
        return [_held(part, posted, placed) for part in self._parts]

    def tables(
        self, name: str, posted: RepoQuotes, placed: float, limit: int | None
    ) -> list[pd.DataFrame]:
        """Primitives and holdings, about ``limit`` rows of each part."""
        return [table(name, part, posted, placed, limit) for part in self._parts]


def _made(recipe: Recipe) -> Primitives:
    fields = {**ALIKE, **recipe.draw(recipe.stream, recipe.members)}
    beliefs = fields.pop("beliefs")
    return Primitives(beliefs, recipe.members, "individuals", **fields)


def _held(part: Primitives, posted: RepoQuotes, placed: float) -> Held:
    """Work out positions block by block.

    The constraints are those of :mod:`agents.repo.traders`, written out once more.
    """
    price, haircut = posted.price, posted.haircut
    low, high = posted.security.low_payoff, posted.security.high_payoff
    all_long, all_short = shares(part, posted)
    sums: list[list[float]] = []
    worst = np.zeros(4)
    for first in range(0, part.members, ROWS):
        rows = slice(first, first + ROWS)
        held = positions(part, posted, placed, rows, (all_long[rows], all_short[rows]))
        x, y, theta, psi = held.cash, held.security, held.borrowed, held.pledged
        lent = price * (theta - psi + haircut * (theta + psi))
        wealth = part.wealth(price, rows)
        later = x + (1.0 + posted.repo_rate) * lent
        up = later + pick(part.income_up, rows) + low * y
        down = later + pick(part.income_down, rows) + high * y
        turnover = wealth + price * (np.abs(y) + theta + psi)
        turnover[turnover == 0.0] = 1.0
        short_of = (x + price * y + lent - wealth, psi - theta - y, -np.minimum(up, down), -x)
        each = [float(np.max(miss / turnover)) for miss in short_of]
        worst = np.maximum(worst, each)
        sums.append([float(np.sum(field)) for field in (x, y, theta, psi)])
    totals = (math.fsum(column) for column in zip(*sums, strict=True))
    return Held(*totals, *worst.tolist())
