"""Files that are written whole or not at all, and are there after a loss of power."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from markets.refused import Refused
from simulator.hidden_folder import sync

UNFINISHED = ".part-"
"""How the names of files begin that are being written."""


def write_whole(path: Path, fill: Callable[[BinaryIO], object]) -> None:
    """Fill a file under another name, put it on the disk, then give it its own.

    Parameters
    ----------
    path : Path
        The file.
    fill : callable
        Writes to the open file that it is given.

    Raises
    ------
    OSError
        If it can't be written; what was there before is still there.
    """
    hidden = path.with_name(UNFINISHED + path.name)
    try:
        with hidden.open("wb") as file:
            fill(file)
            file.flush()
            os.fsync(file.fileno())
        hidden.replace(path)
        sync(path.parent)
    finally:
        hidden.unlink(missing_ok=True)


@contextmanager
def on_disk(folder: Path) -> Iterator[None]:
    """Refuse what the disk refuses."""
    try:
        yield
    except OSError as error:
        raise Refused(
            f"{folder} can't be written to ({error.strerror or error}); what was done before is"
            " there, and the same command goes on from it"
        ) from error
