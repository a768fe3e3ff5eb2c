"""How the command is entered and left: signals stop it, and it says so in a sentence.

It imports little, since before it is entered a signal is left to Python.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from simulator.stopping import INTERRUPTS, code_of, ignore, listen, stoppable


@contextmanager
def entered() -> Iterator[None]:
    """Listen to signals; where one stops the block, say what is kept, and leave with its code."""
    listen()
    interrupt: BaseException | None = None
    try:
        with stoppable():
            yield
    except INTERRUPTS as stopped:
        interrupt = stopped
    finally:
        ignore()
    if interrupt is not None:
        said = str(interrupt) or "interrupted"
        kept = "; ".join(getattr(interrupt, "__notes__", ["what was not finished is not kept"]))
        with suppress(OSError):  # the terminal may be gone
            print(f"walras: {said}; {kept}", file=sys.stderr)
        raise SystemExit(code_of(interrupt))
