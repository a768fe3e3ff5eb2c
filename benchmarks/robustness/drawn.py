"""A random economy, as a user would write it down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Drawn:
    """A scenario and the parameters drawn for it, as they would stand in a file."""

    scenario: str
    parameters: Mapping[str, object]
