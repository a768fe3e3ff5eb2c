"""An economy as a function of one of its parameters."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Generic

import numpy as np

from markets.quote import FloatArray, Limits
from markets.refused import Refused
from simulator.declared import Declared
from simulator.names import counted
from simulator.outcome import Outcome
from simulator.parameters import parse
from simulator.point import Case, ScenarioEconomy, at_rest
from simulator.results import P
from simulator.search import apart

REFINED = 1e-6
"""Largest distance of refined quotes from those of the rounds, as a share."""

ORDERED = 1e-6
"""Largest share of excess demand in a new economy at quotes where another came to rest."""

PART = re.compile(r"\[(\d+)\]|\.?([^.\[\]]+)")
"""A step of the name of a number inside a parameter: ``[0]`` or a name."""

KEPT = 6
"""Economies kept open: derivatives by the parameter ask for values at three places in turn."""

NO_STEPS = "orders of single traders come in steps, and slopes by a parameter need smooth ones: "


class NotCleared(Exception):
    """Rounds found no equilibrium to begin with."""


def parts(key: str) -> list[str | int]:
    """The steps of a name such as ``consumers[0].endowment[1]``.

    Raises
    ------
    Refused
        If it is none.
    """
    found = [int(number) if number else name for number, name in PART.findall(key)]
    joined = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in found)
    if joined != f".{key}":
        raise Refused(f'"{key}" is no parameter; write name, name[0] or name[0].part')
    return found


def number_at(parameters: P, key: str) -> float:
    """The number of a name; of a list, of which all is replaced, its first entry.

    NaN where it is not given.

    Raises
    ------
    Refused
        If there is no number of that name.
    """
    value: Any = parameters.model_dump(mode="json")
    for part in parts(key):
        try:
            value = value[part]
        except (KeyError, IndexError, TypeError):
            raise Refused(f"{key} is not among the parameters of this run") from None
    if isinstance(value, list) and len(value) >= 1 and not isinstance(value[0], list):
        value = value[0]
    if value is None:
        return float("nan")
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        raise Refused(f"{key} is {value!r}; it must be a number")
    return float(value)


def varied(parameters: P, changes: Mapping[str, float]) -> P:
    """The parameters with other numbers; a list of which no entry is named becomes one number.

    Raises
    ------
    Refused
        If the parameters are not allowed.
    """
    # as they are, since a file of data is written as its bare name
    given: Any = {name: getattr(parameters, name) for name in parameters.model_fields_set}
    plain: Any = parameters.model_dump()
    for key, number in changes.items():
        first, *rest = parts(key)
        plain[first] = given[first] = _replaced(plain.get(first), rest, number, key)
    return parse(type(parameters), given)


def _replaced(value: Any, rest: Sequence[str | int], number: float, key: str) -> Any:
    """A value with one number in it replaced."""
    if not rest:
        return [number] if isinstance(value, list) else number
    try:
        inner = value[rest[0]]
    except (KeyError, IndexError, TypeError):
        raise Refused(f"{key} is not among the parameters of this run") from None
    changed = _replaced(inner, rest[1:], number, key)
    if isinstance(value, Mapping):
        return {**value, rest[0]: changed}
    return [changed if k == rest[0] else entry for k, entry in enumerate(value)]


def case_named(scenario: Declared[P], parameters: P, name: str | None) -> Case:
    """The case of a name; the first without one.

    Raises
    ------
    Refused
        If there is none.
    """
    cases = {case.name: case for case in scenario.cases(parameters)}
    if name is None:
        return next(iter(cases.values()))
    if name not in cases:
        raise Refused(f"case is {name}; the cases are {', '.join(cases)}")
    return cases[name]


@dataclass
class Varied(Generic[P]):
    """A case of a scenario at its dates as a function of one number among the parameters.

    Parameters
    ----------
    scenario : Declared
        Of which scenario.
    parameters : Parameters
        All other parameters.
    key : str
        The number, see :func:`varied`.
    case : str
        Name of the case.
    seed : int
        Seed from which every economy is built: the same draws at every number.
    date : int
        The date that is looked at. Dates before it are cleared by rounds.
    """

    scenario: Declared[P]
    parameters: P
    key: str
    case: str
    seed: int = 0
    date: int = 1
    _open: dict[float, ScenarioEconomy] = field(default_factory=dict, init=False)

    def at(self, number: float) -> P:
        """The parameters with the number."""
        return varied(self.parameters, {self.key: number})

    def case_of(self, parameters: P) -> Case:
        """The case with parameters that have the number."""
        return case_named(self.scenario, parameters, self.case)

    def fresh(self, number: float) -> ScenarioEconomy:
        """A new economy, open at the date, before any round of it.

        Raises
        ------
        Refused
            If the economy can't be built, has no such date, or does not clear at a date before.
        """
        parameters = self.at(number)
        case = self._dated(parameters)
        economy = case.build(np.random.default_rng(self.seed))
        while economy.date < self.date:
            if economy.clear(parameters.max_rounds) is not Outcome.CLEARED:
                raise Refused(f"date {economy.date} did not clear at {self.key} = {number!r}")
            economy.announce(**case.announcements[economy.date])
        economy.open()
        if economy.infeasible:
            raise Refused(economy.infeasible)
        return economy

    def _dated(self, parameters: P) -> Case:
        """The case, if it has the date."""
        case = self.case_of(parameters)
        dates = len(case.announcements)
        if not 1 <= self.date <= dates:
            raise Refused(
                f"date is {self.date}; {case.name} has {counted(dates, 'date')} where {self.key}"
                " varies (a list named without an entry becomes one number: name the entry,"
                " haircuts[1] for instance)"
            )
        return case

    def refuse_memory(self, number: float, coordinates: FloatArray) -> None:
        """Refuse a date whose orders at some coordinates depend on where dates before it closed.

        They are compared with those after dates that closed at random quotes.

        Raises
        ------
        Refused
            If they do.
        """
        if self.date == 1:
            return
        here, economy = self.economy(number), self._strayed(number)
        share = here.look(coordinates).share
        same = not economy.infeasible
        if same:
            gap = float(np.max(np.abs(economy.look(coordinates).share - share)))
            same = max(gap, apart(here.quotes, economy.quotes)) <= ORDERED
        economy.close()
        if not same:
            raise Refused(
                f"orders at date {self.date} depend on where dates before it closed (a margin rule"
                " that remembers, positions carried over), and a curve has one date: follow date 1,"
                f" or sweep over {self.key}"
            )

    def _strayed(self, number: float) -> ScenarioEconomy:
        """A new economy, open at the date, whose earlier dates closed at random quotes."""
        case = self._dated(self.at(number))
        economy = case.build(np.random.default_rng(self.seed))
        economy.open()
        economy.starts = np.random.default_rng(self.seed)
        while economy.date < self.date and not economy.infeasible:
            economy.restart("random")
            economy.step()
            economy.rest()
            closed = economy.quotes
            economy.announce(**case.announcements[economy.date])
            economy.quotes = closed
            economy.open()
        return economy

    def economy(self, number: float) -> ScenarioEconomy:
        """An open economy that nobody clears, to ask for orders at any quotes."""
        if number not in self._open:
            if len(self._open) >= KEPT:
                self._open.pop(next(iter(self._open))).close()
            self._open[number] = self.fresh(number)
        return self._open[number]

    def limits(self, number: float) -> Limits:
        """The box of the coordinates.

        Raises
        ------
        Refused
            If orders come in steps of single traders.
        """
        economy = self.economy(number)
        limits = economy.market.limits(economy.terms)
        if limits.grain > 0.0:
            known = "population" in type(self.parameters).model_fields
            way = 'set population to "continuum"' if known else f"sweep over {self.key} instead"
            raise Refused(NO_STEPS + way)
        return limits

    def residual(self, coordinates: FloatArray, number: float) -> FloatArray:
        """Residuals at coordinates and number, shape (n,)."""
        return self.economy(number).look(coordinates).residual

    def slope(self, coordinates: FloatArray, number: float) -> FloatArray:
        """Their derivatives by the coordinates, shape (n, n)."""
        economy = self.economy(number)
        economy.look(coordinates)
        return economy.slope()[1]

    def rest(self, number: float, quotes: Mapping[str, float] | None = None) -> FloatArray:
        """The coordinates at which rounds come to rest, from some quotes or the first ones.

        Raises
        ------
        NotCleared
            If they do not.
        Refused
            If new traders would order something else at these quotes, so that rounds can't be
            told apart from their past; or if the scenario refines where the rounds rest.
        """
        economy, where = self.fresh(number), f"at {self.key} = {number:g}"
        if quotes is not None:
            economy.restart(quotes)
        outcome = economy.clear(self.parameters.max_rounds)
        assert economy.adjustment is not None
        coordinates, share = economy.adjustment.coordinates, economy.adjustment.share
        economy.close()
        if outcome is not Outcome.CLEARED:
            raise NotCleared(f"{where} the rounds end with: {outcome}")
        excess = self.economy(number).look(coordinates)
        held = self.limits(number).held(coordinates, excess.residual)
        gap = float(np.max(np.abs(np.where(held, 0.0, excess.share)), initial=0.0))
        if gap > ORDERED + share:
            raise Refused(
                f"{where} new traders leave {gap:.1e} of excess demand where others came to rest:"
                " orders of this economy depend on the rounds before, and slopes by a parameter"
                f" need orders that answer quotes alone; sweep over {self.key} instead"
            )
        self._refuse_refined(number)
        return coordinates

    def _refuse_refined(self, number: float) -> None:
        """Refuse quotes that rounds only approach, at which excess demand has other slopes."""
        economy = self.economy(number)
        economy.rest()
        resting = at_rest(self.case, economy)
        refined = self.scenario.refine(self.at(number), resting)
        distance = apart(refined.quotes, resting.quotes)
        if distance > REFINED:
            raise Refused(
                f"at {self.key} = {number:g} rounds come within {distance:.1e} of quotes that are"
                " then worked out exactly; slopes of excess demand near by are not those of the"
                f" exact quotes; sweep over {self.key} instead"
            )

    def close(self) -> None:
        """Let go of all economies."""
        while self._open:
            self._open.popitem()[1].close()


@dataclass(frozen=True)
class Along(ABC, Generic[P]):
    """An economy's equations on a scale of the parameter, see :class:`path.Equations`."""

    varied: Varied[P]

    @abstractmethod
    def number(self, s: float) -> float:
        """The parameter at a place of the scale."""

    def limits(self, s: float) -> Limits:
        """The box of the coordinates."""
        return self.varied.limits(self.number(s))

    def residual(self, coordinates: FloatArray, s: float) -> FloatArray:
        """Residuals, shape (n,)."""
        return self.varied.residual(coordinates, self.number(s))

    def slope(self, coordinates: FloatArray, s: float) -> FloatArray:
        """Their derivatives by the coordinates, shape (n, n)."""
        return self.varied.slope(coordinates, self.number(s))
