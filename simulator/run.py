"""A run: every case of a scenario taken through its dates, and what that leaves behind."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markets.refused import Refused
from simulator.codebook import Columns, codebook
from simulator.declared import Declared
from simulator.export import SCREEN, TABLES, Format, export, further_tables, name_of
from simulator.journey import USED_UP, Opened, Round, cut_short, travel, without_traders
from simulator.long_table import long_table
from simulator.memory import check_bytes
from simulator.outcome import Outcome
from simulator.point import AGENTS_KEPT, DateEnd, ScenarioEconomy
from simulator.record import Record
from simulator.results import EQUILIBRIA, Asked, P, Results
from simulator.search import START_BYTES, search
from simulator.stopping import INTERRUPTS, check, stoppable, unstoppable
from simulator.threads import one_thread
from simulator.time_limit import NO_LIMIT, OutOfTime, TimeLimit

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Progress = Callable[[Round], None]
"""Called after every round."""


@dataclass(frozen=True, repr=False)
class Run(Results[P]):
    """The results of a run, with the scenario that can plot and export them.

    See :class:`simulator.results.Results` for tables, certificates and outcome.
    """

    scenario: Declared[P] = None  # type: ignore[assignment]

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Further tables of the scenario, by name."""
        return self.scenario.tables(self)

    @property
    def printed(self) -> pd.DataFrame | None:
        """The scenario's own table, which the command prints, if it has one and was not stopped."""
        return self.scenario.report(self) if self.finished else None

    @property
    def all_tables(self) -> Mapping[str, pd.DataFrame]:
        """Every table that an export holds, by name; of an unfinished run the first three."""
        tables: dict[str, pd.DataFrame] = {name: getattr(self, name) for name in TABLES}
        if self.finished and len(self.agents):
            tables |= further_tables(self, self.scenario)
        return tables

    @property
    def codebook(self) -> pd.DataFrame:
        """Every column of every table: unit, meaning, type and who declares it."""
        return codebook(self.all_tables, self.columns, self.scenario.variables)

    def tidy(self) -> dict[str, pd.DataFrame]:
        """Every table in long form, by name; see :func:`simulator.long_table.long_table`."""
        book = self.codebook
        return {
            name: long_table(table, book[book["table"] == name], name_of(self))
            for name, table in self.all_tables.items()
        }

    @property
    def summary(self) -> str:
        """What happened, in one sentence."""
        if self.finished:
            return self.scenario.summary(self)
        return f"stopped, with {len(self.ends)} dates and {len(self.rounds)} rounds recorded"

    def plot(self) -> Mapping[str, Figure]:
        """The figures of the scenario, by name."""
        return self.scenario.all_figures(self)

    def export(
        self, folder: str | Path = "runs", *, plots: bool = True, form: Format = SCREEN
    ) -> Path:
        """Write tables, figures and manifest to a new folder inside ``folder``.

        Returns
        -------
        pathlib.Path
            The folder of this run, named by the scenario and a digest of parameters and seed.

        Raises
        ------
        Refused
            If ``folder`` is a file or can't be written to.
        """
        return export(self, self.scenario, Path(folder), form if plots else None)

    def report(self, to: str | Path) -> tuple[Path, ...]:
        """Write a report on this run, as ``walras report`` does of its exported folder.

        Parameters
        ----------
        to : str or Path
            A file that ends in ``.html`` or ``.pdf``, or a folder for both.

        Returns
        -------
        tuple of pathlib.Path
            The files written.

        Raises
        ------
        Refused
            If ``to`` can't be written to.
        """
        from simulator.run_report import run_report, write_report

        with tempfile.TemporaryDirectory() as temporary:
            folder = self.export(temporary, form=Format(kinds=("png",)))
            return write_report(run_report(folder)[0], folder.name, Path(to))


@dataclass(frozen=True)
class Travelled:
    """What is left of the journeys through all cases.

    Attributes
    ----------
    ends : tuple of DateEnd
        How every date of every case ended, in order.
    records : tuple
        Name of each case, and the record of its rounds.
    columns : Columns
        What the economies declare of the columns that they make.
    error : BaseException, optional
        What stopped it before its end.
    """

    ends: tuple[DateEnd, ...]
    records: tuple[tuple[str, Record], ...]
    columns: Columns
    error: BaseException | None

    @property
    def rounds(self) -> pd.DataFrame:
        """One row per round of every case."""
        tables = []
        for case, record in self.records:
            table = record.frame()
            tables.append(
                pd.concat([pd.Series(case, index=table.index, name="case"), table], axis=1)
            )
        return pd.concat(tables, ignore_index=True) if tables else pd.DataFrame()


