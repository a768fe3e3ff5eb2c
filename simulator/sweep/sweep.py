"""Many runs of a scenario, here or on a cluster, into one table; stopped and taken up again."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import pandas as pd

from markets.refused import Refused
from simulator.declared import Declared
from simulator.export import check_writable, digest
from simulator.hidden_folder import is_hidden
from simulator.outcome import Outcome
from simulator.parameters import Parameters
from simulator.sweep.asked import Asked, checked
from simulator.sweep.handing_out import Options, Progress, Standing, do
from simulator.sweep.manifest import MANIFEST, Manifest, changed_values
from simulator.sweep.plan import Plan, planned, refuse_if_none_allowed
from simulator.sweep.store import DATES, SECONDS, Store, set_aside
from simulator.sweep.table import read_parts
from simulator.sweep.values import files_of
from simulator.sweep.whole_file import UNFINISHED, on_disk
from simulator.sweep.work import Find, built

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LOCK = ".lock"
"""File that a command at work holds."""


@dataclass(frozen=True)
class Sweep:
    """A sweep that is done, or the part of one that is.

    Attributes
    ----------
    folder : Path
        Where its tables are.
    plan : Plan
        Every run of it.
    counts : mapping
        Runs done by outcome.
    done_now : int
        Runs that this command did.
    seconds : float
        How long that took.
    """

    folder: Path
    plan: Plan
    counts: Mapping[str, int]
    done_now: int
    seconds: float

    @cached_property
    def table(self) -> pd.DataFrame:
        """One row per date of every run: parameters, outcome, certificate, quotes, read-outs."""
        return read_parts(self.folder / DATES)

    @cached_property
    def run_seconds(self) -> pd.DataFrame:
        """Seconds of every run; apart from the table, which is the same every time."""
        return read_parts(self.folder / SECONDS)

    def plot(
        self, x: str, y: str | Sequence[str] = (), by: str | None = None
    ) -> Mapping[str, Figure]:
        """Lines over a parameter or read-out with bands over seeds, see :mod:`figures`."""
        from simulator.sweep.figures import lines

        return lines(self.folder, x, [y] if isinstance(y, str) else y, by)

    def heat(self, a: str, b: str, y: str | Sequence[str] = ()) -> Mapping[str, Figure]:
        """Maps over two parameters, outcomes included, see :mod:`figures`."""
        from simulator.sweep.figures import maps

        return maps(self.folder, a, b, [y] if isinstance(y, str) else y)

    @property
    def saving(self) -> str | None:
        """What following neighbours saved, in a sentence; None if nothing followed."""
        table = self.table
        if "followed" not in table:
            return None
        first = table[table["date"] == 1].groupby("followed")[["rounds", "evaluations"]].mean()
        if not {True, False} <= set(first.index):
            return None
        then, now = first.loc[False], first.loc[True]
        return (
            f"from a neighbour's quotes the first date took {now['rounds']:.1f} rounds and"
            f" {now['evaluations']:.1f} evaluations, from the first quotes {then['rounds']:.1f} and"
            f" {then['evaluations']:.1f}"
        )

    def __repr__(self) -> str:
        """A line that says how many runs there are and how they ended."""
        ended = ", ".join(f"{number} {outcome}" for outcome, number in self.counts.items())
        return f"<Sweep {self.plan.scenario}, {len(self.plan)} runs: {ended}>"


def sweep(
    find: Find,
    asked: Asked,
    folder: Path,
    options: Options | None = None,
    progress: Progress | None = None,
    beside: Path | None = None,
    code: Collection[Path] | None = None,
) -> Sweep:
    """Do every run that is asked for and not done yet, and write the tables.

    1. Check what is asked; read what the folder holds, and refuse what does not go with it.
    2. Hand out what is missing, and keep what comes back.
    3. Give all parts the same columns.

    Parameters
    ----------
    find : callable
        Loads the scenario, here and in every worker.
    asked : Asked
        Values of parameters, and seeds.
    folder : Path
        Where the sweep is, or is to be.
    options : Options, optional
        How it is done.
    progress : callable, optional
        Called with the standing whenever runs are done.
    beside : Path, optional
        Where names of files are looked for before the working folder.
    code : collection of Path, optional
        Files that may be executed if a parameter names them; any unless given.

    Raises
    ------
    Refused
        If something asked for is not allowed, the folder holds another sweep, workers can't be
        used, or the disk is full. What was done is kept, and the same command goes on from it.
    """
    options = options or Options()
    scenario, begun = find(), time.perf_counter()
    if options.follow is not None and len(scenario.cases(scenario.parameters())) > 1:
        raise Refused(f"{scenario.name} has several cases; runs can't follow each other there")
    later = Manifest(
        scenario=scenario.name,
        source=None if scenario.file is None else digest(scenario.file),
        asked=(checked(scenario.parameters, asked, beside, code),),
        follow=options.follow,
        time_limit=options.asking.time_limit,
        tables=options.asking.tables,
        starts=options.asking.starts,
        built=(built(),),
    )
    check_writable(folder)
    fresh = not (folder / MANIFEST).exists()
    with _alone(folder):
        try:
            plan = _opened(folder, scenario, later, options)
            with on_disk(folder):
                store = Store(folder, plan, options.asking.tables)
            before = int(store.done.sum())
            if progress is not None:
                progress(Standing(before, len(plan), dict(store.counts)))
            if before < len(plan):
                do(find, store, later.built[0], options, progress)
            if not store.whole:
                store.finish()
        except Refused:
            if fresh:
                _leave_nothing(folder)
            raise
    counts = {str(o): store.counts[str(o)] for o in Outcome if store.counts[str(o)]}
    return Sweep(folder, plan, counts, len(plan) - before, time.perf_counter() - begun)


def _opened(folder: Path, scenario: Declared[Any], later: Manifest, options: Options) -> Plan:
    """The plan of a folder, whose manifest is written once both go with what is there."""
    model, follow = scenario.parameters, later.follow
    alone = planned(scenario.name, model, later.asked, follow)
    earlier = Manifest.read(folder)
    if earlier is None:
        if not all(_before_any_run(path) for path in folder.iterdir()):
            raise Refused(f"out is {folder}, which holds something else; name a new folder")
        refuse_if_none_allowed(alone, model)
        later.write(folder)
        return alone
    different = earlier.differences(later)
    if not earlier.like(later):
        raise Refused(
            f"{folder} holds another sweep: {'; '.join(different)}. Name another folder (--out)"
        )
    _refuse_changed_files(folder, model, earlier, later)
    before = planned(scenario.name, model, earlier.asked, follow)
    different = changed_values(before, alone) + different
    if different and not options.anyway:
        raise Refused(
            f"{folder} holds a sweep that differs: {'; '.join(different)}. To go on all the same:"
            " --anyway; to begin afresh: another folder (--out)"
        )
    manifest = earlier.joined(later)
    plan = planned(scenario.name, model, manifest.asked, follow)
    _refuse_unextendable(earlier, manifest, before, plan)
    if len(plan) != len(before) or plan.columns != before.columns:
        refuse_if_none_allowed(plan, model)
        set_aside(folder)
    manifest.write(folder)
    return plan


def _refuse_changed_files(
    folder: Path, model: type[Parameters], earlier: Manifest, later: Manifest
) -> None:
    """Refuse a sweep whose files have changed; of code it executes what the later command names."""
    named = files_of(value for axis in later.asked[0].axes for value in axis.values)
    for asked in earlier.asked:
        again = checked(model, asked, code=named)
        for axis, other in zip(asked.axes, again.axes, strict=True):
            if axis != other:
                raise Refused(
                    f"{folder} holds a sweep of other files: {axis.name} has changed since. Name"
                    " another folder (--out)"
                )


def _refuse_unextendable(earlier: Manifest, later: Manifest, before: Plan, plan: Plan) -> None:
    """Refuse what can't be made part of a sweep."""
    samples = {asked.sample for asked in later.asked if asked.sample is not None}
    if len(earlier.asked) < len(later.asked) and any(s.kind == "latin" for s in samples):
        raise Refused(
            "a Latin hypercube can't be extended, since its points depend on their number; take"
            " another folder (--out), or a Sobol' sample"
        )
    follow = later.follow
    if follow is not None and follow in before.columns:
        old, new = before.values[follow], plan.values[follow]
        if list(new[: len(old)]) != list(old):
            raise Refused(
                f"runs follow each other along {follow}, so that only values beyond {old[-1]} can"
                " be added to it; take another folder (--out)"
            )


