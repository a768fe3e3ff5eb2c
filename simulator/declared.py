"""What a scenario declares; the run, the command, the page and the export know nothing else."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Generic, Literal

if TYPE_CHECKING:
    import numpy as np
    import pandas as pd
    from matplotlib.figure import Figure

from markets.variable import Variable
from simulator.certificate import Certificate
from simulator.outcome import Ending, Outcome
from simulator.page_plan import Page
from simulator.point import Case, RestingPoint, ScenarioEconomy
from simulator.results import EQUILIBRIA, P, Results
from simulator.title import Title

Shown = Literal["every date", "last date"]
"""Dates whose traders a run keeps one by one."""

CLEARED = Ending(Outcome.CLEARED, "")


class Declared(ABC, Generic[P]):
    """Everything that a scenario declares, with defaults for what it need not.

    Attributes
    ----------
    title : Title
        Name, summary and source.
    parameters : type
        Pydantic model of its parameters.
    caution : str
        What a reader of the results should keep in mind, if anything.
    headline : sequence of str
        Columns of the table of dates that the command prints before quotes.
    regimes : sequence of str
        Columns of the table of dates that name the regime; a trace locates where they change.
    traders_shown : {"every date", "last date"}
        Dates whose traders a run keeps one by one; scenarios of thousands of dates keep the last
        of each case, as runs do whose tables would be long. Every date is certified all the same.
    page : Page
        What it shows in the browser; quotes, excess demand and the certificate unless given.
    variables : mapping
        Unit and meaning of the columns that it makes, by the name of the table; what is said of
        ``dates`` holds for columns of the same name in other tables, too.
    captions : mapping
        What each figure shows, by its name, in a sentence for a caption without full stop.
    narrowest : mapping
        Width in millimetres below which a figure can't be read, by its name.
    file : Path, optional
        The user's own file that it was loaded from; None for scenarios of installed packages.
    """

    title: Title
    parameters: type[P]
    caution: str = ""
    headline: Sequence[str] = ()
    regimes: Sequence[str] = ()
    traders_shown: Shown = "every date"
    page: Page = Page()
    variables: Mapping[str, tuple[Variable, ...]] = MappingProxyType({})
    captions: Mapping[str, str] = MappingProxyType({})
    narrowest: Mapping[str, float] = MappingProxyType({})
    file: Path | None = None

    @property
    def name(self) -> str:
        """Its name in the command."""
        return self.title.name

    # ------------------------------------------------------------------ what every scenario says
    @abstractmethod
    def cases(self, parameters: P) -> Sequence[Case]:
        """The economies to run, and what is announced at each of their dates."""

    @abstractmethod
    def certify(self, parameters: P, point: RestingPoint) -> Certificate:
        """The certificate of a resting point, by code that shares nothing with the trading code."""

    # ------------------------------------------------------------------ what it may say besides
    def describe(
        self, parameters: P, economy: ScenarioEconomy, point: RestingPoint
    ) -> Mapping[str, object]:
        """Further columns of the table of dates; changes nothing.

        A value that is itself a mapping has no column: it goes to ``Run.details`` and JSON. What
        follows from the resting point alone is better told by :meth:`read_out`, which is all that
        is told unless this is overridden.
        """
        return self.read_out(parameters, point)

    def read_out(self, parameters: P, point: RestingPoint) -> Mapping[str, object]:
        """Those of the further columns that follow from members and quotes.

        ``walras verify`` works them out again from the files; the others it can't.
        """
        return {}

    def shows_traders(self, parameters: P) -> Shown:
        """``traders_shown``, unless it depends on the parameters."""
        return self.traders_shown

    def closed_form(self, parameters: P, point: RestingPoint) -> Mapping[str, float] | None:
        """Quotes and read-outs of the paper's closed form, by name; None where there is none.

        The page asks before anybody has traded: then the table of traders is empty, and only what
        case and date tell can be answered.
        """
        return None

    def intervals(self, parameters: P, point: RestingPoint) -> Mapping[str, tuple[float, float]]:
        """Where nobody trades something, any quote of it between two is an equilibrium's.

        By the name of its quote, the lowest and the highest at which, all other quotes as they
        are, nobody would want to trade it; the ends belong to the interval and may be infinite.
        """
        return {}

    def refine(self, parameters: P, point: RestingPoint) -> RestingPoint:
        """The resting point that the rounds approach, with a proof if there is one."""
        return point

    def judge(self, parameters: P, point: RestingPoint) -> Ending:
        """What a certified resting point counts as: an equilibrium unless overridden."""
        return CLEARED

    def summary(self, results: Results[P]) -> str:
        """What happened in this run, in one sentence that begins in lower case."""
        return self.title.summary

    def figures(self, results: Results[P]) -> Mapping[str, Figure]:
        """The figures of a run by file name: quotes and excess demand by round."""
        from simulator.rounds_figures import excess, quotes

        if results.rounds.empty:
            return {}
        return {"quotes_by_round": quotes(results), "excess_demand_by_round": excess(results)}

    def all_figures(self, results: Results[P]) -> Mapping[str, Figure]:
        """The figures, and that of several starts where these were searched."""
        if EQUILIBRIA not in results.studies:
            return self.figures(results)
        from simulator.search_figure import equilibria

        return {**self.figures(results), EQUILIBRIA: equilibria(results)}

    def report(self, results: Results[P]) -> pd.DataFrame | None:
        """One more table that the command prints and an export holds."""
        return None

    def tables(self, results: Results[P]) -> Mapping[str, pd.DataFrame]:
        """Further tables of a run by name, exported beside the others."""
        return {}

    def studies(self, parameters: P, rng: np.random.Generator) -> Mapping[str, pd.DataFrame]:
        """Tables over a range of a parameter, simulated or by theory: a part of the run.

        ``rng`` is a generator of its own, so that the run itself draws the same without studies.
        """
        return {}

    def studies_at_rest(self, results: Results[P]) -> Mapping[str, pd.DataFrame]:
        """Further studies, of what would be done on other terms where the run came to rest."""
        return {}
