"""A folder that is written as a whole or not at all."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from simulator.stopping import unstoppable


@contextmanager
def new_folder(target: Path) -> Iterator[Path]:
    """An empty folder that is called ``target`` at the end of the block.

    Until then it stands beside the target under a temporary name, and is removed if the block
    fails. An older folder of that name is replaced.

    Parameters
    ----------
    target : pathlib.Path
        The folder; those that it is in are made.
    """
    target.parent.mkdir(parents=True, exist_ok=True)
    with (
        unstoppable() as as_before,
        tempfile.TemporaryDirectory(prefix=".walras-", dir=target.parent) as temporary,
    ):
        fresh = Path(temporary) / "new"
        fresh.mkdir()
        with as_before():
            yield fresh
        if target.exists():
            target.replace(Path(temporary) / "old")
        fresh.replace(target)
