"""What a visitor of the page may ask for, so that no one takes the server from the others."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel

from markets.refused import Refused
from simulator.parameters import Parameters

MEMBERS = frozenset({"traders", "members", "investors"})
"""Units of parameters that count members."""

DATES = frozenset({"dates", "days", "trading days"})
"""Units of parameters that count dates."""

OTHERS = 100_000
"""The most that any other whole number, or the length of a list, may be."""

HUGE = 10**15
"""A number that is not written out any more."""

MIB = 2**20
"""Bytes in a MiB."""


@dataclass(frozen=True, slots=True)
class Bounds:
    """The largest market that the page opens.

    Attributes
    ----------
    members : int
        Members of an economy.
    dates : int
        Dates of a market, declared or announced.
    rounds : int
        Rounds of a market, all dates together.
    memory : int
        MiB that the process may have in use when a market opens or a date begins; 0 is no bound.
    """

    members: int = 100_000
    dates: int = 1_000
    rounds: int = 100_000
    memory: int = 0

    def check(self, parameters: Parameters) -> None:
        """Refuse parameters that ask for more.

        Raises
        ------
        Refused
            In a sentence that names the parameter, its value and the bound.
        """
        for name, unit, size in _sizes(parameters):
            bound, option = OTHERS, ""
            if unit in MEMBERS or name.endswith("members"):
                bound, option = self.members, "--max-members"
            elif unit in DATES:
                bound, option = self.dates, "--max-dates"
            elif name == "max_rounds":
                continue  # rounds are counted as they are played
            if size > bound:
                shown = f"{size:,}" if size < HUGE else f"{HUGE:,} or more"
                raise Refused(f"{name} is {shown}; {_most(bound, option)}")

    def check_dates(self, dates: int) -> None:
        """Refuse a market of more dates.

        Raises
        ------
        Refused
            In a sentence with the bound.
        """
        if dates > self.dates:
            raise Refused(f"the market has {dates:,} dates; {_most(self.dates, '--max-dates')}")

    def check_rounds(self, rounds: int) -> None:
        """Refuse to go on after as many rounds.

        Raises
        ------
        Refused
            In a sentence with the bound.
        """
        if rounds >= self.rounds:
            most = _most(self.rounds, "--max-rounds")
            raise Refused(f"the market has had {rounds:,} rounds; {most}")

    def check_memory(self) -> None:
        """Refuse another market or date while the process has too much memory in use.

        Raises
        ------
        Refused
            In a sentence with what is in use.
        """
        used = memory_in_use() // MIB
        if 0 < self.memory < used:
            raise Refused(
                f"the server has {used:,} MiB in use, of {self.memory:,} that it may (walras serve"
                " --max-memory); try again when other visitors have left"
            )


def memory_in_use() -> int:
    """Bytes of memory that the process has in use; 0 where the system does not tell."""
    try:
        pages = int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def memory_of_machine() -> int:
    """Bytes of memory that the machine has; 0 where the system does not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return 0


def _most(bound: int, option: str) -> str:
    told = f" (walras serve {option})" if option else ""
    return f"this page takes at most {bound:,}{told}"


def _sizes(value: object, name: str = "", unit: str = "") -> Iterator[tuple[str, str, int]]:
    """Whole numbers and lengths of lists in parameters, with name and unit, tables included."""
    if isinstance(value, BaseModel):
        for part, field in type(value).model_fields.items():
            extra = field.json_schema_extra
            told = str(extra.get("unit", "")) if isinstance(extra, dict) else ""
            yield from _sizes(getattr(value, part), f"{name}.{part}" if name else part, told)
    elif isinstance(value, dict):
        for part, inside in value.items():
            yield from _sizes(inside, f"{name}.{part}")
    elif isinstance(value, list):
        yield f"the length of {name}", "", len(value)
        for number, inside in enumerate(value):
            if not isinstance(inside, float):
                yield from _sizes(inside, f"{name}[{number}]", unit)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield name, unit, value
