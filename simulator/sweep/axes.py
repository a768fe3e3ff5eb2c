"""What is varied in a sweep, read from text: values of a parameter, ranges, seeds, samples."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np

from markets.refused import Refused
from simulator.given_file import read_text
from simulator.parameters import parse_assignment
from simulator.table_file import read_file

DIGITS = 12
"""Significant digits of the values of a range, so that 0:1:11 has 0.3, not 0.30000000000000004."""

NUMBER = r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?"
FROM = re.compile(rf"\s*{NUMBER}\s*:")
RANGE = re.compile(rf"\s*({NUMBER})\s*:\s*({NUMBER})\s*(?::\s*(\d+)\s*)?")
SEEDS = re.compile(r"\s*(\d+)\s*:\s*(\d+)\s*")
SAMPLE = re.compile(r"(sobol|latin):(\d+)")

LARGEST_SEED = 2**63 - 1
"""Seeds are written as whole numbers of 64 bits."""

MOST_VALUES = 10_000_000
"""Values of one range, and points of a sample."""

OPENING, CLOSING, QUOTES = "[{(", "]})", "\"'"


@dataclass(frozen=True, slots=True)
class Axis:
    """Values of a parameter; a single one if it is not varied."""

    name: str
    values: tuple[object, ...]


@dataclass(frozen=True, slots=True)
class Range:
    """Numbers between which a parameter is sampled."""

    name: str
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Sample:
    """How ranges are sampled: a scrambled Sobol' sequence, or a Latin hypercube."""

    kind: Literal["sobol", "latin"]
    points: int

    def __str__(self) -> str:
        return f"{self.kind}:{self.points}"


def read_axis(text: str) -> Axis | Range:
    """Read ``key=from:to:count``, ``key=from:to`` (for samples), ``key=a,b,c`` or ``key=@FILE``.

    Values are read as TOML, and as plain text where they are not; lists stand in brackets. A file
    has one value per line, or, as CSV or Parquet, a column of the parameter's name.

    Raises
    ------
    Refused
        Naming the axis and showing a right one.

    Examples
    --------
    >>> read_axis("haircuts=[0.01],[0.03]")
    Axis(name='haircuts', values=([0.01], [0.03]))
    >>> read_axis("low_payoff=0.5:0.7:3")
    Axis(name='low_payoff', values=(0.5, 0.6, 0.7))
    """
    name, equals, value = (part.strip() for part in text.partition("="))
    if not equals or not name:
        raise Refused(f'"{text}" is no axis; write key=0:1:11, key=a,b,c or key=[0.01],[0.03]')
    if value.startswith("@"):
        return Axis(name, _from_file(name, Path(value[1:].strip())))
    if FROM.match(value):
        return _range(name, value)
    return Axis(name, tuple(parse_assignment(f"{name}={part}")[1] for part in _parts(name, value)))


def read_seeds(text: str) -> tuple[int, ...]:
    """Read ``0:20`` (20 seeds, 0 to 19) or ``0,3,7``.

    Raises
    ------
    Refused
        If it is neither.
    """
    match = SEEDS.fullmatch(text)
    try:
        if match:
            first, end = int(match[1]), int(match[2])
            if first < end <= LARGEST_SEED and end - first <= MOST_VALUES:
                return tuple(range(first, end))
        else:
            seeds = tuple(int(part) for part in text.split(","))
            if all(0 <= seed <= LARGEST_SEED for seed in seeds):
                return tuple(dict.fromkeys(seeds))
    except ValueError:
        pass
    raise Refused(f'seeds is "{text}"; write 0:20 for the twenty seeds 0 to 19, or 0,3,7')


def read_sample(text: str) -> Sample:
    """Read ``sobol:4096`` or ``latin:500``.

    Raises
    ------
    Refused
        If it is neither, or a Sobol' sample's size is no power of two, without which it is not
        balanced.
    """
    match = SAMPLE.fullmatch(text.strip())
    if match is None or not 0 < int(match[2]) <= MOST_VALUES:
        raise Refused(f'sample is "{text}"; write sobol:4096 or latin:500')
    points = int(match[2])
    if match[1] == "latin":
        return Sample("latin", points)
    if points & (points - 1):
        raise Refused(
            f"sample is {text}; the points of a Sobol' sample must be a power of 2, for instance"
            f" sobol:{1 << points.bit_length()}"
        )
    return Sample("sobol", points)


def rounded(number: float) -> float:
    """A number to the digits that values of ranges have."""
    return float(f"{number:.{DIGITS}g}")


def _range(name: str, value: str) -> Axis | Range:
    match = RANGE.fullmatch(value)
    right = f"write {name}=0:1:11 for eleven values from 0 to 1"
    if match is None:
        raise Refused(f'{name} is "{value}", which is no range; {right}')
    low, high = float(match[1]), float(match[2])
    if not np.isfinite([low, high]).all():
        raise Refused(f'{name} is "{value}"; both ends must be finite: {right}')
    if match[3] is None:
        if low >= high:
            raise Refused(f'{name} is "{value}"; a range to sample goes up: {name}=0:1')
        return Range(name, low, high)
    count = int(match[3])
    if not 2 <= count <= MOST_VALUES or low == high:
        raise Refused(
            f'{name} is "{value}"; a range has between 2 and {MOST_VALUES:,} values: {right}'
        )
    numbers = [rounded(number) for number in np.linspace(low, high, count).tolist()]
    whole = "." not in value and "e" not in value.lower()
    if whole and all(number.is_integer() for number in numbers):
        return Axis(name, tuple(int(number) for number in numbers))
    return Axis(name, tuple(numbers))


def _parts(name: str, value: str) -> list[str]:
    """A text cut at the commas that stand outside brackets and quotation marks."""
    parts, depth, quote, start = list[str](), 0, "", 0
    for place, sign in enumerate(value):
        if quote:
            quote = "" if sign == quote else quote
        elif sign in QUOTES:
            quote = sign
        else:
            depth += (sign in OPENING) - (sign in CLOSING)
            if sign == "," and depth == 0:
                parts.append(value[start:place])
                start = place + 1
        if depth < 0:
            break
    if depth or quote:
        raise Refused(
            f'{name} is "{value}", where brackets or quotation marks do not match; lists are'
            f" written {name}=[0.01],[0.03]"
        )
    parts.append(value[start:])
    if not all(part.strip() for part in parts):
        raise Refused(f'{name} is "{value}", where a value is empty; write {name}=a,b,c')
    return [part.strip() for part in parts]


def _from_file(name: str, path: Path) -> tuple[object, ...]:
    try:
        values = _values_in(name, path)
    except Refused as error:
        raise Refused(f"{name} is taken from a file: {error}") from None
    if not values:
        raise Refused(f"{name} is taken from {path}, which has no values; write one per line")
    return values


def _values_in(name: str, path: Path) -> tuple[object, ...]:
    if path.suffix in (".csv", ".parquet"):
        table = read_file(path)
        if name not in table:
            columns = ", ".join(map(str, table.columns))
            raise Refused(f"{path} has no column {name}; its columns are {columns}")
        cells = table[name].tolist()
    else:
        cells = [line for line in read_text(path).splitlines() if line.strip()]
    return tuple(
        parse_assignment(f"{name}={cell}")[1] if isinstance(cell, str) else cell for cell in cells
    )
