"""A run's dates worked out anew from its tables, as far as they follow from them."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd

from simulator.certificate import Certificate, Condition
from simulator.codebook import Columns
from simulator.declared import Declared
from simulator.journey import CHARGED_NAME, REDUNDANT_NAME, UNSETTLED_WORDS
from simulator.outcome import Ending, Outcome
from simulator.parameters import Parameters
from simulator.point import DateEnd
from simulator.reopened import Reopened

JUDGED = (Outcome.CLEARED, Outcome.NOT_CERTIFIED, Outcome.NO_TRADE)
"""Ends of dates whose rounds settled: what they count as follows from the certificate."""


@dataclass(frozen=True, slots=True)
class Derived:
    """A run with what follows from its tables worked out anew.

    Attributes
    ----------
    run : Reopened
        The run; dates whose traders were not exported are as the files tell them.
    certified : mapping
        The new certificate of each date whose traders were exported, by its place: what the
        clearing house said of itself is not among its conditions.
    taken : tuple of str
        What was taken from the files because it does not follow from the tables.
    """

    run: Reopened[Parameters]
    certified: Mapping[int, Certificate]
    taken: tuple[str, ...]


def derive(run: Reopened[Any]) -> Derived:
    """Certify every date again, and work out what follows from members, quotes and rounds.

    1. The number of rounds and of evaluations, and quotes that the scenario does not refine, are
       those of the table of rounds.
    2. Certificate, closed form, intervals and read-outs follow from the traders and quotes; what is
       certified are the quotes of the table of dates.
    3. Whether that counts as an equilibrium follows from the certificate.
    """
    scenario = run.scenario
    refined = type(scenario).refine is not Declared.refine
    taken = dict.fromkeys(["dates: knew"])
    ends, certified = [], dict[int, Certificate]()
    last = _last_rounds(run.rounds)
    for place, told in enumerate(run.ends):
        end = _counted(told, last, refined=refined)
        if len(told.point.agents):
            certified[place] = scenario.certify(run.parameters, told.point)
            end = _judged(scenario, run.parameters, end, certified[place])
            read = scenario.read_out(run.parameters, end.point)
            rest = [name for name in told.described if name not in read]
            taken |= dict.fromkeys(f"dates: {name}" for name in rest)
            end = replace(
                end,
                closed_form=scenario.closed_form(run.parameters, end.point) or {},
                intervals=scenario.intervals(run.parameters, end.point),
                described={**told.described, **read},
            )
        ends.append(end)
        taken |= dict.fromkeys(_not_derived(told, refined=refined))
    columns = _columns(run)
    derived = replace(run, ends=tuple(ends), columns=columns)
    return Derived(derived, certified, tuple(taken))


def only_certified(run: Reopened[Parameters]) -> Derived:
    """The run as it is, and its dates certified again: what needs no economy."""
    certified = {
        place: run.scenario.certify(run.parameters, end.point)
        for place, end in enumerate(run.ends)
        if len(end.point.agents)
    }
    return Derived(run, certified, ("all but certificates and digests",))


def _last_rounds(rounds: pd.DataFrame) -> dict[tuple[str, int], dict[Hashable, Any]]:
    """The last round of each date, with the number of its rounds."""
    if not len(rounds):
        return {}
    groups = rounds.groupby(["case", "date"], sort=False)
    last = groups.tail(1).assign(rounds=groups["round"].transform("size"))
    return {(str(row["case"]), int(row["date"])): row for row in last.to_dict("records")}


def _counted(
    told: DateEnd, last: dict[tuple[str, int], dict[Hashable, Any]], *, refined: bool
) -> DateEnd:
    """A date with rounds, evaluations and quotes as the table of rounds has them."""
    row = last.get((told.point.case, told.point.date))
    if row is None:
        return replace(told, rounds=0)
    quotes = told.point.quotes
    if not refined:
        quotes = {name: float(row[name]) for name in quotes}
    return replace(
        told,
        point=replace(told.point, quotes=quotes),
        rounds=int(row["rounds"]),
        evaluations=int(row["evaluations"]),
    )


def _judged(
    scenario: Declared[Parameters], parameters: Parameters, told: DateEnd, again: Certificate
) -> DateEnd:
    """A date judged by its new certificate; conditions of the house are as they were."""
    kept = tuple(c for c in told.certificate.conditions if _of_the_house(c))
    certificate = Certificate((*again.conditions, *kept))
    if told.outcome not in JUDGED or _proved_late(told):
        return replace(told, certificate=certificate)
    if certificate.holds:
        ending = scenario.judge(parameters, told.point)
    else:
        ending = Ending(Outcome.NOT_CERTIFIED, certificate.complaint())
    return replace(told, certificate=certificate, outcome=ending.outcome, reason=ending.reason)


def _of_the_house(condition: Condition) -> bool:
    """Whether a condition was worked out by the clearing house, from orders."""
    return condition.name.startswith((CHARGED_NAME, REDUNDANT_NAME))


def _proved_late(end: DateEnd) -> bool:
    """Whether the reason tells of rounds that had not settled, although the point is proved."""
    return end.point.proved and UNSETTLED_WORDS in end.reason


def _not_derived(told: DateEnd, *, refined: bool) -> Sequence[str]:
    """What of a date does not follow from the tables."""
    taken = [f"certificates: {c.name}" for c in told.certificate.conditions if _of_the_house(c)]
    if told.outcome not in JUDGED or _proved_late(told):
        taken += ["outcome", "reason"]
    if refined:
        taken += [f"dates: {name}" for name in told.point.quotes]
    return taken


def _columns(run: Reopened[Parameters]) -> Columns:
    """What the parts of the economies declare of the columns that they make."""
    rng = np.random.default_rng(run.seed)
    columns = Columns()
    for case in run.scenario.cases(run.parameters):
        economy = case.build(rng)
        columns = columns.with_those_of(economy.columns)
        economy.close()
    return columns
