"""What walras writes, written by copies of this process that are killed or run out of disk.

``python -m benchmarks.reliability.writing`` reads a trial per line, as JSON, and answers each with
a line: how it failed (empty if it ended as it should), and whether it could be tried here.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Final

from typer.testing import CliRunner

import walras
from benchmarks.reliability.forked import At, Ended, Limits, end, forked, start
from simulator import export as exporting
from simulator import new_folder as folders
from simulator.analysis import export_tables
from simulator.export import Format, check_writable
from simulator.hidden_folder import is_hidden
from simulator.run import Run
from simulator.run_report import run_report, write_report
from walras.command import app
from walras.own import write_new

SENTENCE: Final = 300
"""Characters of the longest sentence that says what is wrong."""

LEFT: Final = 0.02
"""Seconds between two looks at a folder that others write."""

Snapshot = Mapping[str, str]
"""Digests of files, by their path in a folder."""


@cache
def the_run() -> Run[Any]:
    """The run that is exported."""
    return walras.run("exchange")


@cache
def exported() -> Path:
    """The run in a folder, from which other commands write."""
    kept = Path(tempfile.mkdtemp(prefix="walras-exported-"))
    folder = the_run().export(kept, form=Format(("png",), 30.0))
    walras.run("exchange", seed=1).export(kept / "other", plots=False)
    _sweep(kept / "sweep")
    return folder


def _export(folder: Path) -> None:
    the_run().export(folder, plots=False)


def _with_figures(folder: Path) -> None:
    the_run().export(folder, form=Format(("png",), 30.0))


def _report(folder: Path) -> None:
    write_report(run_report(exported())[0], "report", folder)


def _tables(folder: Path) -> None:
    export_tables(exported(), "parquet", folder / "tables")


def _new(folder: Path) -> None:
    write_new(folder / "my_market.py")


def _sweep(folder: Path, seeds: int = 2) -> None:
    walras.sweep("exchange", seeds=range(seeds), folder=folder, step=[0.5, 1.0])


@dataclass(frozen=True)
class Job:
    """Something that walras writes.

    Attributes
    ----------
    write : callable
        Writes it to a folder.
    whole : bool
        Whether all files appear at once; otherwise each of them is whole.
    resumes : bool
        Whether what is done when the writer is killed stays, and the next one goes on from it.
    replaces : bool
        Whether it replaces what is there; otherwise it is refused.
    """

    write: Callable[[Path], None]
    whole: bool = True
    resumes: bool = False
    replaces: bool = True
    references: dict[bool, tuple[Snapshot, Snapshot, int]] = field(default_factory=dict)

    def prepare(self, folder: Path, *, older: bool) -> None:
        """Write it, and change that, so that it can be told from what replaces it."""
        if older and self.resumes:
            _sweep(folder, seeds=1)  # which is extended
        elif older:
            self.write(folder)
            for path in [path for path in folder.rglob("*") if path.is_file()]:
                path.write_bytes(path.read_bytes() + b"older\n")

    def reference(self, *, older: bool) -> tuple[Snapshot, Snapshot, int]:
        """What is there before and after, and how many steps there are in between."""
        if older not in self.references:
            with _scratch() as folder:
                self.write(folder)  # imports what it needs, once for all copies
            with _scratch() as folder:
                self.prepare(folder, older=older)
                before = snapshot(folder)
                ended = forked(lambda: self.write(folder), At("killed", sys.maxsize))
                if ended.how != "done":
                    raise RuntimeError(ended.said)
                self.references[older] = before, snapshot(folder), ended.steps
        return self.references[older]


JOBS: Final = {
    "export": Job(_export),
    "export with figures": Job(_with_figures),
    "report": Job(_report, whole=False),
    "tables": Job(_tables, replaces=False),
    "new file": Job(_new, replaces=False),
    "sweep": Job(_sweep, resumes=True),
}

COMMANDS: Final = {
    "run": "run exchange --no-plots --out OUT",
    "run as JSON": "run exchange --no-plots --json --out OUT",
    "report": "report RUN --out OUT",
    "report to a file": "report RUN --out OUT/report.pdf",
    **{
        f"export as {kind}": f"export RUN --format {kind} --out OUT/tables"
        for kind in ("csv", "parquet", "arrow", "stata", "xlsx", "netcdf")
    },
    "figure": "figure RUN quotes_by_round --width 120mm --out OUT",
    "new": "new OUT/my_market.py",
    "compare": "compare RUN OTHER --out OUT/compared",
    "sweep": "sweep exchange --seeds 0:3 --workers 0 --out OUT/sweep",
    "plot": "plot SWEEP --x step --out OUT",
    "sensitivities": "sensitivities exchange --no-plots --out OUT",
}
"""Commands that write, with the folder that they write to, a run and a sweep to write from."""

PRINTED: Final = {
    "run": "exchange:",
    "compare": "asked",
    "run as JSON": '"scenario"',
    "sensitivities": "exchange:",
}
"""What commands print though they can't export it."""


