"""Names of columns that every program takes: letters, digits and underscores, no more than 32."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Final

LONGEST: Final = 32
"""Characters of a name in Stata, which allows the fewest."""

SHORTEST: Final = 3
"""Letters that are left of a word, unless names have too many words."""

_WORDS = (
    "byte int long float double strl if in using with"
    " else repeat while function for next break true false null inf nan na"
)
RESERVED: Final = frozenset(_WORDS.split())
"""Words of Stata and of R, in lower case."""

SPOKEN: Final = {"+": "_plus", "-": "_", "%": "_percent"}
"""Signs that tell names apart; all others become underscores."""


def short_names(names: Iterable[str]) -> dict[str, str]:
    """Short names of columns, in their order; no two are the same, capitals apart or not.

    1. What is no letter or digit becomes an underscore.
    2. While the name is too long, the longest of its words loses its last letter.
    3. A name that is taken ends in a number.

    Examples
    --------
    >>> short_names(["price[j0@u]", "price[j0@u+]", "difference_unit_payment[mortgage@bust]"])
    {'price[j0@u]': 'price_j0_u', 'price[j0@u+]': 'price_j0_u_plus', \
'difference_unit_payment[mortgage@bust]': 'differe_unit_payment_mortga_bust'}
    """
    found: dict[str, str] = {}
    taken: set[str] = set()
    for name in names:
        words = _words(name)
        short, number = _fitted(words, LONGEST), 1
        while short.casefold() in taken or short.casefold() in RESERVED:
            number += 1
            short = f"{_fitted(words, LONGEST - 1 - len(str(number)))}_{number}"
        taken.add(short.casefold())
        found[name] = short
    return found


def _words(name: str) -> list[str]:
    """The words of a name, of which the first begins with a letter."""
    spoken = "".join(SPOKEN.get(sign, sign) for sign in name)
    words = [word for word in re.split(r"[^A-Za-z0-9]+", spoken) if word]
    return words if words and words[0][0].isalpha() else ["v", *words]


def _fitted(words: list[str], room: int) -> str:
    """Words with underscores between them, the longest shortened until there is room."""
    words = list(words)
    while len("_".join(words)) > room:
        longest = max(range(len(words)), key=lambda k: (len(words[k]), k))
        if len(words[longest]) <= SHORTEST:
            return "_".join(words)[:room].rstrip("_")
        words[longest] = words[longest][:-1]
    return "_".join(words)
