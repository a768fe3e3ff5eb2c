"""What a scenario is: a published economy with parameters, a closed form and a certificate."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.page_plan import Page
from simulator.parameters import Parameters

if TYPE_CHECKING:
    from simulator.run import Run


@dataclass(frozen=True, slots=True)
class Case:
    """One economy of a scenario, taken through its dates.

    Attributes
    ----------
    name : str
        Label in the column ``case`` of every table.
    build : callable
        Makes the economy as it stands at the first date, from the one random generator.
    announcements : sequence of mappings
        What the clearing house announces at each date, as keyword arguments of
        :meth:`simulator.economy.Economy.announce`; the first is already built in.
    """

    name: str
    build: Callable[[np.random.Generator], Economy]
    announcements: Sequence[Mapping[str, Any]]


@dataclass(frozen=True, slots=True)
class Resting:
    """A resting point as data: all that certificates and read-outs may look at.

    Attributes
    ----------
    case : str
        Name of the case.
    date : int
        Date within the case, from 1.
    quotes : mapping
        The quotes by name.
    agents : pandas.DataFrame
        Holdings and primitives, a row a trader (or slice of a continuum).
    complete : bool
        Whether the table shows every trader, or a sample.
    proof : mapping, optional
        A proof that the certificate can check instead of the tables alone, as a JSON document.
    """

    case: str
    date: int
    quotes: Mapping[str, float]
    agents: pd.DataFrame
    complete: bool
    proof: Mapping[str, Any] | None = None


def _as_it_is(parameters: Any, resting: Resting) -> Resting:
    """The resting point itself."""
    return resting


def _cleared(parameters: Any, resting: Resting) -> Outcome:
    """A certified resting point is an equilibrium."""
    return Outcome.CLEARED


def _no_tables(run: Run) -> Mapping[str, pd.DataFrame]:
    """No tables besides those of every run."""
    return {}


@dataclass(frozen=True, slots=True)
class Scenario:
    """A published economy that can be run.

    Attributes
    ----------
    name, summary, source : str
        Its name in the command, a line on what it shows, and the paper.
    parameters : type
        Pydantic model of its parameters.
    cases : callable
        Parameters to the cases to run.
    describe : callable
        Parameters, the economy at rest and the resting point to further columns of the table of
        dates. A value that is itself a mapping has no column: it goes to ``Run.details`` and JSON.
    closed_form : callable
        Parameters and the resting point to the quotes (and read-outs) of the paper's closed form,
        by name; None where there is none. The page asks before anybody has traded: then the
        table of traders is empty and only what case and date tell can be answered.
    certify : callable
        Parameters and the resting point to its certificate.
    figures : callable
        A run to figures by file name.
    report : callable, optional
        A run to one more table that the command prints and an export holds.
    refine : callable
        Parameters and the resting point to the one it approaches, with a proof if there is one;
        the resting point itself unless given.
    judge : callable
        Parameters and a certified resting point to the outcome that it counts as.
    tables : callable
        A run to further tables by name, exported beside the others.
    caution : str
        What a reader of the results should keep in mind, if anything.
    headline : sequence of str
        Columns of the table of dates that the command prints after quotes.
    traders_shown : {"every date", "last date"}
        Dates whose traders a run keeps one by one; scenarios of thousands of dates keep the last
        of each case. Every date is certified all the same.
    page : Page, optional
        What it shows in the browser; without one it can't be watched there.
    """

    name: str
    summary: str
    source: str
    parameters: type[Parameters]
    cases: Callable[[Any], Sequence[Case]]
    describe: Callable[[Any, Economy, Resting], Mapping[str, Any]]
    closed_form: Callable[[Any, Resting], Mapping[str, float] | None]
    certify: Callable[[Any, Resting], Certificate]
    figures: Callable[[Run], Mapping[str, Figure]]
    report: Callable[[Run], pd.DataFrame] | None = None
    refine: Callable[[Any, Resting], Resting] = _as_it_is
    judge: Callable[[Any, Resting], Outcome] = _cleared
    tables: Callable[[Run], Mapping[str, pd.DataFrame]] = _no_tables
    caution: str = ""
    headline: Sequence[str] = field(default=())
    traders_shown: Literal["every date", "last date"] = "every date"
    page: Page | None = None
