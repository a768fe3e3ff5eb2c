"""Checking an exported run from its files, and by running it again."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import pandas as pd

from markets.refused import Refused
from simulator.certificate import Certificate
from simulator.code_file import CodeFile
from simulator.codebook import Columns
from simulator.data_file import data_files
from simulator.declared import Declared
from simulator.derived import Derived, derive, only_certified
from simulator.differences import differences
from simulator.export import Format, export, name_of
from simulator.exported import altered_files, as_data, read_manifest
from simulator.outcome import Outcome
from simulator.reopened import Reopened, read_run
from simulator.run import Run, simulate
from simulator.threads import one_thread
from simulator.title import COMPOSED
from simulator.versions import versions

MOST_NAMED: Final = 100
"""Differences that are named."""

MADE_WITH: Final = ("versions", "revision")
"""What of a manifest tells with what a run was made; no file and no run can check it."""

OF_THE_END: Final = ("outcome", "reason", "advice", "finished", "told.result")
"""What of the manifest of a run that was stopped tells of that."""

NOT_FROM_FILES: Final = ("asked", "told.figures", *MADE_WITH)
"""What of a manifest does not follow from the tables."""


@dataclass(frozen=True, slots=True)
class Verification:
    """What a check of an exported run found.

    Attributes
    ----------
    scenario : str
        What was run.
    altered : tuple of str
        Files (or the manifest) that are not what the manifest says, and how.
    differing : tuple of str
        Cells and fields that are not what follows from the others, or from running it again.
    dates : pandas.DataFrame
        Case and date of each resting point whose traders were exported, and whether it is
        certified again.
    certificates : tuple of Certificate
        The new certificates, one per row of ``dates``.
    unchecked : tuple of str
        What could not be checked, and why.
    not_covered : tuple of str
        Tables, columns and fields in which an alteration with new digests may not be found.
    repeated : bool
        Whether it was run again.
    other_versions : tuple of str
        Packages whose version is not that with which it was made, by what the manifest says.
    """

    scenario: str
    altered: tuple[str, ...]
    differing: tuple[str, ...]
    dates: pd.DataFrame
    certificates: tuple[Certificate, ...]
    unchecked: tuple[str, ...]
    not_covered: tuple[str, ...]
    repeated: bool = False
    other_versions: tuple[str, ...] = ()

    @property
    def certified(self) -> bool:
        """Whether every resting point is an equilibrium by its files."""
        return bool(self.certificates) and all(c.holds for c in self.certificates)


@one_thread()
def verify(
    folder: Path,
    find: Callable[[str], Declared[Any]],
    code: Collection[Path] = (),
    *,
    repeat: bool = False,
) -> Verification:
    """Certify an exported run again, and work out anew what follows from its tables.

    1. Find the manifest and check its own seal.
    2. Compare the digest of every file with the manifest.
    3. Read parameters from the manifest, quotes and holdings from the tables, proofs where there
       are any.
    4. Certify every resting point; the certificates of the manifest are not used.
    5. Write the run again from what was worked out, and compare cell by cell; or, if that is asked
       for, run it again from parameters and seed, and compare byte by byte.

    Of an economy that was composed in Python steps 3 to 5 are for the program that composed it.

    Parameters
    ----------
    folder : pathlib.Path
        An exported run.
    find : callable
        The scenario of a name; refuses one that it does not know.
    code : collection of Path
        Files that may be executed if the run's parameters name them.
    repeat : bool
        Whether to run it again.

    Raises
    ------
    Refused
        If the folder is no exported run, or too little of it is left to check.
    """
    manifest = read_manifest(folder)
    altered = altered_files(folder, manifest)
    if manifest["scenario"] == COMPOSED.name:
        return _composed(manifest, altered)
    run = read_run(folder, manifest, find, code, Columns())
    if not run.ends or not len(run.agents):
        raise Refused(f"{folder} holds a run that was stopped before its first date had ended")
    with as_data(folder, own=run.scenario.file is not None):
        closed = _closed(run)
        derived = only_certified(run) if closed else derive(run)
        shown = [run.ends[place].point for place in derived.certified]
        certificates = tuple(derived.certified.values())
        asked, repeat = repeat, repeat and not _unrepeatable(manifest)
        again = _repeated(run) if repeat else derived.run
        form = _form(manifest) if repeat else None
        differing = []
        if not closed:
            differing = _compared(folder, again, form, manifest, repeat=repeat)
    return Verification(
        scenario=run.title.name,
        altered=altered,
        differing=tuple(differing),
        dates=pd.DataFrame(
            {
                "case": [point.case for point in shown],
                "date": [point.date for point in shown],
                "certified": [certificate.holds for certificate in certificates],
            }
        ),
        certificates=certificates,
        unchecked=tuple(_unchecked(run, derived, manifest, repeat=asked)),
        not_covered=MADE_WITH if repeat else tuple(_not_covered(derived, manifest)),
        repeated=repeat,
        other_versions=_other_versions(manifest),
    )


def _unrepeatable(manifest: Mapping[str, Any]) -> str:
    """Why a run can't be run again, in words; empty if it can."""
    reasons = {
        Outcome.INTERRUPTED: "it was interrupted",
        Outcome.OUT_OF_TIME: "it ended when the time allowed was over",
        Outcome.OUT_OF_MEMORY: "it ended when there was no memory left",
    }
    return reasons.get(Outcome(manifest["outcome"]), "")


