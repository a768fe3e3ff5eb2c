"""An economy that is watched and steered, round by round."""

from __future__ import annotations

import weakref
from collections.abc import Collection, Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from copy import copy
from dataclasses import replace
from pathlib import Path
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd

from markets.refused import Refused
from simulator.certificate import Certificate
from simulator.declared import Declared
from simulator.journey import Announced, Event, Opened, look, travel, without_traders
from simulator.outcome import Outcome
from simulator.page_plan import Account, Announcement, Control, Curve, Page, accounts_of
from simulator.parameters import Parameters, declared, parse, parse_assignment
from simulator.point import Case, DateEnd, RestingPoint, ScenarioEconomy
from walras.bounds import Bounds
from walras.moment import Moment

CERTIFIED_MEMBERS = 20_000
"""Traders up to which a certificate is made after every round; beyond, at rest only."""

KEPT_TRADERS = 20_000
"""Rows of a table of traders up to which it is kept when the next date ends: some megabytes a date.
Tables to download are those of a run, and pictures of a date looked back at are drawn from it."""

KEPT_ROWS = 1_000_000
"""Rows of the tables of traders that are kept of all dates together: some hundred megabytes."""

MOST_TRADERS = 400
"""Traders drawn along the line, evenly chosen."""


class Watched:
    """One case of a scenario, as Mesa's page wants it: keywords in, ``step`` and ``running``.

    It drives the journey that a run drives, an event at a time, so that both end a date in the same
    way. Input that a run would refuse does not raise: there is no economy then, and ``problem`` is
    the sentence to show.

    Parameters
    ----------
    what : Scenario
        The scenario.
    seed : int
        Seed of the one random generator.
    given : sequence of pairs
        Parameters that differ from their defaults and have no control.
    case : str
        Name of the case; the first unless given.
    controls : mapping, optional
        Values of the controls, by name of the parameter, and of the case by ``case``.
    files : collection of Path, optional
        The files that a parameter may name, those of code executed; any unless given.
    bounds : Bounds, optional
        The largest market that is opened; any unless given.
    **kwargs
        Values of controls, too.

    Attributes
    ----------
    economy : Economy or None
        The economy; None if there is a problem.
    parameters : Parameters or None
        Its parameters, with what was announced.
    running : bool
        Whether there are rounds to play: false once the markets rest.
    end : DateEnd or None
        How this date ended; None while its rounds go on.
    certificate : Certificate or None
        Of the last certified state.
    closed_forms : dict
        Closed form of each date so far, by date; empty where there is none.
    ends : list of DateEnd
        How every date ended that did; of long tables of traders only the last is kept.
    early : list of int
        Dates that were announced before the markets had come to rest at the date before.
    problem : str
        What is wrong, in a sentence.
    """

    def __init__(
        self,
        what: Declared[Any],
        seed: int = 0,
        given: Sequence[tuple[str, Any]] = (),
        case: str = "",
        controls: Mapping[str, Any] | None = None,
        files: Collection[Path] | None = None,
        bounds: Bounds | None = None,
        **kwargs: Any,
    ) -> None:
        values = {**(controls or {}), **kwargs}
        self.what, self.seed, self.given = what, seed, tuple(given)
        self.chosen: str = values.pop("case", case)
        self.controls = self.page.controls_for(what.parameters)
        self.declared = {item.name: item for item in declared(what.parameters)}
        self._defaults = what.parameters()
        self.parameters: Parameters | None = None
        self.economy: ScenarioEconomy | None = None
        self.running = False
        self.end: DateEnd | None = None
        self.ends: list[DateEnd] = []
        self.certificate: Certificate | None = None
        self.closed_forms: dict[int, Mapping[str, float]] = {}
        self.problem = ""
        self.early: list[int] = []
        self._files, self._bounds = files, bounds
        self._opened: dict[str, Any] = {}
        self._certified = 0
        self._point: RestingPoint | None = None
        self._moments: dict[int, Moment] = {}
        self._plan: list[float] = []
        self._lock = RLock()
        with self._told():
            self._opened = self._asked(values)
            self.parameters = self._parse(self._opened)
            if self.announcement is not None:
                self._plan = list(getattr(self.parameters, self.announcement.parameter))
            self._case = self._find(self.chosen)
            self._check_dates(self._case)
            self._journey: Generator[Event, Announced[Any] | None, ScenarioEconomy] = travel(
                what, self.parameters, self._case, np.random.default_rng(seed)
            )
            self._take(next(self._journey))
            return
        self.running = False

    # ------------------------------------------------------------------ what Mesa's page asks
    @property
    def steps(self) -> int:
        """Rounds so far, at all dates."""
        return 0 if self.economy is None else int(self.economy.steps)

    time = steps

    @property
    def date(self) -> int:
        """Date within the case, from 1."""
        return 1 if self.economy is None else self.economy.date

    @property
    def current(self) -> bool:
        """Whether the certificate is of the last round, and that of this date."""
        return (
            self.economy is not None
            and self.economy.round > 0
            and self._certified == self.economy.steps
        )

    @property
    def outcome(self) -> Outcome | None:
        """How the rounds of this date ended; None while they go on."""
        return None if self.end is None else self.end.outcome

    def step(self) -> None:
        """One round; when the markets rest, traders take their positions."""
        with self._lock:
            if not self.running:
                return
            with self._told():
                if self._bounds is not None:
                    self._bounds.check_rounds(self.steps)
                if self.end is not None:  # the next date begins by itself
                    self._take(next(self._journey))
                self._take(next(self._journey))
                return
            self.running = False

    # ------------------------------------------------------------------ what there is to see
    @property
    def case(self) -> str:
        """Name of the case."""
        return self._case.name

    @property
    def now(self) -> Moment:
        """The last round; there has to be an economy."""
        with self._lock:
            return self._moment(self._rounds())

    def at(self, date: int) -> Moment:
        """The last round of a date: of one before this, as the market left it."""
        with self._lock:
            if date == self.date:
                return self.now
            left, rounds = self._moments[date], self._rounds()
            ends = tuple(end for end in self.ends if end.point.date <= date)
            seen = replace(left, past=True, rounds=rounds[rounds["date"] <= date], ends=ends)
            end = seen.end
            return seen if end is None else replace(seen, point=end.point)

    @property
    def lines(self) -> tuple[Account, ...]:
        """Lines of the clearing house's balance sheet: those declared, or all that it settles."""
        settlement = None if self.economy is None else self.economy.settlement
        return self.page.accounts or accounts_of(
            {} if settlement is None else settlement.accounts()
        )

    def _rounds(self) -> pd.DataFrame:
        record = None if self.economy is None else self.economy.record
        return pd.DataFrame({"date": []}) if record is None else record.frame()

    def _moment(self, rounds: pd.DataFrame) -> Moment:
        economy, line = self.economy, self.page.line
        assert economy is not None
        shown = line if economy.traded else None
        return Moment(
            case=self.case,
            parameters=self.parameters,
            date=self.date,
            rounds=rounds,
            ends=tuple(self.ends),
            point=self._point if self.current else None,
            market=economy.market,
            cohorts=tuple(copy(cohort) for cohort in economy.cohorts),
            first_quotes=dict(economy.first_quotes),
            quotes=dict(economy.quotes),
            posted=economy.posted if economy.traded else None,
            book=economy.book if economy.traded else None,
            round=economy.round,
            past=False,
            curves=self.curves,
            excess_names=tuple(economy.market.excess_names),
            tolerance=economy.adjuster.share_tolerance,
            closed_forms=dict(self.closed_forms),
            line=line,
            traders=pd.DataFrame() if shown is None else shown.traders(economy, MOST_TRADERS),
            marks={} if shown is None else shown.marks(economy),
            lines=self.lines,
            accounts={} if economy.settlement is None else economy.settlement.accounts(),
            certificate=self.certificate,
            current=self.current,
            term=self.term,
        )

    # ------------------------------------------------------------------ announcements
    @property
    def page(self) -> Page:
        """The scenario's part of the page."""
        return self.what.page

    @property
    def curves(self) -> tuple[Curve, ...]:
        """Quotes to plot; none where there is no economy to ask for them."""
        curves = self.page.curves
        if not callable(curves):
            return curves
        return () if self.economy is None else curves(self.economy)

    @property
    def announcement(self) -> Announcement | None:
        """What can be announced, where its parameter lists a number for each date."""
        control = self.page.announcement
        listed = None if control is None else getattr(self.parameters, control.parameter, None)
        known = isinstance(listed, list) and all(isinstance(item, float) for item in listed)
        return control if known else None

    @property
    def planned(self) -> float | None:
        """Value that the page proposes to announce: the declared one of the next date."""
        return self._plan[min(self.date, len(self._plan) - 1)] if self._plan else None

    @property
    def term(self) -> float | None:
        """Value in force of what can be announced."""
        control = self.announcement
        if control is None or self.parameters is None:
            return None
        listed = getattr(self.parameters, control.parameter)
        return float(listed[min(self.date, len(listed)) - 1])

    @property
    def announcing(self) -> bool:
        """Whether there is something that can be announced now."""
        if self.economy is None or self.economy.round == 0:
            return False
        return self.announcement is not None or self.date < len(self._case.announcements)

    def announce(self, value: float | None = None) -> bool:
        """Let the clearing house announce new terms; the rounds go on from the last quotes.

        The parameters become those of a run that announces the same, date by date.

        Parameters
        ----------
        value : float, optional
            The new value where the page has a control for it.

        Returns
        -------
        bool
            Whether the markets had been at rest and go on now.
        """
        with self._lock:
            if self.economy is None or self.parameters is None or not self.announcing:
                return False
            rested = not self.running
            parameters = self.parameters
            with self._told():
                control = self.announcement
                if control is not None:
                    past = list(getattr(parameters, control.parameter))[: self.date]
                    changed = dict(parameters) | {control.parameter: [*past, _tidy(value)]}
                    parameters = self._parse(changed)
                case = self._find(self.chosen, parameters)
                if self.date >= len(case.announcements):
                    raise Refused(f"there is nothing to announce after date {self.date}")
                self._check_dates(case)
                announced = Announced(parameters, case.announcements[self.date])
                self._leave()
                self.parameters, self._case = parameters, case
                self._take(self._journey.send(announced))
                self.problem = ""
                return rested
            return False

    # ------------------------------------------------------------------ what can be chosen
    @property
    def cases(self) -> list[str]:
        """Names of the cases to choose from."""
        if self.parameters is None:
            return []
        return [case.name for case in self.what.cases(self.parameters)]

    def first(self, control: Control) -> Any:
        """Value of a control as the market opened: of a list by declaration, the first entry."""
        default = getattr(self._defaults, control.parameter)
        value = self._opened.get(control.parameter, default)
        return value[0] if control.slider and isinstance(value, list) else value

    def differs(self, control: Control, value: Any) -> bool:
        """Whether a value of a control is another than that with which the market opened."""
        try:
            return bool(self._read(control, value) != self.first(control))
        except Refused:
            return True

    # ------------------------------------------------------------------ inner workings
    def _asked(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters that differ from their defaults, with the controls' values in place."""
        asked = dict(self.given)
        for control in self.controls:
            if control.parameter in kwargs:
                value = self._read(control, kwargs[control.parameter])
                default = getattr(self._defaults, control.parameter)
                now = asked.get(control.parameter, default)
                if control.slider and isinstance(default, list):
                    value = [value, *now[1:]] if isinstance(now, list) else value
                asked[control.parameter] = value
        return asked

    @contextmanager
    def _told(self) -> Iterator[None]:
        """Input that can't be used, or a defect, is what is shown and not an exception."""
        try:
            yield
        except Refused as error:
            self.problem = str(error)
        except Exception as error:  # noqa: BLE001 - the page says what went wrong
            self.problem = f"{Outcome.DEFECT}: {type(error).__name__}: {error}"

    def _parse(self, given: Mapping[str, Any]) -> Parameters:
        """Parameters of given values, within the bounds."""
        files = self._files
        parameters: Parameters = parse(self.what.parameters, given, code=files, files=files)
        if self._bounds is not None:
            self._bounds.check(parameters)
        return parameters

    def _check_dates(self, case: Case) -> None:
        """Refuse more dates, or more memory, than the bounds allow."""
        if self._bounds is not None:
            self._bounds.check_dates(len(case.announcements))
            self._bounds.check_memory()

    def _read(self, control: Control, value: Any) -> Any:
        """A control's value as a parameter: text is read like ``--set``, numbers lose their dust.

        What is written for a word stays a word; nothing written is the default.
        """
        if not isinstance(value, str) or control.choices:
            return _tidy(value)
        default = getattr(self._defaults, control.parameter)
        if not value.strip():
            return default
        if value in self.declared[control.parameter].choices:
            return value
        return parse_assignment(f"{control.parameter}={value}")[1]

    def _find(self, name: str, parameters: Parameters | None = None) -> Case:
        """The case of a name."""
        cases = self.what.cases(self.parameters if parameters is None else parameters)
        for case in cases:
            if not name or case.name == name:
                return case
        known = ", ".join(case.name for case in cases)
        raise Refused(f'case is "{name}"; it must be one of {known}')

    def _take(self, event: Event) -> None:
        """Keep what an event says."""
        if isinstance(event, Opened):
            if self.economy is None:
                self.economy = event.economy
                weakref.finalize(self, self.economy.close).atexit = False
            self.end, self.running = None, True
            self._look_up()
            return
        assert self.economy is not None
        if isinstance(event, DateEnd):
            self.end = event
            self.running = self.page.day_by_day and self.date < len(self._case.announcements)
            if self.ends and not self._keeps(self.ends[-1]):
                self.ends[-1] = without_traders(self.ends[-1])
            self.ends.append(event)
            self.certificate, self._point = event.certificate, event.point
            self._certified = self.economy.steps
            self._keep_moment()
        elif self.page.certify_rounds and self.economy.members <= CERTIFIED_MEMBERS:
            found = look(self.what, self.parameters, self._case, self.economy)
            self._point, self.certificate = found
            self._certified = self.economy.steps

    def _keeps(self, end: DateEnd) -> bool:
        """Whether the traders of a date are kept after the next one."""
        if self.what.traders_shown != "every date" or len(end.point.agents) > KEPT_TRADERS:
            return False
        return sum(len(each.point.agents) for each in self.ends) <= KEPT_ROWS

    def _leave(self) -> None:
        """Keep what the page shows of a date that is left before the markets rest."""
        if self.end is None:
            self.early.append(self.date + 1)
            self._keep_moment()

    def _keep_moment(self) -> None:
        """Keep this moment, less what is kept anyway; traders only if the date has not ended."""
        left = replace(self._moment(pd.DataFrame()), ends=(), point=None)
        self._moments[self.date] = left if self.end is None else replace(left, cohorts=())

    def _look_up(self) -> None:
        """Ask the scenario for the closed form of this date."""
        assert self.economy is not None
        here = RestingPoint(
            self._case.name, self.date, dict(self.economy.quotes), pd.DataFrame(), complete=False
        )
        self.closed_forms[self.date] = self.what.closed_form(self.parameters, here) or {}


def _tidy(value: Any) -> Any:
    """A number as a reader would write it: a slider's 0.030000000000000002 is 0.03."""
    return round(value, 9) if isinstance(value, float) else value
