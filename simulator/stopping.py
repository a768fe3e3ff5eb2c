"""Signals that ask the command to stop: it ends at once, and what is done is kept undisturbed.

Ctrl-C (SIGINT), the end of a batch job (SIGTERM) and a terminal that is closed (SIGHUP) raise
:class:`Stopped` where work can be given up, in a :func:`stoppable` block. In an
:func:`unstoppable` one, in which what is done is written, they are only remembered; the next
stoppable block raises. Without :func:`listen`, in a notebook say, both do nothing, and Ctrl-C is
Python's KeyboardInterrupt.
"""

from __future__ import annotations

import _thread
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from types import FrameType
from typing import Final

AGAIN: Final = 0.02
"""Seconds after which a signal is sent again that came in the middle of an import."""

MOST_IMPORTING: Final = 250
"""How often it is put off: an import takes no longer than 5 seconds, or is given up."""


class Stopped(BaseException):
    """A signal asked the command to stop.

    Parameters
    ----------
    number : int
        Which signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.number = number


INTERRUPTS: Final = (KeyboardInterrupt, Stopped)
"""What somebody raises who wants an end, and no defect does."""


def code_of(interrupt: BaseException | None) -> int:
    """Exit code of a command that was interrupted: 128 and the number of the signal."""
    return 128 + (interrupt.number if isinstance(interrupt, Stopped) else signal.SIGINT)


class _Process:
    """What this process was asked, whether it may raise now, and how often that was put off."""

    def __init__(self) -> None:
        self.asked: int | None = None
        self.raises = False
        self.put_off = 0


_process = _Process()


def listen() -> None:
    """Have signals raise :class:`Stopped`; those that the process was started to ignore don't."""
    for number in _stopping():
        if signal.getsignal(number) is not signal.SIG_IGN:
            signal.signal(number, _ask)
    sys.unraisablehook = _unraisable


def ignore() -> None:
    """Have signals do nothing any more, while the interpreter ends."""
    for number in _stopping():
        signal.signal(number, signal.SIG_IGN)


def check() -> None:
    """Raise if a signal came and something, a library say, has swallowed the exception."""
    if _process.asked is not None and _process.raises:
        raise Stopped(_process.asked)


@contextmanager
def stoppable() -> Iterator[None]:
    """Signals raise :class:`Stopped` in the block; so does one that came before."""
    with _raising(True):
        check()
        yield


@contextmanager
def unstoppable() -> Iterator[Callable[[], AbstractContextManager[None]]]:
    """Signals wait until the block is done; in a block of what it gives they do as before."""
    before = _process.raises
    with _raising(False):
        yield lambda: _raising(before)


@contextmanager
def deaf() -> Iterator[None]:
    """Processes that are started in the block never hear of signals, where systems allow it."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, _stopping())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _stopping() -> list[signal.Signals]:
    """The signals; Windows has no SIGHUP."""
    return [s for s in signal.Signals if s.name in ("SIGINT", "SIGTERM", "SIGHUP")]


@contextmanager
def _raising(raises: bool) -> Iterator[None]:
    before, _process.raises = _process.raises, raises
    try:
        yield
    finally:
        _process.raises = before


def _ask(number: int, frame: FrameType | None) -> None:
    """What a signal does: raise, but not in the middle of an import, where libraries handle it."""
    if _process.asked is None:
        _process.asked = number
    if importing(frame) and _process.put_off < MOST_IMPORTING and hasattr(signal, "pthread_kill"):
        _process.put_off += 1
        _thread.start_new_thread(_send_again, (number,))  # no lock that the import may hold
    else:
        check()


def _send_again(number: int) -> None:
    time.sleep(AGAIN)
    signal.pthread_kill(threading.main_thread().ident or 0, number)


def importing(frame: FrameType | None) -> bool:
    """Whether a module is being loaded: broken off, it would stay broken in this process."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _unraisable(raised: sys.UnraisableHookArgs) -> None:
    """Where Python can't raise, it says so and goes on; :func:`check` raises soon.

    Nor is it worth a word that a file was open where a signal stopped everything.
    """
    left_open = _process.asked is not None and isinstance(raised.exc_value, ResourceWarning)
    if not isinstance(raised.exc_value, Stopped) and not left_open:
        sys.__unraisablehook__(raised)
