"""Cohorts: traders who share one decision problem and differ only in its parameters."""

from __future__ import annotations

from typing import Any

import mesa
import pandas as pd


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
