"""The sessions of the page: how many there are, and which have gone quiet."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field

SOCKETS = 4
"""Web sockets of one session at once; a browser has one, and two while it connects again."""

PER_SECOND = 2.0
"""New sessions a second, after as many at once as there may be."""

REMEMBERED = 10_000
"""Ended sessions that are remembered, so that a browser that was left open does not start anew."""


@dataclass(frozen=True, slots=True)
class Visitors:
    """Who may open the page, and how many at once.

    Attributes
    ----------
    sessions : int
        Pages that may be open at once, each with a market of its own.
    idle : float
        Minutes after which a page is closed in which nothing happens.
    names : tuple of str
        Names by which the page may be addressed, beside the host and this machine's own for itself.
    """

    sessions: int = 30
    idle: float = 60.0
    names: tuple[str, ...] = ()


@dataclass(slots=True)
class Session:
    """A visitor's page.

    Attributes
    ----------
    heard : float
        When anything was last said, either way, by the clock.
    sockets : int
        Web sockets that are open.
    """

    heard: float
    sockets: int = 0


@dataclass(slots=True)
class Sessions:
    """All sessions; each may hold a market, in memory.

    Parameters
    ----------
    most : int
        Sessions at once.
    idle : float
        Seconds after which a session is over if nothing is said.
    held : callable
        Names of the sessions that hold memory now, with a browser or without.
    end : callable
        Ends a session of a name and frees its memory.
    clock : callable
        Seconds, ever growing.
    """

    most: int
    idle: float
    held: Callable[[], Collection[str]]
    end: Callable[[str], None]
    clock: Callable[[], float] = time.monotonic
    _open: dict[str, Session] = field(default_factory=dict)
    _ended: dict[str, None] = field(default_factory=dict)
    _allowed: float = field(init=False)
    _counted: float = field(init=False)

    def __post_init__(self) -> None:
        """As many may come at once as there may be."""
        self._allowed, self._counted = float(self.most), self.clock()

    def room(self) -> bool:
        """Whether another session may begin now, if need be in the place of one without browser."""
        now = self.clock()
        waited, self._counted = now - self._counted, now
        self._allowed = min(self._allowed + PER_SECOND * waited, float(self.most))
        return self._allowed >= 1.0 and (self._count() < self.most or self._left() is not None)

    def enter(self, name: str) -> bool:
        """Whether a web socket of a session may be opened; it is counted if so."""
        if name in self._ended:
            return False
        session = self._open.get(name)
        if session is None:
            if not self.room():
                return False
            if self._count() >= self.most:
                self._finish(self._left() or "")
            self._allowed -= 1.0
            session = self._open[name] = Session(self.clock())
        if session.sockets >= SOCKETS:
            return False
        session.sockets += 1
        return True

    def hear(self, name: str) -> None:
        """Something was said in a session."""
        if name in self._open:
            self._open[name].heard = self.clock()

    def leave(self, name: str) -> None:
        """A web socket of a session was closed."""
        if name in self._open:
            self._open[name].sockets -= 1

    def end_idle(self) -> None:
        """End the sessions in which nothing was said for long."""
        until = self.clock() - self.idle
        for name in [name for name, each in self._open.items() if each.heard < until]:
            self._finish(name)

    def _count(self) -> int:
        """Sessions that there are; those that hold nothing any more are forgotten."""
        held = set(self.held())
        for name in [name for name, each in self._open.items() if not each.sockets]:
            if name not in held:
                del self._open[name]
        return len(held | self._open.keys())

    def _left(self) -> str | None:
        """The session that has been without a browser for longest, if any."""
        left = [(each.heard, name) for name, each in self._open.items() if not each.sockets]
        return min(left)[1] if left else None

    def _finish(self, name: str) -> None:
        self._open.pop(name, None)
        self._ended[name] = None
        if len(self._ended) > REMEMBERED:
            del self._ended[next(iter(self._ended))]
        self.end(name)
