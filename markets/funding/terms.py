"""What the clearing house announces for a date."""

from __future__ import annotations

from dataclasses import dataclass

from markets.margin import PriceMargin
from markets.quote import FloatArray


@dataclass(frozen=True, slots=True)
class MarginTerms:
    """What the clearing house announces for a date.

    Attributes
    ----------
    date : int
        Date of the calendar, from 0.
    rules : tuple of PriceMargin
        One rule per asset.
    deposits : array, optional
        New cash of every expert; without it experts keep what they have.
    """

    date: int
    rules: tuple[PriceMargin, ...]
    deposits: FloatArray | None = None