def snapshot(folder: Path) -> Snapshot:
    """What is in a folder, without hidden folders and what differs from time to time."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and not any(is_hidden(part) for part in path.parents)
        and not {"seconds"} & {part.name for part in path.parents}
    }


def hidden_in(folder: Path) -> list[str]:
    """Hidden folders that were left in a folder."""
    return [str(path.relative_to(folder)) for path in folder.rglob("*") if is_hidden(path)]


# ---------------------------------------------------------------------- trials
def at_a_step(job: str, kind: str, older: bool, fraction: float, *, swap: bool = True) -> str:
    """A writer that is killed, or finds the disk full, at a step."""
    what = JOBS[job]
    if not swap:
        vars(folders)["_swap"] = _no_swap
    try:
        before, after, steps = what.reference(older=older)
        with _scratch() as folder:
            what.prepare(folder, older=older)
            ended = forked(
                lambda: what.write(folder),
                At("killed" if kind == "killed" else "disk full", 1 + int(fraction * steps)),
            )
            return _found(what, folder, before, after, ended)
    finally:
        vars(folders)["_swap"] = _SWAP


def at_an_instant(job: str, older: bool, seconds: list[float]) -> str:
    """Writers one after the other, each killed after some time."""
    what = JOBS[job]
    before, after, _ = what.reference(older=older)
    with _scratch() as folder:
        what.prepare(folder, older=older)
        for wait in seconds:
            number, reading = start(lambda: _again_and_again(what, folder))
            time.sleep(wait)
            os.kill(number, signal.SIGKILL)
            ended = end(number, reading)
            if ended.how != "killed":
                return f"it ended before it was killed: {ended.said}"
            failure = _torn(what, folder, before, after)
            if failure:
                return failure
        return _found(what, folder, before, after, Ended("killed"))


def files_limited(job: str, older: bool, size: int) -> str:
    """A writer whose files may not be larger than some bytes."""
    what = JOBS[job]
    before, after, _ = what.reference(older=older)
    with _scratch() as folder:
        what.prepare(folder, older=older)
        ended = forked(lambda: what.write(folder), limits=Limits(size))
        return _found(what, folder, before, after, ended)


def at_once(job: str, older: bool, writers: int) -> str:
    """Several writers of the same at once, and a reader."""
    what = JOBS[job]
    before, after, _ = what.reference(older=older)
    with _scratch() as folder:
        what.prepare(folder, older=older)
        begun = [start(lambda: what.write(folder)) for _ in range(writers)]
        failure = ""
        while not failure and any(_running(number) for number, _ in begun):
            if what.whole and not what.resumes:
                seen = _names(folder)
                failure = "" if seen in ({}, _named(before), _named(after)) else f"in part: {seen}"
            time.sleep(LEFT)
        ended = [end(number, reading) for number, reading in begun]
        for one in ended:
            if one.how == "failed" or (one.how == "refused" and not _may_refuse(job, one.said)):
                return f"a writer {one.how}: {one.said}"
        if not any(one.how == "done" for one in ended):
            return "no writer came to its end"
        if hidden_in(folder):
            return f"left behind: {hidden_in(folder)}"
        return failure or ("" if snapshot(folder) == after else "it is not what one writer writes")


def disk_of(command: str, size: int, *, writable: bool = True) -> str | None:
    """A command that writes to a disk of some KiB, or one that can't be written to."""
    run = exported()
    with _scratch() as folder:
        options = f"size={size}k" if writable else "size=1m,ro"
        mounted = subprocess.run(
            ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)],
            capture_output=True, check=False,
        )  # fmt: skip
        if mounted.returncode:
            return None
        try:
            places = {"OUT": str(folder), "RUN": str(run), "SWEEP": str(run.parent / "sweep"),
                      "OTHER": str(run.parent / "other")}  # fmt: skip
            words = [_placed(word, places) for word in COMMANDS[command].split()]
            ended = forked(lambda: _commanded(command, words))
            if ended.how == "failed":
                return ended.said
            there = snapshot(folder)
            if hidden_in(folder):
                return f"left behind: {hidden_in(folder)}"
            if ended.how == "refused":
                return f"left behind: {list(there)}" if there and command != "sweep" else ""
            return "" if there or command == "sweep" else "nothing was written"
        finally:
            subprocess.run(["umount", str(folder)], check=True)


