"""Cases, and the resting points at which their dates end, as data."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.knowledge import Knowledge
from simulator.outcome import Outcome

AGENTS_LIMIT = 1_000_000
"""Traders that a run shows one by one; of more, it shows a sample."""

AGENTS_SAMPLE = 90_000
"""Rows of that sample."""

AGENTS_KEPT = 5_000_000
"""Rows of traders that a run keeps over all dates, about 1 GB; of more, those of last dates."""

ScenarioEconomy = Economy[object, object, object]
"""An economy of any terms, quotes and book; a scenario knows its own."""

Proof = Mapping[str, object]
"""A JSON document."""

UNPROVED = "not proved"
"""Key of the reason why there is no proof, in a document that takes its place."""


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
    build: Callable[[np.random.Generator], ScenarioEconomy]
    announcements: Sequence[Mapping[str, object]]


@dataclass(frozen=True, slots=True)
class RestingPoint:
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
        Holdings and primitives, one row per trader (or slice of a continuum).
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
    proof: Proof | None = None

    @property
    def proved(self) -> bool:
        """Whether there is a proof, rather than nothing or the reason why there is none."""
        return self.proof is not None and UNPROVED not in self.proof


@dataclass(frozen=True, slots=True)
class DateEnd:
    """How a date of a case ended.

    Attributes
    ----------
    point : RestingPoint
        Where it ended; of scenarios with many dates the table of traders may have been dropped.
    outcome : Outcome
        ``CLEARED`` only if the markets cleared and the certificate holds.
    reason : str
        Which condition decided the outcome, in a sentence. Where it is cleared: empty, or that
        the rounds had not settled and the point is proved all the same.
    certificate : Certificate
        Every condition of the equilibrium.
    closed_form : mapping
        Quotes and read-outs of the closed form, by name; empty where there is none.
    described : mapping
        What the scenario tells of the date: columns of the table of dates, and mappings that have
        no column.
    rounds, evaluations : int
        Rounds at this date, and how often traders were asked for orders.
    knew : Knowledge
        The most that the rule was told at this date.
    intervals : mapping
        For each quote of something that nobody trades, the lowest and the highest at which, all
        else as it is, nobody would trade it.
    stopped : BaseException, optional
        What stopped it: in a round, or in its certificate, which has no conditions then.
    """

    point: RestingPoint
    outcome: Outcome
    reason: str
    certificate: Certificate
    closed_form: Mapping[str, float]
    described: Mapping[str, object]
    rounds: int
    evaluations: int
    knew: Knowledge = Knowledge.EXCESS_DEMAND
    intervals: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    stopped: BaseException | None = None


def at_rest(case: str, economy: ScenarioEconomy) -> RestingPoint:
    """The economy's resting point as data."""
    cohorts = economy.cohorts
    members = economy.members
    complete = members <= AGENTS_LIMIT
    tables = [
        cohort.table(None if complete else AGENTS_SAMPLE * cohort.members // members)
        for cohort in cohorts
        if economy.traded
    ]
    agents = pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()
    agents.insert(0, "case", case)
    agents.insert(1, "date", economy.date)
    return RestingPoint(case, economy.date, dict(economy.quotes), agents, complete)
