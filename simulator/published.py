"""Published results as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Published:
    """Numbers that a source prints, or that follow from it, at an address.

    Attributes
    ----------
    case : str
        What to call it, for instance ``short market, haircut of 1%``.
    scenario : str
        Name of the scenario that reproduces it.
    citation, place : str
        The source, and where in it: page, slide, table, equation; or how it was recomputed.
    parameters : mapping
        Parameters where they differ from the scenario's defaults.
    expected : mapping
        Expected numbers by name: quotes, read-outs, columns of the table of traders.
    tolerance : float
        Largest difference that counts as reproduced: half a unit of the last printed digit, or the
        precision of a recomputed number.
    """

    case: str
    scenario: str
    citation: str
    place: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    expected: Mapping[str, object] = field(default_factory=dict)
    tolerance: float = 1e-9
