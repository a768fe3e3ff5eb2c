"""Numbers that a parameter can mean: zero, or neither too small nor too large to be worked with."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any, Final

import numpy as np

from markets.refused import Refused

SMALLEST: Final = 1e-30
LARGEST: Final = 1e30
"""Sizes of numbers. Floating point has 16 digits, so nothing is lost beside numbers of the usual
size; products and quotients of several of them stay between 1e-308 and 1e308, where it ends."""


def check_magnitude(name: str, value: object) -> None:
    """Refuse a number that is too small or too large; in a list or a table, each of them.

    What is no finite number is for the declaration of the parameter to refuse.

    Raises
    ------
    Refused
        Naming the parameter, or its place in it, and the number.
    """
    for number in _numbers(value):
        size = abs(number)
        if (0 < size < SMALLEST) or LARGEST < size < np.inf:
            raise Refused(
                f"{name} is {_short(number)}; a number must be 0, or of a size between"
                f" {SMALLEST:g} and {LARGEST:g}"
            )


def _numbers(value: object) -> Iterator[Any]:
    """The numbers in a value; of an array one that is wrong, if there is one."""
    rest = [value]
    while rest:
        part = rest.pop()
        if isinstance(part, Mapping):
            rest.extend(part.values())
        elif isinstance(part, list | tuple):
            rest.extend(reversed(part))
        elif isinstance(part, np.ndarray) and part.dtype.kind in "fiu":
            size = np.abs(part[np.isfinite(part)])
            yield from map(float, size[((size > 0) & (size < SMALLEST)) | (size > LARGEST)][:1])
        elif isinstance(part, int | float | Fraction | np.number) and not isinstance(part, bool):
            yield part.item() if isinstance(part, np.number) else part


def _short(number: int | float | Fraction) -> str:
    """A number as it was written; of a long fraction or whole number six digits."""
    if isinstance(number, float):
        return repr(number)
    over, under = number.as_integer_ratio()
    return f"{Decimal(over) / Decimal(under):.6g}"
