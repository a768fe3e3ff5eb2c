"""What a scenario is called; light enough to list scenarios without loading them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Title:
    """Name of a scenario, what it shows, and where it comes from.

    Attributes
    ----------
    name : str
        Its name in the command, for instance ``margin-hike``.
    summary : str
        What it shows, in one line that begins in lower case and has no full stop.
    source : str
        The paper, or who made it.
    module : str
        Module that holds it as ``SCENARIO``; empty for one that is not in the catalogue.
    """

    name: str
    summary: str
    source: str
    module: str = ""


COMPOSED = Title("composed", "an economy composed by hand", "its author")
"""Title of every run of an economy that was composed in Python."""
