"""Cohorts: traders who share one decision problem and differ only in its parameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import mesa
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from markets.quote import FloatArray

Population = Literal["individuals", "continuum"]
"""Whether members are single traders, or a mass of them spread smoothly."""


class Cohort(mesa.Agent):
    """Base of every cohort: one Mesa agent whose fields are arrays, a row a member.

    Parameters
    ----------
    model : mesa.Model
        The economy.
    name : str
        Name in records; no two cohorts of an economy share one.
    members : int
        Number of members.
    """

    def __init__(self, model: mesa.Model, name: str, members: int) -> None:
        super().__init__(model)
        self.name = name
        self.members = members

    def total(self, field: FloatArray) -> float:
        """Sum over the members of a field with a row each, or one row if they are alike."""
        return float(field[0]) * self.members if field.size == 1 else float(np.sum(field))

    def wake(self, date: int, terms: Any) -> None:
        """Begin a date, counted from 1, on the terms announced; nothing unless overridden."""

    def respond(self, posted: Any) -> Any:
        """Orders at the posted quotes, added up over the members; changes nothing."""
        raise NotImplementedError

    def carry(self) -> None:
        """Keep what the next round's orders depend on; nothing unless overridden."""

    def hold(self, posted: Any, placed: Any) -> None:
        """Take the positions that the orders at the posted quotes amount to."""
        raise NotImplementedError

    def table(self, limit: int | None = None) -> pd.DataFrame:
        """Primitives and holdings, a row a member (about ``limit`` of them if given)."""
        raise NotImplementedError


def rows_shown(members: int, limit: int | None, around: list[float]) -> NDArray[np.int64]:
    """All rows, or evenly spread ones with the neighbourhood of the places in ``around``."""
    if limit is None or members <= limit:
        return np.arange(members)
    spread = np.linspace(0, members - 1, limit).astype(np.int64)
    near = [np.arange(int(place) - 3, int(place) + 4) for place in around]
    rows = np.unique(np.concatenate([spread, *near]))
    return rows[(rows >= 0) & (rows < members)]


def one_or_each(name: str, value: float | Sequence[float] | FloatArray, members: int) -> FloatArray:
    """One row a member, or a single row if they are all alike."""
    field = np.atleast_1d(np.asarray(value, dtype=np.float64))
    if field.ndim != 1 or field.size not in (1, members):
        raise ValueError(f"{name} has {field.size} entries; one, or one a member ({members})")
    wrong = field[~(np.isfinite(field) & (field >= 0.0))]
    if wrong.size:
        raise ValueError(f"{name} is {wrong[0]}; it must be a finite number, not negative")
    return field
