"""Work done in a copy of this process, which is killed, or refused by the system, at a given step.

A step is anything that the process asks of the file system, as Python's audit hooks tell it, and
every line of the modules that write folders; so all steps together are all instants that matter.
"""

from __future__ import annotations

import errno
import os
import resource
import signal
import sys
import threading
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from types import FrameType
from typing import Any, Final, Literal

from markets.refused import Refused
from simulator import hidden_folder, new_folder

Kind = Literal["killed", "disk full"]

WATCHED: Final = frozenset(str(module.__file__) for module in (hidden_folder, new_folder))
"""Modules each of whose lines is a step."""

ASKED: Final = ("open", "os.", "shutil.", "tempfile.", "fcntl.")
"""How audit events begin that ask something of the file system."""

CHANGING: Final = frozenset({"os.mkdir", "os.rename", "os.link"})
"""Audit events, beside opening a file to write, at which a disk may be full."""

WRITING: Final = os.O_WRONLY | os.O_RDWR | os.O_CREAT


@dataclass(frozen=True, slots=True)
class At:
    """What happens to the process, at which of its steps, counted from 1."""

    kind: Kind
    step: int


@dataclass(frozen=True, slots=True)
class Limits:
    """What the process may take: bytes of its largest file."""

    file_size: int


@dataclass(frozen=True, slots=True)
class Ended:
    """How it ended: ``done``, ``killed``, ``refused`` with a sentence, or ``failed`` with more.

    ``steps`` are those that it took, unless it was killed; they are counted if anything was to
    happen at one.
    """

    how: Literal["done", "killed", "refused", "failed"]
    said: str = ""
    steps: int = 0


def start(
    work: Callable[[], object], at: At | None = None, limits: Limits | None = None
) -> tuple[int, int]:
    """Begin work in a copy of this process: its number, and where it will say how it ended."""
    reading, writing = os.pipe()
    sys.stdout.flush()
    number = os.fork()
    if number:
        os.close(writing)
        return number, reading
    said, steps = "failed", _Steps()
    try:
        os.close(reading)
        if limits is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limits.file_size, limits.file_size))
        if at is not None:
            _watch(at, steps)
        work()
        said = "done"
    except Refused as error:
        said = f"refused {error}"
    except BaseException:  # noqa: BLE001 - it is told, whatever it is
        said = f"failed {traceback.format_exc()[-2000:]}"
    finally:
        sys.settrace(None)
        os.write(writing, f"{steps.taken} {said}".encode(errors="backslashreplace"))
        os._exit(0)


def end(number: int, reading: int) -> Ended:
    """Wait until it ends, and give how."""
    with os.fdopen(reading, "rb") as pipe:
        said = pipe.read().decode()
    _, status = os.waitpid(number, 0)
    if os.WIFSIGNALED(status):
        sign = os.WTERMSIG(status)
        killed = sign == signal.SIGKILL
        return Ended("killed") if killed else Ended("failed", f"by signal {sign}")
    steps, how, *sentence = said.split(" ", 2)
    return Ended(how, "".join(sentence), int(steps))  # type: ignore[arg-type]


def forked(work: Callable[[], object], at: At | None = None, limits: Limits | None = None) -> Ended:
    """Do work in a copy of this process, and give how that ended."""
    return end(*start(work, at, limits))


@dataclass(slots=True)
class _Steps:
    """Steps taken."""

    taken: int = 0


def _watch(at: At, steps: _Steps) -> None:
    """Have something happen at a step."""

    def step() -> None:
        steps.taken += 1
        if steps.taken == at.step:
            if at.kind == "killed":
                os.kill(os.getpid(), signal.SIGKILL)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    def audit(event: str, given: tuple[Any, ...]) -> None:
        if event.startswith(ASKED) and (at.kind == "killed" or _changes(event, given)):
            step()

    def trace(frame: FrameType, event: str, _: object) -> Callable[..., Any] | None:
        if frame.f_code.co_filename not in WATCHED:
            return None
        if event == "line":
            step()
        return trace

    if at.kind == "killed":
        threading.settrace(trace)
        sys.settrace(trace)
    sys.addaudithook(audit)


def _changes(event: str, given: tuple[Any, ...]) -> bool:
    """Whether something is written at an event."""
    return event in CHANGING or (event == "open" and bool(given[2] & WRITING))
