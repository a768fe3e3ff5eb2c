"""Values that no parameter means, and values that are nearly right: as Python has them, as TOML."""

from __future__ import annotations

import json
import math
from collections.abc import Callable
from typing import Any

import numpy as np

TEXTS = (
    "",
    " ",
    "wide",
    "nan",
    "1e308",
    "beta(nan, 1)",
    "lognormal(mean=1e308, sd=1e-320)",
    "empirical(file=/dev/zero, column=x)",
    "empirical(file=nowhere.csv, column=x)",
    "uniform(0, inf)",
    "9/0",
    "1/" + "9" * 5000,
    "é漢\N{PILE OF POO}\u202e",
    "\udcff\udc00",
    "a\0b",
    "[/bold]:smile:[red]",
    "x" * 100_000,
    "\n" * 1000,
    "../../../../etc/passwd",
    "/dev/zero",
    "/dev/stdin",
    "/",
    "a" * 300 + ".csv",
    "nowhere.parquet",
    "nowhere.py",
)
NUMBERS: tuple[Any, ...] = (
    math.nan,
    math.inf,
    -math.inf,
    1e308,
    -1e308,
    1e-320,
    -1e-320,
    -0.0,
    -1,
    -(2**63),
    10**30,
    -(10**30),
    10**400,
    10**5000,
)
OTHERS: tuple[Any, ...] = (None, True, False, [], {}, [[]], [{}], {"": []})
NOT_IN_TOML: tuple[Callable[[], Any], ...] = (
    object,
    lambda: b"bytes",
    lambda: {1, 2},
    lambda: 1j,
    lambda: print,
    lambda: np.array([[np.nan]]),
    lambda: np.float32(0.5),
    lambda: {1: 2},
    lambda: _in_itself(),
)
"""Made when they are drawn; Python alone can ask for them."""


def bad_value(rng: np.random.Generator, like: Any, *, python: bool = False) -> Any:
    """A value that is wrong by itself, or one that is right (``like``) but for a place in it."""
    kind = rng.random()
    if kind < 0.35 and isinstance(like, (list, dict)) and like:
        return _harmed(rng, like, python=python)
    if kind < 0.42:
        deep: Any = 1.0
        for _ in range(int(rng.choice([10, 100, 1000]))):
            deep = [deep] if rng.random() < 0.8 else {"a": deep}
        return deep
    if kind < 0.47:
        one = _scalar(rng, python=python)
        long = isinstance(one, str) and len(one) > 1000
        return [one] * int(rng.choice([3, 100 if long else 20_000]))
    scalar = _scalar(rng, python=python)
    if kind < 0.57:
        return [scalar]
    if kind < 0.67:
        return {str(rng.choice(["name", "file", "0", "kind", ""])): scalar}
    return scalar


def as_toml(value: Any) -> str:
    """A value as TOML, or nearly so where TOML can't have it."""
    if (depth := _depth(value)) > 50:
        return "[" * depth + "1" + "]" * depth
    if isinstance(value, dict):
        return "{" + ", ".join(f"{_quoted(str(k))} = {as_toml(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(as_toml, value)) + "]"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return _quoted(value)
    return _number(value)


def written(value: Any) -> str:
    """A value as ``--set`` and links have it: texts as they are."""
    if isinstance(value, str):
        return value
    return as_toml(value)


def _scalar(rng: np.random.Generator, *, python: bool) -> Any:
    of = [TEXTS, NUMBERS, OTHERS, *([NOT_IN_TOML] if python else [])]
    chosen = of[rng.integers(len(of))]
    value = chosen[rng.integers(len(chosen))]
    return value() if chosen is NOT_IN_TOML else value


def _harmed(rng: np.random.Generator, like: Any, *, python: bool) -> Any:
    """A copy with one place replaced, left out or renamed."""
    whole = list(like) if isinstance(like, list) else dict(like)
    place: Any = int(rng.integers(len(whole)))
    if isinstance(whole, dict):
        place = list(whole)[place]
    inside, act = whole[place], rng.random()
    if isinstance(inside, (list, dict)) and inside and act < 0.7:
        whole[place] = _harmed(rng, inside, python=python)
    elif act < 0.85:
        whole[place] = _scalar(rng, python=python)
    elif isinstance(whole, dict) and act < 0.92:
        whole[str(place) + "x"] = whole.pop(place)
    else:
        del whole[place]
    return whole


def _depth(value: Any) -> int:
    """How many lists and tables are inside each other, along the first of each."""
    depth = 0
    while isinstance(value, (list, dict)) and value:
        value = next(iter(value.values() if isinstance(value, dict) else value))
        depth += 1
    return depth


def _number(value: Any) -> str:
    if isinstance(value, int) and value.bit_length() > 1000:
        return "9" * (value.bit_length() * 3 // 10)  # which Python refuses to write
    return str(value)


def _quoted(text: str) -> str:
    return json.dumps(text)


def _in_itself() -> list[Any]:
    whole: list[Any] = []
    whole.append(whole)
    return whole
