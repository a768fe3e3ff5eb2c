"""Numbers, bundles and tables as a file or Python writes them.

Every number may be written as a whole number, a decimal or a fraction such as ``"9/22"``, and is
kept as the fraction that it says. What does not fit is refused in one sentence with its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from fractions import Fraction
from typing import TypeVar

from markets.credit.event_tree import Bundle
from markets.refused import Refused
from simulator.magnitude import check_magnitude
from simulator.names import unknown

Entry = Mapping[str, object]
"""A table of a file."""

Made = TypeVar("Made")

HIGHEST_POWER = 300
"""Power of ten in a number; the fraction that "1e999999999" says has a billion digits."""


def number(given: object, what: str) -> Fraction:
    """A fraction from what a file or Python says.

    Examples
    --------
    >>> number("9/22", "keeps"), number(0.1, "rate")
    (Fraction(9, 22), Fraction(1, 10))
    """
    if isinstance(given, bool) or not isinstance(given, int | float | str | Fraction):
        raise Refused(f"{what} is {given!r}; it must be a number or a fraction such as 9/22")
    try:
        exponent = str(given).lower().partition("e")[2]
        if exponent and abs(int(exponent)) > HIGHEST_POWER:
            raise ValueError
        read = Fraction(str(given))
    except (ValueError, ZeroDivisionError):
        raise Refused(
            f'{what} is "{given}"; it must be a number or a fraction such as "9/22"'
        ) from None
    check_magnitude(what, read)
    return read


def bundle(given: object, goods: Sequence[str], what: str) -> Bundle:
    """Amounts of every good: a table by good, or one number where there is one good."""
    if isinstance(given, Mapping):
        for good in given:
            if good not in goods:
                raise Refused(f"{what}: {unknown(str(good), list(goods), 'good')}")
        return tuple(number(given.get(good, 0), f"{what}.{good}") for good in goods)
    if len(goods) > 1:
        raise Refused(f"{what} is {given!r}; with {len(goods)} goods it must be a table by good")
    return (number(given, what),)


def each_entry(
    kind: str, given: Sequence[object], known: Sequence[str], make: Callable[[Entry], Made]
) -> Iterator[Made]:
    """Make the entries of a list, with the place before whatever is wrong with one."""
    for number, entry in enumerate(given):
        place = f"{kind}[{number}]"
        if not isinstance(entry, Mapping):
            raise Refused(f"{place} is {entry!r}; it must be a table")
        try:
            for key in entry:
                if key not in known:
                    raise Refused(unknown(str(key), list(known), "key"))
            if not isinstance(entry.get("name"), str) or not entry["name"]:
                raise Refused(f'name is {entry.get("name")!r}; it must be a text such as "u"')
            yield make(entry)
        except Refused as error:
            raise Refused(f"{place}: {error}") from None


def need(entry: Entry, key: str) -> object:
    """What stands at a key, which must be there."""
    if key not in entry:
        raise Refused(f"{key} is missing")
    return entry[key]


def kind_of(given: object, kinds: Sequence[str], what: str) -> tuple[str, dict[str, object]]:
    """The kind of a rule, and what its table says besides."""
    choices = " or ".join(f'"{kind}"' for kind in kinds)
    if not isinstance(given, Mapping) or given.get("kind") not in kinds:
        raise Refused(
            f"{what} is {given!r}; it must be a formula, or a table whose kind is {choices}"
        )
    return str(given["kind"]), {key: value for key, value in given.items() if key != "kind"}


def allow(rest: Entry, known: Sequence[str], what: str) -> None:
    """Refuse keys that are not known."""
    for key in rest:
        if key not in known:
            raise Refused(f"{what}: {unknown(str(key), list(known), 'key')}")


def only(rest: Entry, key: str, what: str) -> object:
    """What stands at the only key that is allowed."""
    allow(rest, (key,), what)
    return need(rest, key)


def by_node(given: object, goods: Sequence[str], what: str) -> dict[str, Bundle]:
    """A bundle at every node that is named."""
    return {node: bundle(v, goods, f"{what}.{node}") for node, v in table_of(given, what).items()}


def table_of(given: object, what: str) -> dict[str, object]:
    """A table by node."""
    if not isinstance(given, Mapping):
        raise Refused(f"{what} is {given!r}; it must be a table by node")
    return {str(node): value for node, value in given.items()}
