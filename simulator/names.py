"""Names that are not known, and how many there are of something."""

from __future__ import annotations

import difflib
import re
from collections import Counter
from collections.abc import Iterable, Sequence

from markets.refused import shown

LONGEST_MISSPELT = 100
"""Characters of a name above which nothing known is near it."""


def unknown(name: str, known: Sequence[str], kind: str) -> str:
    """One sentence on a name that is not known, with the nearest that is."""
    near = [one for one in known if len(name) > 1 and _initials(one) == name.lower()]
    if not near and len(name) <= LONGEST_MISSPELT:
        near = difflib.get_close_matches(name, known, n=1, cutoff=0.4)
    hint = f'did you mean "{near[0]}"?' if near else f"known are {', '.join(known)}"
    return f"{shown(name)} is not a {kind}; {hint}"


def repeated(names: Iterable[str]) -> str | None:
    """The first name that is there twice, if any.

    >>> repeated(["cash", "belief", "cash"])
    'cash'
    """
    return next((name for name, times in Counter(names).items() if times > 1), None)


def _initials(name: str) -> str:
    """First letters of the words of a name."""
    return "".join(word[:1] for word in re.split(r"[\W_]+", name.lower()))


def counted(number: int, noun: str) -> str:
    """A number and its noun.

    >>> counted(1, "fold"), counted(2, "fold")
    ('1 fold', '2 folds')
    """
    return f"{number} {noun}" + ("" if number == 1 else "s")
