"""Folders and files that appear as a whole or not at all."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Final

from markets.refused import Refused, on_one_line
from simulator.hidden_folder import NEW, OLD, PREFIX, hidden_folder, sync
from simulator.stopping import unstoppable

SYNCING: Final = 8
"""Files that the disk is asked to keep at a time: it keeps several in little more time than one."""


@contextmanager
def new_folder(target: Path, *, over: bool = True) -> Iterator[Path]:
    """An empty folder that is called ``target`` at the end of the block.

    Until then it stands beside the target in a hidden folder, and is removed if the block fails.
    Its files are on the disk before it gets its name, so that at no time, even after ``kill -9`` or
    a loss of power, there is a part of it under that name. An older folder is swapped with it in
    one step; where the system can't do that, the older one is moved away first, and a writer that
    is killed before the next step leaves it to the next one to put it back.

    Parameters
    ----------
    target : pathlib.Path
        The folder; those that it is in are made.
    over : bool
        Whether an older folder of that name is replaced.

    Raises
    ------
    Refused
        If it can't be written, or there is one that must not be replaced; nothing is left behind.
    """
    place = Path(os.path.realpath(target))
    with _refusing(target), hidden_folder(place.parent) as hidden:
        fresh = hidden / NEW / place.name
        fresh.mkdir(parents=True)
        yield fresh
        with unstoppable():
            _sync_all(fresh)
            _put(fresh, place, hidden / OLD, over=over)
            sync(place.parent)


@contextmanager
def new_files(folder: Path, *, over: bool = True) -> Iterator[Path]:
    """An empty folder whose files are moved to ``folder`` at the end of the block.

    Each of them is whole, and all of them are as they were if one can't be written. They are
    renamed one after the other: killed in between, a writer leaves some new, others as they were.

    Parameters
    ----------
    folder : pathlib.Path
        Where the files go; it is made.
    over : bool
        Whether older files of their names are replaced.

    Raises
    ------
    Refused
        If they can't be written, or there is one that must not be replaced; nothing is left behind.
    """
    with _refusing(folder), hidden_folder(folder) as hidden:
        fresh = hidden / NEW
        fresh.mkdir()
        yield fresh
        with unstoppable():
            _sync_all(fresh)
            files = sorted(fresh.iterdir())
            _put_files(files, folder, hidden / OLD, over=over)
            sync(folder)


@contextmanager
def _refusing(target: Path) -> Iterator[None]:
    """Refuse what the system refuses while something is written."""
    try:
        yield
    except OSError as error:
        reason = os.strerror(error.errno) if error.errno else str(error).partition("\n")[0]
        if error.filename is not None and PREFIX not in (file := str(error.filename)):
            reason += f": {on_one_line(file, 100, 60)}"
        name = on_one_line(str(target), 120, 60)
        raise Refused(f"{name} can't be written ({reason}); nothing of it was kept") from error


def _sync_all(folder: Path) -> None:
    """Have the disk keep everything in a folder."""
    with ThreadPoolExecutor(SYNCING) as threads:
        for _ in threads.map(sync, [folder, *folder.rglob("*")]):
            pass


def _put(fresh: Path, target: Path, aside: Path, *, over: bool) -> None:
    """Give a folder its name; an older one of that name ends up in a hidden folder.

    Others may do the same at the same time: the last one stays.
    """
    while True:
        try:
            fresh.rename(target)  # over an empty folder, too
            return
        except OSError as error:
            if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                raise
        if not over:
            raise _exists(target)
        try:
            _swap(fresh, target)
            return
        except OSError:  # not on this system, or not on this disk
            shutil.rmtree(aside, ignore_errors=True)  # of the attempt before, if there was one
            aside.mkdir()
        with suppress(FileNotFoundError):  # another writer may have moved it away
            target.rename(aside / target.name)


def _put_files(files: list[Path], folder: Path, aside: Path, *, over: bool) -> None:
    """Move files to a folder; if one can't be moved, those before it are as they were."""
    aside.mkdir()
    for file in files[:-1]:
        with suppress(FileNotFoundError):
            shutil.copy2(folder / file.name, aside / file.name)
    moved: list[Path] = []
    try:
        for file in files:
            if over:
                file.replace(folder / file.name)
            else:
                _link(file, folder / file.name)
            moved.append(file)
    except BaseException:
        for file in moved:
            older = aside / file.name
            if older.exists():
                older.replace(folder / file.name)
            else:
                (folder / file.name).unlink(missing_ok=True)
        raise


def _link(file: Path, place: Path) -> None:
    """Give a file a name in one step, unless there is one of that name."""
    try:
        os.link(file, place)
    except FileExistsError:
        raise _exists(place) from None


def _exists(target: Path) -> Refused:
    return Refused(f"{target} exists already; name a new {'folder' if target.is_dir() else 'file'}")


def _swap(one: Path, other: Path) -> None:
    """Swap two names in one step.

    Raises
    ------
    OSError
        If the system, or the disk, has no such step.
    """
    names = os.fsencode(one), os.fsencode(other)
    here, exchange = -100, 2  # AT_FDCWD of Linux; RENAME_EXCHANGE, and RENAME_SWAP of macOS
    try:
        system = ctypes.CDLL(None, use_errno=True)
        if sys.platform == "darwin":
            failed = system.renamex_np(*names, exchange)
        else:
            failed = system.renameat2(here, names[0], here, names[1], exchange)
    except (AttributeError, TypeError):
        raise OSError(errno.ENOSYS, os.strerror(errno.ENOSYS)) from None
    if failed:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number), str(other))
