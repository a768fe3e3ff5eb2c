"""What a sweep was asked for and by which versions, and what a later command has different."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from markets.refused import Refused
from simulator.sweep.asked import SEED, Asked
from simulator.sweep.plan import Plan
from simulator.sweep.whole_file import on_disk, write_whole
from simulator.sweep.work import unlike

MANIFEST = "sweep.json"
FORMAT = 1
"""Version of the layout of a sweep's folder."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a sweep was asked for.

    Attributes
    ----------
    scenario : str
        Name of the scenario.
    source : str, optional
        Digest of the user's own file that the scenario is from.
    asked : tuple of Asked
        What each command asked for: the sweep holds all of that.
    follow : str, optional
        Parameter along which runs start from each other.
    time_limit : float, optional
        Seconds of a run.
    tables : tuple of str
        Tables beside those of dates.
    starts : int
        From how many starts equilibria are counted.
    built : tuple of mappings
        Versions by which it was made, the latest last.
    """

    scenario: str
    source: str | None
    asked: tuple[Asked, ...]
    follow: str | None
    time_limit: float | None
    tables: tuple[str, ...]
    starts: int
    built: tuple[Mapping[str, str | None], ...]

    @classmethod
    def read(cls, folder: Path) -> Manifest | None:
        """That of a folder; None if it holds no sweep.

        Raises
        ------
        Refused
            If it can't be read.
        """
        path = folder / MANIFEST
        if not path.exists():
            return None
        try:
            data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
            if data.pop("format") != FORMAT:
                raise Refused(f"{path} is of another version of walras; take another folder")
            asked = tuple(Asked.from_json(part) for part in data.pop("asked"))
            tables, built = tuple(data.pop("tables")), tuple(data.pop("built"))
            return cls(asked=asked, tables=tables, built=built, **data)
        except (OSError, UnicodeDecodeError, ValueError, KeyError, TypeError) as error:
            if isinstance(error, Refused):
                raise
            raise Refused(f"{path} is not the manifest of a sweep; it has been altered") from None

    def write(self, folder: Path) -> None:
        """Write it, all or nothing."""
        data = {
            "format": FORMAT,
            "scenario": self.scenario,
            "source": self.source,
            "asked": [asked.to_json() for asked in self.asked],
            "follow": self.follow,
            "time_limit": self.time_limit,
            "tables": list(self.tables),
            "starts": self.starts,
            "built": list(self.built),
        }
        text = json.dumps(data, indent=1) + "\n"
        with on_disk(folder):
            write_whole(folder / MANIFEST, lambda file: file.write(text.encode()))

    def like(self, later: Manifest) -> bool:
        """Whether runs of a later command fit into the tables of this sweep."""
        return all(
            getattr(self, name) == getattr(later, name) for name in ("scenario", "follow", "tables")
        )

    def differences(self, later: Manifest) -> list[str]:
        """What a later command has different beside values that it adds, each in a few words."""
        found = [
            f"{name} was {_shown(then)}, and is {_shown(now)}"
            for name, then, now in (
                ("scenario", self.scenario, later.scenario),
                ("the file of the scenario", self.source, later.source),
                ("follow", self.follow, later.follow),
                ("time-limit", self.time_limit, later.time_limit),
                ("tables", list(self.tables), list(later.tables)),
                ("starts", self.starts, later.starts),
            )
            if then != now
        ]
        return found + unlike(self.built[-1], later.built[-1])

    def joined(self, later: Manifest) -> Manifest:
        """What was asked for before, with what a later command adds."""
        asked = self.asked if later.asked[0] in self.asked else (*self.asked, *later.asked)
        built = self.built if later.built[0] == self.built[-1] else (*self.built, *later.built)
        return replace(later, asked=asked, built=built)


def changed_values(before: Plan, later: Plan) -> list[str]:
    """Parameters, or the seed, that have one value in a later plan, and not that one before.

    Several values extend a sweep; a single other one is more likely a mistake.
    """
    names = dict.fromkeys([*before.columns, *later.columns])
    found = []
    for name in names:
        then = _values(before, later, name)
        now = _values(later, before, name)
        if len(now) == 1 and now[0] not in then:
            shown = ", ".join(_shown(value) for value in then[:5])
            more = f" and {len(then) - 5} others" if len(then) > 5 else ""
            default = "its default " if name not in later.columns else ""
            found.append(f"{name} was {shown}{more}, and is {default}{_shown(now[0])}")
    return found


def _values(plan: Plan, other: Plan, name: str) -> Sequence[object]:
    """Values of a column; of one that only the other plan has, the default."""
    if name in plan.columns:
        return plan.values[name]
    return [0] if name == SEED else [other.defaults[name]]


def _shown(value: object) -> str:
    return "not given" if value is None else json.dumps(value)
