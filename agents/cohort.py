"""Cohorts: traders who share one decision problem and differ only in its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Generic, Literal

import mesa
import numpy as np
from numpy.typing import NDArray
from typing_extensions import TypeVar

from markets.market import Quotes, Terms
from markets.quote import FloatArray
from markets.refused import Refused
from markets.variable import Variable

if TYPE_CHECKING:
    import pandas as pd

Population = Literal["individuals", "continuum"]
"""Whether members are single traders, or a mass of them spread smoothly."""


Orders = TypeVar("Orders", default=FloatArray)
"""Orders at posted quotes, added up over the members: a number, an array or a dataclass of them."""

Placed = TypeVar("Placed", default=None)
"""What the clearing house tells traders when they take their positions."""


class Cohort(mesa.Agent, Generic[Terms, Quotes, Orders, Placed]):
    """Base of every cohort: one Mesa agent whose fields are arrays, one row per member.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name in records; no two cohorts of an economy share one.
    members : int
        Number of members.
    """

    variables: tuple[Variable, ...] = ()
    """Unit and meaning of each column of :meth:`table`."""

    linked = False
    """Whether dates are linked; the economy says so when it opens."""

    def __init__(self, model: mesa.Model, name: str, members: int) -> None:
        super().__init__(model)
        self.name = name
        self.members = members

    def total(self, field: FloatArray) -> float:
        """Sum over the members of a field with a row each, or one row if they are alike."""
        return total(field, self.members)

    def wake(self, date: int, terms: Terms) -> None:
        """Begin a date, counted from 1, on the terms announced; nothing unless overridden."""

    def respond(self, posted: Quotes) -> Orders:
        """Orders at the posted quotes, added up over the members; changes nothing.

        Raises
        ------
        Infeasible
            If a member has no choice that meets its constraints.
        """
        raise NotImplementedError

    def remember(self, posted: Quotes) -> None:
        """Keep what the next round's orders depend on; nothing unless overridden.

        Called once per round with the quotes of the round; before that, traders may have been
        asked what they would order at others, to measure the depth of the market.
        """

    def hold(self, posted: Quotes, placed: Placed) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        raise NotImplementedError

    def carry(self) -> None:
        """Make what was held where the last date came to rest what the next one starts from.

        Called between two dates of an economy whose dates are linked, after positions were taken
        and before the next date wakes. Nothing unless overridden: every date then starts from the
        same endowments.
        """

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, one row per member (about ``limit`` of them if given)."""
        raise NotImplementedError


def total(field: FloatArray, members: int) -> float:
    """Sum over the members of a field with a row each, or one row if they are alike."""
    return float(field[0]) * members if field.size == 1 else float(np.sum(field))


def rows_shown(members: int, limit: int | None, around: list[float]) -> NDArray[np.int64]:
    """All rows, or evenly spread ones with the neighbourhood of the places in ``around``."""
    if limit is None or members <= limit:
        return np.arange(members)
    spread = np.linspace(0, members - 1, limit).astype(np.int64)
    near = [np.arange(int(place) - 3, int(place) + 4) for place in around]
    rows = np.unique(np.concatenate([spread, *near]))
    return rows[(rows >= 0) & (rows < members)]


def in_given_order(
    shown: pd.DataFrame, names: Sequence[str], given: NDArray[np.int64]
) -> pd.DataFrame:
    """A table of members with their names, in the order in which they were given.

    Parameters
    ----------
    shown : DataFrame
        Some of the members, with the columns ``cohort`` and ``member``.
    names : sequence of str
        Names of all members, in the order given.
    given : array of shape (rows,)
        Place of each row of the table in that order.
    """
    shown.insert(1, "name", [names[place] for place in given])
    shown["member"] = given
    return shown.iloc[np.argsort(given, kind="stable")].reset_index(drop=True)


def one_or_each(name: str, value: float | Sequence[float] | FloatArray, members: int) -> FloatArray:
    """One row per member, or a single row if they are all alike."""
    field = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if field.ndim != 1 or field.size not in (1, members):
        raise Refused(
            f"{name} has {field.size} entries; it must have one, or one per member ({members})"
        )
    wrong = field[~(np.isfinite(field) & (field >= 0.0))]
    if wrong.size:
        raise Refused(f"{name} is {wrong[0]}; it must be a finite number, not negative")
    return field
