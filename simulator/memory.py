"""Memory is estimated before it is taken."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from markets.refused import Refused
from simulator.point import AGENTS_LIMIT, AGENTS_SAMPLE

BASE: Final = 3e7
"""Bytes that any run costs, for what libraries keep."""

MEMBER: Final = 300.0
"""Bytes that a member costs while rounds go on: at most 40 numbers of its own and on the way."""

CELL: Final = 50.0
"""Bytes that a number in the table of traders costs: where it stands, a copy when all dates are put
together, and what is needed to write it. Measured: 21 to 42."""

DATE: Final = 30_000.0
"""Bytes that a date costs beside its table: its certificate and what is told of it."""

NEVER_MIND: Final = 2.0**26
"""Bytes that are always there; it is not worth the time to look."""

UNITS: Final = ("bytes", "kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB")


@dataclass(frozen=True, slots=True)
class Extent:
    """How large a run is.

    Attributes
    ----------
    members : int
        Members of all cohorts.
    dates : int
        Dates of all cases.
    kept : int
        Dates of which the table of traders is kept.
    columns : int
        Columns of that table.
    names : tuple of str
        The parameters that say how many members and how many dates there are.
    each : float
        Bytes that a member costs while rounds go on.
    """

    members: int = 0
    dates: int = 0
    kept: int = 0
    columns: int = 0
    names: tuple[str, str] = ("", "")
    each: float = MEMBER

    @property
    def bytes(self) -> float:
        """Bytes that it takes at its height, rather too many."""
        rows = self.members if self.members <= AGENTS_LIMIT else AGENTS_SAMPLE
        table = CELL * self.columns * rows * self.kept
        return BASE + self.each * float(self.members) + table + DATE * float(self.dates)


def check_memory(extent: Extent) -> None:
    """Refuse what does not fit into the memory that is free.

    Raises
    ------
    Refused
        Naming the parameter that asks for most, and both sizes.
    """
    if extent.bytes <= NEVER_MIND:
        return
    check_bytes(
        *max(
            zip(extent.names, (extent.members, extent.dates), strict=True), key=lambda one: one[1]
        ),
        extent.bytes,
    )


def check_bytes(name: str, value: object, needed: float) -> None:
    """Refuse what needs more bytes than are free.

    Raises
    ------
    Refused
        Naming the parameter and both sizes.
    """
    free = available()
    if free is not None and needed > free:
        raise Refused(
            f"{name} is {value}; that needs about {size(needed)} of memory, and {size(free)} are"
            " free"
        )


def size(count: float) -> str:
    """A number of bytes in words, with two digits.

    Examples
    --------
    >>> size(8e13), size(123456.0)
    ('80 TB', '120 kB')
    """
    power = 0
    while count >= 999.5 and power < len(UNITS) - 1:
        count, power = count / 1000.0, power + 1
    return f"{float(f'{count:.2g}'):g} {UNITS[power]}"


def available() -> float | None:
    """Bytes that this process may still take; None where the system does not say."""
    return min(_limits(), default=None)


def _limits() -> Iterator[float]:
    """What each limit leaves: of the machine, of the address space, of the control group."""
    with suppress(OSError, ValueError, IndexError):
        lines = Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()
        yield 1024.0 * next(int(one.split()[1]) for one in lines if one.startswith("MemAvailable"))
    with suppress(ImportError, OSError, ValueError):
        import resource

        most = resource.getrlimit(resource.RLIMIT_AS)[0]
        if most != resource.RLIM_INFINITY:
            pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[0])
            yield float(most - pages * os.sysconf("SC_PAGE_SIZE"))
    for limit, taken in (
        ("memory.max", "memory.current"),
        ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
    ):
        with suppress(OSError, ValueError):  # "max" where there is no limit
            group = Path("/sys/fs/cgroup")
            left = int((group / limit).read_text()) - int((group / taken).read_text())
            yield float(left + _cached(group / Path(limit).parent))
    if not Path("/proc/meminfo").exists():
        with suppress(OSError, ValueError, AttributeError):
            yield float(os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE"))


def _cached(group: Path) -> int:
    """Bytes of files that a control group keeps and would give up."""
    with suppress(OSError, ValueError):
        lines = (group / "memory.stat").read_text(encoding="utf-8").splitlines()
        found = dict(line.split() for line in lines if len(line.split()) == 2)
        return int(found.get("total_inactive_file", found.get("inactive_file", 0)))
    return 0
