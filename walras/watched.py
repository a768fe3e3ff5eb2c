"""An economy that is watched and steered, round by round."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Mapping, Sequence
from threading import RLock
from typing import Any

import numpy as np
import pandas as pd

from markets.refused import Refused
from simulator.certificate import Certificate
from simulator.declared import Declared
from simulator.journey import Announced, Event, Opened, look, travel, without_traders
from simulator.outcome import Outcome
from simulator.page_plan import Announcement, Control, Curve, Page, SoFar
from simulator.parameters import Parameters, parse, parse_assignment
from simulator.point import Case, DateEnd, RestingPoint, ScenarioEconomy

CERTIFIED_MEMBERS = 20_000
"""Traders up to which a certificate is made after every round; beyond, at rest only."""

KEPT_TRADERS = 1_000
"""Rows of a table of traders up to which it is kept when the next date ends."""


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
    **kwargs
        Values of the controls, by name of the parameter.

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
        How every date ended that did, in their order.
    problem : str
        What is wrong, in a sentence.
    """

    def __init__(
        self,
        what: Declared[Any],
        seed: int = 0,
        given: Sequence[tuple[str, Any]] = (),
        case: str = "",
        **kwargs: Any,
    ) -> None:
        self.what, self.seed, self.given, self.chosen = what, seed, tuple(given), case
        self.parameters: Parameters | None = None
        self.economy: ScenarioEconomy | None = None
        self.running = False
        self.end: DateEnd | None = None
        self.ends: list[DateEnd] = []
        self.certificate: Certificate | None = None
        self.closed_forms: dict[int, Mapping[str, float]] = {}
        self.problem = ""
        self._opened: dict[str, Any] = {}
        self._certified = 0
        self._point: RestingPoint | None = None
        self._plan: list[float] = []
        self._lock = RLock()
        try:
            self._opened = self._asked(kwargs)
            self.parameters = parse(what.parameters, self._opened)
            if self.announcement is not None:
                self._plan = list(getattr(self.parameters, self.announcement.parameter))
            self._case = self._find(case)
            self._journey: Generator[Event, Announced[Any] | None, ScenarioEconomy] = travel(
                what, self.parameters, self._case, np.random.default_rng(seed)
            )
            self._take(next(self._journey))
        except Refused as error:
            self.problem = str(error)

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
            try:
                if self.end is not None:  # the next date begins by itself
                    self._take(next(self._journey))
                self._take(next(self._journey))
            except Exception as error:  # noqa: BLE001 - the page says what went wrong
                self.problem = f"{Outcome.DEFECT}: {type(error).__name__}: {error}"
                self.running = False

    @property
    def so_far(self) -> SoFar | None:
        """What pictures are drawn from; None where there is no economy."""
        if self.economy is None:
            return None
        record = self.economy.record
        return SoFar(
            case=self._case.name,
            parameters=self.parameters,
            economy=self.economy,
            rounds=pd.DataFrame({"date": []}) if record is None else record.frame(),
            ends=tuple(self.ends),
            point=self._point if self.current else None,
        )

    @property
    def tolerance(self) -> float | None:
        """Share of excess demand at which the markets count as cleared."""
        return None if self.economy is None else self.economy.adjuster.share_tolerance

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
            try:
                control = self.announcement
                if control is not None:
                    past = list(getattr(parameters, control.parameter))[: self.date]
                    changed = dict(parameters) | {control.parameter: [*past, _tidy(value)]}
                    parameters = parse(self.what.parameters, changed)
                case = self._find(self.chosen, parameters)
                announced = Announced(parameters, case.announcements[self.date])
                self.parameters, self._case = parameters, case
                self._take(self._journey.send(announced))
            except Refused as error:
                self.problem = str(error)
                return False
            self.problem = ""
            return rested

    # ------------------------------------------------------------------ what can be chosen
    @property
    def cases(self) -> list[str]:
        """Names of the cases to choose from."""
        if self.parameters is None:
            return []
        return [case.name for case in self.what.cases(self.parameters)]

    def first(self, control: Control) -> Any:
        """Value of a control as the market opened: of a list by declaration, the first entry."""
        default = getattr(self.what.parameters(), control.parameter)
        value = self._opened.get(control.parameter, default)
        return value[0] if control.slider and isinstance(default, list) else value

    # ------------------------------------------------------------------ inner workings
    def _asked(self, kwargs: Mapping[str, Any]) -> dict[str, Any]:
        """Parameters that differ from their defaults, with the controls' values in place."""
        asked = dict(self.given)
        defaults = self.what.parameters()
        for control in self.page.controls:
            if control.parameter in kwargs:
                value = _value(control, kwargs[control.parameter])
                default = getattr(defaults, control.parameter)
                if control.slider and isinstance(default, list):
                    value = [value, *asked.get(control.parameter, default)[1:]]
                asked[control.parameter] = value
        return asked

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
            if self.ends and len(self.ends[-1].point.agents) > KEPT_TRADERS:
                self.ends[-1] = without_traders(self.ends[-1])
            self.ends.append(event)
            self.certificate, self._point = event.certificate, event.point
            self._certified = self.economy.steps
        elif self.page.certify_rounds and self.economy.members <= CERTIFIED_MEMBERS:
            found = look(self.what, self.parameters, self._case, self.economy)
            self._point, self.certificate = found
            self._certified = self.economy.steps

    def _look_up(self) -> None:
        """Ask the scenario for the closed form of this date."""
        assert self.economy is not None
        here = RestingPoint(
            self._case.name, self.date, dict(self.economy.quotes), pd.DataFrame(), complete=False
        )
        self.closed_forms[self.date] = self.what.closed_form(self.parameters, here) or {}


def _value(control: Control, value: Any) -> Any:
    """A control's value as a parameter: text is read like ``--set``, numbers lose their dust."""
    if isinstance(value, str) and not control.choices:
        return parse_assignment(f"{control.parameter}={value}")[1]
    return _tidy(value)


def _tidy(value: Any) -> Any:
    """A number as a reader would write it: a slider's 0.030000000000000002 is 0.03."""
    return round(value, 9) if isinstance(value, float) else value
