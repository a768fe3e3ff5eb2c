"""Checking an exported run from its files alone."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow.parquet as pq

from markets.refused import Refused
from simulator.certificate import Certificate
from simulator.declared import Declared
from simulator.export import FORMAT, MANIFEST, PROOFS, digest, seal
from simulator.hidden_folder import clean, is_hidden
from simulator.parameters import parse
from simulator.point import RestingPoint
from simulator.threads import one_thread
from simulator.title import COMPOSED


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of an exported run found.

    Attributes
    ----------
    scenario : str
        What was run.
    altered : tuple of str
        Files (or the manifest) that are not what the manifest says, and how.
    dates : pandas.DataFrame
        Case and date of each resting point whose traders were exported, and whether it is
        certified again.
    certificates : tuple of Certificate
        The new certificates, one per row of ``dates``.
    unchecked : tuple of str
        What could not be checked, because the run exported some of its traders only.
    """

    scenario: str
    altered: tuple[str, ...]
    dates: pd.DataFrame
    certificates: tuple[Certificate, ...]
    unchecked: tuple[str, ...]

    @property
    def certified(self) -> bool:
        """Whether every resting point is an equilibrium by its files."""
        return bool(self.certificates) and all(c.holds for c in self.certificates)


@one_thread()
def verify(
    folder: Path, find: Callable[[str], Declared[Any]], code: Collection[Path] = ()
) -> Verification:
    """Certify an exported run again.

    1. Find the manifest and check its own seal.
    2. Compare the digest of every file with the manifest.
    3. Read parameters from the manifest, quotes and holdings from the tables, proofs where there
       are any.
    4. Certify every resting point; the certificates of the manifest are not used.

    Of an economy that was composed in Python steps 3 and 4 are for the program that composed it.

    Parameters
    ----------
    folder : pathlib.Path
        An exported run.
    find : callable
        The scenario of a name; refuses one that it does not know.
    code : collection of Path
        Files that may be executed if the run's parameters name them.

    Raises
    ------
    Refused
        If the folder is no exported run, or too little of it is left to check.
    """
    manifest = read_manifest(folder)
    altered = altered_files(folder, manifest)
    if manifest["scenario"] == COMPOSED.name:
        return _composed(manifest, altered)
    scenario = find(str(manifest["scenario"]))
    parameters = parse(scenario.parameters, manifest["parameters"], folder, code)
    dates, agents = read_table(folder, "dates"), read_table(folder, "agents")
    if not len(dates):
        raise Refused(f"{folder} holds a run that was stopped before its first date had ended")
    proofs = read_proofs(folder, len(dates))
    complete = bool(manifest["complete"])
    certificates = []
    shown = dates[["case", "date"]].merge(agents[["case", "date"]].drop_duplicates())
    try:
        placed = dates.assign(place=range(len(dates)))
        for row in placed.merge(shown).to_dict("records"):
            here = (agents["case"] == row["case"]) & (agents["date"] == row["date"])
            point = RestingPoint(
                case=str(row["case"]),
                date=int(row["date"]),
                quotes={
                    name: float(row[name]) for name in manifest["dates"][row["place"]]["quotes"]
                },
                agents=agents[here].reset_index(drop=True),
                complete=complete,
                proof=proofs[row["place"]],
            )
            certificates.append(scenario.certify(parameters, point))
    except (KeyError, IndexError, TypeError, ValueError) as error:
        raise Refused(f"{folder} does not hold together: {error}") from None
    unchecked: tuple[str, ...] = ()
    if not manifest["finished"]:
        unchecked += ("the run was stopped before its end",)
    if len(shown) < len(dates):
        unchecked += (f"traders of {len(shown)} of {len(dates)} dates were exported",)
    if not complete:
        unchecked += (
            f"only {len(agents)} rows of a larger number of traders were exported: clearing of"
            " the markets and the accounts of the clearing house could not be checked",
        )
    return Verification(
        scenario=scenario.name,
        altered=altered,
        dates=shown.assign(certified=[c.holds for c in certificates]),
        certificates=tuple(certificates),
        unchecked=unchecked,
    )


