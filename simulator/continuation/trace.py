"""A trace: every equilibrium on a curve, certified, as one parameter moves."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Generic

import numpy as np
import pandas as pd

from markets.quote import FloatArray
from markets.refused import Refused
from simulator.continuation.path import Lost, Path, PathPoint
from simulator.continuation.varied import Along, NotCleared, Varied, case_named, number_at
from simulator.declared import Declared
from simulator.journey import Opened, look, travel
from simulator.names import counted
from simulator.point import DateEnd, ScenarioEconomy, at_rest
from simulator.report_folder import Found, records
from simulator.results import P
from simulator.search import apart, growth, search, stability
from simulator.stopping import INTERRUPTS, stoppable, unstoppable
from simulator.threads import one_thread

if TYPE_CHECKING:
    from matplotlib.figure import Figure

SAME = 1e-6
"""Distance, as a share of the quote, within which rounds begun at a point have stayed there."""

BESIDE, JUST_AFTER = 1e-3, 1e-5
"""Distances from an event at which labels are compared: before it, as a share of the step that led
there; after it, in coordinates."""

LOCATED = 1e-8
"""Length of the curve within which a change of a label is known."""

NEAR = 1e-3
"""Distance, in coordinates and the share of the range, of branch points that are one."""

BEYOND = 1e-4
"""Share of the range of the parameter beyond the end of a curve at which rounds are run again."""

MOST_POINTS = 500
"""Steps after which a curve is given up."""

Progress = Callable[[int, float], None]
"""Called after every point with the number of the curve and the parameter."""


@dataclass(frozen=True)
class Scaled(Along[P]):
    """An economy's equations with the parameter from 0 to 1; see :class:`path.Equations`."""

    start: float
    end: float

    def number(self, s: float) -> float:
        """The parameter; its two ends exactly."""
        return self.end if s == 1.0 else self.start + s * (self.end - self.start)

    def share(self, number: float) -> float:
        """The inverse of :meth:`number`."""
        return (number - self.start) / (self.end - self.start)


@dataclass(frozen=True, repr=False)
class Trace(Found[P]):
    """The equilibria found while a parameter moved.

    Attributes
    ----------
    scenario, parameters, seed, case, date, starts
        What was traced; ``parameters`` has the parameter as it was given.
    key, start, end : str, float, float
        The number that moved, from where to where.
    points : pandas.DataFrame
        One row per equilibrium in the order of the curves: ``curve`` (its number),
        ``kind`` (see :class:`simulator.continuation.path.PathPoint`), the parameter, the quotes,
        what the scenario tells; ``stable`` and ``growth`` under the textbook rule, as in
        :func:`simulator.search.search`; ``stays``: whether rounds of the run's own rule, begun
        here, end here, and how many; ``certified``; ``outcome``.
    events : pandas.DataFrame
        One row per fold, change of regime, kink, branch point and end, with the quotes.
    units : mapping
        Unit of every quote.
    finished : bool
        Whether the curves were followed to their ends.
    """

    kind: ClassVar[str] = "trace"
    case: str
    date: int
    starts: int
    key: str
    start: float
    end: float
    points: pd.DataFrame
    events: pd.DataFrame
    units: Mapping[str, str]
    finished: bool = True

    @property
    def certified(self) -> bool:
        """Whether every point is a certified equilibrium."""
        return bool(self.points["certified"].all())

    @cached_property
    def quote_names(self) -> list[str]:
        """Names of the quotes."""
        return list(self.units)

    @property
    def summary(self) -> str:
        """What was found, in a sentence."""
        folds = int(self.events["kind"].str.startswith("fold").sum())
        changes = int((self.events["kind"] == "regime change").sum())
        unstable = int((self.points["stable"] == "false").sum())
        curves = int(self.points["curve"].max())
        return (
            f"{self.case}, date {self.date}: {counted(len(self.points), 'certified point')} on"
            f" {counted(curves, 'curve')} as {self.key} moves from {self.start:g} to"
            f" {self.end:g}: {counted(folds, 'fold')},"
            f" {counted(changes, 'other change')} of regime; {unstable} of the points are unstable"
            " under the textbook rule" + ("" if self.finished else "; stopped before its end")
        )

    def plot(self) -> dict[str, Figure]:
        """The figure, by name."""
        from simulator.continuation.figure import branches

        return {"branches": branches(self)}

    @property
    def asked(self) -> Mapping[str, object]:
        """What was asked for beside parameters and seed."""
        return {
            "case": self.case,
            "date": self.date,
            "key": self.key,
            "from": self.start,
            "to": self.end,
            "starts": self.starts,
            **({} if self.finished else {"finished": False}),
        }

    @property
    def tables(self) -> Mapping[str, pd.DataFrame]:
        """Tables by name."""
        return {"points": self.points, "events": self.events}

    def details(self) -> dict[str, Any]:
        """What was asked for, and all of it."""
        return {
            **self.asked,
            "summary": self.summary,
            "certified": self.certified,
            "units": dict(self.units),
            "events": records(self.events),
            "points": records(self.points),
        }


