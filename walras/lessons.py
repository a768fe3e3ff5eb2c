"""The lessons by name, loaded only when they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Final

from markets.refused import Refused
from simulator.names import unknown
from walras.catalogue import TITLES

if TYPE_CHECKING:
    from simulator.lesson import Lesson

LESSONS: Final[Mapping[str, str]] = {
    "margins": "margin-hike",
    "bankruptcy": "bankruptcy",
    "spirals": "margin-spiral",
}
"""Name of each lesson, and the scenario that it plays in."""


def find_lesson(name: str) -> Lesson:
    """The lesson of a name, which stands beside its scenario.

    Raises
    ------
    Refused
        If there is none, with the nearest name.
    """
    if name not in LESSONS:
        raise Refused(unknown(name, list(LESSONS), "lesson"))
    package = TITLES[LESSONS[name]].module.rpartition(".")[0]
    lesson: Lesson = import_module(f"{package}.lesson").LESSON
    return lesson
