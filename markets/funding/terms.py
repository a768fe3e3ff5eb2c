"""What the clearing house announces for a date."""

from __future__ import annotations

from dataclasses import dataclass

from markets.margin import PostedSides


@dataclass(frozen=True, slots=True)
class MarginTerms:
    """What the clearing house announces for a date.

    Attributes
    ----------
    date : int
        Date of the calendar, from 0.
    rules : tuple of PostedSides
        One per asset, for long and for short positions.
    deposits : float, optional
        New cash of all experts together; without it experts keep what they have.
    """

    date: int
    rules: tuple[PostedSides, ...]
    deposits: float | None = None
