"""One market, or two of the same scenario that differ in some settings, played as one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from markets.refused import Refused
from simulator.declared import Declared
from simulator.parameters import parse_assignment
from walras.watched import Watched

BESIDE = "beside"
"""Key of the settings of the second market among the values of the controls, and of a link."""


class SideBySide:
    """What Mesa's page plays: every round is one of each market, every announcement is for all.

    Parameters
    ----------
    what : Scenario
        The scenario.
    seed : int
        Seed of the one random generator of each market.
    given : sequence of pairs
        Parameters of both that differ from their defaults and have no control.
    beside : str
        Settings in which the second market differs, ``name=value`` with semicolons between them,
        each read like ``--set``; ``case=name`` for the case. Without any there is one market.
    controls : mapping, optional
        Values of the controls; that of ``beside``, if there is one, takes the place of ``beside``.
    **kwargs
        What :class:`walras.watched.Watched` takes.

    Attributes
    ----------
    watched : tuple of Watched
        The markets.
    beside : str
        The settings of the second one, as they were written.
    problem : str
        Why there is no second market although one was asked for, in a sentence.
    """

    def __init__(
        self,
        what: Declared[Any],
        seed: int = 0,
        given: Sequence[tuple[str, Any]] = (),
        beside: str = "",
        controls: Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        values = dict(controls or {})
        self.given, self.problem = tuple(given), ""
        self.beside: str = values.pop(BESIDE, beside).strip()
        self.settings: dict[str, Any] = {}
        self.watched: tuple[Watched, ...] = (Watched(what, seed, given, controls=values, **kwargs),)
        if not self.beside:
            return
        try:
            self.settings = _read(self.beside)
        except Refused as error:
            self.problem = str(error)
            return
        same = {name: value for name, value in values.items() if name not in self.settings}
        other = {name: value for name, value in self.settings.items() if name != "case"}
        if "case" in self.settings:
            kwargs = {**kwargs, "case": str(self.settings["case"])}
        second = Watched(what, seed, [*given, *other.items()], controls=same, **kwargs)
        self.watched = (*self.watched, second)

    @property
    def first(self) -> Watched:
        """The market that the controls show."""
        return self.watched[0]

    @property
    def steps(self) -> int:
        """Rounds so far of the market that had most."""
        return max(each.steps for each in self.watched)

    time = steps

    @property
    def running(self) -> bool:
        """Whether any market has rounds to play."""
        return any(each.running for each in self.watched)

    def step(self) -> None:
        """One round of every market that has not come to rest."""
        for each in self.watched:
            each.step()

    def announce(self, value: float | None = None) -> bool:
        """Announce the same in every market; whether all had been at rest and one goes on now."""
        rested = not self.running
        told = [each.announce(value) for each in self.watched]
        return rested and any(told)

    def label(self, watched: Watched) -> str:
        """What sets a market apart from the other, in words; nothing if there is no other."""
        if len(self.watched) == 1 or any(each.parameters is None for each in self.watched):
            return ""
        return ", ".join(
            f"{name.replace('_', ' ')} {_value(watched, name)}" for name in self.settings
        )


def _value(watched: Watched, name: str) -> Any:
    return watched.case if name == "case" else getattr(watched.parameters, name)


def _read(beside: str) -> dict[str, Any]:
    """Settings as they are written, ``name=value`` with semicolons between them."""
    settings = dict[str, Any]()
    for part in filter(None, (each.strip() for each in beside.split(";"))):
        name, value = parse_assignment(part)
        if name in settings:
            raise Refused(f"beside has {name} twice; each setting may stand there once")
        settings[name] = value
    return settings
