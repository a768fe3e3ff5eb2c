"""Go through every step of replacing a small folder, or two files: the writer is stopped there.

``python -m benchmarks.reliability.every_step folder killed`` prints, for each way in which it
ended, what was there then and how often; it fails if anything was there in part.
"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import tempfile
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Final

from benchmarks.reliability.forked import At, forked
from simulator import new_folder as folders
from simulator.hidden_folder import clean, is_hidden
from simulator.new_folder import new_files, new_folder

OLDER: Final = {"a": "older", "b": "older"}
NEWER: Final = {"a": "newer", "b": "newer"}


def fill(folder: Path, files: dict[str, str]) -> None:
    """Write some small files."""
    for name, text in files.items():
        (folder / name).write_text(text)


def whole(folder: Path) -> None:
    """Write a folder."""
    with new_folder(folder / "target") as fresh:
        fill(fresh, NEWER)


def each(folder: Path) -> None:
    """Write files to a folder."""
    with new_files(folder / "target") as fresh:
        fill(fresh, NEWER)


def not_here(*_: Path) -> None:
    """As on a system that can't swap folders."""
    raise OSError


WRITERS: Final[dict[str, Callable[[Path], None]]] = {
    "folder": whole, "without-swap": whole, "files": each, "first": whole
}  # fmt: skip


def look(folder: Path) -> dict[str, str]:
    """What is in the target."""
    place = folder / "target"
    files = place.iterdir() if place.exists() else ()
    return {path.name: path.read_text() for path in files if not is_hidden(path)}


def told(found: dict[str, str], *, first: bool) -> str:
    """What is there, in a word."""
    if found == NEWER:
        return "newer"
    if found == ({} if first else OLDER):
        return "older"
    return "nothing" if not found else "mixed" if set(found) == set(NEWER) else "in part"


def every_step(case: str, kind: str) -> dict[str, int]:
    """Have a writer killed, or refused, at each step, then clean up after it."""
    if case == "without-swap":
        vars(folders)["_swap"] = not_here
    write, first = WRITERS[case], case == "first"
    vars(os)["fsync"] = lambda _: None  # no power is lost here
    counts: Counter[str] = Counter()
    for step in itertools.count(1):
        with tempfile.TemporaryDirectory() as scratch:
            folder = Path(scratch)
            place = folder / "target"
            if not first:
                place.mkdir()
                fill(place, OLDER)
            at = At("killed" if kind == "killed" else "disk full", step)
            ended = forked(lambda folder=folder: write(folder), at)  # type: ignore[misc]
            if ended.how in ("done", "refused") and ended.steps < step:
                return dict(counts)
            if ended.how == "failed":
                raise SystemExit(f"step {step}: {ended.said}")
            then = told(look(folder), first=first)
            left = any(
                map(is_hidden, [*folder.iterdir(), *(place.iterdir() if look(folder) else ())])
            )
            clean(folder)
            clean(place)
            now = told(look(folder), first=first)
            counts[f"{ended.how}: {then}, then {now}{', leftover' if left else ''}"] += 1
            extra = [p.name for p in folder.iterdir() if p != place]
            if extra or (place.exists() and len(list(place.iterdir())) > len(NEWER)):
                raise SystemExit(f"step {step}: not cleaned: {extra}")
    raise AssertionError


def main() -> None:
    """Go through every step of one case."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.reliability.every_step")
    parser.add_argument("case", choices=WRITERS)
    parser.add_argument("kind", choices=("killed", "full"))
    given = parser.parse_args()
    print(json.dumps(every_step(given.case, given.kind)))


if __name__ == "__main__":
    main()