def _composed(manifest: Mapping[str, Any], altered: tuple[str, ...]) -> Verification:
    """What can be said of an economy that was composed in Python: no file can make it again."""
    certified = sum(bool(date.get("certified")) for date in manifest["dates"])
    said = f"it was certified at {certified} of {len(manifest['dates'])} dates when it was exported"
    again = "this economy was composed in Python; run the program again that composed it"
    return Verification(
        scenario=COMPOSED.name,
        altered=altered,
        dates=pd.DataFrame(columns=["case", "date", "certified"]),
        certificates=(),
        unchecked=(f"{again} ({said})",),
    )


def runs_in(folder: Path) -> list[Path]:
    """The folder itself if it is an exported run, or the runs inside it, by name.

    Raises
    ------
    Refused
        If there are none.
    """
    if not folder.is_dir():
        clean(folder.parent)  # a writer that was killed may have set it aside
    if not folder.is_dir():
        raise Refused(f"{folder} is not a folder; name the folder of an exported run")
    if (folder / MANIFEST).is_file():
        return [folder]
    inside = sorted(
        path.parent for path in folder.glob(f"*/{MANIFEST}") if not is_hidden(path.parent)
    )
    if not inside:
        raise Refused(f"{folder} is not an exported run: it has no {MANIFEST}")
    return inside


def read_manifest(folder: Path) -> dict[str, Any]:
    """The manifest of an exported run; refused if it is none."""
    path = folder / MANIFEST
    try:
        manifest = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        raise Refused(f"{path} is not readable as JSON; the run is truncated") from None
    if not isinstance(manifest, dict) or manifest.get("format") != FORMAT:
        raise Refused(f"{path} is not the manifest of a run of this version")
    missing = {
        "scenario",
        "parameters",
        "complete",
        "finished",
        "dates",
        "files",
        "seal",
    } - manifest.keys()
    if missing:
        raise Refused(f"{path} lacks {', '.join(sorted(missing))}; it has been altered")
    return manifest


def altered_files(folder: Path, manifest: dict[str, Any]) -> tuple[str, ...]:
    """Files that are not what the manifest says, and how."""
    found = []
    if seal(manifest) != manifest["seal"]:
        found.append(f"{MANIFEST}: its content is not what was sealed")
    for name, expected in manifest["files"].items():
        path = folder / name
        if not path.is_file():
            found.append(f"{name}: missing")
        elif digest(path) != expected:
            found.append(f"{name}: its content has changed")
    known = {*manifest["files"], MANIFEST}
    found += [
        f"{p.name}: not part of the run"
        for p in folder.iterdir()
        if p.name not in known and not is_hidden(p)
    ]
    return tuple(sorted(found))


def read_proofs(folder: Path, count: int) -> list[Any]:
    """A proof or None for each date."""
    path = folder / PROOFS
    if not path.is_file():
        return [None] * count
    try:
        proofs = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, json.JSONDecodeError):
        raise Refused(f"{path} is not readable as JSON; the run is truncated") from None
    if not isinstance(proofs, list) or len(proofs) != count:
        raise Refused(f"{path} does not hold one entry for each of {count} dates")
    return proofs


def read_table(folder: Path, name: str) -> pd.DataFrame:
    """A table of an exported run; refused if it can't be read."""
    path = folder / f"{name}.parquet"
    try:
        # without what pandas wrote of its types, which an altered file may have in pieces
        table: pd.DataFrame = pq.read_table(path).replace_schema_metadata(None).to_pandas()
    except (OSError, ValueError) as error:
        reason = str(error).splitlines()[0]
        raise Refused(f"{path} can't be read as a table: {reason}") from None
    return table
