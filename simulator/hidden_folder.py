"""Hidden folders in which writers prepare files, and those that killed writers left behind.

A writer prepares everything in a folder of its own, ``.walras-`` and sixteen digits, beside the
place where it is to stand. It holds a lock on a file in it, which the system lets go when the
process ends, however it ends. A hidden folder whose lock nobody holds is left over; the next
writer in the same place removes it. Where the system has no such locks nothing is removed.
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from simulator.stopping import unstoppable

if sys.platform != "win32":
    import fcntl

PREFIX: Final = ".walras-"
HIDDEN: Final = re.compile(r"\.walras-[0-9a-f]{16}")
"""Names of hidden folders."""

LOCK, NEW, OLD = "lock", "new", "old"
"""All that is in a hidden folder: the lock, what is prepared, and what it replaces."""

NOT_FOLDERS: Final = {errno.EACCES, errno.EPERM, errno.EBADF, errno.EINVAL, errno.ENOTSUP}
"""What is said where folders can be written, but not opened to have the disk keep their names."""

ATTEMPTS: Final = 100
"""How often a hidden folder is begun that others remove before it is locked."""


@contextmanager
def hidden_folder(parent: Path) -> Iterator[Path]:
    """A hidden folder of this process, which is removed at the end.

    Folders that are made for it go with it, unless something else is in them by then. Those that
    killed writers left in the same place are removed first. Signals wait while it is made and
    removed.

    Parameters
    ----------
    parent : pathlib.Path
        Where.

    Raises
    ------
    OSError
        If nothing can be written there.
    """
    with unstoppable() as as_before:
        missing = [part for part in (parent, *parent.parents) if not part.exists()]
        clean(parent)  # first, since it may be what fills the disk
        try:
            hidden, lock = _begin(parent)
            try:
                for part in missing:
                    sync(part.parent)
                with as_before():
                    yield hidden
            finally:
                try:
                    _remove(hidden)
                finally:
                    os.close(lock)
        finally:
            for part in missing:
                with suppress(OSError):
                    part.rmdir()


def is_hidden(path: Path) -> bool:
    """Whether a path is a hidden folder, of a writer at work or left over."""
    return HIDDEN.fullmatch(path.name) is not None and path.is_dir() and not path.is_symlink()


def clean(parent: Path) -> None:
    """Remove what killed writers left in a folder, as far as the system allows.

    An older folder that one of them had set aside, and not replaced yet, goes back to its place.
    """
    if sys.platform == "win32":
        return
    with suppress(OSError):
        for hidden in [path for path in parent.iterdir() if is_hidden(path)]:
            with suppress(OSError):
                _remove_if_left(hidden)


def _remove_if_left(hidden: Path) -> None:
    """Remove a hidden folder, if nobody holds its lock and it holds nothing else."""
    if {path.name for path in hidden.iterdir()} - {LOCK, NEW, OLD}:
        return
    try:
        lock = os.open(hidden / LOCK, os.O_RDWR | os.O_NOFOLLOW | os.O_NONBLOCK)
    except FileNotFoundError:
        hidden.rmdir()  # one that has just been begun is begun again under another name
        return
    try:
        if stat.S_ISREG(os.fstat(lock).st_mode) and _locked(lock):
            _remove(hidden)
    finally:
        os.close(lock)


def _begin(parent: Path) -> tuple[Path, int]:
    """A new hidden folder and its lock; another writer may remove it before it is locked."""
    for _ in range(ATTEMPTS):
        hidden = parent / f"{PREFIX}{secrets.token_hex(8)}"
        try:
            parent.mkdir(parents=True, exist_ok=True)
            hidden.mkdir(mode=0o700)
        except FileNotFoundError:
            continue
        try:
            lock = os.open(hidden / LOCK, os.O_RDWR | os.O_CREAT, 0o600)
        except FileNotFoundError:
            continue
        except OSError:
            hidden.rmdir()
            raise
        try:
            held = _locked(lock)
        except OSError:  # no locks here, so that nobody takes it for one that is left over
            held = True
        if held:
            return hidden, lock
        os.close(lock)
    raise FileNotFoundError(errno.ENOENT, os.strerror(errno.ENOENT), str(parent))


def _locked(lock: int) -> bool:
    """Take a lock, unless another process holds it or has removed its file."""
    if sys.platform == "win32":
        raise OSError(errno.ENOTSUP, os.strerror(errno.ENOTSUP))
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return os.fstat(lock).st_nlink > 0


def _remove(hidden: Path) -> None:
    """Put back what was set aside and not replaced, then remove a hidden folder, its lock last.

    What can't be removed stays, and can be recognised.
    """
    with suppress(OSError):
        for old in (hidden / OLD).glob("*"):
            if (hidden / NEW / old.name).exists() and not (hidden.parent / old.name).exists():
                old.rename(hidden.parent / old.name)
        for name in (NEW, OLD):  # in this order, so that no part of an older folder is put back
            with suppress(FileNotFoundError):
                shutil.rmtree(hidden / name)
        (hidden / LOCK).unlink()
        hidden.rmdir()


def sync(path: Path) -> None:
    """Have the disk keep a file's content, or the names in a folder, where it can do that."""
    try:
        descriptor = os.open(path, os.O_RDWR if sys.platform == "win32" else os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
    except OSError as error:
        if not path.is_dir() or error.errno not in NOT_FOLDERS:
            raise
