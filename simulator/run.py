"""A run: every case of a scenario taken through its dates, and what that leaves behind."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from markets.refused import Refused
from simulator.declared import Declared
from simulator.export import SCREEN, Format, export
from simulator.journey import Opened, Round, travel, without_traders
from simulator.point import DateEnd, ScenarioEconomy
from simulator.results import EQUILIBRIA, P, Results
from simulator.search import search

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
    def report(self) -> pd.DataFrame | None:
        """The scenario's own table, if it has one."""
        return self.scenario.report(self)

    @property
    def summary(self) -> str:
        """What happened, in one sentence."""
        return self.scenario.summary(self)

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


def simulate(
    scenario: Declared[P],
    parameters: P,
    *,
    seed: int = 0,
    progress: Progress | None = None,
    studies: bool = True,
    starts: int = 1,
) -> Run[P]:
    """Run every case of a scenario through its dates.

    What stops it before the end (Ctrl-C, a defect of the program) is in ``Run.error``, with the
    record so far; only input that can't be used raises.

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

    Raises
    ------
    Refused
        If an economy can't be built from the parameters.
    """
    rng = np.random.default_rng(seed)
    ends: list[DateEnd] = []
    rounds: list[pd.DataFrame] = []
    units: dict[str, str] = {}
    error: BaseException | None = None
    for case in scenario.cases(parameters):
        economy: ScenarioEconomy | None = None
        try:
            for event in travel(scenario, parameters, case, rng):
                if isinstance(event, Opened):
                    economy = event.economy
                elif isinstance(event, DateEnd):
                    last = event.point.date == len(case.announcements)
                    kept = scenario.traders_shown == "every date" or last
                    ends.append(event if kept else without_traders(event))
                elif progress is not None:
                    progress(event)
        except (Exception, KeyboardInterrupt) as stopped:
            if isinstance(stopped, Refused) and economy is None:
                raise
            error = stopped
        if economy is not None:
            units |= {quote.name: quote.unit for quote in economy.market.quotes}
            if economy.record is not None:
                table = economy.record.frame()
                named = pd.Series(case.name, index=table.index, name="case")
                rounds.append(pd.concat([named, table], axis=1))
            economy.close()
        if error is not None:
            break
    run = Run(
        title=scenario.title,
        parameters=parameters,
        seed=seed,
        ends=tuple(ends),
        rounds=pd.concat(rounds, ignore_index=True) if rounds else pd.DataFrame(),
        units=units,
        error=error,
        scenario=scenario,
    )
    if error is not None:
        return run
    studied: dict[str, pd.DataFrame] = {}
    try:
        if studies:
            studied |= scenario.studies(parameters, np.random.default_rng(seed))
            studied |= scenario.studies_at_rest(run)
        if starts > 1:
            studied[EQUILIBRIA] = search(scenario, parameters, starts, seed)
    except (Exception, KeyboardInterrupt) as stopped:  # noqa: BLE001 - it is in Run.error
        return replace(run, error=stopped)
    return replace(run, studies=studied)