@unstoppable()
@one_thread()
def trace(
    scenario: Declared[P],
    parameters: P,
    key: str,
    start: float,
    end: float,
    *,
    case: str | None = None,
    date: int = 1,
    seed: int = 0,
    starts: int = 1,
    progress: Progress | None = None,
) -> Trace[P]:
    """Follow the equilibrium of a case at one date as a parameter moves.

    1. Rounds from the parameters' own start find the first equilibrium, at ``start``. With
       ``starts``, other curves begin at the other equilibria that so many starts find there.
    2. Each curve is followed by :class:`simulator.continuation.path.Path`; a point is taken
       wherever the parameter has its own value again, too.
    3. At every point rounds begin anew, and the point is certified like that of a run.
    4. A label of the scenario (``regimes``) that changes between two points is located.
    5. Where another curve crosses it is followed to both sides.
    6. Where a curve is lost, since excess demand jumps, rounds are run a little beyond, and where
       they come to rest another curve begins.

    Parameters
    ----------
    scenario, parameters, seed
        As for a run.
    key : str
        The number that moves: the name of a parameter, of an entry of a list (``cash[0]``) or of a
        part of a table (``consumers[0].endowment[1]``). A list that is named without an entry
        becomes a list of this number: the haircut of one date, say.
    start, end : float
        From where to where.
    case : str, optional
        Name of the case; the first unless given.
    date : int
        The date. Dates before it are cleared by rounds at every number.
    starts : int
        Number of starts.
    progress : callable, optional
        Called after every point.

    Raises
    ------
    Refused
        If the range is empty, the key names no number, the economy can't be built at both ends or
        has no such date, orders come in steps of single traders, or depend on the rounds before or
        on where the dates before closed.
    NotCleared
        If rounds find no equilibrium at the start.
    KeyboardInterrupt, Stopped
        As they were; what was traced so far is in the exception's attribute ``trace``.
    """
    if not (np.isfinite([start, end]).all() and start != end):
        raise Refused(f"{key} goes from {start!r} to {end!r}; it must be two different numbers")
    own = number_at(parameters, key)
    name = case_named(scenario, parameters, case).name
    varied = Varied(scenario, parameters, key, name, seed, date)
    equations = Scaled(varied, start, end)
    varied.limits(end)
    varied.limits(start)
    units = {quote.name: quote.unit for quote in varied.economy(start).market.quotes}
    share = equations.share(own)
    stops = (share,) if 0.0 < share < 1.0 else ()
    curves = _Curves(equations, Path(equations, stops), progress)

    def traced(*, finished: bool) -> Trace[P]:
        return Trace(
            scenario=scenario,
            parameters=parameters,
            seed=seed,
            case=varied.case,
            date=date,
            starts=starts,
            key=key,
            start=start,
            end=end,
            points=pd.DataFrame(curves.points),
            events=pd.DataFrame(curves.events, columns=["curve", "kind", key, "what", *units]),
            units=units,
            finished=finished,
        )

    try:
        with stoppable():
            curves.begin(0.0)
            if starts > 1:
                found = search(scenario, varied.at(start), starts, seed)
                for row in found[(found["case"] == varied.case) & (found["date"] == date)].to_dict(
                    "records"
                ):
                    if row.get("number", np.nan) > 0:
                        curves.begin(0.0, {name: float(row[name]) for name in units})
    except INTERRUPTS as stopped:
        if curves.points:
            stopped.trace = traced(finished=False)  # type: ignore[union-attr]
        raise
    varied.close()
    return traced(finished=True)


