"""The results of a run: tables, certificates and outcomes, as data."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Final, Generic

import numpy as np
import pandas as pd
from typing_extensions import TypeVar

from simulator.certificate import Certificate
from simulator.codebook import Columns
from simulator.outcome import Outcome, stopped_by, stopped_in
from simulator.parameters import Parameters
from simulator.point import DateEnd, Proof, RestingPoint
from simulator.title import Title

EQUILIBRIA = "equilibria"
"""Name of the study that lists the equilibria found from several starts."""

ENDS_SHOWN: Final = 10
"""Dates that a notebook shows."""

P = TypeVar("P", bound=Parameters, default=Parameters)
"""The parameters of a scenario."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What a run was asked for beside parameters and seed.

    Attributes
    ----------
    studies : bool
        Whether to work out tables over a range of a parameter.
    starts : int
        From how many starts to look for equilibria.
    """

    studies: bool = True
    starts: int = 1


@dataclass(frozen=True)
class Results(Generic[P]):
    """What a run found.

    Attributes
    ----------
    title : Title
        The scenario's name, summary and source.
    parameters : Parameters
        With which parameters it was run.
    seed : int
        Seed of the one random generator.
    ends : tuple of DateEnd
        How every date of every case ended, in order.
    rounds : pandas.DataFrame
        One row per round. The column ``case`` tells economies apart, ``date`` counts from 1.
    studies : mapping
        Tables over a range of a parameter, by name, if the scenario declares some.
    columns : Columns
        What the economies declare of the columns that they make.
    error : BaseException, optional
        What stopped the run before its end: an interrupt, a defect of the program, too little time
        or memory. After a defect in a certificate the run goes on; the first is kept here, too.
    asked : Asked
        What it was asked for beside parameters and seed.
    """

    title: Title
    parameters: P
    seed: int
    ends: tuple[DateEnd, ...]
    rounds: pd.DataFrame
    studies: Mapping[str, pd.DataFrame] = field(default_factory=dict)
    columns: Columns = field(default_factory=Columns)
    error: BaseException | None = None
    asked: Asked = Asked()

    @property
    def outcome(self) -> Outcome:
        """How it ended: the first date that did not end in a certified equilibrium tells."""
        return outcome_of(self.ends, self.error)

    @property
    def finished(self) -> bool:
        """Whether nothing stopped it, in a round, in a certificate or afterwards."""
        return self.error is None and all(end.stopped is None for end in self.ends)

    @property
    def reason(self) -> str:
        """What decided the outcome, in a sentence; empty where all dates cleared."""
        if self.error is not None and all(end.stopped is not self.error for end in self.ends):
            if self.outcome is not Outcome.DEFECT:
                return stopped_in(self.error, "what follows the dates recorded").reason
            return f"{type(self.error).__name__}: {self.error}"
        failed = [end for end in self.ends if end.outcome is not Outcome.CLEARED]
        if not failed:
            return ""
        point = failed[0].point
        where = f"{point.case}, date {point.date}: " if len(self.ends) > 1 else ""
        return where + failed[0].reason

    @property
    def points(self) -> tuple[RestingPoint, ...]:
        """The resting points, one per date."""
        return tuple(end.point for end in self.ends)

    @property
    def points_with_traders(self) -> tuple[RestingPoint, ...]:
        """The resting points whose traders are kept one by one."""
        return tuple(point for point in self.points if len(point.agents))

    @property
    def certificates(self) -> tuple[Certificate, ...]:
        """The certificates, one per date."""
        return tuple(end.certificate for end in self.ends)

    @property
    def certificate(self) -> Certificate:
        """All certificates in one: of each condition the date at which it holds least well."""
        return Certificate.worst_of(self.certificates)

    @property
    def details(self) -> tuple[Mapping[str, object], ...]:
        """What the scenario tells of each date that has no column in the table of dates."""
        return tuple(
            {name: value for name, value in end.described.items() if isinstance(value, Mapping)}
            for end in self.ends
        )

    @property
    def proofs(self) -> tuple[Proof | None, ...]:
        """The proof that each certificate checked, or None."""
        return tuple(point.proof for point in self.points)

    @property
    def complete(self) -> bool:
        """Whether ``agents`` shows every trader of the dates that it shows."""
        return all(point.complete for point in self.points)

    @cached_property
    def dates(self) -> pd.DataFrame:
        """One row per date: quotes, what the scenario tells, closed form, outcome."""
        return pd.DataFrame([row_of(end) for end in self.ends])

    @cached_property
    def agents(self) -> pd.DataFrame:
        """One row per trader and date."""
        tables = [point.agents for point in self.points_with_traders]
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()

    @property
    def equilibrium(self) -> dict[str, float]:
        """The quotes at the last date."""
        return dict(self.points[-1].quotes)

    @property
    def closed_form(self) -> dict[str, float] | None:
        """The closed form at the last date, by quote; None where there is none."""
        return self.closed_forms(len(self.ends) - 1)

    @property
    def quote_names(self) -> list[str]:
        """Names of the quotes, in the order of the table of dates; cases may lack some."""
        return list(dict.fromkeys(name for point in self.points for name in point.quotes))

    @property
    def units(self) -> dict[str, str]:
        """Unit of every quote by its name."""
        return {quote.name: quote.unit for quote in self.columns.quotes}

    def quotes(self, row: int) -> dict[str, float]:
        """The quotes in a row of the table of dates."""
        return dict(self.points[row].quotes)

    def closed_forms(self, row: int) -> dict[str, float] | None:
        """The closed form beside a row of the table of dates."""
        closed = self.ends[row].closed_form.items()
        return {name: float(v) for name, v in closed if np.isfinite(v)} or None

    def __repr__(self) -> str:
        """A line that says what was run and how it ended."""
        return (
            f"<{type(self).__name__} {self.title.name}, seed {self.seed}: {self.outcome},"
            f" {len(self.ends)} dates, {len(self.rounds)} rounds>"
        )

    def _repr_html_(self) -> str:
        """How it ended, and quotes beside the closed form at the last dates, for notebooks."""
        from simulator.document.document import Facts, Table
        from simulator.document.web import fragment

        certified = sum(end.certificate.holds for end in self.ends)
        ended = {
            "scenario": f"{self.title.name}: {self.title.summary}",
            "outcome": str(self.outcome),
            "certified": f"{certified} of {len(self.ends)} dates",
        }
        if self.outcome is not Outcome.CLEARED:
            ended |= {"reason": self.reason, "what to try": self.outcome.advice}
        shown = (
            (e.point.case, e.point.date, e.point.quotes, e.closed_form, e.certificate.holds)
            for e in self.ends[-ENDS_SHOWN:]
        )
        quotes = beside_closed_form(shown, self.units)
        left = f" at the last {ENDS_SHOWN} of {len(self.ends)} dates"
        caption = "Quotes" + left * (len(self.ends) > ENDS_SHOWN)
        return fragment(Facts(ended), *([Table(quotes, caption)] if len(quotes) else []))

    def to_json(self) -> dict[str, object]:
        """The run as one JSON document."""
        return {
            "scenario": self.title.name,
            "parameters": self.parameters.model_dump(mode="json"),
            "seed": self.seed,
            "outcome": str(self.outcome),
            "reason": self.reason,
            "advice": self.outcome.advice,
            "rounds": len(self.rounds),
            "dates": [_json(end) for end in self.ends],
            "studies": {
                name: [_plain(row) for row in table.to_dict("records")]
                for name, table in self.studies.items()
            },
        }


def beside_closed_form(
    dates: Iterable[
        tuple[str, int, Mapping[str, float | None], Mapping[str, float | None] | None, bool]
    ],
    units: Mapping[str, str],
) -> pd.DataFrame:
    """A row per date and quote, beside the closed form.

    Parameters
    ----------
    dates : iterable of tuples
        Case, date, quotes, their closed form if there is one, and whether the date is certified.
    units : mapping
        Unit of every quote by its name.
    """
    names = ["case", "date", "quote", "unit", "simulated", "closed_form", "certified"]
    rows = [
        [case, date, name, units.get(name, ""), value, (closed or {}).get(name), certified]
        for case, date, quotes, closed, certified in dates
        for name, value in quotes.items()
    ]
    table = pd.DataFrame(rows, columns=names)
    table = table.astype({"simulated": "float64", "closed_form": "float64"})
    table.insert(6, "difference", table["simulated"] - table["closed_form"])
    return table


def outcome_of(ends: Sequence[DateEnd], error: BaseException | None) -> Outcome:
    """How a run ended: the first date that did not end in a certified equilibrium tells."""
    if error is not None:
        return stopped_by(error)
    return next((e.outcome for e in ends if e.outcome is not Outcome.CLEARED), Outcome.CLEARED)


def row_of(end: DateEnd) -> dict[str, object]:
    """One row of the table of dates."""
    described = {
        name: value for name, value in end.described.items() if not isinstance(value, Mapping)
    }
    known = {**end.point.quotes, **described}
    row: dict[str, object] = {"case": end.point.case, "date": end.point.date, **known}
    row |= {f"closed_{name}": value for name, value in end.closed_form.items()}
    for name, value in end.closed_form.items():
        simulated = known.get(name)
        if isinstance(simulated, (int, float)):
            row[f"difference_{name}"] = simulated - value
    for name, (lowest, highest) in end.intervals.items():
        row |= {f"lowest_{name}": lowest, f"highest_{name}": highest}
    return row | {
        "rounds": end.rounds,
        "evaluations": end.evaluations,
        "knew": str(end.knew),
        "outcome": str(end.outcome),
        "certified": end.certificate.holds,
    }


def _json(end: DateEnd) -> dict[str, object]:
    quotes = end.point.quotes
    row = {
        name: value
        for name, value in row_of(end).items()
        if name not in quotes
        and not name.startswith(("closed_", "difference_", "lowest_", "highest_"))
    }
    details = {name: value for name, value in end.described.items() if isinstance(value, Mapping)}
    closed = {name: float(v) for name, v in end.closed_form.items() if np.isfinite(v)}
    return {
        **{name: _plain(value) for name, value in (row | details).items()},
        "reason": end.reason,
        "quotes": _plain(quotes),
        "closed_form": closed or None,
        "intervals": {
            name: {"lowest": _plain(lowest), "highest": _plain(highest)}
            for name, (lowest, highest) in end.intervals.items()
        },
        "certificate": end.certificate.to_json(),
    }


def _plain(value: object) -> object:
    """A value as JSON knows it; numbers that are none become null."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
