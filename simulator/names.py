"""Names that are not known, and how many there are of something."""

from __future__ import annotations

import difflib
from collections.abc import Sequence


def unknown(name: str, known: Sequence[str], kind: str) -> str:
    """One sentence on a name that is not known, with the nearest that is."""
    near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}"
    return f'"{name}" is not a {kind}; {hint}'


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "fold"), counted(2, "fold")
    ('1 fold', '2 folds')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")
