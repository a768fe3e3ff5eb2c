"""A run: rounds at every date, a certificate at every resting point, and what they leave."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from simulator.certificate import Certificate
from simulator.economy import Economy
from simulator.outcome import Outcome
from simulator.parameters import Parameters
from simulator.scenario import Case, Resting, Scenario

AGENTS_LIMIT = 1_000_000
"""Traders that a run shows one by one; of more, it shows a sample."""

AGENTS_SAMPLE = 90_000
"""Rows of that sample."""

Progress = Callable[[str], None]


@dataclass(frozen=True)
class Run:
    """What a run leaves behind.

    Attributes
    ----------
    scenario : Scenario
        What was run.
    parameters : Parameters
        With which parameters.
    seed : int
        Seed of the one random generator.
    outcome : Outcome
        How it ended: the first date that did not end in a certified equilibrium tells.
    rounds, dates, agents : pandas.DataFrame
        Tidy tables: a row a round, a row a date, a row a trader and date. The column ``case``
        tells economies apart, ``date`` counts from 1.
    certificates : tuple of Certificate
        One a row of ``dates``.
    details : tuple of mapping
        What the scenario tells of each row of ``dates`` that has no column, by name.
    complete : bool
        Whether ``agents`` shows every trader of the dates that it shows.
    proofs : tuple
        One a row of ``dates``: the proof that its certificate checked, or None.
    """

    scenario: Scenario
    parameters: Parameters
    seed: int
    outcome: Outcome
    rounds: pd.DataFrame
    dates: pd.DataFrame
    agents: pd.DataFrame
    certificates: tuple[Certificate, ...]
    details: tuple[Mapping[str, Any], ...]
    complete: bool
    proofs: tuple[Mapping[str, Any] | None, ...] = ()

    @property
    def certificate(self) -> Certificate:
        """All certificates in one: of each condition the date at which it holds least well."""
        return Certificate.worst_of(self.certificates)

    @property
    def equilibrium(self) -> dict[str, float]:
        """The quotes at the last date."""
        return self.quotes(len(self.dates) - 1)

    @property
    def closed_form(self) -> dict[str, float] | None:
        """The closed form at the last date, by quote; None where there is none."""
        return self.closed_forms(len(self.dates) - 1)

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Further tables of the scenario, by name."""
        return self.scenario.tables(self)

    @property
    def quote_names(self) -> list[str]:
        """Names of the quotes, in the order of the table of dates; cases may lack some."""
        return list(self.dates.attrs["quotes"])

    def quotes(self, row: int) -> dict[str, float]:
        """The quotes in a row of the table of dates."""
        values = {name: float(self.dates[name].iloc[row]) for name in self.quote_names}
        return {name: value for name, value in values.items() if np.isfinite(value)}

    def closed_forms(self, row: int) -> dict[str, float] | None:
        """The closed form beside a row of the table of dates."""
        columns = [c for c in self.dates.columns if c.startswith("closed_")]
        values = {c.removeprefix("closed_"): float(self.dates[c].iloc[row]) for c in columns}
        known = {name: value for name, value in values.items() if np.isfinite(value)}
        return known or None

    def plot(self) -> Mapping[str, Figure]:
        """The figures of the scenario, by name."""
        return self.scenario.figures(self)

    def export(self, folder: str | Path = "runs", *, plots: bool = True) -> Path:
        """Write tables, figures and manifest to a new folder inside ``folder``.

        Returns
        -------
        pathlib.Path
            The folder of this run, named by the scenario and a digest of parameters and seed.

        Raises
        ------
        ValueError
            If ``folder`` is a file or can't be written to.
        """
        from simulator.export import export

        return export(self, Path(folder), plots=plots)

    def to_json(self) -> dict[str, Any]:
        """The run as one JSON document."""
        return {
            "scenario": self.scenario.name,
            "parameters": self.parameters.model_dump(mode="json"),
            "seed": self.seed,
            "outcome": str(self.outcome),
            "advice": self.outcome.advice,
            "rounds": len(self.rounds),
            "dates": [self._date_json(row) for row in range(len(self.dates))],
        }

    def _date_json(self, row: int) -> dict[str, Any]:
        quotes = self.quotes(row)
        told = {
            str(name): _plain(value)
            for name, value in self.dates.iloc[row].items()
            if name not in quotes and not str(name).startswith(("closed_", "difference_"))
        }
        return {
            **told,
            **{name: _plain(value) for name, value in self.details[row].items()},
            "quotes": quotes,
            "closed_form": self.closed_forms(row),
            "certificate": self.certificates[row].to_json(),
        }