def _other_versions(manifest: Mapping[str, Any]) -> tuple[str, ...]:
    """Packages of other versions than those with which a run was made."""
    here, then = versions(), manifest["versions"]
    return tuple(
        f"{name} {then.get(name) or 'none'} (here {here.get(name) or 'none'})"
        for name in {**here, **then}
        if here.get(name) != then.get(name)
    )


def _closed(run: Reopened[Any]) -> list[str]:
    """Files of code that the run needs and that the command line does not name."""
    files = data_files(run.parameters)
    return [file.path.name for file in files if isinstance(file, CodeFile) and not file.named]


def _repeated(run: Reopened[Any]) -> Run[Any]:
    """The same run, run again."""
    for file in data_files(run.parameters):
        if isinstance(file, CodeFile):
            file.module()  # refused here if the command line does not name it
    asked = run.asked
    return simulate(
        run.scenario, run.parameters, seed=run.seed, studies=asked.studies, starts=asked.starts
    )


def _form(manifest: Mapping[str, Any]) -> Format | None:
    """How figures were written; None if there are none."""
    figures = manifest["asked"]["figures"]
    if figures is None:
        return None
    return Format(tuple(figures["kinds"]), float(figures["dpi"]), figures["width"])


def _compared(
    folder: Path, again: Run[Any], form: Format | None, manifest: Mapping[str, Any], *, repeat: bool
) -> list[str]:
    """What is not as it is if the run is written again."""
    place = folder.resolve()
    expected, found = name_of(again), list[str]()
    named = place.name.startswith(f"{again.title.name}-") and len(place.name) == len(expected)
    if named and place.name != expected:
        found.append("parameters, seed or the name of the folder: they do not belong together")
    same = not _other_versions(manifest)
    with tempfile.TemporaryDirectory() as temporary:
        fresh = _written(again, Path(temporary), form)
        left_out: tuple[str, ...] = MADE_WITH if repeat else NOT_FROM_FILES
        if not (repeat or manifest["finished"]):
            left_out += OF_THE_END
        for text in differences(
            folder, manifest, fresh, without=left_out, every_byte=repeat and same
        ):
            if len(found) == MOST_NAMED:
                return [*found, "and more"]
            found.append(text)
    return found


def _written(run: Run[Any], place: Path, form: Format | None) -> Path:
    """Write a run; where its figures or tables fail, as they may have failed before, the rest."""
    try:
        return export(run, run.scenario, place, form)
    except Exception:
        written = place / name_of(run)
        if not written.is_dir():
            raise
        return written


def _unchecked(
    run: Reopened[Any], derived: Derived, manifest: Mapping[str, Any], *, repeat: bool
) -> Iterator[str]:
    """What could not be checked, and why."""
    if not manifest["finished"]:
        yield "the run was stopped before its end"
    for name in _closed(run):
        yield f"{name} is code, and is not executed: name it with --code to have all of it checked"
    if repeat and _unrepeatable(manifest):
        yield f"the run was not run again: {_unrepeatable(manifest)}"
    if len(derived.certified) < len(run.ends):
        yield f"traders of {len(derived.certified)} of {len(run.ends)} dates were exported"
    if not manifest["complete"]:
        yield (
            f"only {len(run.agents)} rows of a larger number of traders were exported: clearing of"
            " the markets and the accounts of the clearing house could not be checked"
        )


def _not_covered(derived: Derived, manifest: Mapping[str, Any]) -> Iterator[str]:
    """Where an alteration with new digests may not be found without running again."""
    yield "rounds"
    if not manifest["finished"]:
        yield from OF_THE_END
    yield "agents within the tolerances of the certificate"
    if len(derived.certified) < len(derived.run.ends):
        yield "dates without traders"
    yield from derived.taken
    yield from (f"study: {name}" for name in manifest["studies"])
    if manifest["asked"]["figures"] is not None:
        yield from ("figures", "told.figures")
    if any(derived.run.proofs):
        yield "proofs beyond what certificates need"
    yield from ("asked", *MADE_WITH)


def _composed(manifest: Mapping[str, Any], altered: tuple[str, ...]) -> Verification:
    """What can be said of an economy that was composed in Python: no file can make it again."""
    certified = sum(bool(date.get("certified")) for date in manifest["dates"])
    said = f"it was certified at {certified} of {len(manifest['dates'])} dates when it was exported"
    again = "this economy was composed in Python; run the program again that composed it"
    return Verification(
        scenario=COMPOSED.name,
        altered=altered,
        differing=(),
        dates=pd.DataFrame(columns=["case", "date", "certified"]),
        certificates=(),
        unchecked=(f"{again} ({said})",),
        not_covered=("everything: only digests are checked",),
    )
