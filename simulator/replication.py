"""What was published beside what is found: one line per number or statement, with a verdict."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from simulator.published import LeftOut, Published
from simulator.told import pictures

if TYPE_CHECKING:
    from simulator.document.document import Picture
    from simulator.run import Run

Verdict = Literal["reproduced", "reproduced with erratum", "not reproducible", "differs"]

CLOSED = "closed_"
"""How columns of the table of dates that have closed forms begin."""

CERTIFIED = "certified"
"""The statement that the run is certified; expected of every run where nothing else is said."""


@dataclass(frozen=True, slots=True)
class Measured:
    """What was found about something published.

    Attributes
    ----------
    simulated, closed_form : mapping
        What runs and equations say by name: numbers, sequences of numbers, truth values, words.
    certified : bool, optional
        Whether all certificates of the runs hold; None where nothing was traded.
    draw : callable
        Draws the figures from the runs, by name.
    """

    simulated: Mapping[str, object] = field(default_factory=dict)
    closed_form: Mapping[str, object] = field(default_factory=dict)
    certified: bool | None = None
    draw: Callable[[], Mapping[str, Picture]] = dict


def drawing(run: Run[Any], *names: str) -> Callable[[], Mapping[str, Picture]]:
    """Draws the named figures of a run."""

    def draw() -> Mapping[str, Picture]:
        shown = run.plot()
        return pictures(run, run.scenario, {name: shown[name] for name in names})

    return draw


def told_by(run: Run[Any], **more: object) -> Measured:
    """What the last date of a run says: its quotes, its row of dates, its columns of traders.

    Parameters
    ----------
    run : Run
        Its last date is looked at.
    **more : object
        Further values by name.
    """
    row = {str(name): value for name, value in run.dates.iloc[-1].items()}
    traders = {str(name): run.agents[name].to_numpy() for name in run.agents}
    equations = {n.removeprefix(CLOSED): v for n, v in row.items() if n.startswith(CLOSED)}
    return Measured(
        {**traders, **row, **run.equilibrium, CERTIFIED: run.certificate.holds, **more},
        {**equations, **(run.closed_form or {})},
        run.certificate.holds,
    )


@dataclass(frozen=True, slots=True)
class Line:
    """A number or statement of a paper: published, simulated, by closed form, and the verdict.

    Truth values are one and zero; of words, whether they are the published ones. What is not known
    is NaN.

    Attributes
    ----------
    paper, kind, place, case, quantity : str
        What it is, and where it stands.
    statement : bool
        Whether it is a statement and not a number.
    published, simulated, closed_form : float
        Values.
    difference : float
        Simulated less published; of the closed form where nothing is simulated.
    tolerance : float
        Largest difference in size that counts as reproduced.
    certificate : str
        ``holds``, ``fails``, or nothing where no market was cleared.
    verdict : str
        See :data:`Verdict`.
    errata : str
        Numbers of the paper's errata that the published value takes into account.
    why : str
        Why it is not reproducible, or what differs.
    """

    paper: str
    kind: str
    place: str
    case: str
    quantity: str
    statement: bool
    published: float
    simulated: float
    closed_form: float
    difference: float
    tolerance: float
    certificate: str
    verdict: Verdict
    errata: str = ""
    why: str = ""


def lines_of(paper: str, published: Published, found: Measured) -> Iterator[Line]:
    """Compare what was published with what was found.

    A line is reproduced if the simulated value lies within the tolerance, the closed form, too,
    where there is one (one of the two there must be), and the certificate holds; where the claim
    is that it fails (``certified`` expected false), if it fails.
    """
    certificate = {None: "", True: "holds", False: "fails"}[found.certified]
    in_order = found.certified is not False or published.expected.get(CERTIFIED) is False
    for name, value in published.expected.items():
        told = [
            _values(name, value, given.get(name)) for given in (found.simulated, found.closed_form)
        ]
        for at, (quantity, expected) in enumerate(_named(name, value)):
            simulated, closed = (values[at] for values in told)
            scale = max(1.0, abs(expected)) if published.relative else 1.0
            exact = scale * published.looser.get(name, published.tolerance)
            tolerance = max(exact, scale * published.at_rest)
            gap, closed_gap = simulated - expected, closed - expected
            fits = (
                abs(gap) <= tolerance and not abs(closed_gap) > exact
                if np.isfinite(simulated)
                else abs(closed_gap) <= exact
            )
            yield Line(
                paper,
                published.kind,
                published.place,
                published.case,
                quantity,
                _is_statement(value),
                expected,
                simulated,
                closed,
                gap if np.isfinite(simulated) else closed_gap,
                tolerance if np.isfinite(simulated) else exact,
                certificate,
                _verdict(fits and in_order, published.errata),
                ", ".join(map(str, published.errata)),
                "" if fits and in_order else _complaint(fits, in_order),
            )


def _verdict(reproduced: bool, errata: tuple[int, ...]) -> Verdict:
    if not reproduced:
        return "differs"
    return "reproduced with erratum" if errata else "reproduced"


def _complaint(fits: bool, in_order: bool) -> str:
    said = [] if fits else ["the value found is not the published one"]
    return "; ".join(said + ([] if in_order else ["the run is not certified"]))


def _named(name: str, value: object) -> list[tuple[str, float]]:
    """A published value as numbers, each with a name of its own."""
    if isinstance(value, str):
        return [(f"{name} is {value}", 1.0)]
    if isinstance(value, bool | int | float | Fraction):
        return [(name, float(value))]
    return [(f"{name} [{k}]", float(v)) for k, v in enumerate(_sequence(value), 1)]


def _values(name: str, expected: object, found: object) -> list[float]:
    """What was found as numbers, as many as are expected."""
    count = len(_named(name, expected))
    if found is None or (count > 1 and np.ndim(found) == 0):  # type: ignore[arg-type]
        return [np.nan] * count
    if isinstance(expected, str):
        return [float(str(found) == expected)]
    if count == 1 and np.ndim(found) == 0:  # type: ignore[arg-type]
        return [float(found)]  # type: ignore[arg-type]
    values = [float(value) for value in _sequence(found)]
    return values if len(values) == count else [np.nan] * count


def _is_statement(value: object) -> bool:
    first = value[0] if isinstance(value, tuple) else value
    return isinstance(first, bool | str)


def _sequence(value: object) -> Sequence[Any]:
    return list(value)  # type: ignore[call-overload, no-any-return]


def left_out_line(paper: str, left: LeftOut) -> Line:
    """The line of something that is not reproduced."""
    unknown = (np.nan,) * 5
    return Line(
        paper, "left out", left.place, left.what, "", True, *unknown, "", "not reproducible",
        why=left.why,
    )  # fmt: skip


def table(lines: Iterable[Line]) -> pd.DataFrame:
    """The lines as a table, one row each, in their order."""
    names = list(Line.__dataclass_fields__)
    return pd.DataFrame([[getattr(line, name) for name in names] for line in lines], columns=names)