def simulate(
    scenario: Scenario,
    parameters: Parameters,
    *,
    seed: int = 0,
    progress: Progress | None = None,
) -> Run:
    """Run every case of a scenario through its dates.

    Parameters
    ----------
    scenario : Scenario
        What to run.
    parameters : Parameters
        An instance of ``scenario.parameters``.
    seed : int
        Seed of the one random generator; the same seed gives the same run.
    progress : callable, optional
        Is told, in words, what happens next.
    """
    rng = np.random.default_rng(seed)
    rounds, agents, rows, details, certificates, outcomes = [], [], [], [], [], []
    proofs: list[Mapping[str, Any] | None] = []
    complete, quote_names = True, dict[str, None]()
    for case in scenario.cases(parameters):
        economy = case.build(rng)
        for date, announcement in enumerate(case.announcements, start=1):
            if progress is not None:
                progress(f"{case.name}, date {date} of {len(case.announcements)}")
            if date > 1:
                economy.announce(**announcement)
            outcome = economy.clear(parameters.max_rounds)
            resting = scenario.refine(parameters, at_rest(case, date, economy))
            certificate = scenario.certify(parameters, resting)
            if outcome is Outcome.CLEARED:
                outcome = (
                    scenario.judge(parameters, resting)
                    if certificate.holds
                    else Outcome.NOT_CERTIFIED
                )
            row = _date_row(scenario, parameters, economy, resting, outcome, certificate)
            details.append({k: row.pop(k) for k, v in [*row.items()] if isinstance(v, Mapping)})
            rows.append(row)
            if scenario.traders_shown == "every date" or date == len(case.announcements):
                agents.append(resting.agents)
            certificates.append(certificate)
            proofs.append(resting.proof)
            outcomes.append(outcome)
            complete = complete and resting.complete
        assert economy.record is not None
        table = economy.record.frame()
        table.insert(0, "case", case.name)
        rounds.append(table)
        quote_names |= dict.fromkeys(economy.quotes)
        economy.close()
    dates = pd.DataFrame(rows)
    dates.attrs["quotes"] = list(quote_names)
    failed = [outcome for outcome in outcomes if outcome is not Outcome.CLEARED]
    return Run(
        scenario=scenario,
        parameters=parameters,
        seed=seed,
        outcome=failed[0] if failed else Outcome.CLEARED,
        rounds=pd.concat(rounds, ignore_index=True),
        dates=dates,
        agents=pd.concat(agents, ignore_index=True),
        certificates=tuple(certificates),
        details=tuple(details),
        complete=complete,
        proofs=tuple(proofs),
    )


def at_rest(case: Case, date: int, economy: Economy) -> Resting:
    """The economy's resting point as data."""
    cohorts = economy.cohorts
    members = sum(cohort.members for cohort in cohorts)
    complete = members <= AGENTS_LIMIT
    tables = [
        cohort.table(None if complete else AGENTS_SAMPLE * cohort.members // members)
        for cohort in cohorts
    ]
    agents = pd.concat(tables, ignore_index=True)
    agents.insert(0, "case", case.name)
    agents.insert(1, "date", date)
    return Resting(case.name, date, dict(economy.quotes), agents, complete)


def _date_row(
    scenario: Scenario,
    parameters: Parameters,
    economy: Economy,
    resting: Resting,
    outcome: Outcome,
    certificate: Certificate,
) -> dict[str, Any]:
    """One row of the table of dates."""
    closed = scenario.closed_form(parameters, resting) or {}
    row: dict[str, Any] = {
        "case": resting.case,
        "date": resting.date,
        **resting.quotes,
        **scenario.describe(parameters, economy, resting),
    }
    row |= {f"closed_{name}": value for name, value in closed.items()}
    row |= {
        f"difference_{name}": row[name] - value for name, value in closed.items() if name in row
    }
    return row | {
        "rounds": economy.round,
        "polish": economy.polished,
        "outcome": str(outcome),
        "certified": certificate.holds,
    }


def _plain(value: Any) -> Any:
    """A value as JSON knows it; numbers that are none become null."""
    if isinstance(value, Mapping):
        return {name: _plain(part) for name, part in value.items()}
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and not np.isfinite(value):
        return None
    return value