@dataclass
class _Curves(Generic[P]):
    """The curves of a trace, as they are followed."""

    equations: Scaled[P]
    path: Path
    progress: Progress | None
    points: list[dict[str, object]] = field(default_factory=list)
    events: list[dict[str, object]] = field(default_factory=list)
    count: int = 0
    branches: list[PathPoint] = field(default_factory=list)

    @property
    def varied(self) -> Varied[P]:
        """The economy."""
        return self.equations.varied

    def begin(
        self, s: float, quotes: Mapping[str, float] | None = None, *, forward: bool = True
    ) -> None:
        """Follow the curve on which rounds come to rest, unless it is known."""
        number = self.equations.number(s)
        coordinates = self.varied.rest(number, quotes)
        self.varied.refuse_memory(number, coordinates)
        resting = self._quotes(coordinates, s)
        if any(row[self.varied.key] == number and _same(row, resting) for row in self.points):
            return
        self._follow(self.path.follow(coordinates, s, MOST_POINTS, forward=forward))

    def _follow(self, curve: Iterable[PathPoint]) -> None:
        """Take down a curve."""
        self.count += 1
        crossed: list[PathPoint] = []
        last: PathPoint | None = None
        before: tuple[str, ...] = ()
        for point in curve:
            if point.kind == "end":
                self._note(point, point.note)
                self._beyond(point)
                break
            row, labels = self._row(point)
            if not row["certified"]:
                lost = replace(point, kind="end", note="the equilibrium is lost: none clears here")
                self._note(lost, lost.note)
                self._beyond(lost)
                break
            if last is not None:
                if point.kind != "point":
                    labels = self._labels(self._just_before(last, point))
                self._changes(last, point, before, labels)
            before = labels
            if point.kind == "branch point" and not self._visited(point):
                crossed.append(point)
                self.branches.append(point)
            if point.kind == "fold":
                self._note(point, "the curve turns back")
            elif point.kind != "point":
                with suppress(Lost):
                    before = self._labels(self.path.beside(point, JUST_AFTER))
                self._note(point, self._what(point, labels, before))
            self.points.append(row)
            if self.progress is not None:
                self.progress(self.count, self.equations.number(point.s))
            last = point
        for branch in crossed:
            for side in (1, -1):
                self._follow(self.path.cross(branch, side, MOST_POINTS))

    def _visited(self, point: PathPoint) -> bool:
        """Whether a branch point is one from which the other curve was followed before."""
        return any(
            abs(point.s - known.s) <= NEAR and bool(np.all(np.abs(point.free - known.free) <= NEAR))
            for known in self.branches
        )

    def _row(self, point: PathPoint) -> tuple[dict[str, object], tuple[str, ...]]:
        """The row of a point, from rounds begun there and the certificate, and its labels."""
        varied, number = self.varied, self.equations.number(point.s)
        coordinates = self.path.coordinates(point)
        economy = varied.economy(number)
        economy.look(coordinates)
        growing, quotes = growth(economy), dict(economy.quotes)
        end = _settle(varied, number, coordinates)
        stays = apart(quotes, end.point.quotes) <= SAME
        certificate, described = end.certificate, end.described
        if not stays:
            parameters = varied.at(number)
            case = varied.case_of(parameters)
            economy.look(coordinates)
            resting, certificate = look(varied.scenario, parameters, case, economy)
            described = varied.scenario.describe(parameters, economy, resting)
        told = {
            name: value
            for name, value in described.items()
            if name in varied.scenario.headline and name not in quotes and name != varied.key
        }
        row = {
            "curve": self.count,
            "kind": point.kind,
            varied.key: number,
            **quotes,
            **told,
            "stable": stability(growing),
            "growth": growing,
            "stays": stays,
            "rounds": end.rounds,
            "outcome": str(end.outcome),
            "certified": certificate.holds,
        }
        return row, self._named(described)

    def _quotes(self, coordinates: FloatArray, s: float) -> dict[str, float]:
        economy = self.varied.economy(self.equations.number(s))
        economy.look(coordinates)
        return dict(economy.quotes)

    def _labels(self, point: PathPoint) -> tuple[str, ...]:
        """The scenario's names of the regime at a point."""
        varied, number = self.varied, self.equations.number(point.s)
        if not varied.scenario.regimes:
            return ()
        economy = varied.economy(number)
        economy.look(self.path.coordinates(point))
        economy.rest()
        parameters = varied.at(number)
        resting = varied.scenario.refine(parameters, at_rest(varied.case, economy))
        return self._named(varied.scenario.describe(parameters, economy, resting))

    def _named(self, described: Mapping[str, object]) -> tuple[str, ...]:
        return tuple(str(described[name]) for name in self.varied.scenario.regimes)

    def _just_before(self, last: PathPoint, point: PathPoint) -> PathPoint:
        """A point of the curve just before one, in the cell in which the curve came."""
        try:
            return self.path.beside(last, (1.0 - BESIDE) * (point.length - last.length))
        except Lost:
            return last

    def _changes(
        self,
        last: PathPoint,
        point: PathPoint,
        before: tuple[str, ...],
        after: tuple[str, ...],
    ) -> None:
        """Locate a change of labels between two points, by bisection along the curve."""
        if before == after:
            return
        low, high = 0.0, point.length - last.length
        at = last
        while high - low > LOCATED:
            middle = 0.5 * (low + high)
            try:
                at = self.path.beside(last, middle)
            except Lost:
                break
            if self._labels(at) == before:
                low = middle
            else:
                high = middle
        self._note(replace(at, kind="regime change"), _changed(before, after))

    def _what(self, point: PathPoint, before: tuple[str, ...], after: tuple[str, ...]) -> str:
        """What happens at an event."""
        economy = self.varied.economy(self.equations.number(point.s))
        said = [_changed(before, after)] if before != after else []
        if point.moved >= 0:
            name = economy.market.excess_names[point.moved]
            side = "leaves" if point.cell[point.moved] == 0 else "reaches"
            said.append(f"the quote behind {name} {side} its limit")
        if point.kind == "fold at a limit":
            said.append("the curve turns back")
        if point.kind == "kink":
            said.append("slopes jump")
        if point.kind == "branch point":
            said.append("another curve crosses")
        return "; ".join(said)

    def _note(self, point: PathPoint, what: str) -> None:
        """Take down an event."""
        quotes = self._quotes(self.path.coordinates(point), point.s)
        number = self.equations.number(point.s)
        key = self.varied.key
        row: dict[str, object] = {"curve": self.count, "kind": point.kind, key: number}
        self.events.append({**row, "what": what, **quotes})

    def _beyond(self, point: PathPoint) -> None:
        """Where a curve was lost between the ends, rounds beyond may come to rest elsewhere.

        Slopes that jump on the last steps to there are those of the jump, and no kink.
        """
        *earlier, event = self.events
        while earlier and self._at_jump(earlier[-1], event):
            earlier.pop()
        self.events = [*earlier, event]
        if not 0.0 < point.s < 1.0 or not point.note.startswith("the equilibrium is lost"):
            return
        forward = bool(point.tangent[-1] > 0.0)
        s = point.s + (BEYOND if forward else -BEYOND)
        if not 0.0 < s < 1.0:
            return
        number = self.count + 1
        try:
            self.begin(s, self._quotes(self.path.coordinates(point), point.s), forward=forward)
        except (Refused, NotCleared) as error:
            event["what"] = f"{event['what']}; {error}"
        if self.count >= number:
            event["what"] = f"{event['what']}; rounds beyond come to rest on curve {number}"

    def _at_jump(self, event: Mapping[str, object], end: Mapping[str, object]) -> bool:
        """Whether an event is a kink where the curve ends."""
        numbers = [float(row[self.varied.key]) for row in (event, end)]  # type: ignore[arg-type]
        apart_by = abs(self.equations.share(numbers[0]) - self.equations.share(numbers[1]))
        alike = event["curve"] == end["curve"] and event["kind"] == "kink"
        return alike and apart_by <= BEYOND


def _settle(varied: Varied[P], number: float, coordinates: FloatArray) -> DateEnd:
    """How the date ends if its rounds begin at some coordinates."""
    economy: ScenarioEconomy | None = None
    parameters = varied.at(number)
    case = varied.case_of(parameters)
    rng = np.random.default_rng(varied.seed)
    for event in travel(varied.scenario, parameters, case, rng):
        if isinstance(event, Opened):
            economy = event.economy
            if economy.date == varied.date:
                economy.stand(coordinates)
        elif isinstance(event, DateEnd) and event.point.date == varied.date:
            assert economy is not None
            economy.close()
            return event
    raise AssertionError("a journey has the date")


def _same(row: Mapping[str, object], quotes: Mapping[str, float]) -> bool:
    """Whether a row is of an equilibrium with these quotes."""
    return apart({name: float(row[name]) for name in quotes}, quotes) <= SAME  # type: ignore[arg-type]


def _changed(before: tuple[str, ...], after: tuple[str, ...]) -> str:
    return "; ".join(f"{a} -> {b}" for a, b in zip(before, after, strict=True) if a != b)
