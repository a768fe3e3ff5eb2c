"""Columns of tables, declared where they are made: what stands in them, and in which unit."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Final

PLACES: Final = ("node", "instrument", "member")
"""What a column may be about; a long table has a column for each of the first two."""

_PLACE = re.compile(r"\{(\w+)\}")
_OF = rf"\{{(?:{'|'.join(PLACES)})\}}"
_OF_PLACES = re.compile(rf"\[[^\]]*{_OF}[^\]]*\]|_?{_OF}")
_ONLY_PLACE = re.compile(r"\\\[\(\?P<\w+>\.\+\?\)\\\]")
"""The regular expression of a single word in brackets."""


@dataclass(frozen=True)
class Variable:
    """A column of a table.

    Parameters
    ----------
    name : str
        Its name. Of columns that are alike but for what they are about, a pattern: a word in
        braces stands for a part of the name. ``{node}`` (a node or a state), ``{instrument}`` and
        ``{member}`` are what a value is of; any other word varies with the parameters. Brackets
        around one word may be missing with it: ``price[{node}]`` is ``price`` where there is one.
    unit : str
        Its unit, for instance ``cash per security``; empty for words and truth values.
    meaning : str
        What it is, in a phrase; parts of the name in braces are filled in.
    key : bool
        Whether it tells rows apart instead of being measured.

    Examples
    --------
    >>> paid = Variable("paid[{instrument}@{node}]", "share of the debt", "paid at {node}")
    >>> paid.match("paid[j0@u]")
    {'instrument': 'j0', 'node': 'u'}
    >>> paid.quantity({"instrument": "j0", "node": "u"})
    'paid'
    """

    name: str
    unit: str
    meaning: str
    key: bool = False

    @cached_property
    def _pattern(self) -> re.Pattern[str]:
        parts = _PLACE.split(self.name)
        named = "".join(
            f"(?P<{part}>.+?)" if number % 2 else re.escape(part)
            for number, part in enumerate(parts)
        )
        return re.compile(_ONLY_PLACE.sub(r"(?:\g<0>)?", named))

    def match(self, column: str) -> dict[str, str] | None:
        """What the words in braces stand for in the name of a column; None if it is another."""
        found = self._pattern.fullmatch(column)
        if found is None:
            return None
        return {place: word for place, word in found.groupdict().items() if word is not None}

    def quantity(self, places: Mapping[str, str]) -> str:
        """What is measured: the name without what it is of."""
        bare = _OF_PLACES.sub("", self.name).strip("_")
        return bare.format(**places) or self.name


def find(variables: Iterable[Variable], column: str) -> tuple[Variable, dict[str, str]] | None:
    """The declaration of a column, and what the words in braces stand for: the first that fits."""
    for variable in variables:
        places = variable.match(column)
        if places is not None:
            return variable, places
    return None