@contextlib.contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Keep two commands from working at one sweep; the lock goes with the process."""
    try:
        import fcntl
    except ImportError:  # not on Windows
        folder.mkdir(parents=True, exist_ok=True)
        yield
        return
    with _lock_file(folder) as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            removed = os.fstat(file.fileno()).st_nlink == 0
        except BlockingIOError:
            removed = True
        if removed:  # or it will be, with the folder
            raise Refused(f"another command is at work on {folder}; wait for its end")
        yield


def _lock_file(folder: Path) -> IO[str]:
    """The file that is locked; another command may just remove the folder."""
    with on_disk(folder):
        while True:
            folder.mkdir(parents=True, exist_ok=True)
            with contextlib.suppress(FileNotFoundError):
                return (folder / LOCK).open("w")


def _before_any_run(path: Path) -> bool:
    """Whether a file is of a command that looks at a folder, or was killed when it began."""
    return path.name == LOCK or path.name.startswith(UNFINISHED) or is_hidden(path)


def _leave_nothing(folder: Path) -> None:
    """Remove a folder if it only says that a sweep was to begin."""
    with contextlib.suppress(OSError):
        if {path.name for path in folder.iterdir()} <= {MANIFEST, LOCK}:
            for path in folder.iterdir():
                path.unlink()
            folder.rmdir()