@unstoppable()
@one_thread()
def travel_all(
    scenario: Declared[P],
    parameters: P,
    rng: np.random.Generator,
    *,
    progress: Progress | None = None,
    time_limit: TimeLimit = NO_LIMIT,
) -> Travelled:
    """Take every case of a scenario through its dates.

    Traders of every date are kept, unless the scenario says otherwise, up to ``AGENTS_KEPT`` rows
    in all; of more, those of the last date of each case. Every date is certified all the same.

    What stops it before the end is in ``Travelled.error``, with the record so far; signals wait
    outside of the rounds.

    Raises
    ------
    Refused
        If an economy can't be built from the parameters.
    """
    ends: list[DateEnd] = []
    records: list[tuple[str, Record]] = []
    columns = Columns()
    error: BaseException | None = None
    shown = 0
    try:
        cases = scenario.cases(parameters)
        every_date = scenario.shows_traders(parameters) == "every date"
    except (MemoryError, OutOfTime) as stopped:
        return Travelled((), (), columns, stopped)
    for case in cases:
        economy: ScenarioEconomy | None = None
        try:
            with stoppable():
                for event in travel(scenario, parameters, case, rng, time_limit):
                    check()
                    if isinstance(event, Opened):
                        economy = event.economy
                    elif isinstance(event, DateEnd):
                        ends.append(event)
                        shown += len(event.point.agents)
                        if not every_date:
                            ends[-2:] = _last_dates(ends[-2:])
                        elif shown > AGENTS_KEPT:
                            every_date, ends = False, _last_dates(ends)
                    elif progress is not None:
                        progress(event)
        except (MemoryError, OutOfTime) as stopped:
            cut = cut_short(case, economy, stopped)
            if any((e.point.case, e.point.date) == (case.name, cut.point.date) for e in ends[-1:]):
                error = stopped  # between two dates
            else:
                ends.append(cut)
        except (Exception, *INTERRUPTS) as stopped:
            if isinstance(stopped, Refused) and economy is None:
                raise
            error = stopped
        if economy is not None:
            columns = columns.with_those_of(economy.columns)
            if economy.record is not None:
                records.append((case.name, economy.record))
            economy.close()
        if error is not None or (ends and ends[-1].outcome in USED_UP):
            break
    if error is None:  # a defect in a certificate
        error = next((e.stopped for e in ends if e.outcome is Outcome.DEFECT), None)
    return Travelled(tuple(ends), tuple(records), columns, error)


def _last_dates(ends: Sequence[DateEnd]) -> list[DateEnd]:
    """The same ends with the traders of the last date of each case only."""
    earlier = [
        without_traders(end) if end.point.case == after.point.case else end
        for end, after in pairwise(ends)
    ]
    return [*earlier, ends[-1]]


@unstoppable()
@one_thread()
def simulate(
    scenario: Declared[P],
    parameters: P,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    studies: bool = True,
    starts: int = 1,
    time_limit: float | None = None,
) -> Run[P]:
    """Run every case of a scenario through its dates.

    What stops it before the end (a signal, a defect of the program) is in ``Run.error``, with the
    record so far; time or memory that is used up is an outcome. Only input that can't be used
    raises.

    Parameters
    ----------
    scenario : Declared
        What to run.
    parameters : Parameters
        An instance of ``scenario.parameters``.
    seed : int
        Seed of the one random generator; the same seed gives the same run.
    progress : callable, optional
        Called after every round.
    studies : bool
        Whether to work out the scenario's tables over a range of a parameter, too.
    starts : int
        With more than one, the study ``equilibria`` lists the resting points found from so many
        starts, see :func:`simulator.search.search`.
    time_limit : float, optional
        Seconds after which rounds go on no longer: the date ends with the outcome ``OUT_OF_TIME``,
        and studies are left out. A round, certificate or study that is under way then has a tenth
        of that, at least a second, to end; see :class:`simulator.time_limit.TimeLimit`. No limit
        if it is 0 or None.

    Raises
    ------
    Refused
        If an economy can't be built from the parameters.
    """
    limit = TimeLimit.of(time_limit)
    check_bytes("starts", starts, START_BYTES * starts)
    with limit.stopping():
        travelled = travel_all(
            scenario, parameters, np.random.default_rng(seed), progress=progress, time_limit=limit
        )
    run = Run(
        title=scenario.title,
        parameters=parameters,
        seed=seed,
        ends=travelled.ends,
        rounds=travelled.rounds,
        columns=travelled.columns,
        error=travelled.error,
        asked=Asked(studies, starts),
        scenario=scenario,
    )
    if run.error is not None or run.outcome in USED_UP:
        return run
    studied: dict[str, pd.DataFrame] = {}
    try:
        with stoppable(), limit.stopping():
            if studies:
                studied |= scenario.studies(parameters, np.random.default_rng(seed))
                studied |= scenario.studies_at_rest(run)
            if starts > 1:
                studied[EQUILIBRIA] = search(scenario, parameters, starts, seed)
    except (Exception, OutOfTime, *INTERRUPTS) as stopped:  # noqa: BLE001 - it is in Run.error
        return replace(run, error=stopped)
    return replace(run, studies=studied)
