"""Files that users name: read only if they are files, and no larger than they can sensibly be."""

from __future__ import annotations

import stat
from pathlib import Path

from markets.refused import Refused

LARGEST_TEXT = 32 * 1024**2
"""Bytes of a file of parameters, values or code; two million listed numbers have fewer."""


def check_file(path: Path, largest: int | None = None) -> None:
    """Refuse what can't be read as a file, without opening it: a pipe would wait for ever.

    Parameters
    ----------
    path : Path
        The file.
    largest : int, optional
        Bytes that it may have; any number unless given.

    Raises
    ------
    Refused
        If it is not there, no regular file, or too large.
    """
    try:
        found = path.stat()
    except OSError as error:
        raise Refused(f"{path} can't be read: {error.strerror}") from None
    except ValueError:
        raise Refused(f"{path} can't be read: no file can have such a name") from None
    if not stat.S_ISREG(found.st_mode):
        what = "a folder" if stat.S_ISDIR(found.st_mode) else "a device, pipe or socket"
        raise Refused(f"{path} can't be read: it is {what}, not a file")
    if largest is not None and found.st_size > largest:
        raise Refused(
            f"{path} can't be read: it has {found.st_size:,} bytes; at most {largest:,} are allowed"
        )


def read_text(path: Path) -> str:
    """The text of a file in UTF-8.

    Raises
    ------
    Refused
        If it can't be read, is too large, or is not text in UTF-8.
    """
    check_file(path, LARGEST_TEXT)
    try:
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise Refused(f"{path} can't be read: {error.strerror}") from None
    except UnicodeDecodeError:
        raise Refused(f"{path} can't be read: it is not text in UTF-8") from None