TRIALS: Final[dict[str, Callable[..., str | None]]] = {
    function.__name__: function
    for function in (at_a_step, at_an_instant, files_limited, at_once, disk_of)
}


vars(exporting)["_revision"] = cache(vars(exporting)["_revision"])
"""The revision of a checkout is in a manifest; here it stays what it was, whoever commits."""


# ---------------------------------------------------------------------- checks
def _found(job: Job, folder: Path, before: Snapshot, after: Snapshot, ended: Ended) -> str:
    """What is wrong with a folder after a writer came to its end, one way or another."""
    if ended.how == "failed":
        return ended.said
    if ended.how == "refused":
        if len(ended.said) > SENTENCE or "\n" in ended.said:
            return f"no sentence of {SENTENCE} characters: {ended.said}"
        if left := hidden_in(folder):
            return f"left behind: {left}"
        if not job.resumes and snapshot(folder) != before:
            return f"refused ({ended.said}), and yet {sorted(snapshot(folder))} is there"
    if failure := _torn(job, folder, before, after):
        return failure
    if not job.resumes:
        check_writable(folder)
        if left := hidden_in(folder):
            return f"left behind after the next writer: {left}"
        if before and job.whole and snapshot(folder) not in (before, after):
            return f"neither the older nor the new is there: {sorted(snapshot(folder))}"
    if ended.how == "done" and snapshot(folder) != after:
        return "it is not what was to be written"
    if job.replaces or job.resumes or not snapshot(folder):
        job.write(folder)
    if hidden_in(folder) or snapshot(folder) != after:
        return f"the next writer leaves {hidden_in(folder)} {sorted(snapshot(folder))}"
    return ""


def _torn(job: Job, folder: Path, before: Snapshot, after: Snapshot) -> str:
    """What is there in part, if anything is."""
    now = snapshot(folder)
    if job.resumes or now in (before, after, {}):
        return ""
    if not job.whole and all(mark in (before.get(n), after.get(n)) for n, mark in now.items()):
        return ""
    return f"a part is there: {sorted(now)}"


def _may_refuse(job: str, said: str) -> bool:
    """Whether one of several writers may be refused with that sentence."""
    exists = "exists already" in said and job in ("tables", "new file")
    return exists or (job == "sweep" and "another command is at work" in said)


def _commanded(command: str, words: list[str]) -> None:
    """Give a command; one that refuses is refused here."""
    given = CliRunner().invoke(app, words)
    if given.exit_code in (0, 3):
        return
    said = given.stderr.strip()
    if given.exit_code != 2 or len(said) > SENTENCE + len("walras: ") or "\n" in said:
        raise RuntimeError(f"exit code {given.exit_code}: {said} {given.exception!r}")
    if "can't be written" not in said:
        raise RuntimeError(f"refused for another reason: {said}")
    if PRINTED.get(command, "") not in given.stdout and "out is" not in said:
        raise RuntimeError(f"the result was not printed: {given.stdout}")
    raise walras.Refused(said)


# ---------------------------------------------------------------------- inner workings
_SWAP: Final = folders._swap


def _no_swap(*_: Path) -> None:
    raise OSError


def _again_and_again(job: Job, folder: Path) -> None:
    while True:
        job.write(folder)


def _placed(word: str, places: Mapping[str, str]) -> str:
    head, slash, rest = word.partition("/")
    return places.get(head, head) + slash + rest


def _running(number: int) -> bool:
    """Whether a copy is still at work; how it ended stays to be asked."""
    found = os.waitid(os.P_PID, number, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    return found is None


def _names(folder: Path) -> dict[str, set[str]]:
    """Names of the files in each folder of a folder, as they are at this moment."""
    seen = {}
    for place in [path for path in folder.iterdir() if not is_hidden(path)]:
        with suppress(FileNotFoundError, NotADirectoryError):
            seen[place.name] = {path.name for path in place.iterdir()}
    return seen


def _named(files: Snapshot) -> dict[str, set[str]]:
    named: dict[str, set[str]] = {}
    for path in files:
        folder, _, name = path.partition("/")
        named.setdefault(folder, set()).add(name)
    return named


@contextmanager
def _scratch() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="walras-trial-") as folder:
        yield Path(folder)


def main() -> None:
    """Answer one trial after the other."""
    try:
        for line in sys.stdin:
            asked = json.loads(line)
            begun = time.perf_counter()
            failure = TRIALS[asked.pop("trial")](**asked)
            seconds = time.perf_counter() - begun
            answer = {"failure": failure, "seconds": seconds}
            print(json.dumps(answer), flush=True)
    finally:
        if exported.cache_info().currsize:
            shutil.rmtree(exported().parent, ignore_errors=True)


if __name__ == "__main__":
    main()
