"""Published results as data: what a source says, where it errs, and what can't be reproduced."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from simulator.replication import Measured

Kind = Literal["printed", "derived", "figure", "proposition"]
"""A number that the source prints; one that follows from its equations; a figure's features; a
statement."""


@dataclass(frozen=True, slots=True)
class Published:
    """Numbers or statements of a source, or that follow from it, at an address.

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
        What is expected by name: numbers (quotes, read-outs, columns of the table of traders),
        sequences of numbers, or statements, which are truth values and words.
    tolerance : float
        Largest difference that counts as reproduced: half a unit of the last printed digit, or the
        precision of a recomputed number.
    kind : str
        See :data:`Kind`.
    errata : tuple of int
        Numbers of the source's errata that ``expected`` takes into account.
    at_rest : float
        Largest difference of a simulated number, where rounds rest further away than ``tolerance``.
    relative : bool
        Whether both are shares of the number expected, where that is above one in size.
    looser : mapping
        Tolerances of single numbers that differ, by name.
    """

    case: str
    scenario: str
    citation: str
    place: str
    parameters: Mapping[str, object] = field(default_factory=dict)
    expected: Mapping[str, object] = field(default_factory=dict)
    tolerance: float = 1e-9
    kind: Kind = "derived"
    errata: tuple[int, ...] = ()
    at_rest: float = 0.0
    relative: bool = False
    looser: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Erratum:
    """An error of a source.

    Attributes
    ----------
    number : int
        Counted from 1 in each paper.
    place : str
        Where it stands.
    printed, right : str
        What is printed, and what should be.
    derivation : str
        Why, in a paragraph.
    test : str
        The test that shows it, ``file.py::name`` below ``tests``; empty where there is nothing to
        compute.
    """

    number: int
    place: str
    printed: str
    right: str
    derivation: str
    test: str


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Something of a source that is not reproduced, and why."""

    place: str
    what: str
    why: str


@dataclass(frozen=True, slots=True)
class Claim:
    """Something published, and the function that runs what reproduces it."""

    published: Published
    measure: Callable[[Published], Measured]


def claims(
    measure: Callable[[Published], Measured], rows: Iterable[Published]
) -> tuple[Claim, ...]:
    """Claims that are measured in the same way."""
    return tuple(Claim(row, measure) for row in rows)


@dataclass(frozen=True, slots=True)
class Paper:
    """A source: what of it is reproduced, what is not, and its errata.

    Attributes
    ----------
    name : str
        Its short name, as in ``walras replicate --paper NAME``.
    citation : str
        Authors, title, year.
    claims : tuple of Claim
        In the order of the source.
    errata : tuple of Erratum
        In the order of their numbers.
    left_out : tuple of LeftOut
        What is not reproduced.
    """

    name: str
    citation: str
    claims: tuple[Claim, ...]
    errata: tuple[Erratum, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
